"""E-mail: what must be there, what may never be in a body, and what readers will not see."""

from __future__ import annotations

from html.parser import HTMLParser

import regex

from aidecamp.content import links, tags
from aidecamp.content.checks import Check, Facts, Fix, empty

SUBJECT_SHOWN = 60
"""Desktop clients show about 60 to 70 characters, phones 33 to 43."""
SUBJECT_MAX = 200
PREHEADER_SHOWN = 140
CLIPPED_BYTES = 102_000
"""Gmail cuts a message off here."""

PARTS = "script iframe frame frameset object embed applet portal template noscript base meta link svg math"
FORMS = "form input button textarea select option dialog audio video source"
ACTIVE = frozenset(f"{PARTS} {FORMS}".split())
ACTIVE_TAG = regex.compile(r"(?i)<[\s/\0]*(" + "|".join(sorted(ACTIVE)) + r")(?![a-z0-9-])")
HANDLER = regex.compile(r"(?i)<[a-z!/?][^>]*?[\s\"'/]on[a-z]{3,}\s*=")
SCRIPT_URL = regex.compile(
    r"(?i)(?:href|src|action|background|poster|data|srcset|xlink:href)\s*=\s*[\"']?[\s\0]*"
    r"(?:j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|vbscript|data(?!:image/(?:png|jpe?g|gif|webp)))\s*:"
)
MARKDOWN_URL = regex.compile(r"(?i)\]\(\s*<?\s*(?:javascript|vbscript|data)\s*:")
STYLE = regex.compile(r"(?i)expression\s*\(|-moz-binding|behavior\s*:|@import|javascript\s*:")
UNSUBSCRIBE = regex.compile(
    r"unsubscri|opt[ -]?out|abmeld|abbestell|désabonn|désinscri|darse de baja|cancelar suscripci|disiscri"
    r"|annulla l.iscrizione|afmeld|uitschrij|cancelar (?:a )?(?:inscri|subscri)|avregistrer|wypisz",
    regex.IGNORECASE,
)
SENDER_TAG = regex.compile(r"\{\{\s*sender_(?:name|address)")
PLACEHOLDER = regex.compile(
    r"(?i)\[(?:(?:your|my|our|the|insert|add|enter|first|last|company|customer|brand|product|recipient|sender)"
    r"[ _][^\[\]\n]{1,40}|name|link|date|cta|url|code|price)\](?!\()"
)


def check_subject(subject: str, preheader: str, facts: Facts) -> list[Check]:
    checks = empty("subject", subject, "subject") + text_checks("subject", subject, facts)
    length = len(tags.filled(subject))
    if length > SUBJECT_SHOWN:
        sentence = f"{length} characters: phones show about the first 40, most clients {SUBJECT_SHOWN}."
        checks.append(
            Check("warning", "long_subject", "subject", sentence, Fix("Put the point first.", "subject"))
        )
    if "\n" in subject.strip():
        fix = Fix("Put it on one line", "subject", " ".join(subject.split()))
        checks.append(Check("error", "line_break", "subject", "A subject is a single line.", fix))
    if subject.strip() and subject.strip().casefold() == preheader.strip().casefold():
        fix = Fix("Say something that the subject does not.", "preheader")
        checks.append(
            Check("warning", "repeated_preheader", "preheader", "The preheader repeats the subject.", fix)
        )
    return checks


def check_preheader(preheader: str, facts: Facts) -> list[Check]:
    checks = empty("preheader", preheader, "preheader") + text_checks("preheader", preheader, facts)
    length = len(tags.filled(preheader))
    if length > PREHEADER_SHOWN:
        sentence = f"{length} characters: clients show at most about {PREHEADER_SHOWN}."
        checks.append(
            Check("warning", "long_preheader", "preheader", sentence, Fix("Shorten it.", "preheader"))
        )
    return checks


