"""Outcomes with and without the stem → how far a model's answers come from the question. Pure.

    rows = stem_effects(seen, unseen)
    rows[0]         StemRow(who="base", split="dev", kind="all", n=100, with_stem=(.453, .37, .54), without_stem=(.44, …), gain=(.01, …))
    gains_of_tuning(seen)["twin"]       (.12, .03, .21): tuned minus base, on the same items, with the stem

Without the stem a model sees the options only, after a bare "Answer:". A benchmark that is answered as well without its questions measures
plausibility, not knowledge. Intervals are 95 % bootstrap intervals over chains and seeds (proda/statistics.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from proda.records import ITEM_KINDS, Outcome, Record
from proda.statistics import difference, interval, paired

BASE = "base"
BOTH, ALL = "dev and twin", "all"
GROUPS = ("dev", "twin", BOTH)
DIGITS = 4

Interval = tuple[float, float, float]
"""(estimate, lower end, upper end)."""


class StemRow(Record, frozen=True):
    """Accuracy of the base, or of the tuned models, on one group of items, and how much of it needs the question."""

    who: str  # "base" or "tuned"
    split: str  # one of GROUPS
    kind: str  # kind of item, or "all"
    n: int  # items scored both ways
    with_stem: Interval
    without_stem: Interval
    gain: Interval  # with minus without, on the same items and models


def stem_effects(seen: Sequence[Outcome], unseen: Sequence[Outcome], *, resamples: int = 2000) -> list[StemRow]:
    """Return the rows of the base and of the tuned models: dev, twin and both, then both by kind.

    `seen` and `unseen` are outcomes of the same models on the same items, with and without the stem. The model "base" is the base, all
    others are tuned. An item that one of the two left unscored enters neither. Groups without items have no row. Deterministic.
    """
    rows = []
    for who in (BASE, "tuned"):
        mine = [[o for o in found if (o.model == BASE) == (who == BASE)] for found in (seen, unseen)]
        for split, kind in _groups():
            row = _row(who, split, kind, *([o for o in found if _inside(o, split, kind)] for found in mine), resamples=resamples)
            rows += [] if row is None else [row]
    return rows


def gains_of_tuning(seen: Iterable[Outcome], *, resamples: int = 2000) -> dict[str, Interval]:
    """Return group of items → accuracy of the tuned models minus accuracy of the base. Groups without items are left out."""
    outcomes = list(seen)
    tuned = [o for o in outcomes if o.model != BASE]
    base = [replace(o, model=model) for model in sorted({o.model for o in tuned}) for o in outcomes if o.model == BASE]
    found = {}
    for split in GROUPS:
        pairs, _ = paired(*([o for o in part if _inside(o, split, ALL)] for part in (base, tuned)))
        if pairs:
            found[split] = _rounded(difference(pairs, resamples=resamples))
    return found


def table(rows: Iterable[StemRow]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| model | items | kind | n | with the stem | without | with − without |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        cells = (_shown(row.with_stem), _shown(row.without_stem), _shown(row.gain, signed=True))
        yield f"| {row.who} | {row.split} | {row.kind} | {row.n} | {' | '.join(cells)} |"


def tuning_lines(gains: dict[str, Interval]) -> Iterator[str]:
    """Yield what tuning gained, one line for each group of items."""
    for split, gain in gains.items():
        yield f"Tuned − base, with the stem, {split}: {_shown(gain, signed=True)}"


def _groups() -> Iterator[tuple[str, str]]:
    yield from ((split, ALL) for split in GROUPS)
    yield from ((BOTH, kind) for kind in ITEM_KINDS)


def _inside(outcome: Outcome, split: str, kind: str) -> bool:
    return (outcome.split == split or (split == BOTH and outcome.split in GROUPS)) and kind in (outcome.kind, ALL)


def _row(who: str, split: str, kind: str, seen: list[Outcome], unseen: list[Outcome], *, resamples: int) -> StemRow | None:
    pairs, _ = paired(unseen, seen)
    if not pairs:
        return None
    both = {(p.item, p.seed) for p in pairs}
    with_stem, without_stem = (interval((o for o in found if (o.item, o.model) in both), resamples=resamples) for found in (seen, unseen))
    gain = difference(pairs, resamples=resamples)
    return StemRow(who, split, kind, len({p.item for p in pairs}), _rounded(with_stem), _rounded(without_stem), _rounded(gain))


def _rounded(found: Interval) -> Interval:
    value, low, high = (round(part, DIGITS) for part in found)
    return value, low, high


def _shown(found: Interval, *, signed: bool = False) -> str:
    value, low, high = (f"{part:+.3f}" if signed else f"{part:.3f}" for part in found)
    return f"{value} [{low}, {high}]"
