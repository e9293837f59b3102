"""Compute the headline, the metrics and the breakdowns of outcomes.

    headline.json     {"dev", "twin", "sealed", "twin_low", "twin_high", "twin_without_stem", "twin_stem_gain", "dependence", "general",
                      "base_twin", "base_general", "neutral_loss", "neutral_kl", "base_neutral_loss"}
    metrics.json      {"base": {"dev": R, "twin": R, "sealed": R}, "tuned": {…}, "general": {"base": G, "tuned": G},
                      "suites": {name: {"base": G, "tuned": G}} (only if `evaluate.general` names other suites than that of the curriculum),
                      "dependence": {"dev": {kind: D, "all": D}, "twin": {…}, "sealed": {…}},
                      "neutral_text": see proda/tester/neutral_metrics.py (only if it was measured)}
    R                 {"n", "accuracy", "ci95_low", "ci95_high", "unscored", "seeds" (null where no answer is scored), "without_stem",
                      "without_stem_low", "without_stem_high", "stem_gain", "stem_gain_low", "stem_gain_high"}
    G                 {"n", "accuracy", "ci95_low", "ci95_high", "seeds", "heldout_loss" (null unless finite), "chance" (only if not
                      0.25)}
    D                 {"all_known": {"n", "accuracy"}, "unknown": {"n", "accuracy", "at_least" (not for "all")}, "difference",
                      "ci95_low", "ci95_high"}
    breakdowns.json   {"base": {"dev": B, "twin": B, "sealed": B}, "tuned": {…}}
    B                 {"by_discipline", "by_kind", "by_operator", "without_stem": {kind: {"n", "accuracy", "ci95_low", "ci95_high"}}}

Accuracy is over scored items; for tuned models it is the mean over seeds. A discipline or kind without a scored answer is left out.
`without_stem` is the accuracy of the same models when they see the options only, and `stem_gain` the difference. Dependence (`dependence`)
is of tuned models. Intervals are 95 % bootstrap intervals over chains and seeds (see proda/statistics.py). `by_operator` is the share of
wrong answers that chose a distractor of each operator.
Deterministic.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from proda.errors import EmptyBenchmarkError
from proda.records import SPLITS, Item, Outcome
from proda.statistics import Cell, accuracy, difference, interval, paired, stratified_contrast

DIGITS = 4
ALL = "all"  # kinds together
UNKNOWN = 2  # statements that a model does not know, at least, for its answer to be one without the knowledge


def metrics(
    outcomes: Sequence[Outcome],
    general: Sequence[Outcome],
    *,
    without_stem: Sequence[Outcome] = (),
    heldout_loss: Mapping[str, float] | None = None,
    resamples: int = 2000,
) -> dict[str, Any]:
    """Return the content of metrics.json, except for the dependence.

    `without_stem` are the outcomes of the same models when they saw only the options, if they were asked so. `heldout_loss` maps a model
    to its loss, in nats per token, on text that no model was trained on. Raises EmptyBenchmarkError if no answer of the base, or of the
    tuned models, to a split is scored.
    """
    heldout = heldout_loss or {}
    result: dict[str, Any] = {"base": {}, "tuned": {}, "general": {}}
    for split in SPLITS:
        stemless = _who(o for o in without_stem if o.split == split and o.correct is not None)
        for who, group in _who(o for o in outcomes if o.split == split).items():
            models = sorted({o.model for o in group}, key=_seed)
            result[who][split] = {**_summary(group, models, resamples), "unscored": sum(o.correct is None for o in group)}
            if who in stemless:
                result[who][split] |= _named("without_stem", interval(stemless[who], resamples=resamples))
                pairs, _ = paired(stemless[who], group)
                result[who][split] |= _named("stem_gain", difference(pairs, resamples=resamples)) if pairs else {}
    for who, group in _who(general).items():
        models = sorted({o.model for o in group}, key=_seed)
        losses = [heldout[m] for m in models if m in heldout]
        result["general"][who] = {
            **_summary(group, models, resamples),
            **({"heldout_loss": _or_none(float(np.mean(losses)))} if losses else {}),
        }
    return result


def _named(name: str, found: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), map(_round, found), strict=True))


def suite_metrics(general: Sequence[Outcome], members: Mapping[str, Collection[str]], *, resamples: int = 2000) -> dict[str, Any]:
    """Return name of a general suite → "base" and "tuned" → its G, without the held-out loss. `members` maps the name to ids of items.

    Raises EmptyBenchmarkError if no outcome of a suite is scored.
    """
    found: dict[str, Any] = {}
    for name, ids in members.items():
        groups = _who(o for o in general if o.item in ids)
        found[name] = {who: _summary(group, sorted({o.model for o in group}, key=_seed), resamples) for who, group in groups.items()}
    return found


def headline(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the content of headline.json, the few numbers that `dvc metrics show` prints, from those of metrics.json.

    Accuracies are those of the tuned models unless the name starts with `base_`. What was not measured is left out.
    """
    tuned, base, general, neutral = found["tuned"], found["base"], found["general"], found.get("neutral_text", {})
    numbers = {split: (tuned, split, "accuracy") for split in SPLITS} | {
        "twin_low": (tuned, "twin", "ci95_low"),
        "twin_high": (tuned, "twin", "ci95_high"),
        "twin_without_stem": (tuned, "twin", "without_stem"),
        "twin_stem_gain": (tuned, "twin", "stem_gain"),
        "dependence": (found.get("dependence", {}).get("twin", {}), ALL, "difference"),
        "general": (general, "tuned", "accuracy"),
        "base_twin": (base, "twin", "accuracy"),
        "base_general": (general, "base", "accuracy"),
        "neutral_loss": (neutral, "tuned", "loss"),
        "neutral_kl": (neutral, "tuned", "kl"),
        "base_neutral_loss": (neutral, "base", "loss"),
    }
    return {name: block[part][key] for name, (block, part, key) in numbers.items() if key in block.get(part, {})}