def check_body(body: str, facts: Facts) -> list[Check]:
    checks = empty("body", body, "body") + text_checks("body", body, facts)
    checks += _check_images("body", body)
    if not body.strip():
        return checks
    if not UNSUBSCRIBE.search(body):
        fix = Fix(
            "Add an unsubscribe line", "body", f"{body.rstrip()}\n\nUnsubscribe: {{{{unsubscribe_url}}}}"
        )
        checks.append(Check("warning", "missing_unsubscribe", "body", "There is no way to unsubscribe.", fix))
    if not SENDER_TAG.search(body) and not (facts.sender and facts.sender.casefold() in body.casefold()):
        footer = "{{sender_name}}\n{{sender_address}}"
        fix = Fix("Add your name and postal address", "body", f"{body.rstrip()}\n\n{footer}")
        checks.append(Check("warning", "missing_sender", "body", "The mail says not who sends it.", fix))
    if len(body.encode()) > CLIPPED_BYTES:
        sentence = "Gmail cuts mails off after 102 KB, the unsubscribe line with them."
        checks.append(Check("warning", "clipped", "body", sentence, Fix("Shorten the body.", "body")))
    return checks


def check_call(text: str, url: str | None, facts: Facts) -> list[Check]:
    """The button: its words and where it leads."""
    checks = empty("cta_text", text, "button text") + text_checks("cta_text", text, facts)
    if url is None or not url.strip():
        fix = Fix("Give the address that the button opens.", "cta_url")
        return [*checks, Check("warning", "missing_cta_url", "cta_url", "The button leads nowhere yet.", fix)]
    return checks + tags.check("cta_url", url, facts) + links.check_address("cta_url", tags.bare(url), facts)


def text_checks(field: str, text: str, facts: Facts) -> list[Check]:
    """Tags, links, active markup and unfilled placeholders in one field."""
    checks = tags.check(field, text, facts) + links.check(field, text, facts) + unsafe(field, text)
    hole = PLACEHOLDER.search(text)
    if hole:
        fix = Fix("Write what belongs there.", field)
        checks.append(
            Check("warning", "placeholder", field, f"{hole.group()} is still to be filled in.", fix)
        )
    return checks


def unsafe(field: str, text: str) -> list[Check]:
    """Refuses, never strips: what a reviewer sees is what would be sent."""
    if "<" not in text and "](" not in text:
        return []
    finding = _active(text)
    if finding is None:
        return []
    return [
        Check("error", "unsafe_markup", field, f"{finding} may not be in a mail.", Fix("Remove it.", field))
    ]


def _active(text: str) -> str | None:
    if match := ACTIVE_TAG.search(text):
        return f"<{match[1].lower()}>"
    if HANDLER.search(text):
        return "An event handler"
    if SCRIPT_URL.search(text) or MARKDOWN_URL.search(text):
        return "A link that runs a script"
    reader = _Reader()
    # Browsers decode references in attributes, so a second look takes what a parser sees.
    reader.feed(text)
    reader.close()
    return reader.finding


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.finding: str | None = None
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.finding = self.finding or f"<{tag}>"
        for name, value in attrs:
            self._look(name.lower(), regex.sub(r"[\s\0-\x20]", "", value or "").lower())
        if tag == "img":
            self.images += [value for name, value in attrs if name in ("src", "srcset") and value]

    def _look(self, name: str, value: str) -> None:
        if name.startswith("on") or name in ("srcdoc", "formaction"):
            self.finding = self.finding or "An event handler"
        elif value.startswith(("javascript:", "vbscript:", "data:text", "data:application")):
            self.finding = self.finding or "A link that runs a script"
        elif name == "style" and STYLE.search(value):
            self.finding = self.finding or "A style that loads or runs something"


def _check_images(field: str, body: str) -> list[Check]:
    reader = _Reader()
    reader.feed(body)
    reader.close()
    remote = [source for source in reader.images if "//" in source]
    remote += regex.findall(r"!\[[^\]\n]*\]\(\s*<?(https?://[^\s)>]+)", body)
    remote += regex.findall(r"(?i)url\(\s*[\"']?((?:https?:)?//[^\s\"')]+)", body)
    if not remote:
        return []
    fix = Fix("Use it only if readers may be counted by it.", field)
    sentence = "It loads pictures from elsewhere, which tells that server who opened the mail."
    return [Check("warning", "remote_image", field, sentence, fix)]
