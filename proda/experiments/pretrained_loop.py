"""The loop on an existing model: base → tuned on the corpus → diagnosed → repaired, beside a repair that is not directed by the diagnosis.

    loop = run_loop(plan, base)             # plan: PretrainedPlan; base: a folder with a pin
    loop["arms"]["diagnosed"]["gain"]["twin"]       # {"value": .05, "ci95_low": .01, …}: over no repair

The arms are those of a study: `no-repair` is trained on the corpus, `diagnosed` also on what `proda repair` would write for the dev items
that the first models fail, and `undirected` on as many samples of nodes drawn at random, drawn again for each seed. Everything long is kept
in build/cache, so a run that was killed continues where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from proda.errors import counted
from proda.experiments.arms import DIAGNOSED, DRAWN, NO_REPAIR, contents, training_set
from proda.experiments.comparison import compare
from proda.experiments.conditions import Prepared, Setting, diagnosed_models, require_samples, silent_kinds, writer
from proda.experiments.stem_effect import BASE, gains_of_tuning
from proda.experiments.study import composed, without_leaking_samples
from proda.params import Params
from proda.records import Item, Outcome, Sample
from proda.statistics import difference, interval, paired
from proda.workflows.kept_scores import TunedFolder, item_outcomes
from proda.workflows.neutral_summary import neutral_summary
from proda.workflows.neutral_text import neutral_texts
from proda.workflows.repair_round import PER_ERROR, plan, without_leaks
from proda.workflows.trials import CACHE, Laboratory, Trial

if TYPE_CHECKING:
    from proda.debugger.diagnose import Examination
    from proda.graph import Knowledge

UNDIRECTED = "undirected"
NAMES = (NO_REPAIR, DIAGNOSED, UNDIRECTED)
ROUND = 1
DIGITS = 4


class LoopPlan(NamedTuple):
    """What the loop reads."""

    root: Path
    base: Path
    params: Params
    knowledge: Knowledge  # of the chosen disciplines
    samples: list[Sample]  # the corpus, without patches
    items: list[Item]
    suites: Mapping[str, Sequence[Item]]  # general suites: name → items
    per_error: int = PER_ERROR  # samples for each failed item that is explained
    budget: int | None = None  # samples of a repair, at most


def run_loop(loop: LoopPlan, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Train, score, diagnose and repair; return what pretrained.json holds about it. `tell` receives a line after each stage.

    Raises NotFoundError if no diagnosis blames a node, and what training raises. Samples of an arm that give an item
    away are left out.
    """
    lab = _laboratory(loop)
    trials = {NO_REPAIR: lab.run(loop.samples)}
    found = _diagnosed(loop, lab, trials[NO_REPAIR])
    setting = _setting(loop, found)
    count = sum(len(p.samples) for p in setting.patches)
    categories = dict(Counter(str(d.category) for d in found.diagnoses).most_common())
    tell(f"Diagnosed {counted(len(found.diagnoses), 'failed item')}: {_counts(categories)}; {counted(count, 'sample')} of repair.")
    arms, _ = without_leaking_samples(setting, composed(setting, NAMES, lab.seeds)[0])
    for name in NAMES[1:]:
        sets = {seed: training_set(loop.samples, arm) for seed, arm in arms[name].items()}
        trials[name] = lab.run_each(sets) if name in DRAWN else lab.run(sets[lab.seeds[0]])
        tell(f"{name} is trained and scored.")
    blamed = {t for p in setting.patches for t in p.targets}
    resamples = loop.params.evaluate.bootstrap
    standings = compare(
        {n: t.outcomes for n, t in trials.items()}, {n: dict.fromkeys(t.general, 0.0) for n, t in trials.items()}, resamples=resamples
    )
    base = item_outcomes(loop.base, None, loop.items, cache=loop.root / CACHE, batch_tokens=loop.params.evaluate.batch_tokens)
    general, neutral = _general(loop, trials), _neutral(loop, trials)
    return {
        "diagnosed": {"failed": len(found.diagnoses), "categories": categories, "nodes": len(blamed), "per_error": loop.per_error},
        "base": {
            **_accuracies(base, resamples),
            "general": {suite: _rounded(interval(o[BASE], resamples=resamples)) for suite, o in general.items()},
        },
        "arms": {
            name: {
                **contents([arms[name][seed] for seed in lab.seeds], blamed),
                **{key: value for key, value in msgspec.to_builtins(standings[name]).items() if not key.startswith("general")},
                "over_base": gains_of_tuning([*base, *trials[name].outcomes], resamples=resamples),
                "general": {suite: _suite(o, name, resamples) for suite, o in general.items()},
                **({"neutral_text": neutral[name]} if neutral else {}),
                "seconds": {model: round(value) for model, value in trials[name].seconds.items()},
            }
            for name in NAMES
        },
    }