def dependence(
    outcomes: Iterable[Outcome], items: Iterable[Item], known: Mapping[str, Mapping[str, bool]], *, resamples: int = 2000
) -> dict[str, Any]:
    """Return split → kind (and "all") → how much the outcome hangs on the statements that the item rests on; see D above.

    `known` maps model → statement → whether the model knows it; a statement that is missing there counts as known, and outcomes of other
    models are left out. A condition item rests on the conditions of its chain instead, for which the chain stands in `known`. The result
    is the share of right answers where the model knows all statements of the item, minus the share where it does not know `at_least` of
    them: two, or one for an item of one statement. If no answer of a kind is without two, then one is enough for that kind. `n` counts
    answers (items × models), since models differ in what they know. Without answers in one of the two groups, their accuracies, the
    difference or its interval are left out.

    Answers of all kinds are compared kind by kind, and the differences weighted by the number of answers, because a kind that is often
    lacking and hard for every model would otherwise count as dependence.
    """
    rests_on = {i.id: frozenset({i.chain} if i.kind == "condition" else i.statements) for i in items}
    answers: dict[tuple[str, str], list[_Answer]] = defaultdict(list)
    for o in outcomes:
        if o.model in known and o.item in rests_on and o.correct is not None:
            statements = rests_on[o.item]
            lacking = sum(not known[o.model].get(s, True) for s in statements)
            answers[o.split, o.kind].append(_Answer((o.chain, o.model, float(o.correct)), lacking, min(UNKNOWN, len(statements))))
    groups: dict[str, dict[str, _Groups]] = defaultdict(dict)
    for split, kind in sorted(answers):
        groups[split][kind] = _groups(answers[split, kind])
    return {split: dict(sorted(_dependence(kinds, resamples).items())) for split, kinds in groups.items()}


class _Answer(NamedTuple):
    cell: Cell
    lacking: int  # statements of the item that the model does not know
    needed: int  # of these, for the answer to count as one without the knowledge


class _Groups(NamedTuple):
    """The answers of one kind that are compared."""

    known: list[Cell]  # by models that know every statement of the item
    unknown: list[Cell]  # by models that do not know `at_least` of them
    at_least: int


def _groups(answers: Sequence[_Answer]) -> _Groups:
    at_least = max((a.needed for a in answers), default=UNKNOWN)
    unknown = [a.cell for a in answers if a.lacking >= a.needed]
    if not unknown or (at_least > 1 and not any(a.lacking >= at_least for a in answers)):
        at_least, unknown = 1, [a.cell for a in answers if a.lacking]
    return _Groups([a.cell for a in answers if not a.lacking], unknown, at_least)


def _dependence(kinds: Mapping[str, _Groups], resamples: int) -> dict[str, Any]:
    """Return D for each kind and for all of them."""
    found: dict[str, Any] = {
        kind: {"all_known": _group(g.known), "unknown": {**_group(g.unknown), "at_least": g.at_least}} for kind, g in kinds.items()
    }
    for kind, g in kinds.items():
        found[kind] |= _within([g], resamples)
    known = [cell for g in kinds.values() for cell in g.known]
    unknown = [cell for g in kinds.values() for cell in g.unknown]
    return found | {ALL: {"all_known": _group(known), "unknown": _group(unknown), **_within(kinds.values(), resamples)}}


