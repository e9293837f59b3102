"""One tuned model × items → outcomes: the computation whose results build/cache/trials keeps.

    score_model(base, adapter, "seed-0", items, suite, params)       Scored(outcomes=(…), general=0.994)

It has a module to itself because the key of the cache hashes this module and everything that it imports
(`proda.store.code_version`): an import that is not needed here would discard the scores when that other code changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from proda.params import EvaluateParams
from proda.records import Item, Outcome, Record


class Scored(Record, frozen=True):
    """The answers of one model."""

    outcomes: tuple[Outcome, ...]  # in the order of the items
    general: float | None  # accuracy on the general suite; None if no answer could be scored


def score_model(base: Path, adapter: Path, name: str, items: Sequence[Item], suite: Sequence[Item], params: EvaluateParams) -> Scored:
    """Score the model in `adapter` on the items and on the general suite. `name` is the model's name in outcomes.

    Raises what loading a model raises.
    """
    from proda.compiler.adapter import load_tuned
    from proda.progress import Progress
    from proda.statistics import accuracy
    from proda.tester.evaluate import score

    model, tokenizer = load_tuned(base, adapter)
    with Progress(f"score {name}", len(items) + len(suite), "items") as progress:
        outcomes = score(model, tokenizer, items, name, params, progress.advance)
        general = accuracy(score(model, tokenizer, suite, name, params, progress.advance))
    return Scored(tuple(outcomes), None if math.isnan(general) else general)
