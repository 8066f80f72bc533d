"""Pages and fragments: Jinja over each room's own templates folder, written for one reader."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.responses import HTMLResponse

from aidecamp import locale
from aidecamp.actor import Actor
from aidecamp.web import charts, shell, static, words
from aidecamp.web.markdown import markdown

ROOMS = Path(__file__).resolve().parent.parent
THEMES = frozenset({"light", "dark"})


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a template is being written; filters and macros read it, so that no call passes it along."""

    locale: str = locale.DEFAULT
    zone: str = "UTC"
    csrf_token: str = ""
    theme: str = ""
    path: str = "/"


_reader: ContextVar[Reader] = ContextVar("reader", default=Reader())  # noqa: B039 - frozen


def page(request: Request, name: str, actor: Actor | None, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page; `name` is `<room>/<file>.html` and extends `web/base.html`."""
    return respond(request, name, context, status, actor)


def fragment(
    request: Request, name: str, actor: Actor | None, status: int = 200, **context: Any
) -> HTMLResponse:
    """A part of a page for htmx; the page includes the same `_thing.html`."""
    return respond(request, name, context, status, actor)


def text(request: Request, name: str, actor: Actor | None, **context: Any) -> str:
    """The same as text, for frames of an event stream."""
    return _render(request, name, context, actor)


def respond(
    request: Request, name: str, context: dict[str, Any], status: int, actor: Actor | None = None
) -> HTMLResponse:
    return HTMLResponse(_render(request, name, context, actor), status)


def _render(request: Request, name: str, context: dict[str, Any], actor: Actor | None) -> str:
    reader = _reader_of(request, actor)
    token = _reader.set(reader)
    try:
        return (
            environment()
            .get_template(name)
            .render(
                {
                    "request": request,
                    "actor": actor,
                    "shell": shell.of(request),
                    "reader": reader,
                    **context,
                }
            )
        )
    finally:
        _reader.reset(token)


def _reader_of(request: Request, actor: Actor | None) -> Reader:
    theme = request.cookies.get("theme", "")
    return Reader(
        locale=locale.negotiate(request.headers.get("accept-language", "")),
        zone=actor.timezone if actor else "UTC",
        csrf_token=getattr(request.state, "csrf_token", ""),
        theme=theme if theme in THEMES else "",
        path=request.url.path,
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    env = Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(
        number=_for_reader(lambda reader, value: locale.number(value, reader.locale)),
        compact=_for_reader(lambda reader, value: locale.compact(value, reader.locale)),
        percent=_for_reader(lambda reader, share: locale.percent(share, reader.locale)),
        money=_for_reader(_money, if_none="unknown"),
        moment=_for_reader(lambda reader, when: locale.moment(when, reader.zone, reader.locale)),
        day=_for_reader(lambda reader, when: words.day(when, reader.zone, reader.locale)),
        ago=_for_reader(lambda reader, when: words.ago(when, now=_now(), locale=reader.locale)),
        markdown=markdown,
        initials=words.initials,
    )
    env.globals.update(
        static=static.url,
        icon=static.icon,
        charts=charts,
        csrf_token=lambda: _reader.get().csrf_token,
        here=lambda: _reader.get().path,
    )
    return env


def _load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    room, _, file = name.partition("/")
    if not room.isidentifier() or "/" in file or file.startswith("."):
        return None
    path = ROOMS / room / "templates" / file
    if not path.is_file():
        return None
    return path.read_text(encoding="utf-8"), str(path), lambda: True


def _for_reader(write: Callable[..., str], if_none: str = "–") -> Callable[..., str]:
    def filtered(value: Any, *args: Any) -> str:
        return if_none if value is None else write(_reader.get(), value, *args)

    return filtered


def _money(reader: Reader, amount: Any, currency: str = "USD") -> str:
    return locale.money(amount, currency, reader.locale)


def _now() -> datetime:
    return datetime.now(UTC)
