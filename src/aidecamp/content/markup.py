"""HTML in a text: what would run, load or ask for something; read in linear time, however it is written."""

from __future__ import annotations

import html
from collections.abc import Iterator

import regex

PARTS = "script iframe frame frameset object embed applet portal template noscript base meta link svg math"
FORMS = "form input button textarea select option dialog audio video source"
ACTIVE = frozenset(f"{PARTS} {FORMS}".split())

# Two looks at the same text: as it stands, which no quoting can hide from, and as a browser takes it apart.
ACTIVE_TAG = regex.compile(rf"(?i)<[\s/\0]*+({'|'.join(sorted(ACTIVE))})(?![a-z0-9-])")
HANDLER = regex.compile(r"(?i)<[a-z!/?][^<>]*?[\s\"'/]on[a-z]{3,40}\s*+=")
SCRIPT_URL = regex.compile(
    r"(?i)(?:href|src|action|background|poster|data|srcset)\s*+=[\s\0\"']*+"
    r"(?:j\s*+a\s*+v\s*+a\s*+s\s*+c\s*+r\s*+i\s*+p\s*+t|vbscript|data(?!:image/(?:png|jpe?g|gif|webp)))\s*+:"
)
MARKDOWN_URL = regex.compile(r"(?i)\]\(\s*+<?\s*+(?:javascript|vbscript|data)\s*+:")
STYLE = regex.compile(r"(?i)expression\(|-moz-binding|behavior:|@import|javascript:")
TAG = regex.compile(r"<([a-zA-Z][^\s/>]{0,40}+)((?:[^>\"']|\"[^\"]*\"|'[^']*')*+)")
ATTRIBUTE = regex.compile(r"([^\s\"'<>/=]++)\s*+(?:=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++))?")
MARKDOWN_IMAGE = regex.compile(r"!\[[^\[\]\n]{0,300}+\]\(\s*+<?(?:https?:)?//")
STYLE_IMAGE = regex.compile(r"(?i)url\(\s*+[\"']?+(?:https?:)?//")


def active(text: str) -> str | None:
    """The first thing in it that is more than text, pictures and links, in words for a person."""
    if match := ACTIVE_TAG.search(text):
        return f"<{match[1].lower()}>"
    if HANDLER.search(text):
        return "An event handler"
    if SCRIPT_URL.search(text) or MARKDOWN_URL.search(text):
        return "A link that runs a script"
    return next(filter(None, (_judge(name, value) for _, name, value in _attributes(text))), None)


def remote_images(text: str) -> bool:
    """Does showing it fetch a picture from somewhere?"""
    if MARKDOWN_IMAGE.search(text) or STYLE_IMAGE.search(text):
        return True
    return any(
        tag == "img" and name in ("src", "srcset") and "//" in value for tag, name, value in _attributes(text)
    )


def _judge(name: str, value: str) -> str | None:
    if name.startswith("on") or name in ("srcdoc", "formaction"):
        return "An event handler"
    if value.startswith(("javascript:", "vbscript:", "data:text", "data:application")):
        return "A link that runs a script"
    if name == "style" and STYLE.search(value):
        return "A style that loads or runs something"
    return None


def _attributes(text: str) -> Iterator[tuple[str, str, str]]:
    """Tag, attribute, and its value as a browser decodes it, without the blanks that browsers ignore."""
    for tag in TAG.finditer(text):
        for attribute in ATTRIBUTE.finditer(tag[2]):
            value = html.unescape((attribute[2] or "").strip("\"'"))
            yield tag[1].lower(), attribute[1].lower(), regex.sub(r"[\0-\x20]+", "", value).lower()
