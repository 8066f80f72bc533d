"""Charts as SVG: numbers in, markup out. Zero-based, labelled directly, readable in black and white.

Colours come from classes in static/css/data.css; there is no style attribute, since the content security
policy forbids them. A table with the same numbers belongs beside each chart (`ui.chart_table`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720.0, 226.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 18.0, 32.0
MOST_LABELS = 8
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_ids = count(1)
Point = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """One place on a line: the value, and the interval it lies in if one is known."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def bars(
    points: Sequence[Point], *, title: str, unit: str = "", today: str | None = None, note: str = ""
) -> Markup:
    """One bar a point, from zero; the highest carries its figure."""
    top = nice(max((value for _, value in points), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    peak = max((value for _, value in points), default=0)
    parts = [_grid(top)]
    labelled = _every(len(points))
    for index, (label, value) in enumerate(points):
        x, y = LEFT + index * step, _y(value, top)
        width = max(1.0, step * 0.68)
        kind = "mark today" if label == today else "mark"
        parts.append(
            Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2">').format(
                kind, x + (step - width) / 2, y, width, max(0.0, HEIGHT - BOTTOM - y)
            )
            + Markup("<title>{}: {}</title></rect>").format(label, _said(value, unit))
        )
        if value == peak and peak > 0:
            parts.append(_text(x + step / 2, y - 5, _figure(value), "peak"))
            peak = math.inf
        if index % labelled == 0:
            parts.append(_text(x + step / 2, HEIGHT - 8, label, _tick(index // labelled)))
    return _svg(title, note or _summary(points, unit), parts, "bars")


def line(spots: Sequence[Spot], *, title: str, unit: str = "", note: str = "") -> Markup:
    """A line over time from zero, its interval as a band; a spot with a note is drawn as a point."""
    highest = max((max(s.value, s.high or 0) for s in spots), default=0)
    top = nice(highest)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(spots) - 1)
    place: Callable[[int], float] = lambda index: LEFT + index * step  # noqa: E731
    parts = [_grid(top), _band(spots, top, place)]
    path = " ".join(
        f"{'M' if i == 0 else 'L'}{place(i):.1f} {_y(s.value, top):.1f}" for i, s in enumerate(spots)
    )
    parts.append(Markup('<path class="trace" d="{}"/>').format(path))
    labelled = _every(len(spots))
    for index, spot in enumerate(spots):
        x, y = place(index), _y(spot.value, top)
        said = f"{spot.label}: {_said(spot.value, unit)}" + (f" – {spot.note}" if spot.note else "")
        kind = "spot noted" if spot.note else "spot"
        parts.append(
            Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>').format(
                kind, x, y, said
            )
        )
        if spot.note:
            parts.append(_text(x, y - 9, spot.note, "peak"))
        if index % labelled == 0:
            parts.append(_text(x, HEIGHT - 8, spot.label, _tick(index // labelled)))
    return _svg(title, note or _summary([(s.label, s.value) for s in spots], unit), parts, "line")


def heat(cells: Sequence[Sequence[float | None]], *, title: str, unit: str = "", note: str = "") -> Markup:
    """Weekday by hour, seven rows of 24; None is too little data. The best hour is framed and said."""
    peak = max((value for row in cells for value in row if value is not None), default=0)
    width, height = (WIDTH - LEFT - RIGHT) / 24, 26.0
    parts: list[Markup] = []
    for day, row in enumerate(cells):
        parts.append(_text(LEFT - 8, TOP + day * height + 17, WEEKDAYS[day], "tick end"))
        for hour, value in enumerate(row):
            level = "none" if value is None else f"heat-{min(5, math.ceil(5 * value / peak)) if peak else 0}"
            best = " best" if value is not None and value == peak and peak > 0 else ""
            said = "too few to say" if value is None else _said(value, unit)
            parts.append(
                Markup(
                    '<rect class="{}{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3">'
                    "<title>{} {:02d}:00: {}</title></rect>"
                ).format(
                    level,
                    best,
                    LEFT + hour * width + 1,
                    TOP + day * height + 1,
                    width - 2,
                    height - 2,
                    WEEKDAYS[day],
                    hour,
                    said,
                )
            )
    for hour in range(0, 24, 3):
        parts.append(_text(LEFT + (hour + 0.5) * width, TOP + 7 * height + 18, f"{hour:02d}", "tick"))
    return _svg(title, note or f"Weekday by hour, highest {_said(peak, unit)}", parts, "heat")


def spark(values: Sequence[float], *, title: str) -> Markup:
    """A small line without axes, for a row of a table or a figure."""
    top = max(values, default=0) or 1
    step = 96 / max(1, len(values) - 1)
    path = " ".join(
        f"{'M' if i == 0 else 'L'}{2 + i * step:.1f} {26 - 22 * v / top:.1f}" for i, v in enumerate(values)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 100 28" role="img" aria-label="{}">'
        '<path class="trace" d="{}"/></svg>'
    ).format(title, path)


def nice(highest: float) -> float:
    """The smallest round number at or above, so that the grid's lines are round too."""
    # Below this, a power of ten is 0 or has lost its digits.
    if not math.isfinite(highest) or highest < 1e-300:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in (1, 2, 2.5, 4, 5, 8, 10) if step * power >= highest * (1 - 1e-9))


def short(value: float) -> str:
    """1234567 → 1.2M; figures on a chart have little room."""
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= limit:
            return f"{value / limit:.1f}".rstrip("0").rstrip(".") + letter
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _grid(top: float) -> Markup:
    lines = []
    for quarter in range(5):
        value = top * quarter / 4
        y = _y(value, top)
        lines.append(
            Markup('<line class="grid" x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                LEFT, WIDTH - RIGHT, y, y
            )
        )
        lines.append(_text(LEFT - 8, y + 4, short(value), "tick end"))
    return Markup("").join(lines)


def _band(spots: Sequence[Spot], top: float, place: Callable[[int], float]) -> Markup:
    known = [
        (place(i), s.low, s.high) for i, s in enumerate(spots) if s.low is not None and s.high is not None
    ]
    if len(known) < 2:
        return Markup("")
    upper = [f"{x:.1f},{_y(high, top):.1f}" for x, _, high in known if high is not None]
    lower = [f"{x:.1f},{_y(low, top):.1f}" for x, low, _ in reversed(known) if low is not None]
    return Markup('<polygon class="band" points="{}"/>').format(" ".join(upper + lower))


def _svg(title: str, desc: str, parts: Sequence[Markup], kind: str) -> Markup:
    number = next(_ids)
    return Markup(
        '<div class="chart-box"><svg class="chart {kind}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        'aria-labelledby="chart-{id} chart-{id}-desc">'
        '<title id="chart-{id}">{title}</title><desc id="chart-{id}-desc">{desc}</desc>{parts}</svg></div>'
    ).format(
        kind=kind, width=WIDTH, height=HEIGHT, id=number, title=title, desc=desc, parts=Markup("").join(parts)
    )


def _text(x: float, y: float, words: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, escape(words))


def _tick(number: int) -> str:
    """Every second label gives way where there is little room."""
    return "tick spare" if number % 2 else "tick"


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(0.0, min(value, top)) / top


def _every(points: int) -> int:
    return max(1, math.ceil(points / MOST_LABELS))


def _figure(value: float) -> str:
    """A label of its own has more room than an axis."""
    return short(value) if abs(value) >= 10_000 else f"{value:,.2f}".removesuffix(".00")


def _said(value: float, unit: str) -> str:
    figure = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{figure} {unit}".strip()


def _summary(points: Sequence[Point], unit: str) -> str:
    if not points:
        return "No data yet"
    highest = max(points, key=lambda point: point[1])
    return f"{len(points)} values, highest {_said(highest[1], unit)} at {highest[0]}"
