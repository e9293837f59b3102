"""Turn metrics.json, outcomes and the results of the gates into the rows that the report draws.

    headline(metrics)[1]           Row(label="twin", base=Mark(0.27, …), tuned=Mark(0.61, …), n=816, note="…")
    breakdown(outcomes, "discipline", "twin")      a row for each discipline, the best first

A file that is missing or incomplete gives fewer rows and no error; the page then names the command to run.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from proda.history.compare import SUITES, accuracy
from proda.records import SPLITS, Outcome, Split
from proda.report.item_statistics import rank_correlation
from proda.report.svg import Curves, Mark, curves
from proda.statistics import interval

MEANING = {
    "dev": "read by the debugger",
    "twin": "other questions about the same statements",
    "sealed": "on held-out chains; the items are not listed",
    "general": "known to the base, must not fall",
}
CHANCE = 0.25  # of four options; metrics.json names that of a general suite if it is another
RANKED = 5  # models that a rank correlation needs


class Row(msgspec.Struct, frozen=True):
    """One line of a chart that is also a table."""

    label: str
    base: Mark | None
    tuned: Mark | None
    n: int = 0
    note: str = ""
    chance: float = CHANCE

    @property
    def gain(self) -> float | None:
        """Tuned minus base, in points of a hundred."""
        return 100 * (self.tuned.value - self.base.value) if self.base and self.tuned else None


def headline(metrics: Mapping[str, Any]) -> list[Row]:
    """A row for each suite that was measured: dev, twin, sealed, general."""
    rows = []
    for suite in SUITES:
        base, tuned = (mark(metrics, model, suite) for model in ("base", "tuned"))
        if base or tuned:
            found = _block(metrics, "tuned", suite) or _block(metrics, "base", suite)
            rows.append(Row(suite, base, tuned, int(found.get("n", 0)), MEANING[suite], float(found.get("chance", CHANCE))))
    return rows


def details(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Other measurements in metrics.json: unscored answers, accuracy without the stem, loss on held-out and on neutral text."""
    found = []
    for model in ("base", "tuned"):
        for suite in SUITES:
            block = _block(metrics, model, suite)
            if block.get("unscored"):
                found.append((f"{model}, {suite}: unscored answers", f"{block['unscored']:,}"))
            if isinstance(block.get("without_stem"), float):
                found.append((f"{model}, {suite}: right answers without the question", percent(block["without_stem"])))
            if isinstance(block.get("stem_gain"), float):
                found.append((f"{model}, {suite}: what the question adds, in points, with its interval", _in_points(block, "stem_gain")))
            if isinstance(block.get("heldout_loss"), float):
                found.append((f"{model}: loss on held-out text, nats per token", f"{block['heldout_loss']:.3f}"))
    return [*found, *_neutral(metrics)]


