"""What can go wrong on the wire, sorted by how far the exchange came; never with a header or a key in it."""

from __future__ import annotations

from typing import Literal

FaultKind = Literal[
    "connect",
    "tls",
    "protocol",
    "redirect",
    "encoded",
    "late_start",
    "idle",
    "drip",
    "total",
    "too_much",
    "cut",
]


class Fault(Exception):
    """`connect` covers names that don't resolve, refusals and silence alike: they must look the same.

    `late_start`: no answer began; `idle`: it stopped coming; `drip`: it came too slowly; `total`: it took
    too long; `too_much`: more bytes than agreed; `cut`: the connection ended inside the answer.
    """

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind
