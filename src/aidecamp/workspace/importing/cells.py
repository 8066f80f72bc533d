"""One cell of an import to one value: cleaned, understood, or refused with a sentence."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from aidecamp.web.text import clean, clean_name

TEXT_LIMIT = 2000
NAME_LIMIT = 200
EMAIL_LIMIT = 254
MONEY_LIMIT = Decimal("999999999999.99")

EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
PHONE = re.compile(r"\+?\d{5,15}")
PHONE_NOISE = re.compile(r"[\s().\-/\u00a0]+")
MONEY_NOISE = re.compile(r"[\s\u00a0'’$€£]")
YES = frozenset({
    "yes", "y", "true", "t", "1", "on", "x", "ja", "oui", "si", "sí", "subscribed", "enabled", "confirmed",
    "opted_in", "optin", "opt_in", "granted",
})  # fmt: skip
NO = frozenset({
    "no", "n", "false", "f", "0", "off", "nein", "non", "unsubscribed", "never_subscribed", "not_subscribed",
    "opted_out", "optout", "opt_out", "disabled", "suppressed", "cleaned", "blocked", "blocklisted",
    "bounced", "complained", "denied",
})  # fmt: skip
KINDS = {
    "sent": "sent", "send": "sent", "received": "sent", "delivered": "delivered", "delivery": "delivered",
    "opened": "opened", "open": "opened", "opens": "opened", "clicked": "clicked", "click": "clicked",
    "clicks": "clicked", "converted": "converted", "conversion": "converted", "unsubscribed": "unsubscribed",
    "unsubscribe": "unsubscribed", "unsub": "unsubscribed", "bounced": "bounced", "bounce": "bounced",
    "hard_bounce": "bounced", "soft_bounce": "bounced", "purchased": "purchased", "purchase": "purchased",
    "order": "purchased", "placed_order": "purchased", "ordered": "purchased",
}  # fmt: skip
CHANNELS = {
    "email": "email", "e_mail": "email", "mail": "email", "newsletter": "email", "sms": "sms", "text": "sms",
    "mms": "sms", "text_message": "sms", "social": "social", "x": "social", "instagram": "social",
    "facebook": "social", "linkedin": "social", "threads": "social", "tiktok": "social",
    "pinterest": "social", "youtube": "social",
}  # fmt: skip


class BadCell(ValueError):
    """The row can't be kept; the sentence says why and names the column."""


def text(cell: str) -> str:
    """Free text, normalised as everywhere at the border."""
    return (cell if cell.isprintable() else clean(cell)).strip()


def line(cell: str) -> str:
    """Text of one line without anything invisible, as names, addresses and keys are."""
    return cell.strip() if cell.isprintable() else clean_name(cell)


def unquoted(cell: str) -> str:
    """Exports guard against formulas by a leading apostrophe: `'+49…`, `'=…`."""
    return cell[1:].strip() if cell.startswith("'") else cell


def email(cell: str) -> str:
    if "\n" in cell.strip() or "\r" in cell.strip():
        raise BadCell("The e-mail address holds a line break.")
    address = unquoted(line(cell)).lower()
    if not EMAIL.fullmatch(address) or len(address) > EMAIL_LIMIT or ".." in address or ".@" in address:
        raise BadCell("The e-mail address is not valid.")
    return address


def phone(cell: str) -> str:
    number = PHONE_NOISE.sub("", unquoted(line(cell)))
    if number.startswith("00"):
        number = "+" + number[2:]
    if not PHONE.fullmatch(number):
        raise BadCell("The phone number is not valid.")
    return number


@lru_cache(maxsize=4096)
def consent(cell: str) -> bool | None:
    """Yes, no, or nothing said; a word that we don't know is no consent, and no refusal either."""
    word = slug(cell)
    if word in YES:
        return True
    return False if word in NO else None


@lru_cache(maxsize=4096)
def slug(words: str) -> str:
    """`E-Mail Address` → `e_mail_address`: how headers and closed words are compared."""
    plain = unicodedata.normalize("NFKC", words).lower().strip("\ufeff \t\r\n'\"")
    return re.sub(r"\W+", "_", plain).strip("_")


@lru_cache(maxsize=4096)
def kind(cell: str) -> str:
    found = KINDS.get(slug(cell))
    if found is None:
        raise BadCell(
            "The kind of event is not one of sent, delivered, opened, clicked, converted,"
            " unsubscribed, bounced, purchased."
        )
    return found


@lru_cache(maxsize=4096)
def channel(cell: str) -> str:
    found = CHANNELS.get(slug(cell))
    if found is None:
        raise BadCell("The channel is not one of email, sms, social.")
    return found


def money(cell: str) -> Decimal:
    """`1,234.50`, `1.234,50`, `$12`, `12,5`: the last separator is the decimal one if it stands alone."""
    plain = MONEY_NOISE.sub("", unquoted(cell))
    comma, dot = plain.rfind(","), plain.rfind(".")
    if comma > dot:
        thousands = plain.count(",") > 1 or (dot < 0 and len(plain) - comma == 4 and comma > 0)
        plain = plain.replace(",", "") if thousands else plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise BadCell("The value is not an amount.") from None
    if not amount.is_finite() or abs(amount) > MONEY_LIMIT:
        raise BadCell("The value is out of range.")
    return amount.quantize(Decimal("0.01"))
