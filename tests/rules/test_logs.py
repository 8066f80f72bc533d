"""Nothing that looks like a secret reaches a log line."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from aidecamp import logs

SECRETS = [
    "sk-proj-abcdefghijklmnop", "Bearer abc.def.ghi", "adc_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "postgresql://user:hunter2@db/x", "anna@example.org", "gsk_abcdefghijkl",
]  # fmt: skip


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch):
    root = logging.getLogger()
    before, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    structlog.reset_defaults()
    logs.configure("json")
    yield lambda: [json.loads(line) for line in written.getvalue().split("\n") if line]
    root.handlers, root.level = before, level
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS)
def test_secret_is_taken_out_wherever_it_stands(lines, secret: str) -> None:
    log = structlog.get_logger()
    log.warning("event", message=f"said {secret}!", deep={"list": [secret]}, error=ValueError(secret))
    logging.getLogger("library").warning("said %s", secret)
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        log.exception("failed")
    text = json.dumps(lines())
    for part in (secret, "hunter2"):
        assert part not in text
    assert logs.REDACTED in text


def test_value_named_like_a_secret_is_taken_out(lines) -> None:
    structlog.get_logger().warning("e", api_key="x1", password="x2", headers={"Authorization": "x3"}, ok="x4")
    (line,) = lines()
    assert "x4" in line.values()
    assert not {"x1", "x2", "x3"} & set(json.dumps(line).replace('"', " ").split())


def test_dos_09_line_breaks_stay_inside_one_record(lines) -> None:
    structlog.get_logger().warning("e", name="a\r\nb\x1b[31m")
    assert len(lines()) == 1
