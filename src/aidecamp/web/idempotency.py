"""Idempotency-Key: the same request again gets the first answer, another body under the same key a 409.

The guards call `claim` once the caller is known; `Keep` holds the answer back until it is remembered, so
that an immediate second request finds it. An event stream cannot be kept: the room that starts one calls
`refer` in its transaction, and finds the earlier deed by `earlier` when the request comes again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.db.transaction import Transaction
from aidecamp.errors import Conflict, Invalid, Unavailable
from aidecamp.web import store

HEADER = "idempotency-key"
LONGEST_ANSWER = 512 * 1024
KEPT_HEADERS = ("content-type", "location")
NONCE = 12
log = structlog.get_logger()

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class AnotherBody(Conflict):
    title = "This Idempotency-Key was used for another request"
    help = "Use a new key for a new request."


class StillRunning(Conflict):
    title = "A request with this Idempotency-Key is still running, or was cut off"
    help = "Wait for it; if it stays, look whether the deed was done before you use a new key."


@dataclass(frozen=True, slots=True)
class Claim:
    database: Database
    customer_id: UUID
    user_id: UUID
    key_hash: bytes
    seal: bytes
    reference: UUID | None = None


class Replay(Exception):
    """Not an error: the way out of the guards with the first answer."""

    def __init__(self, response: Response) -> None:
        self.response = response


async def claim(request: Request, actor: Actor) -> None:
    """Call once the caller is known. Leaves by `Replay` with the first answer if there is one."""
    key = request.headers.get(HEADER)
    if key is None or request.method in SAFE or actor.user_id is None:
        return
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Invalid("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    database: Database = request.app.state.database
    mine = Claim(database, actor.customer_id, actor.user_id, _hash(b"find", key), _hash(b"seal", key))
    digest = await _request_hash(request)
    async with database.customer(actor) as tx:
        taken = await store.claim_key(tx, **_where(mine), request_hash=digest)
        found = None if taken else await store.remembered(tx, **_where(mine))
    if found is None:
        request.state.claim = mine
        return
    if found.request_hash != digest:
        raise AnotherBody()
    if found.reference is not None:
        request.state.earlier = found.reference
    elif found.status is None:
        raise StillRunning()
    else:
        raise Replay(_open(mine, found.status, found.answer))


def earlier(request: Request) -> UUID | None:
    """What the first request with this key made, where a room refers to it."""
    return getattr(request.state, "earlier", None)


async def refer(request: Request, tx: Transaction, reference: UUID) -> None:
    """Remember the deed instead of the answer, in the transaction that does it."""
    mine: Claim | None = getattr(request.state, "claim", None)
    if mine is not None:
        await store.refer(tx, **_where(mine), reference=reference)


async def replayed(request: Request, error: Exception) -> Response:
    """The exception handler for `Replay`."""
    assert isinstance(error, Replay)
    return error.response


class Keep:
    """ASGI middleware: remembers the answers of requests that claimed a key before it lets them go."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not any(key == HEADER.encode() for key, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        held: list[Message] = []

        async def holding(message: Message) -> None:
            mine = state.get("claim")
            if mine is None or state.get("claim_done"):
                await send(message)
                return
            held.append(message)
            if _is_stream(held[0]) or not message.get("more_body", message["type"].endswith("start")):
                state["claim_done"] = True
                await _keep(mine, held)
                for one in held:
                    await send(one)

        try:
            await self.app(scope, receive, holding)
        except BaseException:
            if "claim" in state and not state.get("claim_done"):
                await _release(state["claim"])
            raise


async def _keep(mine: Claim, held: list[Message]) -> None:
    """A database that is gone by now takes nothing from the answer: the claim then stays as if cut off."""
    try:
        await _note(mine, held)
    except (Unavailable, psycopg.Error) as error:
        log.warning("idempotency.not_kept", error=type(error).__name__)


async def _note(mine: Claim, held: list[Message]) -> None:
    status = held[0]["status"]
    if status >= 400:
        await _release(mine)
        return
    answer = None if _is_stream(held[0]) else _sealed(mine, held)
    async with mine.database.of(mine.customer_id) as tx:
        await store.remember(tx, **_where(mine), status=status, answer=answer)


async def _release(mine: Claim) -> None:
    async with mine.database.of(mine.customer_id) as tx:
        await store.release_key(tx, **_where(mine))


def _sealed(mine: Claim, held: list[Message]) -> bytes | None:
    body = b"".join(message.get("body", b"") for message in held[1:])
    if len(body) > LONGEST_ANSWER:
        return None
    headers = {
        key.decode(): value.decode("latin-1")
        for key, value in held[0]["headers"]
        if key.decode() in KEPT_HEADERS
    }
    nonce = secrets.token_bytes(NONCE)
    plain = json.dumps(headers).encode() + b"\n" + body
    return nonce + AESGCM(mine.seal).encrypt(nonce, plain, mine.key_hash)


def _open(mine: Claim, status: int, answer: bytes | None) -> Response:
    if answer is None:
        raise Conflict("This request was already carried out; its answer was too large to keep.")
    plain = AESGCM(mine.seal).decrypt(answer[:NONCE], answer[NONCE:], mine.key_hash)
    headers, _, body = plain.partition(b"\n")
    return Response(body, status, json.loads(headers) | {"Idempotency-Replayed": "true"})


def _is_stream(start: Message) -> bool:
    return any(
        key == b"content-type" and value.startswith(b"text/event-stream") for key, value in start["headers"]
    )


async def _request_hash(request: Request) -> bytes:
    if not request.headers.get("content-type", "").lower().startswith(FORMS):
        await request.body()  # a form was read by the framework already
    body = request.scope["state"].get("body_hash")
    head = f"{request.method} {request.url.path}?{request.url.query}\0".encode()
    return hashlib.sha256(head + (body.digest() if body else b"")).digest()


def _hash(purpose: bytes, key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=32, person=purpose).digest()


def _where(mine: Claim) -> dict[str, Any]:
    return {"customer_id": mine.customer_id, "user_id": mine.user_id, "key_hash": mine.key_hash}
