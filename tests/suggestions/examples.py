"""The four suggestions of the specification, as it prints them."""

from __future__ import annotations

from typing import Any

EXAMPLES: list[dict[str, Any]] = [
    {
        "type": "email_content",
        "title": "Product Launch Email",
        "content": {
            "subject": "🚀 It's Here: Introducing Our New Product",
            "preheader": "Be the first to try our latest innovation",
            "body": "Dear {{first_name}},\n\nWe're excited to announce...",
            "cta_text": "Shop Now",
        },
        "reasoning": "Based on your audience's engagement with launch emails...",
    },
    {
        "type": "sms_content",
        "title": "Flash Sale SMS",
        "content": {
            "message": "🔥 FLASH SALE! 30% off everything today only."
            " Shop now: example.com/sale Reply STOP to opt out"
        },
        "reasoning": "Short, urgent messaging performs well with your audience...",
    },
    {
        "type": "social_post",
        "title": "Product Announcement",
        "content": {
            "text": "Big news! We just launched something amazing...",
            "hashtags": ["#newproduct", "#launch", "#innovation"],
            "platform": "instagram",
        },
        "reasoning": "Instagram performs best for your product announcements...",
    },
    {
        "type": "strategy",
        "title": "Q1 Re-engagement Campaign",
        "content": {
            "steps": [
                {
                    "action": "Send win-back email series",
                    "timeline": "Week 1",
                    "channel": "email",
                    "rationale": "Re-engage dormant subscribers with compelling offers",
                },
                {
                    "action": "Follow up with SMS to non-openers",
                    "timeline": "Week 2",
                    "channel": "sms",
                    "rationale": "SMS has 98% open rate, ideal for re-engagement",
                },
            ]
        },
        "reasoning": "Historical data shows multi-channel approach increases...",
    },
]