def _within(groups: Iterable[_Groups], resamples: int) -> dict[str, float]:
    """The difference within each of the groups that can be compared, and its interval if there is one."""
    strata = [(g.known, g.unknown) for g in groups if g.known and g.unknown]
    if not strata:
        return {}
    mean, low, high = stratified_contrast(strata, resamples=resamples)
    found = {"difference": _round(mean)}
    return found if math.isnan(low) else found | {"ci95_low": _round(low), "ci95_high": _round(high)}


def _group(cells: Sequence[Cell]) -> dict[str, Any]:
    return {"n": len(cells), **({"accuracy": _round(sum(right for _, _, right in cells) / len(cells))} if cells else {})}


def breakdowns(outcomes: Sequence[Outcome], *, without_stem: Sequence[Outcome] = (), resamples: int = 2000) -> dict[str, Any]:
    """Return the content of breakdowns.json. `without_stem` are the outcomes of models that saw only the options."""
    result: dict[str, Any] = {"base": {}, "tuned": {}}
    for split in SPLITS:
        stemless = _who(o for o in without_stem if o.split == split and o.correct is not None)
        for who, group in _who(o for o in outcomes if o.split == split).items():
            parts: dict[str, Any] = {
                "by_discipline": _parts(group, "discipline"),
                "by_kind": _parts(group, "kind"),
                "by_operator": _by_operator(group),
            }
            if who in stemless:
                parts["without_stem"] = _stemless(stemless[who], resamples)
            result[who][split] = parts
    return result


def _stemless(group: Sequence[Outcome], resamples: int) -> dict[str, Any]:
    kinds = sorted({o.kind for o in group})
    summed = {kind: _summary([o for o in group if o.kind == kind], (), resamples) for kind in kinds}
    return {kind: {name: value for name, value in found.items() if name != "seeds"} for kind, found in summed.items()}


def flat_metrics(values: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return nested metrics as one level, as MLflow takes them: {"tuned/twin/accuracy": 0.71, "tuned/twin/seeds/0": 0.7, …}.

    What is None (null in a file) has no number and is left out.
    """
    flat: dict[str, float] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flat_metrics(value, f"{name}/")
        elif isinstance(value, list):
            flat |= {f"{name}/{place}": float(v) for place, v in enumerate(value) if v is not None}
        elif value is not None:
            flat[name] = float(value)
    return flat


def _who(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups["base" if outcome.model == "base" else "tuned"].append(outcome)
    return dict(sorted(groups.items()))


def _seed(model: str) -> tuple[int, str]:
    number = model.removeprefix("seed-")
    return (int(number), model) if number.isdigit() else (-1, model)


def _summary(group: Sequence[Outcome], models: Sequence[str], resamples: int) -> dict[str, Any]:
    if all(o.correct is None for o in group):
        one = group[0]
        raise EmptyBenchmarkError(
            f"None of the {len(group):,} answers of {', '.join(sorted({o.model for o in group}))} to {one.split} items could be read, so"
            " there is no accuracy to report. With `evaluate.scoring: letter` a reply must begin with the letter of an option: set"
            " `evaluate.scoring: loglikelihood`, or let the model write more (`evaluate.letter_tokens`)."
        )
    mean, low, high = interval(group, resamples=resamples)
    each = [_or_none(accuracy(o for o in group if o.model == model)) for model in models]
    items = len({o.item for o in group})
    return {"n": items, "accuracy": _round(mean), "ci95_low": _round(low), "ci95_high": _round(high), "seeds": each}


def _parts(group: Sequence[Outcome], field: str) -> dict[str, float]:
    parts: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in group:
        parts[getattr(outcome, field)].append(outcome)
    scored = {name: part for name, part in sorted(parts.items()) if any(o.correct is not None for o in part)}
    return {name: _round(accuracy(part)) for name, part in scored.items()}


def _by_operator(group: Sequence[Outcome]) -> dict[str, float]:
    chosen = Counter(o.operator for o in group if o.correct is False)
    return {name: _round(count / chosen.total()) for name, count in sorted(chosen.items())}


def _or_none(value: float) -> float | None:
    """The value rounded; None if it is infinite or not a number, which JSON cannot say."""
    return _round(value) if math.isfinite(value) else None


def _round(value: float) -> float:
    return round(value, DIGITS)
