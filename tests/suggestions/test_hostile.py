"""Whatever a hostile model writes: what passes the checks without an error is fit to be sent."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aidecamp.content import sms, social
from aidecamp.content.checks import Facts, has_errors
from aidecamp.suggestions.kinds import KINDS
from aidecamp.suggestions.shapes import WrongShape

FACTS = Facts(frozenset({"first_name", "city"}), frozenset({"shop.acme.de"}), "Acme")

WORDS = [
    "Hello",
    " ",
    "\n",
    "a " * 75,
    "\U0001f525",
    "\u2019",
    "#sale",
    "STOP",
    "\u202e",
    "@",
    ".",
    "_",
    "-",
    ":",
    "/",
]
TAGS = ["{{", "}}", "{{first_name}}", "{{ first_name | default: 'you' }}", "{{ env }}", "{%", "%}", "{", "}"]
TAGS += ["{% if city %}", "{% endif %}", "${x}", "*|FNAME|*", "{contactfield=city}"]
MARKUP = [
    "<",
    ">",
    "<b>",
    "<script>",
    "</script>",
    "<img src=x onerror=a>",
    "<a href='javascript:x'>",
    "<iframe",
]
MARKUP += ["onclick=", "<form>", "'", '"', "&#106;", "]("]
LINKS = [
    "https://shop.acme.de/a",
    "https://evil.io/b",
    "shop.acme.de",
    "evil.io",
    "www.evil.com/x",
    "//evil.io",
]
LINKS += ["https://shop.acme.de.evil.io", "_evil.io_", "(evil.io)", "https://shop.acme.de@evil.io", "http://"]
PIECES = st.sampled_from(WORDS + TAGS + MARKUP + LINKS)
TEXT = st.lists(PIECES, max_size=14).map("".join)
ANY = st.one_of(TEXT, st.none(), st.integers(), st.lists(TEXT, max_size=2), st.text(max_size=20))

KNOWN_TAG = re.compile(
    r"\{\{\{?\s*[#^/&]?\s*(first_name|city|unsubscribe_url|preferences_url|view_online_url|sender_name|sender_address)"
    r"[^{}]*\}\}\}?|\{%\s*(if|elsif|unless|else|endif|endunless)\b[^%]*%\}|\{contactfield=(first_name|city)[^{}]*\}"
)
ADDRESS = re.compile(
    r"(?:https?://|//|(?<![a-zA-Z0-9.@/-]))((?:[a-z0-9-]+\.)+(?:io|de|com))\b(?!@)", re.IGNORECASE
)

GIVEN = re.compile(r"https?://shop\.acme\.de/[^\s<>\"'`|^\\]*")


def is_fit(text: str) -> bool:
    """A judge that shares no code with the checks."""
    bare = KNOWN_TAG.sub("", text)
    no_tags = not any(mark in bare for mark in ("{{", "}}", "{%", "%}", "${x}", "*|FNAME|*"))
    bare = GIVEN.sub(" ", bare)
    given = all(host.lower().endswith("shop.acme.de") for host in ADDRESS.findall(bare))
    return no_tags and given


def is_inert(text: str) -> bool:
    low = re.sub(r"\s", "", text.lower())
    return not any(mark in low for mark in ("<script", "<iframe", "<form", "onerror=a>", "href='javascript:"))


@settings(max_examples=600, deadline=None)
@given(st.fixed_dictionaries({"subject": ANY, "preheader": TEXT, "body": ANY, "cta_text": TEXT}))
def test_a_mail_without_errors_is_fit(content: dict[str, Any]) -> None:
    kind = KINDS["email_content"]
    try:
        read = kind.read(content)
    except WrongShape:
        return
    if not has_errors(kind.checks(read, FACTS)):
        assert all(is_fit(text) and is_inert(text) for text in read.values()), read
        assert all(text.strip() for text in read.values())


@settings(max_examples=600, deadline=None)
@given(TEXT)
def test_a_text_message_without_errors_is_fit(message: str) -> None:
    if not has_errors(KINDS["sms_content"].checks({"message": message}, FACTS)):
        assert is_fit(message), message
        assert message.strip()
        assert sms.count(message).segments <= 11


@settings(max_examples=400, deadline=None)
@given(TEXT, st.sampled_from(sorted(social.PLATFORMS)))
def test_a_post_without_errors_is_fit(text: str, platform: str) -> None:
    content = {"text": text, "hashtags": ["#sale"], "platform": platform}
    if not has_errors(KINDS["social_post"].checks(content, FACTS)):
        assert is_fit(text), text
        assert social.length(social.composed(text, ["#sale"]), platform) <= social.PLATFORMS[platform].limit
