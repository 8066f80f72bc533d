"""Which addresses and endpoints the guard lets through, before any name is looked up."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidecamp.egress import Endpoint, EndpointBlocked, EndpointInvalid, Policy
from aidecamp.egress.addresses import classic, is_public
from aidecamp.egress.policy import PolicyInvalid

CLOSED = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:a9fe:a9fe::",
    "2002:7f00:1::1", "2001::1", "2001:0:a9fe:a9fe::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
    "ff02::1",     "2001:db8::1", "2600::5efe:a00:1", "2600::200:5efe:7f00:1",
]  # fmt: skip
OPEN = ["1.1.1.1", "8.8.8.8", "104.18.6.192", "2606:4700::6812:6c0", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", CLOSED)
def test_SSRF_01_02_04_05_closed_addresses(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_whatever_hides_a_closed_address_is_closed(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert is_public(IPv6Address(int(IPv6Address(prefix)) + number)) == is_public(ip_address(number))
    for prefix in ("::", "64:ff9b:1::", "::ffff:0:0:0"):
        assert not is_public(IPv6Address(int(IPv6Address(prefix)) + number))


@pytest.mark.parametrize(
    ("spelling", "address"),
    [
        ("2130706433", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("0x7f.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"), ("10.0.258", "10.0.1.2"), ("0", "0.0.0.0"), ("1.1.1.1", "1.1.1.1"),
        ("256.1.1.1", None), ("example.com", None), ("1.2.3.4.5", None), ("", None), ("08.1", None),
    ],
)  # fmt: skip
def test_SSRF_07_odd_spellings_are_read_as_libraries_read_them(spelling: str, address: str | None) -> None:
    assert str(classic(spelling)) == str(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com.evil.example:444/", "https://api.example.com:22", "https://api.example.com:0",
        "http://api.example.com", "https://localhost", "https://localhost.", "https://a.localhost", "https://db",
        "https://metadata.google.internal", "https://nas.local", "https://[fe80::1]/", "https://0/",
    ],
)  # fmt: skip
def test_SSRF_19_20_closed_before_any_look_up(url: str) -> None:
    with pytest.raises(EndpointBlocked):
        Policy().check(Endpoint.parse(url))


@pytest.mark.parametrize(
    "url",
    [
        "", "https://", "https:///v1", "//api.example.com",
        "https://user@api.example.com", "https://api.example.com?x=1", "https://api.example.com#f",
        "https://api.example.com/v1\r\nX: y", "https://api.example.com/%0d%0a", "https://api.example.com/a/../b",
        "https://api.example.com\\@evil.example", "https://api.example.com:66000", "https://evil%2ecom",
        "https://127。0。0。1/", "https://ａｐｉ.example.com", "https://[::1", "https://-a.com",
        "https://" + "a" * 100_000 + ".com", "https://a..com", "https://1.2.3.4.5/",
        "https://api.example.com/a b",
    ],
)  # fmt: skip
def test_SSRF_08_16_17_20_31_what_can_not_be_an_endpoint(url: str) -> None:
    with pytest.raises(EndpointInvalid) as caught:
        Endpoint.parse(url)
    assert "evil" not in str(caught.value.problem())


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "file:///etc/passwd", "ftp://api.example.com", "https://[fe80::1%25lo]/"],
)
def test_what_is_not_https_or_has_a_zone_is_blocked(url: str) -> None:
    with pytest.raises(EndpointBlocked):
        Endpoint.parse(url)


def test_an_endpoint_keeps_what_identifies_it() -> None:
    endpoint = Endpoint.parse("HTTPS://API.Example.COM.:443/v1/")
    assert endpoint == Endpoint("https", "api.example.com", 443, "/v1")
    assert endpoint.url == "https://api.example.com/v1"
    assert Endpoint.parse("http://[::1]:8080").url == "http://[::1]:8080"


def test_SSRF_25_only_what_the_operator_listed_is_private() -> None:
    policy = Policy.parse("localhost:11434, 127.0.0.1:11434, 10.20.0.0/16, [::1]:9000")
    for url in (
        "http://localhost:11434",
        "http://127.1:11434/x",
        "http://10.20.3.4:8000",
        "http://[::1]:9000",
    ):
        policy.check(Endpoint.parse(url))
    for url in ("http://localhost:11435", "http://127.0.0.1:5432", "http://10.21.0.1", "https://[::1]:9001"):
        with pytest.raises(EndpointBlocked):
            policy.check(Endpoint.parse(url))


@pytest.mark.parametrize("listed", ["localhost", "10.0.0.0/33", "host:0", "host:port", ":80", "10.0.0.1/8"])
def test_an_unreadable_list_refuses_the_start(listed: str) -> None:
    with pytest.raises(PolicyInvalid):
        Policy.parse(listed)
