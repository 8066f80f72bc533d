"""Merge tags in Mustache, Liquid and Mautic form: found, held against the contact fields, with a fallback."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from aidecamp.content.checks import Check, Facts, Fix

SYSTEM = frozenset({"unsubscribe_url", "preferences_url", "view_online_url", "sender_name", "sender_address"})
"""Tags that the sending application fills itself; they always have a value."""

MOST_FINDINGS = 10
"""Per field: each finding may carry a fix with the whole text in it."""

PREFIXES = ("contact.", "subscriber.", "recipient.")

# One alternative a dialect; what opens like a tag and never closes is found by BROKEN.
TAG = regex.compile(
    r"(?P<triple>\{\{\{(?P<inner3>[^{}]{0,300})\}\}\})"
    r"|(?P<double>\{\{(?P<inner2>[^{}]{0,300})\}\})"
    r"|(?P<block>\{%(?P<innerb>[^%]{0,300})%\})"
    r"|(?P<mautic>\{contactfield=(?P<innerm>[^{}]{0,300})\})"
    r"|(?P<chimp>\*\|(?P<innerc>[^|*]{1,300})\|\*)"
    r"|(?P<dollar>\$\{[^{}]{0,300}\})"
    r"|(?P<server><%.{0,300}?%>)",
    regex.DOTALL | regex.IGNORECASE,
)
BROKEN = regex.compile(r"\{\{|\}\}|\{%|%\}|<%|%>")
NAME = regex.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
VALUE = r"""(?:"[^"]*"|'[^']*'|[\w.]+)"""
OUTPUT = regex.compile(rf"^([A-Za-z_][A-Za-z0-9_.]*)\s*((?:\|\s*[a-z_]+(?:\s*:\s*{VALUE})?\s*)*)$")
FILTER = regex.compile(rf"\|\s*([a-z_]+)(?:\s*:\s*({VALUE}))?")
FILTERS = frozenset({"default", "capitalize", "upcase", "downcase", "escape", "strip", "truncate", "date"})
CONDITION = regex.compile(rf"^-?\s*(if|elsif|unless)\s+([A-Za-z_][\w.]*)(\s*(==|!=)\s*{VALUE})?\s*-?$")
BLOCK_WORDS = frozenset({"else", "endif", "endunless"})
WORDS = {"first_name": "there", "name": "there", "company": "your team", "city": "your city"}


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag as written. `name` is empty where the form is not one of ours."""

    text: str
    start: int
    name: str
    fallback: str | None = None
    needs_fallback: bool = True


def find(text: str) -> list[Tag]:
    """All tags, in order."""
    return list(_tags(text))


def check(field: str, text: str, facts: Facts) -> list[Check]:
    """Unknown and broken tags are errors, a missing fallback is a warning; each with a fix."""
    found = find(text)
    guarded = {tag.name for tag in found if not tag.needs_fallback}
    checks: list[Check] = []
    for tag in {tag.text: tag for tag in found}.values():
        checks += _check_tag(field, text, tag, facts, guarded)
        if len(checks) >= MOST_FINDINGS:
            break
    return checks + _check_broken(field, text, found)


def filled(text: str, sample: str = "Christopher") -> str:
    """The text as a reader with a longish name would see it: for lengths, never for sending."""
    parts, end = [], 0
    for tag in find(text):
        parts += [text[end : tag.start], sample if tag.needs_fallback else ""]
        end = tag.start + len(tag.text)
    return "".join([*parts, text[end:]])


def bare(text: str) -> str:
    """The text with every tag as a plain word, so that what surrounds them can be read."""
    return filled(text, "tag")


def _tags(text: str) -> Iterator[Tag]:
    for match in TAG.finditer(text):
        kind, whole, start = match.lastgroup, match.group(), match.start()
        if match["triple"] is not None:
            yield _mustache(whole, start, match["inner3"])
        elif match["double"] is not None:
            yield _mustache(whole, start, match["inner2"])
        elif match["block"] is not None:
            yield _liquid_block(whole, start, match["innerb"])
        elif match["mautic"] is not None:
            name, _, fallback = match["innerm"].partition("|")
            yield Tag(whole, start, _plain(name), fallback or None)
        else:
            assert kind is not None
            yield Tag(whole, start, "")


def _mustache(whole: str, start: int, inner: str) -> Tag:
    inner = inner.strip().strip("-~").strip()
    if inner[:1] in ("#", "^", "/") and NAME.fullmatch(inner[1:].strip()):
        # A section shows or hides text; it prints nothing itself, so there is nothing to fall back to.
        return Tag(whole, start, _plain(inner[1:]), needs_fallback=False)
    match = OUTPUT.match(inner.removeprefix("&").strip())
    if match is None:
        return Tag(whole, start, "")
    filters = FILTER.findall(match[2])
    if any(name not in FILTERS for name, _ in filters):
        return Tag(whole, start, "")
    fallback = next((value.strip("\"'") for name, value in filters if name == "default"), None)
    return Tag(whole, start, _plain(match[1]), fallback or None)


def _liquid_block(whole: str, start: int, inner: str) -> Tag:
    inner = inner.strip()
    if inner.strip("- ") in BLOCK_WORDS:
        return Tag(whole, start, "else", needs_fallback=False)
    match = CONDITION.match(inner)
    return Tag(whole, start, _plain(match[2]) if match else "", needs_fallback=False)


def _plain(name: str) -> str:
    name = name.strip()
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _check_tag(field: str, text: str, tag: Tag, facts: Facts, guarded: set[str]) -> Iterator[Check]:
    if tag.name == "else" and not tag.needs_fallback:
        return
    if tag.name not in facts.merge_fields and tag.name not in SYSTEM:
        yield _unknown(field, text, tag, facts)
    elif tag.needs_fallback and tag.fallback is None and tag.name not in SYSTEM and tag.name not in guarded:
        word = WORDS.get(tag.name, f"your {tag.name.replace('_', ' ')}")
        better = f'{{{{ {tag.name} | default: "{word}" }}}}'
        yield Check(
            "warning",
            "missing_fallback",
            field,
            f"{tag.text} is empty for contacts without this field.",
            Fix(f"Fall back to “{word}”", field, text.replace(tag.text, better)),
        )


def _unknown(field: str, text: str, tag: Tag, facts: Facts) -> Check:
    shown = tag.text if len(tag.text) <= 60 else f"{tag.text[:57]}…"
    wanted = regex.sub(r"[^a-z0-9]", "", (tag.name or tag.text).lower())
    wanted = {"fname": "firstname", "lname": "lastname"}.get(wanted, wanted)
    by_letters = {name.replace("_", ""): name for name in sorted(facts.merge_fields)}
    near = difflib.get_close_matches(wanted, by_letters, n=1, cutoff=0.75)
    if near:
        name = by_letters[near[0]]
        fix = Fix(f"Use {{{{{name}}}}}", field, text.replace(tag.text, f"{{{{{name}}}}}"))
    else:
        known = ", ".join(sorted(facts.merge_fields)[:8]) or "none yet"
        fix = Fix(f"Remove it, or use a contact field that exists: {known}.", field)
    return Check("error", "unknown_tag", field, f"{shown} names no contact field.", fix)


def _check_broken(field: str, text: str, found: list[Tag]) -> list[Check]:
    """A mark that does not lie wholly inside a tag opens or closes nothing."""
    starts = [tag.start for tag in found]
    for mark in BROKEN.finditer(text):
        before = bisect.bisect_right(starts, mark.start()) - 1
        if before < 0 or mark.end() > found[before].start + len(found[before].text):
            sentence = f"A merge tag is broken: there is a {mark.group()} without its other half."
            fix = Fix("Close the tag or remove the braces.", field)
            return [Check("error", "broken_tag", field, sentence, fix)]
    return []
