"""The suggestion types by name: adding one is a file beside these and a row here."""

from __future__ import annotations

from aidecamp.suggestions.kinds import email_content, sms_content, social_post, strategy
from aidecamp.suggestions.kinds.kind import Content, Field, Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (email_content.KIND, sms_content.KIND, social_post.KIND, strategy.KIND)
}

__all__ = ["KINDS", "Content", "Field", "Kind"]
