"""Rounds of repair → what the report says of them: scores before and after with intervals, categories, verdicts.

shown_rounds(read_all(root, repairs))[-1].splits[1]       SuiteChange(label="twin", n=946, difference=2.9, low=0.9, high=5.0, …)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any

import msgspec

from proda.history.round_record import BeforeAfter, RoundRecord, RoundVerdict, loss_text
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


class ShownRound(msgspec.Struct, frozen=True):
    """A round as the report shows it."""

    record: RoundRecord
    says: str
    reasons: tuple[str, ...]
    earlier: tuple[tuple[str, str, str], ...]  # (commit, verdict, reasons) of verdicts that a later one replaced
    splits: tuple[SuiteChange, ...]
    suites: tuple[tuple[str, str], ...]  # general suites and neutral text: (name, accuracy or loss before and after, and the change)
    disciplines: tuple[SuiteChange, ...]  # changes over dev and twin, the largest first
    reach: float  # of the scale for `splits`, in points
    discipline_reach: float


def shown_rounds(records: Sequence[RoundRecord]) -> list[ShownRound]:
    """Rounds as the report shows them, the latest first. `records` are in the order of the rounds."""
    return [_shown(record) for record in reversed(records)]


def _shown(record: RoundRecord) -> ShownRound:
    verdict = record.verdict
    splits: list[SuiteChange] = []
    disciplines: list[SuiteChange] = []
    suites: list[tuple[str, str]] = []
    if verdict is not None:
        splits = [_change(name, c, record) for name, c in verdict.splits.items()]
        if {"before", "after", "difference"} <= verdict.general.keys():
            general = verdict.general
            marks = [_mark(general[side], metrics.get("general"), "tuned") for side, metrics in _sides(record)]
            splits.append(SuiteChange("general", marks[0], marks[1], 100 * general["difference"]))
        suites = list(_suites(verdict))
        disciplines = [_change(name.replace("-", " "), c, record) for name, c in verdict.disciplines.items()]
        disciplines.sort(key=lambda c: (-c.difference, c.label))
    told = (verdict.says, verdict.reasons) if verdict else ("", ())
    earlier = [(j.commit.short, j.says, "; ".join(j.reasons)) for j in record.judged if (j.says, j.reasons) != told]
    reaches = _reach(splits), _reach(disciplines)
    return ShownRound(record, told[0], told[1], tuple(earlier), tuple(splits), tuple(suites), tuple(disciplines), *reaches)


def _suites(verdict: RoundVerdict) -> Iterator[tuple[str, str]]:
    for name, suite in verdict.suites.items():
        if {"before", "after", "difference"} <= suite.keys():
            yield f"general suite {name}", f"{suite['before']:.3f} → {suite['after']:.3f}, {suite['difference']:+.3f}"
    if loss := verdict.neutral_text:
        ends = [f"{loss[side]:.3f}" if side in loss else "–" for side in ("before", "after")]
        yield "loss on neutral text", f"{' → '.join(ends)}, {loss_text(loss)}"


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
    return Mark(value, found.get("ci95_low"), found.get("ci95_high"), tuple(s for s in found.get("seeds", ()) if s is not None))


def _reach(changes: Iterable[SuiteChange]) -> float:
    """How far the scale of these changes goes in either direction: a multiple of five points that holds all intervals."""
    ends = [abs(x) for c in changes for x in (c.difference, c.low, c.high) if x is not None]
    return 5.0 * max(1, ceil(max(ends, default=0.0) / 5))
