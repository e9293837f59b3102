"""Trained models → answers to probes → diagnoses: what the stage `diagnose` does, for any samples, items and models.

    adapters = {"seed-0": Path("build/adapters/seed-0"), …}
    prober = Prober(Path("build/base"), adapters, batch_tokens=2048, cache=Path("build/cache"))
    found = prober.examined(knowledge, items, outcomes, samples)     # diagnoses, probes, noticed, kinds
    answered = prober.answers(probes)                       # model → answers, in the order of the probes

Scores are cached in build/cache/probes, so a run that was killed goes on where it stopped. The key covers the weights of the adapter,
the text of the probes, and the code that scores them. A cached file that cannot be used is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from proda.graph import Knowledge
from proda.records import Item, Outcome, Sample
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import cache_key
from proda.workflows.probe_scores import score_questions

if TYPE_CHECKING:
    from proda.debugger.diagnose import Examination
    from proda.debugger.probes import Answer, Probe
    from proda.tester.scoring import Question

_Scores = list[list[float | None]]  # None for a score that is not a number


class Prober:
    """Models tuned from one base, each given by the folder of its adapter, and the folder that caches their answers.

    `apart` is that of `spread` (proda/runtime/parallel.py).
    """

    def __init__(self, base: Path, adapters: Mapping[str, Path], *, batch_tokens: int, cache: Path, apart: bool = False) -> None:
        self.base = base
        self.adapters = dict(adapters)
        self.batch_tokens = batch_tokens
        self.cache = cache
        self.apart = apart

    def examined(
        self,
        knowledge: Knowledge,
        items: Sequence[Item],
        outcomes: Iterable[Outcome],
        samples: Iterable[Sample],
        repaired: Collection[str] = (),
    ) -> Examination:
        """Diagnose each item that most of the models fail; also return what each kind of probe is worth and what else is unknown.

        `samples` are what the models were trained on, `repaired` the items that patches among them were written for. A part of the concepts
        is asked about first, the others only if concept probes turn out to be reliable.
        """
        from proda.debugger.diagnose import FIRST, examine, failures, probes_of

        failed, samples = failures(items, outcomes), list(samples)
        answered = self._answers(knowledge, probes_of(knowledge, items, failed, concepts=FIRST))
        found = examine(knowledge, items, failed, answered, samples, repaired)
        there = {a.probe for answers in answered.values() for a in answers}
        others = [p for p in probes_of(knowledge, items, failed) if p not in there] if found.probes["concept"].telling else []
        if not others:
            return found
        more = self.answers(others)
        return examine(knowledge, items, failed, {m: answered[m] + more[m] for m in answered}, samples, repaired)

    def _answers(self, knowledge: Knowledge, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        """Ask about all statements and all conditions apart from the rest, as the stage `evaluate` does: its answers are in the cache."""
        from proda.debugger.probes import all_condition_probes, all_statement_probes

        apart = [part for part in (all_statement_probes(knowledge), all_condition_probes(knowledge)) if part and set(part).issubset(probes)]
        asked = {p for part in apart for p in part}
        parts = [self.answers(part) for part in (*apart, [p for p in probes if p not in asked])]
        by_probe = {model: {a.probe: a for part in parts for a in part[model]} for model in self.adapters}
        return {model: [found[p] for p in probes] for model, found in by_probe.items()}

    def answers(self, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        """Return each model's answers, in the order of the probes. Raises what `scores` raises."""
        from proda.debugger.probes import answers

        found = self.scores([(probe.prompt, probe.options) for probe in probes])
        return {model: answers(probes, scores) for model, scores in found.items()}

    def scores(self, questions: Sequence[Question]) -> dict[str, list[list[float]]]:
        """Return model → the summed log-likelihood of each option of each question. Raises what loading a model raises."""
        from proda.compiler.adapter import hash_adapter
        from proda.compiler.base import read_pin
        from proda.runtime.parallel import spread

        key = cache_key(score_questions, questions)
        kept = {model: self.cache / "probes" / hash_adapter(folder) / f"{key}.json" for model, folder in self.adapters.items()}
        found = {model: scores for model, path in kept.items() if (scores := _cached(path, questions)) is not None}
        missing = [model for model in kept if model not in found]
        work = partial(_ask, self.base, self.adapters, questions, self.batch_tokens)
        for model, scores in spread(work, missing, parameters=read_pin(self.base).parameters, what="probe", apart=self.apart):
            write_cached(kept[model], scores)
            found[model] = scores
        return {model: found[model] for model in kept}


def _ask(base: Path, adapters: Mapping[str, Path], questions: Sequence[Question], batch_tokens: int, model: str) -> list[list[float]]:
    return score_questions(base, adapters[model], model, questions, batch_tokens)


def _cached(path: Path, questions: Sequence[Question]) -> list[list[float]] | None:
    scores = read_cached(path, _Scores)
    if scores is None or [len(row) for row in scores] != [len(options) for _, options in questions]:
        return None
    return [[math.nan if score is None else score for score in row] for row in scores]
