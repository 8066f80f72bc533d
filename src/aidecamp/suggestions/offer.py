"""What a model is offered: tools, or a JSON schema, or words about a fenced block; short, since users pay."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from aidecamp.providers.messages import Message, Tool
from aidecamp.suggestions.kinds import KINDS, Kind
from aidecamp.suggestions.kinds.kind import closed, line, sentences, text
from aidecamp.suggestions.proposals import TOOL_PREFIX, Malformed

Mode = Literal["tools", "schema", "fence", "plain"]

MOST = 3
"""Kinds offered at once: each costs about 200 tokens of every question."""

MOST_IN_SCHEMA = 2
"""A schema is asked for only where the question wants something made, and then mostly says what."""

BY_CONTEXT: dict[str, tuple[str, ...]] = {
    "campaign": ("email_content", "sms_content", "social_post"),
    "content": ("email_content", "sms_content", "social_post"),
    "analytics": ("sms_content", "email_content", "strategy"),
    "strategy": ("strategy", "email_content", "sms_content"),
}

WISH = re.compile(
    r"\b(writ|draft|creat|mak|suggest|propos|recommend|generat|compos|come up|give me|plan"
    r"|schreib|entw[iu]rf|erstell|vorschl|mach|empf[ie]hl|[ée]cri|r[ée]dig|propose|cr[ée]e|escrib|redact|crea|sugier|propon|scriv|sugger)",
    re.IGNORECASE,
)
THING = {
    "sms_content": re.compile(r"\b(sms|text message|texts?\b|kurznachricht)", re.IGNORECASE),
    "email_content": re.compile(r"\b(e-?mails?|newsletter|mailing|mail|courriel|correo)\b", re.IGNORECASE),
    "social_post": re.compile(
        r"\b(posts?|tweet|instagram|facebook|linkedin|tiktok|threads|pinterest|youtube|social)\b",
        re.IGNORECASE,
    ),
    "strategy": re.compile(
        r"\b(strateg\w*|plan|plans|multi-?channel|road ?map|re-?engage\w*|win-?back|steps)\b", re.IGNORECASE
    ),
}


def kinds_for(context_type: str, want: Sequence[str] = (), question: str = "") -> tuple[Kind, ...]:
    """The kinds to offer, the likeliest first: what was asked for, else what the context calls for."""
    wanted = [name for name in want if name in KINDS]
    if wanted:
        return tuple(KINDS[name] for name in dict.fromkeys(wanted))
    named = [name for name, thing in THING.items() if thing.search(question)]
    usual = BY_CONTEXT.get(context_type, tuple(KINDS))
    return tuple(KINDS[name] for name in dict.fromkeys([*named, *usual]))[:MOST]


def is_wanted(question: str, want: Sequence[str] = ()) -> bool:
    """Does this question ask for something to be made? Then a constrained answer is worth its tokens."""
    if want:
        return True
    return bool(WISH.search(question)) and any(thing.search(question) for thing in THING.values())


def tools(kinds: Sequence[Kind]) -> tuple[Tool, ...]:
    """One tool each, named `suggest_<type>`."""
    return tuple(Tool(TOOL_PREFIX + kind.name, kind.purpose, _open(_arguments(kind))) for kind in kinds)


def schema(kinds: Sequence[Kind], *, lean: bool = False) -> dict[str, Any]:
    """The answer of a model without tools: what it says, and one suggestion or none.

    Lean is for a very small model: exactly one suggestion of the first kind, every length in a pattern.
    """
    if lean:
        return closed({"reply": sentences(1, 2), "suggestion": _lean(kinds[0])})
    shapes = [_typed(kind) for kind in kinds[:MOST_IN_SCHEMA]]
    return closed({"reply": text(), "suggestion": {"anyOf": [*shapes, {"type": "null"}]}})


def instructions(kinds: Sequence[Kind], mode: Mode, *, lean: bool = False) -> str:
    """The sentences that go with it; empty where nothing is offered."""
    if not kinds or mode == "plain":
        return ""
    if lean:
        return f"Reply in a sentence and suggest one {kinds[0].label}."
    if mode == "tools":
        return (
            "When asked for something to send, post or plan, first answer in a sentence or two, then call the"
            " fitting suggest_ tool; the person sees it as a card, so don't repeat it in the text."
        )
    if mode == "schema":
        return (
            "Put what you say into `reply`, and something to send, post or plan into `suggestion`, else null."
        )
    shapes = "; ".join(f"{kind.name}: {_outline(kind.schema)}" for kind in kinds)
    return (
        "When asked for something to send, post or plan, add after your answer a block that starts with"
        " ```suggestion and ends with ```, holding JSON:"
        ' {"type":…,"title":…,"content":…,"reasoning":…}. Content by type: ' + shapes + "."
    )


def example(kind: Kind) -> tuple[Message, Message]:
    """A question and its answer in the lean shape, which a very small model copies the form of."""
    shown = kind.example
    suggestion = {
        "type": kind.name,
        "title": shown.title,
        "content": shown.content,
        "reasoning": shown.reasoning,
    }
    answer = json.dumps({"reply": shown.reply, "suggestion": suggestion}, ensure_ascii=False)
    return Message("user", shown.question), Message("assistant", answer)


def correction(malformed: Malformed) -> str:
    """What a model is told, once, about a suggestion that could not be read."""
    reasons = "\n".join(f"- {reason[:300]}" for reason in malformed.reasons[:10])
    return (
        f"Your suggestion could not be read:\n{reasons}\nGive the corrected suggestion, whole, nothing else."
    )


def _arguments(kind: Kind) -> dict[str, Any]:
    return closed(
        {
            "title": text(),
            "content": kind.schema,
            "reasoning": text(),
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        optional=("confidence",),
    )


def _open(shape: Any) -> Any:
    """Without the closing words: arguments are read strictly anyway, and each word is paid for every time."""
    if isinstance(shape, dict):
        return {name: _open(item) for name, item in shape.items() if name != "additionalProperties"}
    return [_open(item) for item in shape] if isinstance(shape, list) else shape


def _typed(kind: Kind) -> dict[str, Any]:
    properties = {
        "type": {"type": "string", "enum": [kind.name]},
        "title": text(),
        "content": kind.schema,
        "reasoning": text(),
    }
    return closed(properties)


def _lean(kind: Kind) -> dict[str, Any]:
    properties = {
        "type": {"type": "string", "enum": [kind.name]},
        "title": line(6, 40),
        "content": kind.lean,
        "reasoning": sentences(1, 1),
    }
    return closed(properties)


def _outline(shape: dict[str, Any]) -> str:
    """A schema in a few characters: names, a question mark for what may be left out."""
    if shape.get("type") == "object":
        required = shape["required"]
        names = [
            name + ("" if name in required else "?") + _inner(sub)
            for name, sub in shape["properties"].items()
        ]
        return "{" + ", ".join(names) + "}"
    return "|".join(shape["enum"]) if "enum" in shape else ""


def _inner(shape: dict[str, Any]) -> str:
    if shape.get("type") == "array":
        return f": [{_outline(shape['items'])}]"
    return f": {_outline(shape)}" if "enum" in shape else ""
