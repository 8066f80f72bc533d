"""Structured logs on stderr, with what must never be written there taken out last."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.types import Processor

SECRET_NAMES = re.compile(
    r"(?i)(pass(word|wd|phrase)|secret|api_?key|authorization|cookie|token$|csrf|master)"
)
SECRET_VALUES = re.compile(
    r"""(?xi)
      \b(?:sk|pk|rk|gsk|xai|adc)[-_][\w-]{8,}            # provider keys and our own bearer tokens
    | \bbearer\s+[^\s'"]+                                # an Authorization header in some message
    | \bbasic\s+[a-z0-9+/=]{8,}
    | (?<=://)[^\s/@:]*:[^\s/@]+(?=@)                    # user and password of an address
    | [\w.+-]+@[\w-]+\.[\w.-]+                           # an e-mail address
    """
)
REDACTED = "[redacted]"
QUIET = ("uvicorn.error", "procrastinate", "psycopg.pool", "asyncio", "aiohttp")


def configure(format: str = "console", level: str = "info") -> None:
    """Send our own and the libraries' logs through one chain; `json` is one object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Locals of a frame may hold a key or a message: never in a traceback.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # httpx and friends would write addresses and headers at debug level.
    for name in ("httpx", "httpcore", "httpx2", "hpack", "multipart"):
        logging.getLogger(name).setLevel(logging.ERROR)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what is named like a secret or looks like one, at any depth."""
    return {
        name: REDACTED if SECRET_NAMES.search(str(name)) else _clean(value) for name, value in event.items()
    }


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_VALUES.sub(REDACTED, value)
    if isinstance(value, dict):
        return {name: REDACTED if SECRET_NAMES.search(str(name)) else _clean(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return SECRET_VALUES.sub(REDACTED, str(value))


def _renderer(format: str) -> Processor:
    if format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
