"""The marks of the charts. A chart is a table with a drawing in each row, so that it can be read without the drawing and fits a phone.

    strip(Mark(0.27, 0.24, 0.30), Mark(0.61, 0.58, 0.64, (0.60, 0.62)))      base hollow, tuned filled, intervals, every seed

Positions along a row are percentages, so that a drawing takes any width while its marks keep their size. Only numbers enter the
drawings, so there is nothing to escape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
from markupsafe import Markup, escape

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
HEIGHT = 26  # pixels of a row
WIDE, HIGH = 1000.0, 300.0  # units of the curves' drawing, stretched to fit


class Mark(msgspec.Struct, frozen=True):
    """An estimate with its 95 % interval and the value of each seed, all as shares of one."""

    value: float
    low: float | None = None
    high: float | None = None
    seeds: tuple[float, ...] = ()


def strip(base: Mark | None, tuned: Mark | None, *, limit: float | None = None, chance: float | None = 0.25) -> Markup:
    """One row of a dot plot from 0 to 1: grid, chance, limit, then intervals, seeds and estimates."""
    middle = HEIGHT // 2
    parts = [_rule(tick, "grid") for tick in TICKS]
    parts += [_rule(chance, "chance")] if chance is not None else []
    parts += [_rule(limit, "limit")] if limit is not None else []
    if base and tuned:
        parts.append(_line(base.value, tuned.value, middle, "gain"))
    for mark, name in ((base, "base"), (tuned, "tuned")):
        if mark is None:
            continue
        if mark.low is not None and mark.high is not None:
            parts.append(_line(mark.low, mark.high, middle, f"interval {name}"))
        parts += [f'<circle class="seed" cx="{_at(s)}" cy="{middle + 8}" r="2"/>' for s in mark.seeds if len(mark.seeds) > 1]
        parts.append(f'<circle class="dot {name}" cx="{_at(mark.value)}" cy="{middle}" r="5"/>')
    return Markup(f'<svg class="strip" height="{HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>')


def axis() -> Markup:
    """The scale below a dot plot, in per cent."""
    anchors = {0.0: "start", 1.0: "end"}
    names = {t: f"{100 * t:.0f} %" if t == TICKS[-1] else f"{100 * t:.0f}" for t in TICKS}
    labels = [f'<text x="{_at(t)}" y="13" text-anchor="{anchors.get(t, "middle")}">{names[t]}</text>' for t in TICKS]
    return Markup(f'<svg class="strip axis" height="18" aria-hidden="true">{"".join(labels)}</svg>')


def change(low: float | None, value: float, high: float | None, reach: float) -> Markup:
    """One row of a plot of changes from `-reach` to `reach` points: zero, the interval, the change."""
    middle = HEIGHT // 2

    def at(points: float) -> str:
        return _at((points + reach) / (2 * reach))

    parts = [f'<line class="zero" x1="50%" x2="50%" y1="0" y2="{HEIGHT}"/>']
    # An interval that contains zero is drawn in the colour of chance.
    name = "good" if low is not None and low > 0 else "bad" if high is not None and high < 0 else "base"
    if low is not None and high is not None:
        parts.append(f'<line class="interval {name}" x1="{at(low)}" x2="{at(high)}" y1="{middle}" y2="{middle}"/>')
    parts.append(f'<circle class="dot change {name}" cx="{at(value)}" cy="{middle}" r="5"/>')
    return Markup(f'<svg class="strip" height="{HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>')


def scale(reach: float) -> Markup:
    """The scale below a plot of changes, in points."""
    labels = ((0, "start", f"\u2212{reach:.0f}"), (50, "middle", "0"), (100, "end", f"+{reach:.0f} points"))
    texts = "".join(f'<text x="{at}%" y="13" text-anchor="{anchor}">{text}</text>' for at, anchor, text in labels)
    return Markup(f'<svg class="strip axis" height="18" aria-hidden="true">{texts}</svg>')


PANEL = 150  # pixels: the height of a panel, from 0 to 100 %
HEAD, FOOT = 16, 20  # above and below it


def panel(marks: Sequence[tuple[str, Mark | None]], *, chance: float | None = 0.25) -> Markup:
    """One suite over the versions of the model: (name, estimate) from left to right, with intervals and every seed, from 0 to 1.

    Each estimate stands above or below its dot as a number, so that the drawing needs no scale.
    """
    step = 1 / max(len(marks), 1)
    places = {k: _at(step * (k + 0.5)) for k in range(len(marks))}
    parts = [f'<line class="grid" x1="0" x2="100%" y1="{_y(tick):.1f}" y2="{_y(tick):.1f}"/>' for tick in TICKS]
    if chance is not None:
        parts.append(f'<line class="chance" x1="0" x2="100%" y1="{_y(chance):.1f}" y2="{_y(chance):.1f}"/>')
    drawn = [(k, m) for k, (_, m) in enumerate(marks) if m is not None]
    for (a, one), (b, two) in pairwise(drawn):
        parts.append(f'<line class="gain" x1="{places[a]}" x2="{places[b]}" y1="{_y(one.value):.1f}" y2="{_y(two.value):.1f}"/>')
    for k, m in drawn:
        name = "base" if k == 0 else "tuned"
        if m.low is not None and m.high is not None:
            parts.append(f'<line class="interval {name}" x1="{places[k]}" x2="{places[k]}" y1="{_y(m.low):.1f}" y2="{_y(m.high):.1f}"/>')
        parts.append(f'<circle class="dot {name}" cx="{places[k]}" cy="{_y(m.value):.1f}" r="5"/>')
        end = m.high if m.high is not None else m.value
        height = _y(end) - 8 if m.value < 0.85 else _y(m.low if m.low is not None else m.value) + 18
        parts.append(f'<text class="value" x="{places[k]}" y="{height:.1f}" text-anchor="middle">{100 * m.value:.1f}</text>')
    names = [
        f'<text x="{places[k]}" y="{HEAD + PANEL + FOOT - 4}" text-anchor="middle">{escape(n)}</text>' for k, (n, _) in enumerate(marks)
    ]
    return Markup(f'<svg class="strip panel" height="{HEAD + PANEL + FOOT}" aria-hidden="true">{"".join([*parts, *names])}</svg>')


def _y(share: float) -> float:
    return HEAD + PANEL * (1 - min(max(share, 0.0), 1.0))


class Curves(msgspec.Struct, frozen=True):
    """Lines over training steps, with the ends of both scales as numbers."""

    drawing: Markup
    names: tuple[str, ...]
    last: tuple[float, ...]  # the value each line ends at
    steps: int
    top: float
    bottom: float


def curves(points: Mapping[str, Sequence[tuple[float, float]]], bins: int = 160) -> Curves | None:
    """(step, value) pairs by line become polylines, averaged within `bins` equal stretches; None without two points on any line."""
    lines = {name: sorted(pairs) for name, pairs in points.items() if len(pairs) > 1}
    if not lines:
        return None
    steps = max(pairs[-1][0] for pairs in lines.values()) or 1.0
    binned = {name: _binned(pairs, steps, bins) for name, pairs in lines.items()}
    values = [value for pairs in binned.values() for _, value in pairs]
    top, bottom = max(values), min(0.0, *values)
    height = (top - bottom) or 1.0
    drawn = [f'<path class="grid" d="M0 {HIGH * n / 4:.0f}H{WIDE:.0f}"/>' for n in range(5)]
    for number, pairs in enumerate(binned.values()):
        spots = " ".join(f"{WIDE * step / steps:.1f},{HIGH * (top - value) / height:.1f}" for step, value in pairs)
        drawn.append(f'<polyline class="curve c{number % 4}" points="{spots}"/>')
    box = f'viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" preserveAspectRatio="none"'
    drawing = Markup(f'<svg class="curves" {box} aria-hidden="true">{"".join(drawn)}</svg>')
    return Curves(drawing, tuple(binned), tuple(pairs[-1][1] for pairs in binned.values()), int(steps), top, bottom)


def _binned(pairs: Sequence[tuple[float, float]], steps: float, bins: int) -> list[tuple[float, float]]:
    groups: dict[int, list[tuple[float, float]]] = {}
    for step, value in pairs:
        groups.setdefault(min(int(bins * step / steps), bins - 1), []).append((step, value))
    return [(sum(s for s, _ in g) / len(g), sum(v for _, v in g) / len(g)) for _, g in sorted(groups.items())]


def _at(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


def _rule(share: float, name: str) -> str:
    return f'<line class="{name}" x1="{_at(share)}" x2="{_at(share)}" y1="0" y2="{HEIGHT}"/>'


def _line(start: float, end: float, height: int, name: str) -> str:
    return f'<line class="{name}" x1="{_at(start)}" x2="{_at(end)}" y1="{height}" y2="{height}"/>'
