"""Exports of well-known tools are understood as they are."""

from __future__ import annotations

import pytest

from aidecamp.workspace.importing.contacts import ContactRows

SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Phone,Phone,"
    "Accepts SMS Marketing,Total Spent,Tags"
)
KLAVIYO = "Email,Klaviyo ID,First Name,Last Name,Phone Number,City,Email Marketing Consent,Email Suppressions"
MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,UNSUB_TIME,UNSUB_REASON,UNSUB_REASON"
BREVO = "EMAIL,LASTNAME,FIRSTNAME,SMS,EMAIL_BLACKLISTED,SMS_BLACKLISTED"
LISTMONK = "email,name,attributes"


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        (
            SHOPIFY,
            [
                "'72",
                "Ann",
                "B",
                "a@example.org",
                "yes",
                "'+4930999999",
                "'+49301234567",
                "no",
                "12.50",
                "",
            ],
            ("", "a@example.org", "+49301234567", "Ann", "B", '{"total_spent":"12.50"}', "t", "f"),
        ),
        (
            KLAVIYO,
            ["a@example.org", "K1", "Ann", "B", "", "Oslo", "SUBSCRIBED", "[]"],
            ("K1", "a@example.org", "", "Ann", "B", '{"city":"Oslo"}', "t", ""),
        ),
        (
            KLAVIYO,
            ["a@example.org", "K1", "Ann", "B", "", "", "SUBSCRIBED", "UNSUBSCRIBED 2026-01-01"],
            ("K1", "a@example.org", "", "Ann", "B", "", "f", ""),
        ),
        (
            MAILCHIMP,
            ["a@example.org", "Ann", "B", "2", "2016-04-18 13:51:14", "", "x"],
            ("", "a@example.org", "", "Ann", "B", '{"member_rating":"2"}', "f", ""),
        ),
        (
            BREVO,
            ["a@example.org", "B", "Ann", "49301234567", "false", "true"],
            ("", "a@example.org", "49301234567", "Ann", "B", "", "", "f"),
        ),
        (
            LISTMONK,
            ["a@example.org", "Ann B", '{"age": 42}'],
            ("", "a@example.org", "", "Ann", "B", '{"age":42}', "", ""),
        ),
    ],
)
def test_contacts_of_other_tools(header: str, cells: list[str], expected: tuple[str, ...]) -> None:
    assert ContactRows(header.split(",")).staged(cells) == expected
