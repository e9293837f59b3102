"""Rounds of repair → what the report says of them: scores before and after with intervals, patches, categories, verdicts.

shown_rounds(root, lineage)[-1].splits[1]       SuiteChange(label="twin", n=946, difference=2.9, low=0.9, high=5.0, …)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from pathlib import Path
from typing import Any

import msgspec

from proda.history.lineage import Lineage
from proda.history.repairs import targets_of
from proda.history.round_record import BeforeAfter, RoundRecord, read_all
from proda.history.trace import counted
from proda.records import Patch
from proda.report.svg import Mark


class SuiteChange(msgspec.Struct, frozen=True):
    """One suite before and after a round. Differences are in points of a hundred; no interval where none was measured."""

    label: str
    before: Mark
    after: Mark
    difference: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    better: int = 0
    worse: int = 0
    p: float | None = None


class ShownPatch(msgspec.Struct, frozen=True):
    """A patch as the report lists it: (id, text) of the nodes it targets, the items it was written for, and its parts in words."""

    id: str
    category: str
    reason: str
    targets: tuple[tuple[str, str], ...]
    items: tuple[tuple[str, str], ...]  # (id, what became of it)
    parts: str
    verdict: str


class ShownRound(msgspec.Struct, frozen=True):
    """A round as the report shows it."""

    record: RoundRecord
    says: str
    reasons: tuple[str, ...]
    earlier: tuple[tuple[str, str, str], ...]  # (commit, verdict, reasons) of verdicts that a later one replaced
    splits: tuple[SuiteChange, ...]
    disciplines: tuple[SuiteChange, ...]  # changes over dev and twin, the largest first
    patches: tuple[ShownPatch, ...]
    reach: float  # of the scale for `splits`, in points
    discipline_reach: float


def shown_rounds(root: Path, lineage: Lineage) -> list[ShownRound]:
    """Every round on record, the latest first. Raises InputError if a verdict is malformed."""
    return [_shown(record, lineage) for record in reversed(read_all(root, lineage.repairs))]


def _shown(record: RoundRecord, lineage: Lineage) -> ShownRound:
    verdict = record.verdict
    splits: list[SuiteChange] = []
    disciplines: list[SuiteChange] = []
    if verdict is not None:
        splits = [_change(name, c, record) for name, c in verdict.splits.items()]
        if {"before", "after", "difference"} <= verdict.general.keys():
            general = verdict.general
            marks = [_mark(general[side], metrics.get("general"), "tuned") for side, metrics in _sides(record)]
            splits.append(SuiteChange("general", marks[0], marks[1], 100 * general["difference"]))
        disciplines = [_change(name.replace("-", " "), c, record) for name, c in verdict.disciplines.items()]
        disciplines.sort(key=lambda c: (-c.difference, c.label))
    told = (verdict.says, verdict.reasons) if verdict else ("", ())
    earlier = [(j.commit.short, j.says, "; ".join(j.reasons)) for j in record.judged if (j.says, j.reasons) != told]
    patches = tuple(_patch(lineage, lineage.repairs.patches[p]) for p in record.patches)
    return ShownRound(
        record, told[0], told[1], tuple(earlier), tuple(splits), tuple(disciplines), patches, _reach(splits), _reach(disciplines)
    )


def _sides(record: RoundRecord) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (("before", record.metrics[0]), ("after", record.metrics[1]))


def _change(name: str, c: BeforeAfter, record: RoundRecord) -> SuiteChange:
    before, after = (_mark(getattr(c, side), metrics.get("tuned"), name) for side, metrics in _sides(record))
    interval = (100 * c.difference, 100 * c.ci95_low, 100 * c.ci95_high)
    return SuiteChange(name, before, after, *interval, c.n, c.better, c.worse, c.p)


def _mark(value: float, block: Any, name: str) -> Mark:
    """A score with the interval and the seeds that metrics.json had then, where history holds it."""
    found = block.get(name) if isinstance(block, Mapping) else None
    if not isinstance(found, Mapping):
        return Mark(value)
    return Mark(value, found.get("ci95_low"), found.get("ci95_high"), tuple(found.get("seeds", ())))


def _patch(lineage: Lineage, patch: Patch) -> ShownPatch:
    know = lineage.knowledge
    text = {}
    for node in targets_of(patch):
        text[node] = know.statements[node].text if node in know.statements else know.concepts[node].term if node in know.concepts else ""
    parts = [f"{counted(len(patch.samples), 'sample')} added"] if patch.samples else []
    parts += [f"{counted(len(patch.remove), 'sample')} removed"] if patch.remove else []
    parts += [f"{counted(len(patch.override), 'sample')} reworded"] if patch.override else []
    parts += [f"{counted(len(patch.edits), 'edit')} to the knowledge"] if patch.edits else []
    verdict = lineage.repairs.says(patch.id)
    items = tuple((i, _state(lineage, i)) for i in patch.items if i not in lineage.items or lineage.items[i].split != "sealed")
    return ShownPatch(patch.id, patch.category, patch.reason, tuple(text.items()), items, ", ".join(parts), verdict)


def _state(lineage: Lineage, item: str) -> str:
    """What became of an item that failed before the patch: most seeds fail it still, or not, or it has been retired."""
    if item not in lineage.items:
        return "retired"
    return "still fails" if item in lineage.repairs.diagnosis_of else "passes now"


def _reach(changes: Iterable[SuiteChange]) -> float:
    """How far the scale of these changes goes in either direction: a multiple of five points that holds all intervals."""
    ends = [abs(x) for c in changes for x in (c.difference, c.low, c.high) if x is not None]
    return 5.0 * max(1, ceil(max(ends, default=0.0) / 5))
