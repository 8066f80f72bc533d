"""E-mail addresses: one spelling to find them by, nothing in them that could leave a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.identity.addresses import InvalidAddress, digest, parse

GOOD = [
    "ana@example.org",
    "a.b+c@sub.example.co",
    "o'neil@example.org",
    "josé@example.org",
    "ana@bücher.example",
]
BAD = [
    "", "@", "ana", "ana@", "@example.org", "ana@localhost", "a b@example.org", "ana@exam ple.org",
    "ana@example.org\r\nBcc: x@example.org", "ana\n@example.org", "ana@-example.org", "ana@example..org",
    ".ana@example.org", "ana.@example.org", "a..b@example.org", "<ana@example.org>", "ana@example.org,b@c.de",
    "ana\u202e@example.org", "ana\u200b@example.org", "ana\0@example.org", "ana\ud800@example.org",
    "ana@\ud800.org", "a" * 65 + "@example.org",
    "a@" + "b." * 130 + "org", "a@127.0.0.1.", '"a b"@example.org',
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_addresses_of_real_people_pass(text: str) -> None:
    assert parse(f" {text.upper()} ") == text


@pytest.mark.parametrize("text", BAD)
def test_io_11_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        parse(text)


def test_both_spellings_of_an_international_domain_are_one_address() -> None:
    assert digest("ana@bücher.example") == digest("ANA@xn--bcher-kva.example")


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_clear_refusal(text: str) -> None:
    try:
        address = parse(text)
    except InvalidAddress:
        return
    assert parse(address) == address
    assert digest(address) == digest(text)
    assert not set(address) & set("\r\n\t <>,;")
