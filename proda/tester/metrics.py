"""Compute the headline, the metrics and the breakdowns of outcomes.

    headline.json     {"dev", "twin", "sealed", "twin_low", "twin_high", "twin_without_stem", "general", "base_twin", "base_general"}
    metrics.json      {"base": {"dev": R, "twin": R, "sealed": R}, "tuned": {…}, "general": {"base": G, "tuned": G}}
    R                 {"n", "accuracy", "ci95_low", "ci95_high", "unscored", "seeds", "without_stem"}
    G                 {"n", "accuracy", "ci95_low", "ci95_high", "seeds", "heldout_loss"}
    breakdowns.json   {"base": {"dev": B, "twin": B, "sealed": B}, "tuned": {…}}
    B                 {"by_discipline", "by_kind", "by_operator"}

Accuracy is over scored items; for tuned models it is the mean over seeds. Intervals are 95 % bootstrap intervals over chains and seeds (see
proda/statistics.py). `by_operator` is the share of wrong answers that chose a distractor of each operator. Deterministic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from proda.records import SPLITS, Outcome
from proda.statistics import accuracy, interval

DIGITS = 4


def metrics(
    outcomes: Sequence[Outcome],
    general: Sequence[Outcome],
    *,
    without_stem: Mapping[tuple[str, str], float] | None = None,
    heldout_loss: Mapping[str, float] | None = None,
    resamples: int = 2000,
) -> dict[str, Any]:
    """Return the content of metrics.json.

    `without_stem` maps (model, split) to the accuracy of a model that sees only the options, for the models that were asked so.
    `heldout_loss` maps a model to its loss, in nats per token, on text that no model was trained on.
    """
    stemless, heldout = without_stem or {}, heldout_loss or {}
    result: dict[str, Any] = {"base": {}, "tuned": {}, "general": {}}
    for split in SPLITS:
        for who, group in _who(o for o in outcomes if o.split == split).items():
            models = sorted({o.model for o in group}, key=_seed)
            seen = [stemless[m, split] for m in models if (m, split) in stemless]
            result[who][split] = {
                **_summary(group, models, resamples),
                "unscored": sum(o.correct is None for o in group),
                **({"without_stem": _round(float(np.mean(seen)))} if seen else {}),
            }
    for who, group in _who(general).items():
        models = sorted({o.model for o in group}, key=_seed)
        losses = [heldout[m] for m in models if m in heldout]
        result["general"][who] = {
            **_summary(group, models, resamples),
            **({"heldout_loss": _round(float(np.mean(losses)))} if losses else {}),
        }
    return result


def headline(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the content of headline.json, the few numbers that `dvc metrics show` prints, from those of metrics.json.

    Accuracies are those of the tuned models unless the name starts with `base_`. What was not measured is left out.
    """
    tuned, base, general = found["tuned"], found["base"], found["general"]
    numbers = {split: (tuned, split, "accuracy") for split in SPLITS} | {
        "twin_low": (tuned, "twin", "ci95_low"),
        "twin_high": (tuned, "twin", "ci95_high"),
        "twin_without_stem": (tuned, "twin", "without_stem"),
        "general": (general, "tuned", "accuracy"),
        "base_twin": (base, "twin", "accuracy"),
        "base_general": (general, "base", "accuracy"),
    }
    return {name: block[part][key] for name, (block, part, key) in numbers.items() if key in block.get(part, {})}


def breakdowns(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the content of breakdowns.json."""
    result: dict[str, Any] = {"base": {}, "tuned": {}}
    for split in SPLITS:
        for who, group in _who(o for o in outcomes if o.split == split).items():
            parts = {"by_discipline": _parts(group, "discipline"), "by_kind": _parts(group, "kind"), "by_operator": _by_operator(group)}
            result[who][split] = parts
    return result


def flat_metrics(values: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return nested metrics as one level, as MLflow takes them: {"tuned/twin/accuracy": 0.71, "tuned/twin/seeds/0": 0.7, …}."""
    flat: dict[str, float] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flat_metrics(value, f"{name}/")
        elif isinstance(value, list):
            flat |= {f"{name}/{place}": float(v) for place, v in enumerate(value)}
        else:
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
    mean, low, high = interval(group, resamples=resamples)
    each = [_round(accuracy(o for o in group if o.model == model)) for model in models]
    items = len({o.item for o in group})
    return {"n": items, "accuracy": _round(mean), "ci95_low": _round(low), "ci95_high": _round(high), "seeds": each}


def _parts(group: Sequence[Outcome], field: str) -> dict[str, float]:
    parts: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in group:
        parts[getattr(outcome, field)].append(outcome)
    return {name: _round(accuracy(part)) for name, part in sorted(parts.items())}


def _by_operator(group: Sequence[Outcome]) -> dict[str, float]:
    chosen = Counter(o.operator for o in group if o.correct is False)
    return {name: _round(count / chosen.total()) for name, count in sorted(chosen.items())}


def _round(value: float) -> float:
    return round(value, DIGITS)
