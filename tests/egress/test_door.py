"""The guard on real sockets: what a name resolves to, what is dialled, what is followed, what is sent."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Sequence

import pytest

from aidecamp.egress import Egress, Endpoint, EndpointBlocked, Fault, Limits
from tests.doubles import HANG, SSE, Answer, ScriptedProvider, json_answer, scripted

SHORT = Limits(connect=0.5, start=0.5, idle=0.3, total=1.0, window=0.3, pace=30)


class Names:
    """A resolver that answers what it is told, each answer once, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with scripted() as provider:
        yield provider


async def get(egress: Egress, url: str, path: str = "/x", limits: Limits = SHORT) -> bytes:
    try:
        async with egress.public(Endpoint.parse(url)).send("GET", path, {"X": "y"}, limits=limits) as answer:
            return await answer.read(1 << 20)
    finally:
        await egress.close()


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]]
)
async def test_SSRF_10_a_name_with_one_closed_answer_is_refused(answers: list[str]) -> None:
    names = Names(answers)
    with pytest.raises(EndpointBlocked):
        await get(Egress(resolve=names), "https://rebind.example.com")
    assert names.asked == ["rebind.example.com."]


async def test_SSRF_10_such_a_name_is_refused_when_it_is_saved_too() -> None:
    egress = Egress(resolve=Names(["1.1.1.1", "192.168.0.1"]))
    with pytest.raises(EndpointBlocked):
        await egress.look(Endpoint.parse("https://rebind.example.com"))
    await Egress(resolve=Names([])).look(Endpoint.parse("https://not-yet.example.com"))


async def test_SSRF_11_names_are_looked_up_for_every_connection(provider: ScriptedProvider) -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    egress = Egress("127.0.0.0/8", resolve=names)
    endpoint = Endpoint.parse(f"http://model.example.com:{provider.port}")
    async with egress.public(endpoint, "before").send("GET", "/models", {}, limits=SHORT) as answer:
        assert answer.status == 200
    with pytest.raises(EndpointBlocked):
        async with egress.public(endpoint, "after").send("GET", "/models", {}, limits=SHORT):
            pass
    assert provider.requests[0].headers["host"] == f"model.example.com:{provider.port}"
    assert len(provider.requests) == 1
    await egress.close()


async def test_SSRF_13_KEY_17_redirects_are_not_followed(provider: ScriptedProvider) -> None:
    async with scripted() as other:
        for status in (301, 302, 303, 307, 308):
            provider.say(Answer(status, {"Location": f"{other.bare}/steal"}))
            egress = Egress(f"{provider.listed},{other.listed}")
            with pytest.raises(Fault, match="redirect"):
                async with egress.public(Endpoint.parse(provider.bare)).send(
                    "POST", "/", {"api-key": "k"}, b"{}"
                ):
                    pass
            await egress.close()
        assert other.requests == []


async def test_SSRF_14_proxies_and_netrc_of_the_environment_are_ignored(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.bare)
        await get(Egress(provider.listed), provider.bare)
        assert proxy.requests == []
    assert "authorization" not in provider.requests[0].headers
    assert "cookie" not in provider.requests[0].headers


async def test_cookies_are_not_kept(provider: ScriptedProvider) -> None:
    provider.always(json_answer({}, Set_Cookie="who=me; Path=/"))
    egress = Egress(provider.listed)
    for _ in range(2):
        async with egress.public(Endpoint.parse(provider.bare)).send("POST", "/", {}, b"{}") as answer:
            await answer.read(100)
    assert all("cookie" not in request.headers for request in provider.requests)
    await egress.close()


async def test_encoded_bodies_are_refused_unread(provider: ScriptedProvider) -> None:
    provider.say(Answer(200, {"Content-Encoding": "gzip, gzip"}, [b"\x1f\x8b" * 200, HANG]))
    egress = Egress(provider.listed)
    with pytest.raises(Fault, match="encoded"):
        async with egress.public(Endpoint.parse(provider.bare)).send("POST", "/", {}, b"{}"):
            pass
    assert provider.requests[0].headers["accept-encoding"] == "identity"
    await egress.close()


async def test_SSRF_27_closed_port_and_unknown_name_look_the_same() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    with pytest.raises(Fault) as closed:
        await get(Egress("127.0.0.1:1"), "http://127.0.0.1:1")
    with pytest.raises(Fault) as unknown:
        await get(Egress(resolve=nowhere), "https://unknown.example.com")
    assert str(closed.value) == str(unknown.value) == "connect"


async def test_SSRF_32_slow_and_crowded_names_are_bounded() -> None:
    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    for resolve in (slow, Names(["1.1.1.1"] * 1000)):
        with pytest.raises(Fault, match="connect"):
            await get(Egress(resolve=resolve), "https://slow.example.com", limits=Limits())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, before=5), "late_start"),
        (Answer(200, SSE, [b"data: x\n\n", HANG]), "idle"),
        (Answer(200, SSE, [step for _ in range(99) for step in (b":", 0.05)]), "drip"),
        (Answer(200, SSE, [step for _ in range(99) for step in (b"x" * 99, 0.05)]), "total"),
        (Answer(200, SSE, [b"data: x\n\n", "cut"]), "cut"),
    ],
)
async def test_PROV_24_25_every_deadline_trips(provider: ScriptedProvider, answer: Answer, kind: str) -> None:
    provider.always(answer)
    egress = Egress(provider.listed)
    with pytest.raises(Fault, match=kind):
        async with egress.public(Endpoint.parse(provider.bare)).send("POST", "/", {}, b"{}", SHORT) as got:
            await got.read(1 << 20)
    await egress.close()


async def test_an_endless_body_is_cut_in_little_memory(provider: ScriptedProvider) -> None:
    provider.always(Answer(200, {}, [b"x" * (1 << 20)] * 60))
    egress, received = Egress(provider.listed), 0
    tracemalloc.start()
    with pytest.raises(Fault, match="too_much"):
        async with egress.public(Endpoint.parse(provider.bare)).send(
            "POST", "/", {}, b"{}", Limits(most_bytes=20 << 20)
        ) as got:
            async for piece in got.pieces():
                received += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert received <= 20 << 20
    assert peak < 32 << 20
    await egress.close()


async def test_SSRF_28_connections_are_not_shared_between_owners(provider: ScriptedProvider) -> None:
    egress, endpoint = Egress(provider.listed), Endpoint.parse(provider.bare)
    one = await egress.pool(endpoint, egress.policy, ("a", 1))
    assert await egress.pool(endpoint, egress.policy, ("a", 1)) is one
    assert await egress.pool(endpoint, egress.policy, ("a", 2)) is not one
    assert await egress.pool(endpoint, egress.policy, ("b", 1)) is not one
    for number in range(400):
        await egress.pool(endpoint, egress.policy, ("many", number))
    assert len(egress._pools) <= 256
    await egress.close()
