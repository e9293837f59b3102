"""Score models on the items, the general suites and held-out text: everything that the stage `evaluate` computes.

result = evaluate({"base": partial(load_base, …), "seed-0": …}, items, {"suite": suite}, heldout, params.evaluate, parameters=1_472_000)
result.metrics["tuned"]["twin"]["accuracy"]

`evaluate` loads the models and scores them here. Models that an endpoint serves are scored elsewhere (proda/workflows/endpoint_models.py);
`evaluation` computes the same metrics from their outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.progress import Progress
from proda.records import LETTERS, Item, Outcome
from proda.runtime.parallel import spread
from proda.store.neutral_losses import NeutralLoss
from proda.store.suite import chance
from proda.tester.heldout import heldout_loss
from proda.tester.letters import letter_items
from proda.tester.metrics import DIGITS, breakdowns, dependence, metrics, suite_metrics
from proda.tester.neutral_metrics import neutral_breakdown, neutral_metrics
from proda.tester.scoring import score_items

if TYPE_CHECKING:
    from proda.params import EvaluateParams

CURRICULUM_ONLY = ("suite",)  # the suites of an evaluation that reports none of them apart


class Evaluation(msgspec.Struct, frozen=True):
    """Outcomes on the benchmark and on the general suites, losses on neutral text, and the content of metrics.json and breakdowns.json."""

    outcomes: list[Outcome]
    general: list[Outcome]
    metrics: dict[str, Any]
    breakdowns: dict[str, Any]
    neutral: Sequence[NeutralLoss] = ()  # none if it was not measured


class Examined(msgspec.Struct, frozen=True):
    """Outcomes of one model on the items, on the general suites and on the items without their stems, and its held-out loss, if known."""

    outcomes: list[Outcome]
    general: list[Outcome]
    blind: list[Outcome]
    heldout_loss: float | None


def evaluate(
    models: Mapping[str, Callable[[], tuple[Any, Any]]],
    items: Sequence[Item],
    suites: Mapping[str, Sequence[Item]],
    heldout: str,
    params: EvaluateParams,
    *,
    parameters: int,
    known: Mapping[str, Mapping[str, bool]] | None = None,
    neutral: Sequence[NeutralLoss] = (),
) -> Evaluation:
    """Score every model, in parallel processes if memory holds them all, else one after the other, or on Ray: see runtime/parallel.py.

    `models` maps names to picklable functions that return a model and its tokenizer; a model is loaded only while it is scored. `suites`
    maps the name of a general suite to its items. `parameters` is the number of parameters of one model. `known` maps tuned model →
    statement → whether it knows it, as in proda/workflows/dependence.py; without it, the metrics have no dependence. `neutral` are
    losses on neutral text, measured by proda/workflows/neutral_text.py. Raises EmptyBenchmarkError without items, or if a suite has none.
    """
    refuse_empty(items, suites)
    names = list(models)
    suite = [item for each in suites.values() for item in each]
    work = partial(_examine, dict(models), items, suite, heldout, params)
    examined = dict(spread(work, names, parameters=parameters, what="evaluate"))
    return evaluation({name: examined[name] for name in names}, items, suites, params, known=known, neutral=neutral)


def refuse_empty(items: Sequence[Item], suites: Mapping[str, Sequence[Item]]) -> None:
    """Raise EmptyBenchmarkError without items, or if a suite has none."""
    if not items or not suites or not all(suites.values()):
        counts = ", ".join(
            f"{len(suite)} of the general suite{'' if (name,) == CURRICULUM_ONLY else f' {name}'}" for name, suite in suites.items()
        )
        if not items:
            advice = "`dvc repro benchmark` writes items, and `proda check` says why there may be none"
        elif not suites:
            advice = "name one in evaluate.general of params.yaml"
        else:
            empty = next(name for name, suite in suites.items() if not suite)
            advice = "raise curriculum.chains in params.yaml" if empty in CURRICULUM_ONLY else f"add items to the suite {empty}"
            advice = f"{advice}, then run `dvc repro`"
        raise EmptyBenchmarkError(f"Nothing to score: {len(items)} items and {counts or 'no general suite'}, expected both: {advice}.")


def evaluation(
    examined: Mapping[str, Examined],
    items: Sequence[Item],
    suites: Mapping[str, Sequence[Item]],
    params: EvaluateParams,
    *,
    known: Mapping[str, Mapping[str, bool]] | None = None,
    neutral: Sequence[NeutralLoss] = (),
) -> Evaluation:
    """Compute metrics and breakdowns from the outcomes of each model. `examined` has the models in the order of the outcomes.

    With suites other than that of the curriculum, the metrics have each suite apart. An item of a suite that rests on no statement, as an
    imported one does, counts as independent of all others in intervals. Without `neutral`, the metrics do not name neutral text.
    The metrics of a suite name the accuracy of guessing, unless it is that of four options.
    """
    outcomes = [o for found in examined.values() for o in found.outcomes]
    general = [o for found in examined.values() for o in found.general]
    blind = [o for found in examined.values() for o in found.blind]
    losses = {name: found.heldout_loss for name, found in examined.items() if found.heldout_loss is not None}
    alone = {item.id for name, suite in suites.items() if name not in CURRICULUM_ONLY for item in suite if not item.statements}
    asked = [msgspec.structs.replace(o, chain=o.item) if o.item in alone else o for o in general]
    found = metrics(outcomes, asked, without_stem=blind, heldout_loss=losses, resamples=params.bootstrap)
    _add_chance(found["general"], [item for suite in suites.values() for item in suite])
    if tuple(suites) != CURRICULUM_ONLY:
        members = {name: frozenset(item.id for item in suite) for name, suite in suites.items()}
        found["suites"] = suite_metrics(asked, members, resamples=params.bootstrap)
        for name, suite in suites.items():
            _add_chance(found["suites"][name], suite)
    if known:
        found["dependence"] = dependence(outcomes, items, known, resamples=params.bootstrap)
    parts = breakdowns(outcomes, without_stem=blind, resamples=params.bootstrap)
    if neutral:
        found["neutral_text"] = neutral_metrics(neutral, resamples=params.bootstrap)
        parts["neutral_text"] = neutral_breakdown(neutral, resamples=params.bootstrap)
    return Evaluation(outcomes, general, found, parts, neutral)


def _add_chance(blocks: Mapping[str, dict[str, Any]], suite: Sequence[Item]) -> None:
    """Add the accuracy of guessing to the metrics of each model on a suite, unless all questions have four options."""
    level = round(chance(suite), DIGITS)
    if level != 1 / len(LETTERS):
        for block in blocks.values():
            block["chance"] = level


def _examine(
    models: Mapping[str, Callable[[], tuple[Any, Any]]],
    items: Sequence[Item],
    suite: Sequence[Item],
    heldout: str,
    params: EvaluateParams,
    name: str,
) -> Examined:
    model, tokenizer = models[name]()
    with Progress(f"evaluate {name}", 2 * len(items) + len(suite), "items") as progress:
        outcomes = score(model, tokenizer, items, name, params, progress.advance)
        general = score(model, tokenizer, suite, name, params, progress.advance)
        blind = score(model, tokenizer, items, name, params, progress.advance, without_stem=True)
    return Examined(outcomes, general, blind, heldout_loss(model, tokenizer, heldout, batch_tokens=params.batch_tokens))


def score(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    name: str,
    params: EvaluateParams,
    advance: Callable[[int], None],
    *,
    without_stem: bool = False,
) -> list[Outcome]:
    """Return the outcomes of one model, by the scoring that `params` names, in the order of the items.

    `without_stem` shows the options only.
    """
    if params.scoring == "letter":
        return letter_items(
            model,
            tokenizer,
            items,
            name=name,
            new_tokens=params.letter_tokens,
            batch_tokens=params.batch_tokens,
            without_stem=without_stem,
            advance=advance,
        )
    return score_items(model, tokenizer, items, name=name, batch_tokens=params.batch_tokens, without_stem=without_stem, advance=advance)
