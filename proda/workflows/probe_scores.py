"""One tuned model × questions → scores of their options: the computation whose results build/cache/probes keeps.

    score_questions(base, adapter, "seed-0", questions, 2048)        [[-12.1, -14.9, …], …]

It has a module to itself because the key of the cache hashes this module and everything that it imports
(`proda.store.code_version`): an import that is not needed here would discard the scores when that other code changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proda.tester.scoring import Question


def score_questions(base: Path, adapter: Path, name: str, questions: Sequence[Question], batch_tokens: int) -> list[list[float]]:
    """Return the summed log-likelihood of each option of each question, in their order. `name` is shown while it works.

    Raises what loading a model raises.
    """
    from proda.compiler.adapter import load_tuned
    from proda.progress import Progress
    from proda.tester.scoring import option_scores

    model, tokenizer = load_tuned(base, adapter)
    with Progress(f"probe {name}", len(questions), "probes") as progress:
        return option_scores(model, tokenizer, questions, batch_tokens=batch_tokens, advance=progress.advance)
