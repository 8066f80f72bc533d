"""The same request again gets the first answer; another body under the same key does not."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Request

from aidecamp.actor import Actor
from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Conflict
from aidecamp.settings import Settings
from aidecamp.web import frame, idempotency, sse
from tests.people import Cast
from tests.web.small import client


class Counter:
    """An application whose routes count their deeds; `who` is the caller of the next requests."""

    def __init__(self, database: Database, who: Actor) -> None:
        self.deeds = 0
        self.who = who
        self.seen: UUID | None = None
        self.app = FastAPI()
        self.app.state.settings, self.app.state.database = Settings(), database
        self._routes()
        frame.install(self.app, self.app.state.settings)

    def _routes(self) -> None:
        async def caller(request: Request) -> Actor:
            await idempotency.claim(request, self.who)
            return self.who

        @self.app.post("/api/v1/deeds", status_code=201)
        async def deed(body: dict[str, Any], actor: Actor = Depends(caller)) -> dict[str, Any]:
            self.deeds += 1
            if body.get("slow"):
                await asyncio.sleep(0.3)
            if body.get("refuse"):
                raise Conflict()
            if body.get("crash"):
                raise RuntimeError
            return {"number": self.deeds}

        @self.app.post("/api/v1/streams")
        async def stream(request: Request, actor: Actor = Depends(caller)) -> sse.EventStream:
            self.seen = idempotency.earlier(request)
            async with self.app.state.database.customer(actor) as tx:
                await idempotency.refer(request, tx, new_id())
            return sse.EventStream(_one())


async def _one() -> Any:
    yield sse.frame(1, "end", {})


@pytest.fixture
def counter(database: Database, cast: Cast) -> Counter:
    return Counter(database, cast.user.actor)


async def post(counter: Counter, body: dict[str, Any], key: str = "k1", path: str = "/api/v1/deeds") -> Any:
    async with client(counter.app) as http:
        return await http.post(path, json=body, headers={"Idempotency-Key": key})


async def test_a_repeated_request_gets_the_first_answer(counter: Counter) -> None:
    first, second = await post(counter, {"a": 1}), await post(counter, {"a": 1})
    assert first.json() == second.json() == {"number": 1}
    assert second.status_code == 201
    assert counter.deeds == 1


async def test_another_body_under_the_same_key_is_409(counter: Counter) -> None:
    await post(counter, {"a": 1})
    assert (await post(counter, {"a": 2})).status_code == 409
    assert counter.deeds == 1


async def test_of_many_at_once_one_acts(counter: Counter) -> None:
    answers = await asyncio.gather(*(post(counter, {"slow": True}) for _ in range(8)))
    assert counter.deeds == 1
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_keys_of_two_people_do_not_meet(counter: Counter, cast: Cast) -> None:
    await post(counter, {"a": 1})
    for person in (cast.colleague, cast.stranger):
        counter.who = person.actor
        assert (await post(counter, {"a": 1})).json() != {"number": 1}


@pytest.mark.parametrize("body", [{"refuse": True}, {"crash": True}])
async def test_what_failed_may_be_tried_again(counter: Counter, body: dict[str, Any]) -> None:
    first, second = await post(counter, body), await post(counter, body)
    assert first.status_code == second.status_code >= 400
    assert counter.deeds == 2


async def test_a_stream_is_found_again_by_its_reference(counter: Counter) -> None:
    await post(counter, {}, path="/api/v1/streams")
    assert counter.seen is None
    await post(counter, {}, path="/api/v1/streams")
    assert counter.seen is not None


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_strange_keys_are_422(counter: Counter, key: str) -> None:
    assert (await post(counter, {}, key)).status_code == 422


async def test_neither_key_nor_answer_rests_readable(
    counter: Counter, database: Database, cast: Cast
) -> None:
    await post(counter, {"a": 1}, "a-guess-me-not-key")
    async with database.customer(cast.user.actor) as tx:
        row = await tx.value(
            "select row_to_json(k)::text || encode(answer, 'escape') from idempotency_keys k"
        )
    assert "guess-me-not" not in row
    assert "number" not in row
