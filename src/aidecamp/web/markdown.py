"""Model text to HTML: a small safe subset, sanitised last, bounded in time.

No element that fetches, no raw HTML, no attribute that names or styles; links go to https and mailto only
and show where they lead.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from aidecamp.web.text import clean

LONGEST = 60_000
TAGS = {"p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "del", "code", "pre"} | {
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
# Without its own entry, "*" would allow titles and languages everywhere.
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
}
SCHEMES = {"https", "mailto"}
REL = "noopener noreferrer nofollow"

# Runs of openers make every Markdown parser look back over them again and again (CVE-2023-26303 and kin).
_RUN = re.compile(r"([\[\]()*_`~<>!|&\\])\1{63,}")
_MOST_MARKS = 4_000
_DEEPEST_QUOTE = re.compile(r"^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){20,}", re.MULTILINE)


def markdown(text: str | None) -> Markup:
    """The text as safe HTML; what is too long or too strange to parse quickly is shown as it is written."""
    source = clean(text or "")
    if _is_costly(source):
        return Markup(f"<pre>{html.escape(source)}</pre>")  # noqa: S704 - escaped just here
    rendered = _parser().render(source)
    safe = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
        strip_comments=True,
    )
    return Markup(safe)  # noqa: S704 - the sanitiser is the last step


def _is_costly(source: str) -> bool:
    if len(source) > LONGEST or _RUN.search(source) or _DEEPEST_QUOTE.search(source):
        return True
    marks = sum(source.count(mark) for mark in "[]*_`~<&\\")
    return marks > _MOST_MARKS


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    options = {"html": False, "breaks": True, "linkify": False, "maxNesting": 20}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    return parser


def _is_allowed(url: str) -> bool:
    return url.strip().lower().startswith(("https://", "mailto:"))
