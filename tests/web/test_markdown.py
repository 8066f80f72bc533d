"""Model text is data in the page: XSS-01 to XSS-12, XSS-23, XSS-24."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.web.markdown import ATTRIBUTES, REL, TAGS, markdown
from tests.web.payloads import PAYLOADS


class Strict(HTMLParser):
    """Fails on whatever the allowlist does not name."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set()), (tag, name)
            if name == "href":
                assert re.match(r"(https://|mailto:)", value or ""), value
            if name == "rel":
                assert value == REL

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def check(text: str) -> None:
    Strict().feed(str(markdown(text)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_at_every_prefix(payload: str) -> None:
    for end in range(len(payload) + 1):
        check(payload[:end])
        check("Some **words** before\n\n" + payload[:end])


@given(st.text(alphabet="<>\"'[]()!`*_~#&;:/\\|- \nabjsxhtp=", max_size=120))
def test_any_text_stays_inside_the_allowlist(text: str) -> None:
    check(text)


def test_the_useful_subset_is_rendered() -> None:
    html = str(
        markdown(
            "# A\n\n**b** _c_ ~~d~~ `e`\n\n- f\n\n1. g\n\n| h | i |\n| - | -: |\n| 1 | 2 |\n\n[j](https://j.example)"
        )
    )
    for part in (
        "<h1>A",
        "<strong>b",
        "<em>c",
        "<s>d",
        "<code>e",
        "<li>f",
        "<ol>",
        "<th>h",
        '<a href="https://j.example"',
    ):
        assert part in html


@pytest.mark.parametrize(
    "mark",
    [
        "[",
        "]",
        "*",
        "_",
        "`",
        "~",
        "<",
        ">",
        "!",
        "(",
        "![",
        "[]",
        "*_",
        "`a",
        "> ",
        "- ",
        "1. ",
        "|",
        "&",
        "\\",
        "[a](",
        "<a ",
        "**a",
        "a*",
        "[[]",
        "&#",
        "|a",
        "\t",
        "\n",
        " \n-",
    ],
)
def test_floods_render_quickly_or_as_plain_text_xss_23(mark: str) -> None:
    text = mark * (100_000 // len(mark))
    for source in (text, text[:50_000], text[:3_900], "a" + "\n".join([text[:60]] * 60)):
        begin = time.process_time()
        check(source)
        assert time.process_time() - begin < 3  # a flood that is not cut short takes minutes


def test_a_long_honest_answer_is_rendered() -> None:
    answer = (
        "## Part\n\nWe saw **1,234** opens, see [the report](https://a.example/b).\n\n- one\n- two\n\n" * 150
    )
    assert "<pre>" not in markdown(answer)
