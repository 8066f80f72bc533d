"""Rows of contacts: the fields that we know, consent by channel, and everything else as attributes."""

from __future__ import annotations

from typing import Any

import msgspec

from aidecamp.errors import Invalid
from aidecamp.workspace.importing import cells
from aidecamp.workspace.importing.cells import BadCell
from aidecamp.workspace.importing.columns import Columns, understand

FIELDS: dict[str, tuple[str, ...]] = {
    "email": ("e_mail", "email_address", "e_mail_address", "mail", "emailaddress", "email_adresse"),
    "phone": ("phone_number", "mobile", "mobile_phone", "mobile_number", "telephone", "tel", "cell", "sms",
              "sms_number", "default_address_phone"),
    "key": ("external_key", "external_id", "contact_key", "contact_id", "klaviyo_id", "record_id", "euid",
            "record_id_contact", "subscriber_id", "leid"),
    "first_name": ("firstname", "given_name", "vorname", "first", "fname"),
    "last_name": ("lastname", "surname", "family_name", "nachname", "last", "lname"),
    "name": ("full_name", "contact_name"),
    "email_consent": ("accepts_email_marketing", "accepts_marketing", "email_marketing_consent",
                      "email_opt_in", "opt_in", "opted_in", "subscribed", "newsletter",
                      "email_subscribed", "consent_email", "marketing_consent"),
    "sms_consent": ("accepts_sms_marketing", "sms_marketing_consent", "sms_opt_in", "sms_subscribed",
                    "consent_sms"),
    "email_blocked": ("email_blacklisted", "email_suppressions", "email_suppressed", "unsubscribed",
                      "blacklisted", "unsub_time", "clean_time", "opted_out", "email_opt_out"),
    "sms_blocked": ("sms_blacklisted", "sms_suppressions", "sms_opt_out"),
    "attributes": (),
}  # fmt: skip
HOLDERS = ("email", "phone", "key")
ATTRIBUTES_LIMIT = 16_384


class ContactRows:
    """Turns the rows of one file into lines for the staging table, in the order of `STAGED`."""

    def __init__(self, header: list[str]) -> None:
        self.columns: Columns = understand(header, FIELDS)
        if not any(name in self.columns.at for name in HOLDERS):
            raise Invalid(
                "No column holds an e-mail address, a phone number or a key.",
                help="The first row must name the columns, for example: email, first_name, last_name.",
            )

    def staged(self, row: list[str]) -> tuple[str, ...]:
        at = self.columns.at
        email = cells.email(row[at["email"]]) if _given(row, at, "email") else ""
        phone = cells.phone(row[at["phone"]]) if _given(row, at, "phone") else ""
        key = cells.unquoted(cells.line(row[at["key"]])) if _given(row, at, "key") else ""
        if not (email or phone or key):
            raise BadCell("The row has no e-mail address, phone number or key.")
        if key and len(key) > cells.NAME_LIMIT:
            raise BadCell("The key is longer than 200 characters.")
        first, last = self._names(row)
        return (
            key,
            email,
            phone,
            first,
            last,
            self._attributes(row),
            _said(self._consent(row, "email")),
            _said(self._consent(row, "sms")),
        )

    def _names(self, row: list[str]) -> tuple[str, str]:
        at = self.columns.at
        first = _name(row[at["first_name"]]) if "first_name" in at else ""
        last = _name(row[at["last_name"]]) if "last_name" in at else ""
        if first or last or "name" not in at:
            return first, last
        given, _, family = _name(row[at["name"]]).partition(" ")
        return given, family

    def _consent(self, row: list[str], channel: str) -> bool | None:
        """What is suppressed stays so, even where the same row says subscribed."""
        at = self.columns.at
        blocked = at.get(f"{channel}_blocked")
        if blocked is not None and cells.slug(row[blocked]) and cells.consent(row[blocked]) is not False:
            return False
        asked = at.get(f"{channel}_consent")
        return cells.consent(row[asked]) if asked is not None else None

    def _attributes(self, row: list[str]) -> str:
        found: dict[str, Any] = {}
        given = self.columns.at.get("attributes")
        if given is not None and row[given].strip():
            found = _object(row[given])
        for name, place in self.columns.rest.items():
            cell = row[place]
            if cell and (value := cells.text(cell)):
                found[name] = value[: cells.TEXT_LIMIT]
        if not found:
            return ""
        encoded = msgspec.json.encode(found).decode()
        if len(encoded) > ATTRIBUTES_LIMIT:
            raise BadCell("The other columns together are longer than 16,384 characters.")
        return encoded


def _given(row: list[str], at: dict[str, int], field: str) -> bool:
    return field in at and bool(row[at[field]].strip())


def _name(cell: str) -> str:
    if cell.isprintable():
        return cell.strip()[: cells.NAME_LIMIT]
    if "\n" in cell.strip() or "\r" in cell.strip():
        raise BadCell("A name holds a line break.")
    return cells.line(cell)[: cells.NAME_LIMIT]


def _said(consent: bool | None) -> str:
    return "" if consent is None else ("t" if consent else "f")


def _object(cell: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(cells.text(cell), type=dict[str, str | int | float | bool | None])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        raise BadCell("The attributes are not a flat JSON object.") from None
    return {cells.line(name)[:64]: _scalar(item) for name, item in value.items()}


def _scalar(item: str | int | float | bool | None) -> Any:
    return cells.text(item)[: cells.TEXT_LIMIT] if isinstance(item, str) else item
