"""Score models on the items, the general suite and held-out text: everything that the stage `evaluate` computes.

result = evaluate({"base": partial(load_base, …), "seed-0": …}, items, suite, heldout_text, params.evaluate, parameters=1_472_000)
result.metrics["tuned"]["twin"]["accuracy"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.params import EvaluateParams
from proda.progress import Progress
from proda.records import Item, Outcome
from proda.runtime.parallel import spread
from proda.tester.heldout import heldout_loss
from proda.tester.letters import letter_items
from proda.tester.metrics import breakdowns, dependence, metrics
from proda.tester.scoring import score_items

BLINDFOLDED = 2  # models that are also scored without the stem: the base, and the first tuned model


class Evaluation(msgspec.Struct, frozen=True):
    """Outcomes on the benchmark and on the general suite, and the content of metrics.json and breakdowns.json."""

    outcomes: list[Outcome]
    general: list[Outcome]
    metrics: dict[str, Any]
    breakdowns: dict[str, Any]


class Examined(msgspec.Struct, frozen=True):
    """Outcomes of one model on the items, on the general suite and on the items without their stems, and its held-out loss."""

    outcomes: list[Outcome]
    general: list[Outcome]
    blind: list[Outcome]
    heldout_loss: float


def evaluate(
    models: Mapping[str, Callable[[], tuple[Any, Any]]],
    items: Sequence[Item],
    suite: Sequence[Item],
    heldout: str,
    params: EvaluateParams,
    *,
    parameters: int,
    known: Mapping[str, Mapping[str, bool]] | None = None,
) -> Evaluation:
    """Score every model, in parallel processes if memory holds them all, else one after the other, or on Ray: see runtime/parallel.py.

    `models` maps names to picklable functions that return a model and its tokenizer; a model is loaded only while it is scored.
    `parameters` is the number of parameters of one model. `known` maps tuned model → statement → whether it knows it, as in
    proda/workflows/dependence.py; without it, the metrics have no dependence. Raises EmptyBenchmarkError without items or without a suite.
    """
    if not items or not suite:
        raise EmptyBenchmarkError(
            f"Nothing to score: {len(items)} items and {len(suite)} of the general suite, expected both. Run `dvc repro evaluate`."
        )
    names = list(models)
    work = partial(_examine, dict(models), items, suite, heldout, params, frozenset(names[:BLINDFOLDED]))
    examined = dict(spread(work, names, parameters=parameters, what="evaluate"))
    outcomes = [o for name in names for o in examined[name].outcomes]
    general = [o for name in names for o in examined[name].general]
    blind = [o for name in names for o in examined[name].blind]
    losses = {name: examined[name].heldout_loss for name in names}
    found = metrics(outcomes, general, without_stem=blind, heldout_loss=losses, resamples=params.bootstrap)
    if known:
        found["dependence"] = dependence(outcomes, items, known, resamples=params.bootstrap)
    return Evaluation(outcomes, general, found, breakdowns(outcomes, without_stem=blind, resamples=params.bootstrap))


def _examine(
    models: Mapping[str, Callable[[], tuple[Any, Any]]],
    items: Sequence[Item],
    suite: Sequence[Item],
    heldout: str,
    params: EvaluateParams,
    blindfolded: frozenset[str],
    name: str,
) -> Examined:
    model, tokenizer = models[name]()
    unseen = items if name in blindfolded else ()
    with Progress(f"evaluate {name}", len(items) + len(suite) + len(unseen), "items") as progress:
        outcomes = score(model, tokenizer, items, name, params, progress.advance)
        general = score(model, tokenizer, suite, name, params, progress.advance)
        blind = score_items(
            model, tokenizer, unseen, name=name, batch_tokens=params.batch_tokens, without_stem=True, advance=progress.advance
        )
    return Examined(outcomes, general, blind, heldout_loss(model, tokenizer, heldout, batch_tokens=params.batch_tokens))


def score(
    model: Any, tokenizer: Any, items: Sequence[Item], name: str, params: EvaluateParams, advance: Callable[[int], None]
) -> list[Outcome]:
    """Return the outcomes of one model, by the scoring that `params` names, in the order of the items."""
    if params.scoring == "letter":
        return letter_items(
            model,
            tokenizer,
            items,
            name=name,
            new_tokens=params.letter_tokens,
            batch_tokens=params.batch_tokens,
            advance=advance,
        )
    return score_items(model, tokenizer, items, name=name, batch_tokens=params.batch_tokens, advance=advance)
