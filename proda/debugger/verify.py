"""Outcomes before and after a round of repair → a verdict: helps, hurts or unproven, with confidence intervals.

    verdict = judge(before, after, general=(.996, .994), number=1, patches=("1-bimetal-strip-bends-s1-3f0c9a1e", …))
    verdict.says          "helps"

Outcomes are paired by seed and by the text of the item, so an item that was reworded or retired is no gain. P-values are adjusted (Holm)
over the three splits, and separately over the disciplines. One rebuild judges the round as a whole; each patch stays `unproven` until it is
attributed. A round with a patch that was shown to harm hurts, whatever the other patches gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.records import SPLITS, Outcome, Record
from proda.statistics import Pair, by, by_chain, difference, flips, holm, most, paired, sign_flip

Says = Literal["helps", "hurts", "unproven"]
LEVEL = 0.05
GENERAL_MARGIN = 0.02  # accuracy that the general suite may lose
DIGITS = 4


class Compared(Record, frozen=True):
    """One group of items, before and after. Accuracies and p are over all seeds; flips count items, right when most seeds are."""

    n: int  # items that were answered before and after
    before: float
    after: float
    difference: float
    ci95_low: float
    ci95_high: float
    better: int
    worse: int
    p: float  # permutation test over chains, adjusted for the number of groups tested together (Holm)


class Verdict(Record, frozen=True):
    """The effect of a round."""

    round: int
    says: Says
    reasons: tuple[str, ...]
    patches: tuple[str, ...]
    splits: dict[str, Compared]
    disciplines: dict[str, Compared]  # over dev and twin
    general: dict[str, float]  # before, after, difference
    apart: dict[str, int]  # reason → outcomes that could not be paired; they are never counted as gains
    suites: dict[str, dict[str, float]] = msgspec.field(
        default_factory=dict
    )  # the same as `general` for each suite of evaluate.general, if they were named


def judge(
    before: Iterable[Outcome],
    after: Iterable[Outcome],
    *,
    general: tuple[float, float],
    suites: Mapping[str, tuple[float, float]] | None = None,
    number: int,
    patches: Sequence[str] = (),
    harmful: Sequence[str] = (),
    resamples: int = 2000,
) -> Verdict:
    """Judge a round. `general` is the accuracy on the general suite before and after; `harmful` are patches shown to harm by retraining.

    With `suites`, which maps the names of general suites to such accuracies, each of them must pass, and `general` is only recorded.

    *Hurts*: the 95 % interval of the change on twin or sealed lies below 0, a discipline is significantly worse after correction, a
    general suite loses more than `GENERAL_MARGIN`, or one of the round's patches was shown to harm. *Helps*: it does not hurt, and the
    interval on twin lies above 0. Otherwise *unproven*. Deterministic. Raises EmptyBenchmarkError if no outcome of twin can be paired.
    """
    pairs, rest = paired((o for o in before if o.model != "base"), (o for o in after if o.model != "base"))
    split_of = by(pairs, "split")
    groups: dict[str, list[Pair]] = {split: split_of[split] for split in SPLITS if split_of.get(split)}
    if "twin" not in groups:
        raise EmptyBenchmarkError(
            "No twin item was answered before and after the round with the same seed, so the round cannot be judged."
            " Run `dvc repro` with the seeds of before (train.seeds)."
        )
    splits = _compared(groups, resamples)
    disciplines = _compared(by([p for s in ("dev", "twin") for p in groups.get(s, ())], "discipline"), resamples)
    reasons = [
        f"{name} is worse by {-c.difference:.3f} [{c.ci95_low:.3f}, {c.ci95_high:.3f}]"
        for name, c in splits.items()
        if name != "dev" and c.ci95_high < 0
    ]
    reasons += [f"{name} is worse ({c.better} better, {c.worse} worse, p {c.p:.3f})" for name, c in disciplines.items() if _worse(c)]
    for name, (old, new) in ({f" {name}": pair for name, pair in suites.items()} if suites else {"": general}).items():
        if new - old < -GENERAL_MARGIN:
            reasons.append(f"the general suite{name} loses {old - new:.3f}, more than the margin of {GENERAL_MARGIN}")
    reasons += [f"{patch} was shown to harm: models retrained without it score better" for patch in harmful if patch in patches]
    says: Says = "hurts" if reasons else "helps" if splits["twin"].ci95_low > 0 else "unproven"
    if not reasons:
        twin = splits["twin"]
        reasons = [f"twin changes by {twin.difference:+.3f} [{twin.ci95_low:+.3f}, {twin.ci95_high:+.3f}]"]
    return Verdict(
        number,
        says,
        tuple(reasons),
        tuple(patches),
        splits,
        disciplines,
        _change(*general),
        {"reworded": rest.changed, "gone": rest.retired, "new": rest.added, "unscored": rest.unscored},
        {name: _change(*pair) for name, pair in (suites or {}).items()},
    )


def _change(before: float, after: float) -> dict[str, float]:
    return {"before": _round(before), "after": _round(after), "difference": _round(after - before)}


def _compared(groups: Mapping[str, Sequence[Pair]], resamples: int) -> dict[str, Compared]:
    majorities = {name: _majority(pairs) for name, pairs in groups.items()}
    adjusted = holm({name: sign_flip(by_chain(pairs)) for name, pairs in groups.items()})
    found = {}
    for name, pairs in groups.items():
        mean, low, high = difference(pairs, resamples=resamples)
        better, worse = flips(majorities[name])
        old, new = (sum(getattr(p, when) for p in pairs) / len(pairs) for when in ("before", "after"))
        old, new, mean, low, high = (_round(v) for v in (old, new, mean, low, high))
        found[name] = Compared(len(majorities[name]), old, new, mean, low, high, better, worse, _round(adjusted[name]))
    return found


def _majority(pairs: Iterable[Pair]) -> list[Pair]:
    """One pair an item: right when more than half of its seeds are. Seeds are no independent witnesses, so flips are counted once."""
    found = []
    for group in by(pairs, "item").values():
        before, after = (most(sum(getattr(p, when) for p in group), len(group)) for when in ("before", "after"))
        found.append(msgspec.structs.replace(group[0], seed="most", before=before, after=after))
    return found


def _worse(group: Compared) -> bool:
    return group.difference < 0 and group.p < LEVEL


def _round(value: float) -> float:
    return round(value, DIGITS)
