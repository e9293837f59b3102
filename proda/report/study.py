"""The results of a study for people: tables in Markdown, and a plot of each arm's gain with its interval.

    write_file(folder / "study.md", markdown(document))         # document: what study.json holds
    write_file(folder / "study.svg", plot(document))

Equal documents give equal text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from proda.errors import counted
from proda.records import FORMATS

COLOURS = {"development": "#9ab8d8", "confirmation": "#2f5f94"}
PHASES = tuple(COLOURS)


def markdown(document: Mapping[str, Any]) -> str:
    """The whole study as tables in Markdown."""
    counts = ("samples", "different", *FORMATS, "on_blamed_nodes", "removed", "overridden")
    rows = [[name, *(f"{arm[c]:,.1f}".removesuffix(".0") for c in counts), arm["meaning"]] for name, arm in document["arms"].items()]
    out = [f"# Study: {document['budget']:,} samples for {document['nodes']:,} blamed nodes", ""]
    if "condition" in document:
        out += [_condition(document["condition"]), ""]
    out += _table(["arm", *(c.replace("_", " ") for c in counts), "what it adds"], rows)
    if "leaking_sentences" in document:
        out += ["", f"Left out, since they give an item away: {counted(document['leaking_sentences'], 'sentence')} of the sources."]
    if "leaking_samples" in document:
        out += ["", f"Left out of the arms, since they give an item away: {counted(document['leaking_samples'], 'sample')}."]
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
            out += ["", f"On {split}, {count:,} items. 95 % intervals over chains and seeds; p over chains, adjusted (Holm).", ""]
            out += _comparison(arms, split)
        out += _by_kind(document[phase])
    return "\n".join(out) + "\n"


def _comparison(arms: Mapping[str, Any], split: str) -> list[str]:
    rows = []
    for name, arm in ((n, a) for n, a in arms.items() if a["gain"]):
        kept = arm["keeps"].get(split)
        compared = [_difference(arm[side].get(split)) for side in ("gain", "behind")]
        rows.append([name, *compared, "" if kept is None else f"{kept:.0%}"])
    return _table(["arm", "gain over no-repair", "diagnosed − arm", "keeps of the diagnosed gain"], rows)


def _by_kind(phase: Mapping[str, Any]) -> list[str]:
    """Accuracy of each arm on each kind of twin item, and the comparison on the kinds that a repair is written for."""
    counts, telling = phase["kinds"]["twin"], phase["telling"]
    out = ["", "Twin by kind of item (number of items), accuracy, mean over seeds.", ""] if counts else []
    if counts:
        rows = [[name, *(_number(arm["kinds"]["twin"].get(k)) for k in counts)] for name, arm in phase["arms"].items()]
        out += _table(["arm", *(f"{kind} ({count:,})" for kind, count in counts.items())], rows)
    for split in (s for s in ("dev", "twin") if s in telling["items"]):
        accuracy = ", ".join(f"{name} {_number(arm['accuracy'][split])}" for name, arm in telling["arms"].items())
        out += [
            "",
            f"Failures of {' and '.join(telling['kinds'])} items say something about their statements, and repairs are written for them."
            f" On {split}, {telling['items'][split]:,} of these items: {accuracy}.",
            "",
        ]
        out += _comparison(telling["arms"], split)
    return out


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


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
    """An SVG of each arm's gain on twin over no repair, with its 95 % interval; a bar for each phase. Equal documents give equal text."""
    from matplotlib import style
    from matplotlib.figure import Figure

    phases = [p for p in PHASES if p in document]
    names = [n for n, arm in document[phases[0]]["arms"].items() if "twin" in arm["gain"]]
    # Text stays text. With a random salt, a date, or settings of the user, two drawings of one study would differ.
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "proda", "font.size": 9}
    with style.context(["default", settings]):
        figure = Figure(figsize=(7.2, 1.2 + 0.22 * len(names) * (len(phases) + 0.8)), layout="constrained")
        axes = figure.subplots()
        height = 0.8 / len(phases)
        for number, phase in enumerate(phases):
            gains = {n: document[phase]["arms"][n]["gain"]["twin"] for n in names if n in document[phase]["arms"]}
            places = [names.index(n) + height * (number - (len(phases) - 1) / 2) for n in gains]
            values = [g["value"] for g in gains.values()]
            seeds = ", ".join(map(str, document[phase]["seeds"]))
            bars = axes.barh(places, values, 0.85 * height, color=COLOURS[phase], label=f"{phase}: seeds {seeds}")
            for bar, place, (name, gain) in zip(bars, places, gains.items(), strict=True):
                bar.set_gid(f"bar-{phase}-{name}")
                axes.plot([gain["ci95_low"], gain["ci95_high"]], [place, place], color="#222222", linewidth=1)
                end = max(0.0, gain["value"], gain["ci95_high"])
                axes.annotate(f"{gain['value']:+.3f}", (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
        axes.axvline(0, color="#222222", linewidth=1)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)  # the first arm at the top
        axes.margins(x=0.12)
        axes.xaxis.set_major_formatter("{x:+.2f}")
        axes.set_xlabel("gain in accuracy on twin items over no repair, with 95 % intervals")
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=len(phases), frameon=False)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