def _neutral(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Loss on neutral text, how far tuning raised it, and the divergence from the base; nothing where it was not measured."""
    for model in ("base", "tuned"):
        block = _block(metrics, "neutral_text", model)
        if isinstance(block.get("loss"), float):
            yield f"{model}: loss on neutral text, nats per token", f"{block['loss']:.3f}"
        if block.get("unscored"):
            yield f"{model}: passages of neutral text without a finite loss, over all seeds", f"{block['unscored']:,}"
    for name, what in (("increase", "increase of the loss on neutral text"), ("kl", "divergence on neutral text from the base (KL)")):
        if isinstance(block.get(name), float):
            sign = "+" if name == "increase" else ""
            ends = ", ".join(f"{block[f'{name}_{end}']:{sign}.3f}" for end in ("low", "high"))
            yield f"tuned: {what}, nats per token", f"{block[name]:{sign}.3f} [{ends}]"


def operators(breakdowns: Mapping[str, Any], split: Split = "twin") -> list[Row]:
    """Share of the wrong answers by the operator of the chosen distractor; the most frequent of the tuned models first."""
    base, tuned = (_block(breakdowns, model, split).get("by_operator", {}) for model in ("base", "tuned"))
    names = sorted({*base, *tuned}, key=lambda name: (-tuned.get(name, 0), name))
    marks = {name: [Mark(side[name]) if name in side else None for side in (base, tuned)] for name in names}
    return [Row(name, pair[0], pair[1]) for name, pair in marks.items()]


def breakdown(outcomes: Iterable[Outcome], field: Literal["discipline", "kind"], split: Split) -> list[Row]:
    """Accuracy on one split by discipline or kind, with intervals over chains; the best of the tuned models first."""
    groups: dict[str, tuple[list[Outcome], list[Outcome]]] = {}
    for outcome in outcomes:
        if outcome.split == split and outcome.correct is not None:
            pair = groups.setdefault(getattr(outcome, field), ([], []))
            pair[0 if outcome.model == "base" else 1].append(outcome)
    rows = []
    for name, sides in groups.items():
        marks = [Mark(*interval(side, resamples=1000)) if side else None for side in sides]
        rows.append(Row(name.replace("-", " "), marks[0], marks[1], len({o.item for side in sides for o in side})))
    return sorted(rows, key=lambda row: (-(row.tuned.value if row.tuned else 0.0), row.label))


class Need(msgspec.Struct, frozen=True):
    """What right answers of the tuned models to one kind of item need: the question, and the statements that the item rests on.

    `known` and `unknown` are (number of answers, share right) of answers by models that know all of these statements, and by models that
    do not know `at_least` of them. `dependence` is the difference with its interval.
    """

    label: str
    right: float | None
    without_stem: Mark | None
    known: tuple[int, float] | None
    unknown: tuple[int, float] | None
    at_least: int | None  # None for kinds together
    dependence: Mark | None


def needs(metrics: Mapping[str, Any], breakdowns: Mapping[str, Any], split: Split = "twin") -> list[Need]:
    """A row for each kind by name, then one for all kinds; empty if neither accuracy without the stem nor dependence was measured."""
    score, parts = _block(metrics, "tuned", split), _block(breakdowns, "tuned", split)
    stemless: Mapping[str, Any] = parts.get("without_stem", {})
    hanging = _block(metrics, "dependence", split)
    rows = [
        _need(k, parts.get("by_kind", {}).get(k), stemless.get(k, {}), hanging.get(k, {})) for k in sorted({*stemless, *hanging} - {"all"})
    ]
    if not rows:
        return []
    names = {"without_stem": "accuracy", "without_stem_low": "ci95_low", "without_stem_high": "ci95_high"}
    whole = {key: score[name] for name, key in names.items() if name in score}
    return [*rows, _need("all", score.get("accuracy"), whole, hanging.get("all", {}))]


def _need(kind: str, right: float | None, stemless: Mapping[str, Any], hanging: Mapping[str, Any]) -> Need:
    known, unknown = (
        (int(group["n"]), float(group["accuracy"])) if "accuracy" in (group := hanging.get(name, {})) else None
        for name in ("all_known", "unknown")
    )
    return Need(
        label=kind.replace("-", " "),
        right=right,
        without_stem=_point(stemless, "accuracy"),
        known=known,
        unknown=unknown,
        at_least=hanging.get("unknown", {}).get("at_least"),
        dependence=_point(hanging, "difference"),
    )


class RankAgreement(msgspec.Struct, frozen=True):
    """Whether models that do better on the benchmark do better on the general suite too."""

    models: int  # with a score on both
    correlation: float | None  # Spearman's; None with fewer than `needed` models, or if all of them score alike on one side
    needed: int = RANKED


def rank_agreement(metrics: Mapping[str, Any]) -> RankAgreement:
    """Rank correlation, over models, of accuracy on the items of all splits with accuracy on the general suite.

    metrics.json lists scores by place and without names, so the base or the tuned models are left out if a suite lacks one of them.
    """
    pairs: list[tuple[float, float]] = []
    for model in ("base", "tuned"):
        general = _block(metrics, model, "general").get("seeds", [])
        blocks = [block for split in SPLITS if (block := _block(metrics, model, split)).get("seeds")]
        items, same = sum(block["n"] for block in blocks), all(len(block["seeds"]) == len(general) for block in blocks)
        for scores in zip(general, *(block["seeds"] for block in blocks), strict=False) if items and same else ():
            if None not in scores:  # no answer of a model could be read
                pairs.append((sum(block["n"] * score for block, score in zip(blocks, scores[1:], strict=True)) / items, scores[0]))
    return RankAgreement(len(pairs), rank_correlation(pairs) if len(pairs) >= RANKED else None)


def _point(block: Mapping[str, Any], name: str) -> Mark | None:
    return Mark(block[name], block.get("ci95_low"), block.get("ci95_high")) if name in block else None


def training(path: Path) -> Curves | None:
    """Loss by step for each seed of results/training.csv; None if the file is absent or holds no curve."""
    if not path.is_file():
        return None
    places: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                step, loss = float(row["step"]), float(row["loss"])
            except (KeyError, TypeError, ValueError):
                continue
            if math.isfinite(step) and math.isfinite(loss):
                places.setdefault(f"seed {row.get('seed')}", []).append((step, loss))
    return curves(places)


class Gates(msgspec.Struct, frozen=True):
    """Results of the overlap gate and of the shortcut audit. `hidden` counts leaks on sealed items, which are not shown."""

    texts: int
    items: int
    leaks: list[dict[str, Any]]
    worst: list[dict[str, Any]]
    leaked: int
    hidden: int
    shown_whole: int  # items of which one sample words all statements
    solvers: list[tuple[str, Mark]]
    limit: float | None
    chance: float
    quarantined: int
    audited: int


def gates(overlap: Mapping[str, Any], shortcuts: Mapping[str, Any], open_items: frozenset[str], closest: int = 6) -> Gates:
    """Results of both gates. Pairs are shown only for items in `open_items`, which are those of dev and twin."""
    leaks, worst = _list(overlap.get("leaks")), _list(overlap.get("closest"))
    shown = [[pair for pair in pairs if pair.get("item") in open_items] for pairs in (leaks, worst)]
    nearest = sorted(shown[1], key=lambda p: (-float(p.get("value", 0)), str(p.get("item"))))
    found = {name: score for name, score in shortcuts.get("solvers", {}).items() if isinstance(score, dict) and "accuracy" in score}
    solvers = sorted(found.items(), key=lambda s: (-s[1]["accuracy"], s[0]))
    return Gates(
        texts=int(overlap.get("texts", 0)),
        items=int(overlap.get("items", 0)),
        leaks=shown[0][:closest],
        worst=nearest[:closest],
        leaked=len(leaks),
        hidden=len(leaks) - len(shown[0]),
        shown_whole=len(_list(overlap.get("shown_whole"))),
        solvers=[(name, Mark(score["accuracy"], score.get("ci95_low"), score.get("ci95_high"))) for name, score in solvers],
        limit=shortcuts.get("limit"),
        chance=float(shortcuts.get("chance", CHANCE)),
        quarantined=len(_list(shortcuts.get("quarantined"))),
        audited=int(shortcuts.get("n", 0)),
    )


def percent(value: float) -> str:
    """0.614 as "61.4 %", with a no-break space."""
    return f"{100 * value:.1f}\u00a0%"


def points(value: float) -> str:
    """A difference in points of a hundred: "+2.9", "−0.6"."""
    return f"{value:+.1f}".replace("-", "\u2212")


def _in_points(block: Mapping[str, Any], name: str) -> str:
    """A difference and its interval: "+16.0 [+11.2, +20.9]"."""
    value, low, high = (points(100 * block[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value} [{low}, {high}]"


def _block(metrics: Mapping[str, Any], model: str, suite: str) -> dict[str, Any]:
    outer, inner = ("general", model) if suite == "general" else (model, suite)
    found = metrics.get(outer)
    found = found.get(inner) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def mark(metrics: Mapping[str, Any], model: str, suite: str) -> Mark | None:
    value, block = accuracy(metrics, model, suite), _block(metrics, model, suite)
    if value is None:
        return None
    return Mark(value, block.get("ci95_low"), block.get("ci95_high"), tuple(s for s in block.get("seeds", ()) if s is not None))


def _list(value: object) -> Sequence[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
