"""How commands speak: results on stdout, one clear line on stderr when something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Machine-readable output.")]


class CommandFailed(Exception):
    """A command's expected failure: its sentence, and the exit status."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


def tell(text: str, data: Mapping[str, Any] | list[Any] | None = None, as_json: bool = False) -> None:
    """One answer: `text` for people, `data` for programs."""
    print(json.dumps(data, default=str, ensure_ascii=False) if as_json else text, flush=True)


def note(text: str) -> None:
    """Progress and remarks, beside the answer."""
    print(text, file=sys.stderr, flush=True)


def complain(sentence: str) -> None:
    print(f"aidecamp: {' '.join(sentence.split())}", file=sys.stderr, flush=True)
