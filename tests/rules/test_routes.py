"""Every route is guarded or stands, with its reason, on the reviewed list of public ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.dependencies.models import Dependant

from aidecamp.identity import guards
from tests.routes import GUARDED, PUBLIC, found

GUARDS = {guards.recognised, guards.page_recognised}


def calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def test_auth_13_every_route_carries_the_guard_or_is_public_for_a_reason() -> None:
    bare = [
        each.name for each in GUARDED if each.route is None or not GUARDS & set(calls(each.route.dependant))
    ]
    assert bare == []


def test_a_public_route_does_not_ask_who_is_there() -> None:
    asking = [
        each.name
        for each in found()
        if each.name in PUBLIC and each.route and GUARDS & set(calls(each.route.dependant))
    ]
    assert asking == []


def test_reading_never_needs_a_body_and_changing_never_is_a_get() -> None:
    """AUTH-22: a GET changes nothing, so it declares no body and its name is no deed."""
    deeds = re.compile(r"/(apply|accept|reject|undo|delete|revoke|remove|stop|test|send|password)$")
    assert [e.name for e in GUARDED if e.method == "GET" and deeds.search(e.path)] == []
    assert [e.name for e in GUARDED if e.method == "GET" and e.route and e.route.body_field] == []
