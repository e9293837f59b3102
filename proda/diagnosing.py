"""Trained models are probed about what they fail, and diagnosed: what the stage `diagnose` does, for any samples, items and models.

    adapters = {"seed-0": Path("build/adapters/seed-0"), …}
    prober = Prober(Path("build/base"), adapters, batch_tokens=2048, cache=Path("build/cache"))
    diagnoses = prober.diagnoses(knowledge, items, outcomes, samples)
    answered = prober.answers(probes)                       # model → answers, in the order of the probes

Scores are kept under the hash of what the adapter was trained from and of what was asked (build/cache/probes), so that a run that was
killed goes on where it stood.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proda.files import write_file
from proda.graph import Knowledge
from proda.records import Diagnosis, Item, Outcome, Sample, content_hash

if TYPE_CHECKING:
    from proda.debugger.probes import Answer, Probe


class Prober:
    """Models on one base, each the folder of its adapter, and where what they answered is kept."""

    def __init__(self, base: Path, adapters: Mapping[str, Path], *, batch_tokens: int, cache: Path) -> None:
        self.base = base
        self.adapters = dict(adapters)
        self.batch_tokens = batch_tokens
        self.cache = cache

    def diagnoses(
        self, knowledge: Knowledge, items: Sequence[Item], outcomes: Iterable[Outcome], samples: Iterable[Sample]
    ) -> list[Diagnosis]:
        """Why each item that most of the models fail was failed, sorted by item. `samples` are what they were trained on."""
        from proda.debugger.diagnose import diagnose, failures, probes_of

        failed = failures(items, outcomes)
        return diagnose(knowledge, items, failed, self.answers(probes_of(knowledge, items, failed)), samples)

    def answers(self, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        """Model → its answers, in the order of the probes. Raises what loading a model raises."""
        from proda.debugger.probes import answers

        return {model: answers(probes, self._scores(model, folder, probes)) for model, folder in self.adapters.items()}

    def _scores(self, model: str, folder: Path, probes: Sequence[Probe]) -> list[list[float]]:
        from proda.compiler.adapter import load_tuned, read_card

        questions = [(probe.prompt, probe.options) for probe in probes]
        card = read_card(folder)
        path = self.cache / "probes" / card.inputs / f"seed-{card.seed}-{content_hash(questions)}.json"
        if path.is_file():
            kept = msgspec.json.decode(path.read_bytes(), type=list[list[float | None]])
            return [[math.nan if score is None else score for score in scores] for scores in kept]
        from proda.progress import Progress
        from proda.tester.scoring import option_scores

        tuned, tokenizer = load_tuned(self.base, folder)
        with Progress(f"probe {model}", len(questions), "probes") as progress:
            scores = option_scores(tuned, tokenizer, questions, batch_tokens=self.batch_tokens, advance=progress.advance)
        write_file(path, msgspec.json.encode(scores))  # what is no number becomes null
        return scores
