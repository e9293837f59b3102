"""Models × (items, general suite, held-out text) → outcomes and metrics: all that the stage `evaluate` computes.

result = evaluate({"base": lambda: load_base(…), "seed-0": …}, items, suite, heldout_text, params.evaluate)
result.metrics["tuned"]["twin"]["accuracy"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.params import EvaluateParams
from proda.progress import Progress
from proda.records import SPLITS, Item, Outcome
from proda.tester.heldout import heldout_loss
from proda.tester.letters import letter_items
from proda.tester.metrics import accuracy, metrics
from proda.tester.scoring import score_items

BLINDFOLDED = 2  # models that are also asked without the question: the base, and the first that was tuned


class Evaluation(msgspec.Struct, frozen=True):
    """Outcomes on the benchmark and on the general suite, and metrics.json's content."""

    outcomes: list[Outcome]
    general: list[Outcome]
    metrics: dict[str, Any]


def evaluate(
    models: Mapping[str, Callable[[], tuple[Any, Any]]],
    items: Sequence[Item],
    suite: Sequence[Item],
    heldout: str,
    params: EvaluateParams,
) -> Evaluation:
    """Score each model in turn; a model is loaded when its turn comes, and let go before the next.

    Raises EmptyBenchmarkError without items or without a suite.
    """
    if not items or not suite:
        raise EmptyBenchmarkError(
            f"{len(items)} items and {len(suite)} of the general suite: nothing would be proven. Run `dvc repro benchmark`."
        )
    outcomes: list[Outcome] = []
    general: list[Outcome] = []
    without_stem: dict[tuple[str, str], float] = {}
    losses: dict[str, float] = {}
    for number, (name, load) in enumerate(models.items()):
        model, tokenizer = load()
        blindfolded = items if number < BLINDFOLDED else ()
        with Progress(f"evaluate {name}", len(items) + len(suite) + len(blindfolded), "items") as progress:
            outcomes += score(model, tokenizer, items, name, params, progress.advance)
            general += score(model, tokenizer, suite, name, params, progress.advance)
            blind = score_items(
                model, tokenizer, blindfolded, name=name, batch_tokens=params.batch_tokens, without_stem=True, advance=progress.advance
            )
        for split in SPLITS:
            if any(o.split == split for o in blind):
                without_stem[name, split] = accuracy(o for o in blind if o.split == split)
        losses[name] = heldout_loss(model, tokenizer, heldout, batch_tokens=params.batch_tokens)
        del model
    found_metrics = metrics(outcomes, general, without_stem=without_stem, heldout_loss=losses, resamples=params.bootstrap)
    return Evaluation(outcomes, general, found_metrics)


def score(
    model: Any, tokenizer: Any, items: Sequence[Item], name: str, params: EvaluateParams, advance: Callable[[int], None]
) -> list[Outcome]:
    """Outcomes of one model by the scoring that the parameters name, in the order of the items."""
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
