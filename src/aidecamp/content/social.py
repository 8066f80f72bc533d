"""Social posts: limits of each platform as dated data, X's weighted count, hashtags."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from aidecamp.content import links, tags
from aidecamp.content.checks import Check, Facts, Fix, empty


@dataclass(frozen=True, slots=True)
class Platform:
    """Limits as public pages gave them at `as_of`; `shown` is what stands before “more”."""

    label: str
    limit: int
    shown: int | None = None
    hashtags: int | None = None
    as_of: str = "2026-11"


PLATFORMS: dict[str, Platform] = {
    "x": Platform("X", 280),
    "instagram": Platform("Instagram", 2200, shown=125, hashtags=30),
    "facebook": Platform("Facebook", 63206, shown=480),
    "linkedin": Platform("LinkedIn", 3000, shown=200),
    "threads": Platform("Threads", 500),
    "tiktok": Platform("TikTok", 2200, shown=100),
    "pinterest": Platform("Pinterest", 500),
    "youtube": Platform("YouTube", 5000, shown=150, hashtags=60),
}

URL_WEIGHT = 23
WORTH_WEIGHING = 20_000
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh one; all others weigh two (twitter-text, configuration 3)."""
EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Extended_Pictographic}|[0-9#*]\uFE0F?\u20E3|\p{Regional_Indicator}"
)
HASHTAG = regex.compile(r"[#＃][\p{L}\p{M}\p{N}_·]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_·]*")


def composed(text: str, hashtags: Sequence[str]) -> str:
    """The post as it is published: hashtags that the text does not carry yet come after it."""
    carried = {found.casefold() for found in HASHTAG.findall(text)}
    added = [tag for tag in dict.fromkeys(hashtags) if tag.casefold() not in carried]
    return f"{text}\n\n{' '.join(added)}" if added else text


def weight(text: str) -> int:
    """X's weighted length: links 23, an emoji 2 whatever it is made of, CJK 2."""
    text = unicodedata.normalize("NFC", text)
    total, end = 0, 0
    for start, stop in _x_links(text):
        total += _plain_weight(text[end:start]) + URL_WEIGHT
        end = stop
    return total + _plain_weight(text[end:])


def length(text: str, platform: str) -> int:
    """The length that the platform counts; far beyond any limit the plain one says enough."""
    return weight(text) if platform == "x" and len(text) < WORTH_WEIGHING else len(text)


def check(text: str, hashtags: Sequence[str], platform: str, facts: Facts) -> list[Check]:
    checks = empty("text", text, "text") + tags.check("text", text, facts) + links.check("text", text, facts)
    rules = PLATFORMS[platform]
    counted = length(composed(text, hashtags), platform)
    if counted > rules.limit:
        sentence = f"{counted:,} characters with its hashtags; {rules.label} takes {rules.limit:,}."
        checks.append(Check("error", "too_long", "text", sentence, Fix("Shorten the text.", "text")))
    elif rules.shown and len(text) > rules.shown:
        sentence = f"{rules.label} shows about the first {rules.shown} characters before “more”."
        checks.append(Check("info", "folded", "text", sentence, Fix("Put the point first.", "text")))
    return checks + _check_hashtags(hashtags, rules)


def _check_hashtags(hashtags: Sequence[str], rules: Platform) -> list[Check]:
    checks = []
    broken = [tag for tag in hashtags if not HASHTAG.fullmatch(tag)]
    if broken:
        sentence = f"{broken[0][:40]} is no hashtag: letters, digits and _ after one #."
        checks.append(
            Check("warning", "broken_hashtag", "hashtags", sentence, Fix("Correct it.", "hashtags"))
        )
    if rules.hashtags and len(hashtags) > rules.hashtags:
        sentence = f"{len(hashtags)} hashtags; {rules.label} takes {rules.hashtags}."
        checks.append(
            Check("error", "too_many_hashtags", "hashtags", sentence, Fix("Keep the best.", "hashtags"))
        )
    return checks


def _plain_weight(text: str) -> int:
    return sum(_character(character) for character in regex.findall(r"\X", text))


def _character(character: str) -> int:
    return 2 if EMOJI.match(character) else sum(map(_scalar, character))


def _scalar(character: str) -> int:
    return 1 if any(low <= ord(character) <= high for low, high in LIGHT) else 2


def _x_links(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for match in (*X_URL.finditer(text), *X_BARE.finditer(text)):
        is_free = all(match.end() <= start or stop <= match.start() for start, stop in found)
        if is_free and _is_x_link(match):
            found.append(match.span())
    return sorted(found)


def _is_x_link(match: regex.Match[str]) -> bool:
    name = match["host"]
    labels = name.split(".")
    return links.is_tld(labels[-1].lower()) and all(_punycode_length(label) <= 63 for label in labels)


def _punycode_length(label: str) -> int:
    return len(label) if label.isascii() else len(label.encode("punycode")) + 4


X_PATH = (
    r"(?P<path>(?::\d+)?(?:/[\p{L}\p{N}!*';:=+,.$/%#\[\]\-\u2013_~@|&()]*)?"
    r"(?:\?[\p{L}\p{N}!?*'();:&=+$/%#\[\]\-_.,~|@]*)?)"
)
BEFORE = r"(?i)(?<![\p{L}\p{N}@$#＃＠_./-])"
X_URL = regex.compile(
    rf"{BEFORE}https?://(?P<host>(?:[\p{{L}}\p{{N}}_-]+\.)+[\p{{L}}\p{{M}}]{{2,24}})(?![0-9a-zA-Z@+-]){X_PATH}"
)
X_BARE = regex.compile(
    rf"{BEFORE}(?P<host>(?:[a-z0-9][a-z0-9_-]{{0,62}}\.)+[a-z]{{2,24}})(?![\p{{L}}\p{{N}}@+-]){X_PATH}"
)
