"""A model's text made fit to store and show: what is invisible and acts on the reader is taken out."""

from __future__ import annotations

import re
from dataclasses import replace

from aidecamp.providers.messages import Event, ReasoningDelta, TextDelta, ToolCall

# Control characters but tab and line ends, bidirectional overrides and isolates, and the tag block, which can
# hide whole instructions. Zero-width joiners stay: scripts and emoji need them.
HIDDEN = re.compile(
    r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


def storable(event: Event) -> Event:
    if isinstance(event, TextDelta | ReasoningDelta):
        return event if event.text.isprintable() else replace(event, text=HIDDEN.sub("", event.text))
    if isinstance(event, ToolCall):
        return replace(event, name=HIDDEN.sub("", event.name), arguments=HIDDEN.sub("", event.arguments))
    return event
