"""Steps over time and channels; applied, a plan with one linked draft per step."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from aidecamp.content import email
from aidecamp.content.checks import Check, Facts, Fix, empty
from aidecamp.host.drafts import PlanDraft, PlanStep
from aidecamp.suggestions.kinds.kind import Content, Example, Field, Kind, closed, line, sentences, text
from aidecamp.suggestions.shapes import content_of, convert

Words = Annotated[str, msgspec.Meta(max_length=2000)]


class Step(msgspec.Struct, frozen=True):
    action: Words
    timeline: Annotated[str, msgspec.Meta(max_length=100)]
    channel: Annotated[str, msgspec.Meta(max_length=50)]
    rationale: Words


class Strategy(msgspec.Struct, frozen=True):
    steps: Annotated[list[Step], msgspec.Meta(max_length=20)]


def read(content: Any) -> dict[str, Any]:
    return content_of(convert(content, Strategy, "content"))


def checks(content: Content, facts: Facts) -> list[Check]:
    steps = content["steps"]
    if not steps:
        fix = Fix("Add a step.", "steps")
        return [Check("error", "empty_field", "steps", "There is no step yet.", fix)]
    return [check for number, step in enumerate(steps) for check in _check_step(number, step, facts)]


def _check_step(number: int, step: Content, facts: Facts) -> list[Check]:
    """An empty rationale is poor, but the step can be done without it."""
    at = f"steps[{number}]"
    checks = [found for name in ("action", "channel") for found in empty(f"{at}.{name}", step[name], name)]
    return checks + email.text_checks(f"{at}.action", step["action"], facts)


def draft(title: str, content: Content) -> PlanDraft:
    return PlanDraft(title, tuple(PlanStep(**step) for step in content["steps"]))


def texts(content: Content) -> list[str]:
    return [value for step in content["steps"] for value in step.values()]


KIND = Kind(
    name="strategy",
    label="Strategy",
    purpose="Propose a plan of campaign steps.",
    schema=closed(
        {
            "steps": {
                "type": "array",
                "items": closed(
                    {
                        "action": text(),
                        "timeline": text("e.g. Week 1"),
                        "channel": text("email, sms or social"),
                        "rationale": text(),
                    }
                ),
            }
        }
    ),
    lean=closed(
        {
            "steps": {
                "type": "array",
                "minItems": 2,
                "maxItems": 3,
                "items": closed(
                    {
                        "action": line(12, 70),
                        "timeline": {"type": "string", "pattern": "^Week [1-8]$"},
                        "channel": {"enum": ["email", "sms", "social"]},
                        "rationale": sentences(1, 1),
                    }
                ),
            }
        }
    ),
    read=read,
    checks=checks,
    draft=draft,
    card="suggestions/_strategy.html",
    fields=(
        Field(
            "steps",
            "Step",
            "rows",
            columns=(
                Field("action", "Action", "text"),
                Field("timeline", "When"),
                Field("channel", "Channel"),
                Field("rationale", "Why", "text"),
            ),
        ),
    ),
    example=Example(
        question="Plan a campaign for the summer sale.",
        reply="Here is a plan in two steps.",
        title="Summer sale plan",
        content={
            "steps": [
                {
                    "action": "Send the summer sale e-mail",
                    "timeline": "Week 1",
                    "channel": "email",
                    "rationale": "E-mail reaches most of your customers.",
                },
                {
                    "action": "Remind people who did not open it",
                    "timeline": "Week 2",
                    "channel": "sms",
                    "rationale": "A short text brings back busy people.",
                },
            ]
        },
        reasoning="Two channels reach more people than one.",
    ),
    texts=texts,
)
