"""Rows of campaigns, as campaign overviews of other tools export them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from aidecamp.errors import Invalid
from aidecamp.workspace.importing import cells
from aidecamp.workspace.importing.cells import BadCell
from aidecamp.workspace.importing.columns import Columns, understand
from aidecamp.workspace.importing.times import Clock

FIELDS: dict[str, tuple[str, ...]] = {
    "key": ("campaign_id", "campaign_key", "external_key", "external_id", "unique_id"),
    "name": ("campaign", "campaign_name", "title", "campaign_title"),
    "channel": ("campaign_channel", "medium"),
    "status": ("state",),
    "sent_at": ("send_time", "send_date", "date", "sent_on", "send_datetime"),
    "subject": ("subject_line", "email_subject"),
    "preheader": ("preview_text", "preview"),
    "body": ("content", "html"),
    "message": ("sms", "sms_message"),
    "text": ("post", "post_text"),
    "platform": ("network",),
    "audience": ("list", "segment", "lists", "audience_name"),
}  # fmt: skip
CONTENT = {"email": ("subject", "preheader", "body"), "sms": ("message",), "social": ("text", "platform")}
STATUSES = {
    "draft": "draft",
    "scheduled": "scheduled",
    "sent": "sent",
    "complete": "sent",
    "completed": "sent",
}
BODY_LIMIT = 100_000


class CampaignRows:
    """Turns the rows of one file into lines for the staging table."""

    def __init__(self, header: list[str], zone: str, now: datetime) -> None:
        self.columns: Columns = understand(header, FIELDS)
        self._clock = Clock(zone, now)
        if "name" not in self.columns.at:
            raise Invalid(
                "No column holds the campaign's name.",
                help="The first row must name the columns, for example: name, channel, subject, sent_at.",
            )
        self._place = {name: self.columns.at.get(name, -1) for name in FIELDS}

    def staged(self, row: list[str]) -> tuple[str, ...]:
        row = [*row, ""]
        name = cells.line(row[self._place["name"]])
        if not name:
            raise BadCell("The campaign has no name.")
        said = row[self._place["channel"]]
        channel = cells.channel(said) if said.strip() else self._guess(row)
        when = row[self._place["sent_at"]]
        sent_at = self._clock.moment(when).isoformat() if when.strip() else ""
        return (
            (cells.unquoted(cells.line(row[self._place["key"]])) or name)[: cells.NAME_LIMIT],
            name[: cells.NAME_LIMIT],
            channel,
            self._status(row, sent_at),
            self._content(row, channel),
            cells.line(row[self._place["audience"]])[: cells.NAME_LIMIT],
            sent_at,
            "f",
        )

    def _guess(self, row: list[str]) -> str:
        if row[self._place["message"]].strip():
            return "sms"
        return "social" if row[self._place["text"]].strip() else "email"

    def _status(self, row: list[str], sent_at: str) -> str:
        said = row[self._place["status"]]
        if not said.strip():
            return "sent" if sent_at else "draft"
        status = STATUSES.get(cells.slug(said))
        if status is None:
            raise BadCell("The status is not one of draft, scheduled, sent.")
        return status

    def _content(self, row: list[str], channel: str) -> str:
        found: dict[str, str] = {}
        for name in CONTENT[channel]:
            value = cells.text(row[self._place[name]])
            if len(value) > BODY_LIMIT:
                raise BadCell("The content is longer than 100,000 characters.")
            if value:
                found[name] = value
        return msgspec.json.encode(found).decode()
