"""What all arms of a study share: disciplines, parameters, corpus, and the diagnoses of the models trained on that corpus.

    condition = StudyCondition(disciplines=frozenset({"physics"}), changes=("train.epochs=6",), starve=0.25)
    ready = prepare(repo, condition)                            # trains nothing
    setting = set_up(repo, condition, lab, ready, budget=None)
    setting.starved         # statements whose samples were removed
    setting.patches         # what `proda repair` would write for the diagnoses

Without any option, the diagnoses are those of benchmarks/results/diagnosis.yaml. Under any other condition, models are first trained
without repair, scored and probed. Starving removes every sample that says one of a drawn share of the statements, so that it is known which
statements the models lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proda.errors import NotFoundError
from proda.history.repository import Repository
from proda.params import Params, load_params, with_settings
from proda.records import Diagnosis, Item, Patch, Sample
from proda.stable_hash import by_weight
from proda.store.corpus import load_corpus
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses, load_noticed, load_silent_kinds
from proda.store.patches import load_patches, load_samples, untouched
from proda.workflows.portion import part, portion
from proda.workflows.repair_round import PER_ERROR, ROUND_ORDINALS, plan

if TYPE_CHECKING:
    from proda.debugger.diagnose import Examination
    from proda.experiments.arms import Write
    from proda.graph import Knowledge
    from proda.workflows.trials import Laboratory, Trial

FORMATS_PERIOD = 10  # number of samples after which the builder's pattern of formats repeats


class StudyCondition(NamedTuple):
    """How a study differs from the repository: disciplines, parameters, and the share of statements starved."""

    disciplines: frozenset[str] | None = None  # all
    changes: tuple[str, ...] = ()  # NAME=VALUE of parameters
    starve: float = 0.0  # share of the statements whose samples are removed

    @property
    def as_it_stands(self) -> bool:
        """Whether the study uses the repository without any change."""
        return self == StudyCondition()


class Setting(NamedTuple):
    """What all arms share."""

    root: Path
    params: Params
    knowledge: Knowledge
    items: list[Item]
    corpus: list[Sample]
    starved: tuple[str, ...]  # statements, sorted
    diagnoses: list[Diagnosis]
    silent: list[str]  # kinds of item whose failures say nothing about statements, by the diagnosis of dev items; sorted
    patches: list[Patch]  # what diagnosed repair writes, within the budget
    write: Write  # the builder's samples for a node, numbered as those of the next round


class Prepared(NamedTuple):
    """What is known of a study before any training."""

    params: Params
    knowledge: Knowledge
    items: list[Item]
    corpus: list[Sample]
    starved: tuple[str, ...]


def prepare(repo: Repository, condition: StudyCondition) -> Prepared:
    """Returns parameters, knowledge, items and corpus of a condition. Trains nothing."""
    params = with_settings(load_params(repo.root / "params.yaml"), condition.changes)
    knowledge = repo.knowledge if condition.disciplines is None else portion(repo.knowledge, condition.disciplines)
    samples, items = part(load_samples(repo.root), repo.items(), condition.disciplines, repo.knowledge)
    if not condition.starve:
        return Prepared(params, knowledge, items, samples, ())
    ranked = by_weight(knowledge.active_statements, "starved")
    starved = tuple(sorted(ranked[: round(condition.starve * len(ranked))]))
    return Prepared(params, knowledge, items, withheld(knowledge, samples, starved), starved)


def withheld(knowledge: Knowledge, samples: Iterable[Sample], starved: Iterable[str]) -> list[Sample]:
    """Returns the samples that say none of the statements, in their order."""
    from proda.experiments.faults import states
    from proda.language.read_samples import Reader

    reader, left = Reader(knowledge), list(samples)
    for statement in starved:
        left = [s for s in left if not states(reader, s, knowledge.statements[statement])]
    return left


def set_up(repo: Repository, condition: StudyCondition, lab: Laboratory, prepared: Prepared, *, budget: int | None) -> Setting:
    """Returns the setting of a study. Unless the condition is the repository's own, trains the arm without repair if it is not cached.

    `budget` limits the number of samples of the patches. Raises NotFoundError if no diagnosis blames a node.
    """
    root = repo.root
    params, knowledge, items, corpus, starved = prepared
    if condition.as_it_stands:
        diagnoses, noticed, silent = load_diagnoses(root), load_noticed(root), load_silent_kinds(root)
    else:
        found = diagnosed_models(prepared, lab, lab.run(prepared.corpus))
        diagnoses, noticed, silent = found.diagnoses, found.noticed, silent_kinds(found)
    earlier = load_patches(root)
    number = 1 + max((p.round for p in earlier), default=0)
    withheld_too = {s.id for s in load_samples(root)} - {s.id for s in corpus}
    derived = untouched((s for s in load_corpus(root) if s.id not in withheld_too), earlier)  # a repair changes no other sample
    patches = plan(knowledge, params, _dev(items), derived, diagnoses, noticed, number, PER_ERROR, budget)
    require_samples(patches, str(DIAGNOSIS) if condition.as_it_stands else "study")
    return Setting(root, params, knowledge, items, corpus, starved, diagnoses, silent, patches, writer(knowledge, params, number))


def require_samples(patches: Iterable[Patch], where: str) -> None:
    """Raises NotFoundError if the patches add no sample. `where` begins the message."""
    if not any(p.samples for p in patches):
        raise NotFoundError(
            f"{where}\n  No diagnosis blames a node, so there is no repair to study. Train a weaker model or starve more statements."
        )


def silent_kinds(found: Examination) -> list[str]:
    """Returns the kinds of item whose failures say nothing about statements, sorted."""
    return sorted(kind for kind, told in found.kinds.items() if not told.telling)


def diagnosed_models(prepared: Prepared, lab: Laboratory, trial: Trial) -> Examination:
    """Diagnoses models trained on the corpus, as the stage `diagnose` does. Reads dev items and dev outcomes only."""
    outcomes = [o for o in trial.outcomes if o.split == "dev"]
    return lab.prober(trial).examined(prepared.knowledge, _dev(prepared.items), outcomes, prepared.corpus)


def _dev(items: Iterable[Item]) -> list[Item]:
    return [i for i in items if i.split == "dev"]


def writer(knowledge: Knowledge, params: Params, number: int) -> Write:
    """Returns the builder's function with a cache, because several arms ask for samples of the same nodes."""
    from proda.builder.extra import extra_samples

    kept: dict[tuple[str, bool, frozenset[str]], list[list[Sample]]] = {}

    def write(node: str, count: int, stepwise: bool, beside: frozenset[str]) -> list[Sample]:
        parts = kept.setdefault((node, stepwise, beside), [])
        for piece in range(len(parts), -(-count // FORMATS_PERIOD)):
            told = {(s.prompt, s.completion) for earlier in parts for s in earlier}
            start = number * ROUND_ORDINALS + piece * FORMATS_PERIOD
            found = extra_samples(knowledge, node, FORMATS_PERIOD, start=start, params=params, stepwise=stepwise, beside=beside)
            parts.append([s for s in found if (s.prompt, s.completion) not in told])
        return [s for piece in parts[: -(-count // FORMATS_PERIOD)] for s in piece]

    return write


def blame(setting: Setting) -> dict[str, int]:
    """Counts the starved statements, the blamed statements, and those that are both."""
    blamed: Sequence[str] = sorted({t for p in setting.patches for t in p.targets} & set(setting.knowledge.statements))
    return {"starved": len(setting.starved), "blamed": len(blamed), "both": len(set(blamed) & set(setting.starved))}
