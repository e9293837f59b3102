"""A study's results to read: tables in Markdown, and a plot of the arms' gains with their intervals.

    write_file(folder / "study.md", markdown(document))         # document: what study.json holds
    write_file(folder / "study.svg", plot(document))

Pure: the same document gives the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from proda.records import FORMATS

COLOURS = {"development": "#9ab8d8", "confirmation": "#2f5f94"}
PHASES = tuple(COLOURS)
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # between two ticks of a plot; differences of accuracy are no more than 2 apart
MOST_TICKS = 8


def markdown(document: Mapping[str, Any]) -> str:
    """The whole study as tables, for people."""
    counts = ("samples", "different", *FORMATS, "on_blamed_nodes", "removed", "overridden")
    rows = [[name, *(f"{arm[c]:,.1f}".removesuffix(".0") for c in counts), arm["meaning"]] for name, arm in document["arms"].items()]
    out = [f"# Study: {document['budget']:,} samples for {document['nodes']:,} blamed nodes", ""]
    if "condition" in document:
        out += [_condition(document["condition"]), ""]
    out += _table(["arm", *(c.replace("_", " ") for c in counts), "what it adds"], rows)
    if "leaking_sentences" in document:
        out += ["", f"{document['leaking_sentences']} sentences of the sources give an item away, and were left out."]
    for phase in (p for p in PHASES if p in document):
        seeds, items, arms = (document[phase][key] for key in ("seeds", "items", "arms"))
        out += ["", f"## {phase.capitalize()}: seeds {', '.join(map(str, seeds))}", "", "Accuracy, mean over seeds (each seed).", ""]
        rows = []
        for name, arm in arms.items():
            scores = [f"{arm['accuracy'][s]:.3f} ({', '.join(f'{v:.3f}' for v in arm['seeds'][s].values())})" for s in items]
            general = f"{arm['general']:.3f} ({arm['general_change']:+.3f})"
            rows.append([name, f"{arm['tokens']:,}", f"{arm['steps']:,}", *scores, general])
        out += _table(["arm", "tokens", "steps", *items, "general (change)"], rows)
        for split, count in items.items():
            rows = []
            for name, arm in ((n, a) for n, a in arms.items() if a["gain"]):
                kept = arm["keeps"].get(split)
                compared = [_difference(arm[side].get(split)) for side in ("gain", "behind")]
                rows.append([name, *compared, "" if kept is None else f"{kept:.0%}"])
            out += ["", f"On {split}, {count:,} items. 95 % intervals over chains and seeds; p over chains, adjusted (Holm).", ""]
            out += _table(["arm", "gain over no-repair", "diagnosed − arm", "keeps of the diagnosed gain"], rows)
    return "\n".join(out) + "\n"


def _condition(found: Mapping[str, Any]) -> str:
    told = "All disciplines" if found["disciplines"] == "all" else f"Disciplines: {', '.join(found['disciplines'])}"
    told += f"; {', '.join(found['parameters'])}." if found["parameters"] else "."
    if found["starved"]:
        told += (
            f" The samples of {found['starved']:,} statements ({found['starve']:.0%}) were withheld from the corpus; diagnosis blames"
            f" {found['blamed']:,} statements, {found['both']:,} of them withheld."
        )
    return told


def _difference(found: Mapping[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{found['value']:+.3f} [{found['ci95_low']:+.3f}, {found['ci95_high']:+.3f}] p {found['p_holm']:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in (head, *rows)]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def plot(document: Mapping[str, Any]) -> str:
    """Each arm's gain on twin over no repair as a bar with its interval; where seeds were confirmed, theirs below, darker."""
    phases = [p for p in PHASES if p in document]
    names = [n for n, arm in document[phases[0]]["arms"].items() if "twin" in arm["gain"]]
    gains = {(p, n): document[p]["arms"][n]["gain"]["twin"] for p in phases for n in names}
    low = min([0.0, *(g["ci95_low"] for g in gains.values())])
    high = max([0.01, *(g["ci95_high"] for g in gains.values())])
    left, width, lane, top = 130, 460, 14, 34
    row = lane * len(phases) + 12

    def x(value: float) -> str:
        return f"{left + width * (value - low) / (high - low):.1f}"

    bottom, seeds = top + len(names) * row, "; ".join(f"{p}, seeds {', '.join(map(str, document[p]['seeds']))}" for p in phases)
    body = [f'<text x="8" y="18">Gain on twin over no repair, 95 % intervals ({seeds})</text>']
    for place, name in enumerate(names):
        body.append(f'<text x="{left - 8}" y="{top + place * row + row // 2}" text-anchor="end">{name}</text>')
        for number, phase in enumerate(phases):
            gain, y = gains[phase, name], top + place * row + lane * number + 7
            body.append(f'<path class="bar" d="M{x(0)} {y}H{x(gain["value"])}" stroke="{COLOURS[phase]}" stroke-width="10"/>')
            body.append(f'<path d="M{x(gain["ci95_low"])} {y}H{x(gain["ci95_high"])}" stroke="#222"/>')
            body.append(f'<text x="{float(x(max(0.0, gain["ci95_high"]))) + 5:.1f}" y="{y + 4}">{gain["value"]:+.3f}</text>')
    body.append(f'<path d="M{x(0)} {top - 6}V{bottom}M{left} {bottom}h{width}" stroke="#222"/>')
    step = next(s for s in STEPS if (high - low) <= MOST_TICKS * s)
    for n in range(ceil(low / step), floor(high / step) + 1):
        body.append(f'<path d="M{x(n * step)} {bottom}v4" stroke="#222"/>')
        body.append(f'<text x="{x(n * step)}" y="{bottom + 16}" text-anchor="middle">{n * step:+.2f}</text>')
    box = f'width="{left + width + 70}" height="{bottom + 26}" font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'
