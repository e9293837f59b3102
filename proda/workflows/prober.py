"""Trained models are probed about what they fail, and diagnosed: what the stage `diagnose` does, for any samples, items and models.

    adapters = {"seed-0": Path("build/adapters/seed-0"), …}
    prober = Prober(Path("build/base"), adapters, batch_tokens=2048, cache=Path("build/cache"))
    diagnoses, probes, noticed = prober.examined(knowledge, items, outcomes, samples)
    answered = prober.answers(probes)                       # model → answers, in the order of the probes

Scores are kept under the hash of what the adapter was trained from and of what was asked (build/cache/probes), so that a run that was
killed goes on where it stood.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proda.graph import Knowledge
from proda.records import Item, Outcome, Sample, content_hash
from proda.store.files import write_file

if TYPE_CHECKING:
    from proda.debugger.diagnose import Examination
    from proda.debugger.probes import Answer, Probe
    from proda.tester.scoring import Question


class Prober:
    """Models on one base, each the folder of its adapter, and where what they answered is kept."""

    def __init__(self, base: Path, adapters: Mapping[str, Path], *, batch_tokens: int, cache: Path) -> None:
        self.base = base
        self.adapters = dict(adapters)
        self.batch_tokens = batch_tokens
        self.cache = cache

    def examined(self, knowledge: Knowledge, items: Sequence[Item], outcomes: Iterable[Outcome], samples: Iterable[Sample]) -> Examination:
        """Why each item that most of the models fail was failed, what each kind of probe is worth, and what was noticed besides.

        `samples` are what the models were trained on. Of the concepts some are asked first, and the others only if that tells anything.
        """
        from proda.debugger.diagnose import FIRST, examine, failures, probes_of

        failed, samples = failures(items, outcomes), list(samples)
        first = probes_of(knowledge, items, failed, concepts=FIRST)
        answered = self.answers(first)
        found = examine(knowledge, items, failed, answered, samples)
        there = set(first)
        others = [p for p in probes_of(knowledge, items, failed) if p not in there] if found.probes["concept"].telling else []
        if not others:
            return found
        more = self.answers(others)
        return examine(knowledge, items, failed, {m: answered[m] + more[m] for m in answered}, samples)

    def answers(self, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        """Model → its answers, in the order of the probes. Raises what loading a model raises."""
        from proda.compiler.adapter import read_card
        from proda.compiler.base import read_pin
        from proda.debugger.probes import answers
        from proda.runtime.parallel import spread
        from proda.tester.scoring import SCORING

        questions = [(probe.prompt, probe.options) for probe in probes]
        asked = content_hash([SCORING, questions])
        kept: dict[str, Path] = {}
        for model, folder in self.adapters.items():
            card = read_card(folder)
            kept[model] = self.cache / "probes" / card.inputs / f"seed-{card.seed}-{asked}.json"
        missing = [model for model, path in kept.items() if not path.is_file()]
        work = partial(_ask, self.base, self.adapters, questions, self.batch_tokens)
        for model, scores in spread(work, missing, parameters=read_pin(self.base).parameters, what="probe"):
            write_file(kept[model], msgspec.json.encode(scores))  # what is no number becomes null
        return {model: answers(probes, _read(path)) for model, path in kept.items()}


def _ask(base: Path, adapters: Mapping[str, Path], questions: Sequence[Question], batch_tokens: int, model: str) -> list[list[float]]:
    from proda.compiler.adapter import load_tuned
    from proda.progress import Progress
    from proda.tester.scoring import option_scores

    tuned, tokenizer = load_tuned(base, adapters[model])
    with Progress(f"probe {model}", len(questions), "probes") as progress:
        return option_scores(tuned, tokenizer, questions, batch_tokens=batch_tokens, advance=progress.advance)


def _read(path: Path) -> list[list[float]]:
    kept = msgspec.json.decode(path.read_bytes(), type=list[list[float | None]])
    return [[math.nan if score is None else score for score in scores] for scores in kept]
