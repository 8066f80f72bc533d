"""SMS as the networks count it: GSM 03.38 septets or UTF-16 units, segments, and what makes a text dear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import regex

from aidecamp.content import tags
from aidecamp.content.checks import Check, Facts, Fix

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
"""Characters behind the escape: two septets each (3GPP TS 23.038, 6.2.1.1)."""

SINGLE = {"GSM-7": 160, "UCS-2": 70}
PART = {"GSM-7": 153, "UCS-2": 67}
"""Room in a message of several parts: six octets of each go to the header that joins them."""

MAX_SEGMENTS = 10
SWAPS = {
    "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‐": "-", "‑": "-",
    "…": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "`": "'", "´": "'", "•": "-",
    "×": "x", "á": "a", "í": "i", "ó": "o", "ú": "u", "ç": "Ç", "â": "a", "ê": "e", "î": "i", "ô": "o",
    "û": "u", "ë": "e", "ï": "i", "ã": "a", "õ": "o", "\u200b": "", "\ufeff": "",
}  # fmt: skip
OPT_OUT = regex.compile(
    r"\b(stop|unsubscribe|opt[ -]?out|abmelden|abbestellen|désabonner|désinscri\w*|baja|cancelar|annulla"
    r"|disiscri\w*|afmelden|sair|avregistrer\w*|wypisz)\b|\{\{\s*unsubscribe",
    regex.IGNORECASE,
)
OPT_OUT_LINE = "Reply STOP to opt out"


@dataclass(frozen=True, slots=True)
class Count:
    """How the networks see a text. `units` are septets (GSM-7) or UTF-16 units; `non_gsm` in order."""

    encoding: Literal["GSM-7", "UCS-2"]
    segments: int
    units: int
    non_gsm: tuple[str, ...]

    @property
    def room(self) -> int:
        """Units left in the last segment."""
        size = SINGLE[self.encoding] if self.segments <= 1 else PART[self.encoding] * self.segments
        return size - self.units


def count(text: str) -> Count:
    """Segments as Twilio and the carriers split them: never inside an escape or a visible character."""
    characters = _characters(text)
    strangers = tuple(c for c in characters if not all(s in BASIC or s in EXTENDED for s in c))
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if strangers else "GSM-7"
    sizes = [size for c in characters for size in _sizes(c, encoding)]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return Count(encoding, 1, units, strangers)
    return Count(encoding, _parts(sizes, PART[encoding]), units, strangers)


def cheaper(text: str) -> str | None:
    """The same text with look-alikes from the cheap alphabet, then without emoji, if that saves a segment."""
    before = count(text).segments
    swapped = "".join(SWAPS.get(c, c) for c in text)
    bare = "".join(c for c in swapped if c in BASIC or c in EXTENDED)
    for candidate in (swapped, regex.sub(r" {2,}", " ", bare).strip()):
        if candidate.strip() and count(candidate).segments < before:
            return candidate
    return None


def check(field: str, text: str, facts: Facts) -> list[Check]:
    """What is wrong with a text message, apart from its links."""
    checks = tags.check(field, text, facts)
    if not text.strip():
        return checks
    counted = count(tags.filled(text))
    if counted.segments > MAX_SEGMENTS:
        sentence = f"This takes {counted.segments} segments; carriers refuse more than {MAX_SEGMENTS}."
        checks.append(Check("error", "too_many_segments", field, sentence, Fix("Shorten the text.", field)))
    elif counted.segments > 1:
        checks.append(_several(field, text, counted))
    if not OPT_OUT.search(text):
        fix = Fix(f"Add “{OPT_OUT_LINE}”", field, f"{text.rstrip()} {OPT_OUT_LINE}")
        checks.append(
            Check("warning", "missing_unsubscribe", field, "The text does not say how to opt out.", fix)
        )
    return checks


def _characters(text: str) -> list[str]:
    """Visible characters; a line break counts as its two halves."""
    return [part for c in regex.findall(r"\X", text) for part in (list(c) if c == "\r\n" else [c])]


def _sizes(character: str, encoding: str) -> list[int]:
    if encoding == "GSM-7":
        return [2 if scalar in EXTENDED else 1 for scalar in character]
    scalars = [2 if ord(scalar) > 0xFFFF else 1 for scalar in character]
    # A pile of combining marks larger than a part has to be cut somewhere: then between its marks.
    return scalars if sum(scalars) > PART["UCS-2"] else [sum(scalars)]


def _parts(sizes: list[int], room: int) -> int:
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts


def _several(field: str, text: str, counted: Count) -> Check:
    sentence = f"This is sent and charged as {counted.segments} segments."
    better = cheaper(text)
    if counted.non_gsm:
        names = ", ".join(f"“{name}”" for name in list(dict.fromkeys(counted.non_gsm))[:3])
        sentence += f" Because of {names} a segment holds 70 characters, not 160."
    saved = count(tags.filled(better)).segments if better else 0
    label = f"Use plain characters: {saved} instead of {counted.segments}" if better else "Shorten the text."
    return Check("warning", "several_segments", field, sentence, Fix(label, field, better))
