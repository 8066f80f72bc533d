"""Rows of events: who, what, when, through which campaign and channel, worth how much."""

from __future__ import annotations

from datetime import datetime

from aidecamp.errors import Invalid
from aidecamp.workspace.importing import cells
from aidecamp.workspace.importing.cells import BadCell
from aidecamp.workspace.importing.columns import Columns, understand
from aidecamp.workspace.importing.times import Clock

FIELDS: dict[str, tuple[str, ...]] = {
    "contact": ("contact_key", "contact_id", "external_key", "external_id", "key", "subscriber", "recipient",
                "profile", "klaviyo_id", "subscriber_id"),
    "email": ("e_mail", "email_address", "e_mail_address", "mail", "contact_email", "recipient_email"),
    "phone": ("phone_number", "mobile", "mobile_phone"),
    "kind": ("event", "event_type", "type", "event_name", "action", "activity", "metric"),
    "occurred_at": ("time", "timestamp", "date", "datetime", "event_time", "event_date", "when", "occurred",
                    "order_date", "happened_at"),
    "campaign": ("campaign_key", "campaign_name", "campaign_id", "campaign_title"),
    "channel": ("campaign_channel", "medium"),
    "value": ("revenue", "amount", "spend", "total", "order_value", "price", "order_total"),
    "event_key": ("event_id", "transaction_id", "message_id", "external_event_id"),
}  # fmt: skip


class EventRows:
    """Turns the rows of one file into lines for the staging table."""

    def __init__(self, header: list[str], zone: str, now: datetime) -> None:
        self.columns: Columns = understand(header, FIELDS)
        self._clock = Clock(zone, now)
        missing = [name for name in ("kind", "occurred_at") if name not in self.columns.at]
        if missing:
            raise Invalid(
                f"No column holds the event's {' or '.join(missing)}.",
                help="The first row must name the columns, for example: email, campaign, kind, occurred_at.",
            )
        self._place = {name: self.columns.at.get(name, -1) for name in FIELDS}

    def staged(self, row: list[str]) -> tuple[str, ...]:
        row = [*row, ""]  # the cell at -1, for the columns that the file lacks
        at = self._place
        contact, email, phone = self._who(row)
        channel, value = row[at["channel"]], row[at["value"]]
        return (
            contact,
            email,
            phone,
            _word(row[at["campaign"]]),
            cells.kind(row[at["kind"]]),
            cells.channel(channel) if channel.strip() else "",
            self._clock.moment(row[at["occurred_at"]]).isoformat(),
            str(cells.money(value)) if value.strip() else "",
            _word(row[at["event_key"]]),
        )

    def _who(self, row: list[str]) -> tuple[str, str, str]:
        """A contact column may hold keys or addresses; an address counts as an address."""
        at = self._place
        contact, email, phone = row[at["contact"]], row[at["email"]], row[at["phone"]]
        if contact.strip():
            contact = cells.unquoted(cells.line(contact))
            if "@" in contact and not email.strip() and cells.EMAIL.fullmatch(contact):
                contact, email = "", contact
            if len(contact) > cells.NAME_LIMIT:
                raise BadCell("The contact's key is longer than 200 characters.")
        elif not (email.strip() or phone.strip() or row[at["campaign"]].strip()):
            raise BadCell("The row names neither a contact nor a campaign.")
        return (
            contact,
            cells.email(email) if email.strip() else "",
            cells.phone(phone) if phone.strip() else "",
        )


def _word(cell: str) -> str:
    return cells.line(cell)[: cells.NAME_LIMIT] if cell else ""
