"""E-mail: what must be there, what may never be in a body, and what readers will not see."""

from __future__ import annotations

import regex

from aidecamp.content import links, markup, tags
from aidecamp.content.checks import Check, Facts, Fix, empty

SUBJECT_SHOWN = 60
"""Desktop clients show about 60 to 70 characters, phones 33 to 43."""
PREHEADER_SHOWN = 140
CLIPPED_BYTES = 102_000
"""Gmail cuts a message off here."""

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
        checks.append(
            Check("warning", "missing_sender", "body", "The e-mail does not say who sends it.", fix)
        )
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
    finding = markup.active(text)
    if finding is None:
        return []
    return [
        Check("error", "unsafe_markup", field, f"{finding} may not be in a mail.", Fix("Remove it.", field))
    ]


def _check_images(field: str, body: str) -> list[Check]:
    if not markup.remote_images(body):
        return []
    fix = Fix("Use it only if readers may be counted by it.", field)
    sentence = "It loads pictures from elsewhere, which tells that server who opened the mail."
    return [Check("warning", "remote_image", field, sentence, fix)]
