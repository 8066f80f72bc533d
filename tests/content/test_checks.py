"""What is refused, what is warned about, and that accepting a fix mends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.content import email, links, sms, social, tags
from aidecamp.content.checks import Check, Facts, ordered

FACTS = Facts(
    merge_fields=frozenset({"first_name", "last_name", "email", "city"}),
    links=frozenset({"shop.acme.de", "acme.com"}),
    sender="Acme",
)


def codes(checks: list[Check]) -> set[str]:
    return {check.code for check in checks}


KNOWN = [
    "Hi {{first_name}}",
    "Hi {{ first_name }}",
    "Hi {{{first_name}}}",
    "Hi {{ first_name | default: 'you' }}",
    'Hi {{ contact.first_name | capitalize | default: "you" }}',
    "{{#first_name}}Hi {{first_name}}{{/first_name}}{{^first_name}}Hello{{/first_name}}",
    "{% if first_name %}Hi {{first_name}}{% else %}Hello{% endif %}",
    "Hi {contactfield=first_name|there}",
    "{{unsubscribe_url}}",
]


@pytest.mark.parametrize("text", KNOWN)
def test_known_tags_pass_in_every_form(text: str) -> None:
    assert not [check for check in tags.check("body", text, FACTS) if check.level == "error"]


@pytest.mark.parametrize(
    "text",
    [
        "{{constructor}}",
        '{{ env "X" }}',
        "{{ first_name.constructor }}",
        "{{ 7*7 }}",
        "{% include 'x' %}",
        "{% for x in y %}",
        "${name}",
        "<%= name %>",
        "*|FNAME|*",
        "{{> partial}}",
        "{{ first_name | exec }}",
        "{contactfield=secret}",
        "{{}}",
        "{{ firstname }}",
    ],
)
def test_xss_20_unknown_tags_are_errors(text: str) -> None:
    assert "unknown_tag" in codes(tags.check("body", f"Hi {text}!", FACTS))


@pytest.mark.parametrize(
    "text", ["Hi {{first_name}", "Hi {{first_name", "}} hi", "{% if", "{{{{first_name}}"]
)
def test_broken_tags_are_errors(text: str) -> None:
    assert codes(tags.check("body", text, FACTS)) & {"broken_tag", "unknown_tag"}


def test_a_mistyped_tag_is_mended_by_its_fix() -> None:
    for text in ("Hi {{ firstname }}", "Hi *|FNAME|*", "Hi {{FirstName}}"):
        (finding,) = [c for c in tags.check("body", text, FACTS) if c.level == "error"]
        assert finding.fix is not None
        assert finding.fix.value == "Hi {{first_name}}"


def test_a_missing_fallback_is_mended_by_its_fix() -> None:
    (finding,) = tags.check("body", "Dear {{first_name}},", FACTS)
    assert (finding.level, finding.code) == ("warning", "missing_fallback")
    assert finding.fix is not None
    assert finding.fix.value is not None
    assert tags.check("body", finding.fix.value, FACTS) == []


@given(st.text(alphabet="{}%|*$<> abfirst_name:\"'#^/", max_size=60))
def test_any_text_is_read_without_failing(text: str) -> None:
    tags.check("body", text, FACTS)
    assert all(text[tag.start : tag.start + len(tag.text)] == tag.text for tag in tags.find(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("See https://acme.com/sale", None),
        ("See www.acme.com and shop.acme.de/x?y=1.", None),
        ("See https://evil.example.io/x", "unknown_link"),
        ("See acme.com.evil.io now", "unknown_link"),
        ("See notacme.com", "unknown_link"),
        ("Shop now: example.com/sale", "placeholder_link"),
        ("See https://acme.com@evil.io/", "invalid_link"),
        ("See http://10.0.0.1/admin", "invalid_link"),
        ("See ftp://acme.com/x", "invalid_link"),
        ("See https://acme.com:99999/", "invalid_link"),
        ("See _evil.io_ or", "unknown_link"),
        ("<a href='//evil.io/x'>", "unknown_link"),
        ("link:evil.io", "unknown_link"),
        ("See acme.com//evil.io/x", "invalid_link"),
        ("open 24/7.It is", None),
        ("Only 3.50 today, e.g. node.js or U.S. or 10.30am", None),
        ("mail us: help@acme.org", None),
    ],
)
def test_links_must_have_been_given(text: str, code: str | None) -> None:
    assert codes(links.check("body", text, FACTS)) == ({code} if code else set())


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src=//x>",
        "< script>x",
        "<img src=x onerror=alert(1)>",
        "<img src=x\nonerror = alert(1)",
        "<svg/onload=alert(1)>",
        "<p title='>' onclick=\"x()\">",
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "<iframe srcdoc='x'>",
        "<form action=x><input name=y>",
        '<a href="data:text/html,x">x</a>',
        '<p style="width:expression(alert(1))">',
        "<object data=x>",
        "<base href=//x>",
        "<meta http-equiv=refresh content=0>",
    ],
)
def test_xss_21_active_markup_is_refused(body: str) -> None:
    assert "unsafe_markup" in codes(email.check_body(body, FACTS))


@pytest.mark.parametrize(
    "body", ["2 < 3 and on = off", "<p>Hello</p><a href='https://acme.com'>x</a>", "a <3 b"]
)
def test_plain_markup_is_not_refused(body: str) -> None:
    assert "unsafe_markup" not in codes(email.check_body(body, FACTS))


def test_xss_21_remote_pictures_are_flagged() -> None:
    for body in ('<img src="https://acme.com/p.gif">', "![x](https://acme.com/p.gif)", "url(//acme.com/x)"):
        assert "remote_image" in codes(email.check_body(body, FACTS))


def test_a_mail_is_complete_after_its_fixes() -> None:
    body = "Hello, buy this."
    for _ in range(5):
        fixes = [c.fix for c in email.check_body(body, FACTS) if c.fix and c.fix.value]
        body = fixes[0].value or "" if fixes else body
    assert email.check_body(body, FACTS) == []


def test_empty_fields_and_long_ones() -> None:
    assert "empty_field" in codes(email.check_subject(" ", "x", FACTS))
    assert "long_subject" in codes(email.check_subject("word " * 20, "x", FACTS))
    assert "repeated_preheader" in codes(email.check_subject("Sale", "sale ", FACTS))
    assert "missing_cta_url" in codes(email.check_call("Shop", None, FACTS))
    assert "invalid_link" in codes(email.check_call("Shop", "javascript:alert(1)", FACTS))
    assert email.check_call("Shop", "https://acme.com/{{city}}", FACTS)[0].code == "missing_fallback"
    assert "placeholder" in codes(email.check_body("Dear [First Name], love [Your Company]", FACTS))


def test_the_character_that_makes_an_sms_dear_is_named_and_swapped() -> None:
    text = "Don’t miss our sale — " + "everything must go this week " * 3 + "STOP to opt out"
    (finding,) = sms.check("message", text, FACTS)
    assert finding.code == "several_segments"
    assert "’" in finding.message
    assert finding.fix is not None
    assert finding.fix.value is not None
    assert sms.count(finding.fix.value).segments == 1


def test_more_than_ten_segments_are_an_error() -> None:
    assert "too_many_segments" in codes(sms.check("message", "a" * 1531 + " STOP", FACTS))
    assert "too_many_segments" not in codes(sms.check("message", "a" * 1525 + " STOP", FACTS))


@given(st.text(max_size=200))
def test_segments_hold_their_text(text: str) -> None:
    counted = sms.count(text)
    assert counted.segments >= 1
    room = sms.PART[counted.encoding] if counted.segments > 1 else sms.SINGLE[counted.encoding]
    assert counted.units <= counted.segments * room
    assert counted.room >= 0


@pytest.mark.parametrize(
    ("platform", "size"), [("x", 280), ("threads", 500), ("instagram", 2200), ("linkedin", 3000)]
)
def test_a_post_over_its_platforms_limit_is_an_error(platform: str, size: int) -> None:
    assert "too_long" not in codes(social.check("a" * size, [], platform, FACTS))
    assert "too_long" in codes(social.check("a" * (size + 1), [], platform, FACTS))
    assert "too_long" in codes(social.check("a" * (size - 3), ["#tag"], platform, FACTS))


def test_hashtags() -> None:
    assert codes(social.check("Hi", ["#new product"], "x", FACTS)) == {"broken_hashtag"}
    assert codes(social.check("Hi", [f"#t{i}" for i in range(31)], "instagram", FACTS)) == {
        "too_many_hashtags"
    }
    assert social.composed("Hi #Sale", ["#sale", "#new"]) == "Hi #Sale\n\n#new"


def test_errors_come_first_and_once() -> None:
    warning, error = Check("warning", "w", "f", "m"), Check("error", "e", "f", "m")
    assert ordered([warning, error, warning]) == [error, warning]
