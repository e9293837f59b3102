"""Outcomes before and after a round of repair → a verdict: helps, hurts or unproven, with confidence intervals.

    verdict = judge(before, after, general=(.996, .994), number=1, patches=("1-bimetal-strip-bends-s1-3f0c9a1e", …))
    verdict.says          "helps"

Outcomes are paired by seed and by the text of the item, so an item that was reworded or retired is no gain. P-values are adjusted (Holm)
over the three splits, and separately over the disciplines. One rebuild judges the round as a whole; each patch stays `unproven` until it is
attributed. A round with a patch that was shown to harm hurts, whatever the other patches gain.

General ability must not get worse. The gate looks at every general suite and, where it was measured, at the loss on neutral text;
`general_ability` says which, and what it found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from proda.debugger.loss_change import LossChange
from proda.errors import EmptyBenchmarkError
from proda.records import SPLITS, Outcome, Record
from proda.statistics import Pair, by, by_chain, difference, flips, holm, most, paired, sign_flip

Says = Literal["helps", "hurts", "unproven"]
LEVEL = 0.05
GENERAL_MARGIN = 0.02  # accuracy that the general suite may lose
# Nats per token by which the loss on neutral text may rise: the perplexity then grows by 5 %. The divergence from the base has no margin:
# it is above 0 whenever the predictions differ at all, also where the text is predicted as well as before.
NEUTRAL_MARGIN = 0.05
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
    neutral_text: LossChange | None = None  # if it was measured before and after


def judge(
    before: Iterable[Outcome],
    after: Iterable[Outcome],
    *,
    general: tuple[float, float],
    suites: Mapping[str, tuple[float, float]] | None = None,
    neutral: LossChange | None = None,
    number: int,
    patches: Sequence[str] = (),
    harmful: Sequence[str] = (),
    resamples: int = 2000,
) -> Verdict:
    """Judge a round. `general` is the accuracy on the general suite before and after; `harmful` are patches shown to harm by retraining.

    With `suites`, which maps the names of general suites to such accuracies, each of them must pass, and `general` is only recorded.
    `neutral` is the change of the loss on neutral text, if it was measured before and after.

    *Hurts*: the 95 % interval of the change on twin or sealed lies below 0, a discipline is significantly worse after correction, a
    general suite loses more than `GENERAL_MARGIN`, the loss on neutral text rises by more than `NEUTRAL_MARGIN` or is no longer a finite
    number, or one of the round's patches was shown to harm. *Helps*: it does not hurt, the interval on twin lies above 0, and p on twin is
    below `LEVEL`, since with a handful of chains the interval alone is too narrow. Otherwise *unproven*. Deterministic. Raises
    EmptyBenchmarkError if no outcome of twin can be paired.
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
    reasons += _lost_ability(general, suites or {}, neutral)
    reasons += [f"{patch} was shown to harm: models retrained without it score better" for patch in harmful if patch in patches]
    says: Says = "hurts" if reasons else "helps" if _better(splits["twin"]) else "unproven"
    if not reasons:
        twin = splits["twin"]
        reasons = [f"twin changes by {twin.difference:+.3f} [{twin.ci95_low:+.3f}, {twin.ci95_high:+.3f}], p {twin.p:.3f}"]
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
        neutral,
    )


def general_ability(verdict: Verdict) -> str:
    """Return in one line what the gate compared, and whether general ability got worse.

    For example: `everyday -0.004, loss on neutral text +0.008 nats per token [+0.003, +0.013]: not worse`.
    """
    pairs = {name: (g["before"], g["after"]) for name, g in verdict.suites.items()}
    general = verdict.general["before"], verdict.general["after"]
    parts = [f"{name} {new - old:+.3f}" for name, (old, new) in (pairs or {"general suite": general}).items()]
    parts += [f"loss on neutral text {verdict.neutral_text.text}"] if verdict.neutral_text else []
    worse = _lost_ability(general, pairs, verdict.neutral_text)
    return f"{', '.join(parts)}: {'worse' if worse else 'not worse'}"


def _lost_ability(general: tuple[float, float], suites: Mapping[str, tuple[float, float]], neutral: LossChange | None) -> list[str]:
    """Return a reason for each measure of general ability that got worse by more than its margin."""
    found = []
    for name, (old, new) in ({f" {name}": pair for name, pair in suites.items()} if suites else {"": general}).items():
        if math.isnan(new - old):
            found.append(f"the general suite{name} has no score before or after the round")
        elif new - old < -GENERAL_MARGIN:
            found.append(f"the general suite{name} loses {old - new:.3f}, more than the margin of {GENERAL_MARGIN}")
    if neutral and neutral.lost:
        found.append(f"{neutral.lost:,} of the losses on neutral text, which were finite before the round, no longer are")
    if neutral and neutral.difference is not None and neutral.difference > NEUTRAL_MARGIN:
        found.append(f"the loss on neutral text rises by {neutral.text.removeprefix('+')}, more than the margin of {NEUTRAL_MARGIN}")
    return found


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


def _better(group: Compared) -> bool:
    return group.ci95_low > 0 and group.p < LEVEL


def _worse(group: Compared) -> bool:
    return group.difference < 0 and group.p < LEVEL


def _round(value: float) -> float:
    return round(value, DIGITS)