def _laboratory(loop: LoopPlan) -> Laboratory:
    """Trials on the base of the loop. Suites are scored apart (`_general`), so that their outcomes can be paired."""
    params = replace(loop.params, evaluate=replace(loop.params.evaluate, general=()))
    return Laboratory(loop.root, seeds=loop.params.train.seeds, params=params, items=loop.items, base=loop.base)


def _diagnosed(loop: LoopPlan, lab: Laboratory, trial: Trial) -> Examination:
    return diagnosed_models(Prepared(loop.params, loop.knowledge, loop.items, loop.samples, ()), lab, trial)


def _setting(loop: LoopPlan, found: Examination) -> Setting:
    """What the arms share. Patches are those of a first round, without samples that would give an item away."""
    dev = [item for item in loop.items if item.split == "dev"]
    planned = plan(loop.knowledge, loop.params, dev, loop.samples, found.diagnoses, found.noticed, ROUND, loop.per_error, loop.budget)
    patches, _ = without_leaks(loop.root, planned)
    require_samples(patches, "build/pretrained")
    write = writer(loop.knowledge, loop.params, ROUND)
    return Setting(
        loop.root, loop.params, loop.knowledge, loop.items, loop.samples, (), found.diagnoses, silent_kinds(found), patches, write
    )


def _general(loop: LoopPlan, trials: Mapping[str, Trial]) -> dict[str, dict[str, list[Outcome]]]:
    """Outcomes on the general suites: suite → arm (or `base`) → outcomes of its models."""
    from proda.compiler.train import RECORD, SeedRun

    models: dict[str, list[tuple[str, TunedFolder | None]]] = {BASE: [(BASE, None)]}
    for name, trial in trials.items():
        folders = {model: loop.root / folder for model, folder in trial.adapters.items()}
        runs = {model: msgspec.json.decode((folder.parent / RECORD).read_bytes(), type=SeedRun) for model, folder in folders.items()}
        models[name] = [(model, TunedFolder(folder, runs[model].adapter)) for model, folder in folders.items()]

    def answered(suite: Sequence[Item], arm: str) -> list[Outcome]:
        batch, cache = loop.params.evaluate.batch_tokens, loop.root / CACHE
        asked = [item_outcomes(loop.base, folder, suite, cache=cache, batch_tokens=batch, name=model) for model, folder in models[arm]]
        return [outcome for found in asked for outcome in found]

    return {name: {arm: answered(suite, arm) for arm in models} for name, suite in loop.suites.items()}


def _neutral(loop: LoopPlan, trials: Mapping[str, Trial]) -> dict[str, dict[str, Any]]:
    """Arm → losses of the base and of its models on neutral text, as in metrics.json; empty if it is not to be measured."""
    passages = neutral_texts(loop.params, loop.root)
    if not passages:
        return {}
    how = {"batch_tokens": loop.params.evaluate.batch_tokens, "resamples": loop.params.evaluate.bootstrap}
    folders = {arm: {model: loop.root / folder for model, folder in trial.adapters.items()} for arm, trial in trials.items()}
    return {arm: neutral_summary(loop.base, mine, passages, cache=loop.root / CACHE, **how) for arm, mine in folders.items()}


def _suite(outcomes: Mapping[str, Sequence[Outcome]], arm: str, resamples: int) -> dict[str, Any]:
    """Accuracy of an arm on one suite, and how far it is from that of the base and of the models without repair."""
    mine = list(outcomes[arm])
    base = [replace(o, model=model) for model in sorted({o.model for o in mine}) for o in outcomes[BASE]]
    found: dict[str, Any] = {
        "accuracy": _rounded(interval(mine, resamples=resamples)),
        "over_base": _rounded(difference(paired(base, mine)[0], resamples=resamples)),
    }
    if arm != NO_REPAIR:
        found["over_no_repair"] = _rounded(difference(paired(outcomes[NO_REPAIR], mine)[0], resamples=resamples))
    return found


def _accuracies(outcomes: Iterable[Outcome], resamples: int) -> dict[str, Any]:
    outcomes = list(outcomes)
    splits = dict.fromkeys(o.split for o in outcomes)
    return {split: _rounded(interval([o for o in outcomes if o.split == split], resamples=resamples)) for split in sorted(splits)}


def _rounded(found: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(round(part, DIGITS) for part in found)


def _counts(categories: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {category}" for category, count in categories.items())
