"""Runs a study: composes the arms without what leaks, trains and scores them, and compares the results.

    plan = plan_study(repo, ["no-repair", "diagnosed", "undirected"], StudyCondition(), seeds=None, confirm=False, budget=None)
    estimate(plan)                # trainings per arm, and seconds at the pace of the last build
    document = run_study(plan)    # the content of study.json

Trainings, scores and answers to probes are kept in build/cache, so an interrupted study continues where it stopped and a second run trains
nothing. A sample that gives an item away is left out of its arm, as a repair leaves it out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.errors import NotFoundError, UsageError, counted
from proda.experiments.arms import (
    ARMS,
    DIAGNOSED,
    DRAWN,
    NO_REPAIR,
    TIMES,
    Arm,
    Order,
    by_discipline,
    contents,
    diagnosed,
    evenly,
    fill,
    orders_for,
    orders_of,
    training_set,
    unknown,
)
from proda.experiments.comparison import compare
from proda.experiments.completions import completions
from proda.experiments.conditions import Setting, StudyCondition, blame, prepare, set_up
from proda.experiments.pace import last_build
from proda.history.repository import Repository
from proda.params import load_params
from proda.records import SPLITS, Item, Outcome, Sample
from proda.store.items import load_items
from proda.store.training_texts import Text, sample_text
from proda.workflows.leak_check import leak_check
from proda.workflows.portion import described
from proda.workflows.trials import Laboratory, Trial, ahead

if TYPE_CHECKING:
    from proda.graph import Knowledge

CONFIRM = (200, 201, 202, 203, 204)  # held-out training seeds: no choice may be made on them. JOURNAL.md records every use.

Draws = Mapping[int, Arm]  # training seed → the arm for it; the same arm for all seeds unless the arm is randomised


class StudyPlan(NamedTuple):
    """The arms to train, except `probed`, which needs a trained model to be composed."""

    repo: Repository
    condition: StudyCondition
    setting: Setting
    wanted: list[str]  # names of arms
    arms: dict[str, Draws]
    labs: dict[str, Laboratory]  # "development", and "confirmation" if asked for
    leaking_sentences: int | None  # sentences left out because they give an item away; None without the arm `sentences`
    leaking_samples: int  # different samples of the arms that were left out for the same reason


def plan_study(
    repo: Repository,
    wanted: Sequence[str],
    condition: StudyCondition,
    *,
    seeds: Sequence[int] | None,
    confirm: bool,
    budget: int | None,
    may_train: bool = True,
) -> StudyPlan:
    """Composes the arms, without samples that give an item away.

    `seeds` are training seeds (None: those of params.yaml); `confirm` adds the seeds in CONFIRM; `budget` limits the samples of an arm.
    Under another condition than the repository's own, this trains and diagnoses the models without repair, if they are not in the cache.

    Raises UsageError if `seeds` and CONFIRM overlap, and NotFoundError if a training is needed and `may_train` is off or if no diagnosis
    blames a node.
    """
    ready = prepare(repo, condition)
    seeds = ready.params.train.seeds if seeds is None else seeds
    if confirm and (used := sorted(set(seeds) & set(CONFIRM))):
        raise UsageError(
            f"--seeds: {', '.join(map(str, used))} cannot be development seeds together with --confirm, because"
            f" {', '.join(map(str, CONFIRM))} are the seeds held out for confirmation. Use other seeds."
        )
    labs = {"development": Laboratory(repo.root, seeds=seeds, params=ready.params, items=ready.items)}
    if confirm:
        labs["confirmation"] = Laboratory(repo.root, seeds=CONFIRM, params=ready.params, items=ready.items)
    if not may_train and not condition.as_it_stands:
        lab = labs["development"]
        if first := _missing(lab, dict.fromkeys(lab.seeds, ready.corpus)):
            trainings = f"{counted(first, 'training')} on {len(ready.corpus):,} samples"
            raise NotFoundError(
                f"study --dry-run\n  No estimate yet: the models without repair must be trained and diagnosed first ({trainings}):"
                " their diagnoses decide how many samples each arm gets. Run the study with `--arms undirected` to begin."
            )
    setting = set_up(repo, condition, labs["development"], ready, budget=budget)
    arms, sentences = composed(setting, wanted, [seed for lab in labs.values() for seed in lab.seeds])
    arms, samples = without_leaking_samples(setting, arms)
    return StudyPlan(repo, condition, setting, list(wanted), arms, labs, sentences, samples)


def composed(setting: Setting, wanted: Iterable[str], seeds: Sequence[int]) -> tuple[dict[str, Draws], int | None]:
    """Returns the arms except `probed`, and how many sentences were left out because they give an item away (None without that arm)."""
    orders = orders_of(setting.patches, setting.diagnoses)
    diagnosed_items = {d.item for d in setting.diagnoses}
    failed = [i for i in setting.items if i.id in diagnosed_items]
    arms: dict[str, Draws] = {}
    leaking = None
    for name in wanted:
        if name == NO_REPAIR:
            arms[name] = dict.fromkeys(seeds, Arm(name, (), {}))
        elif name in (DIAGNOSED, "without-replay"):
            arms[name] = dict.fromkeys(seeds, diagnosed(setting.patches, replay=name == DIAGNOSED))
        elif name == "sentences":
            shares = by_discipline(setting.knowledge, orders)
            sentences, leaking = _sentences(setting, shares)
            arms[name] = dict.fromkeys(seeds, Arm(name, completions(sentences, shares), {}))
        elif name != "probed":
            drawn = {seed: orders_for(name, setting.knowledge, orders, failed, seed) for seed in seeds}
            arms[name] = {seed: written_arm(setting, name, mine) for seed, mine in drawn.items()}
    return arms, leaking


def written_arm(setting: Setting, name: str, orders: Sequence[Order]) -> Arm:
    """Returns the arm of these orders, worded by the builder in the formats that diagnosed repair has.

    As in a repair, nodes taken to be unknown are shown together in one sample. Undirected arms take no node to be unknown.
    """
    nodes: Counter[str] = Counter()
    for order in orders:
        nodes[order.node] += order.count
    formats = Counter(s.format for p in setting.patches for s in p.samples)
    return Arm(name, fill(orders, setting.write, formats, frozenset() if name in TIMES else frozenset(nodes)), dict(nodes))


def _sentences(setting: Setting, disciplines: Iterable[str]) -> tuple[dict[str, dict[str, str]], int]:
    """Sentences of the sources by discipline and place, without those that give an item away; and the number left out."""
    from proda.workflows.source_sentences import sentences_of

    found = sentences_of(setting.root, disciplines)
    texts = [Text(place, s) for told in found.values() for place, s in told.items()]
    knowledge, items = _compared_with(setting)
    leaks = {k.where for k in leak_check(knowledge, items, texts, setting.params.guard).leaks}
    return {d: {p: s for p, s in told.items() if p not in leaks} for d, told in found.items()}, len(leaks)


def _compared_with(setting: Setting) -> tuple[Knowledge, list[Item]]:
    """All knowledge and items of the repository: phrases that are common among all items are no leak."""
    return Repository.open(setting.root).knowledge, load_items(setting.root)


def without_leaking_samples(setting: Setting, arms: Mapping[str, Draws]) -> tuple[dict[str, Draws], int]:
    """Returns the arms without the samples that give an item away, and how many different ones that leaves out."""
    knowledge, items = _compared_with(setting)
    texts = {sample_text(s) for draws in arms.values() for arm in draws.values() for s in arm.samples}
    leaking = {k.where for k in leak_check(knowledge, items, [Text(text, text) for text in sorted(texts)], setting.params.guard).leaks}
    left: dict[int, Arm] = {}  # id of an arm → the arm without leaks, so that seeds go on sharing it
    for arm in (arm for draws in arms.values() for arm in draws.values()):
        samples = tuple(s for s in arm.samples if sample_text(s) not in leaking)
        left.setdefault(id(arm), arm if samples == arm.samples else msgspec.structs.replace(arm, samples=samples))
    return {name: {seed: left[id(arm)] for seed, arm in draws.items()} for name, draws in arms.items()}, len(leaking)


def estimate(plan: StudyPlan) -> dict[str, Any]:
    """Returns how many trainings each arm needs, and the seconds at the pace of the last build (None without a record of it)."""
    setting, labs = plan.setting, list(plan.labs.values())
    budget, all_seeds = sum(len(p.samples) for p in setting.patches), sum(len(lab.seeds) for lab in labs)
    pace = last_build(plan.repo.result("run.json"))
    epochs = setting.params.train.epochs / load_params(setting.root / "params.yaml").train.epochs  # relative to the last build
    rows, seconds = {}, 0.0
    for name in plan.wanted:
        missing, added, count = all_seeds, budget, len(setting.corpus) + budget
        if name in plan.arms:
            sets = _training_sets(setting, plan.arms[name])
            missing = sum(_missing(lab, {s: sets[s] for s in lab.seeds}) for lab in labs)
            added, count = len(next(iter(plan.arms[name].values())).samples), max(map(len, sets.values()))
        rows[name] = {"samples": added, "trainings": all_seeds, "cached": all_seeds - missing}
        seconds += missing * pace.seconds(count, epochs) if pace else 0.0
    totals = {key: sum(row[key] for row in rows.values()) for key in ("trainings", "cached")}
    nodes = len({t for p in setting.patches for t in p.targets})
    return {"budget": budget, "nodes": nodes, "arms": rows, **totals, "seconds": round(seconds) if pace else None}


def _training_sets(setting: Setting, arm: Draws) -> dict[int, list[Sample]]:
    """The samples of each training seed; one shared list unless the arm is randomised."""
    made = {id(drawn): training_set(setting.corpus, drawn) for drawn in arm.values()}
    return {seed: made[id(drawn)] for seed, drawn in arm.items()}


def _missing(lab: Laboratory, sets: Mapping[int, Sequence[Sample]]) -> int:
    by_set: dict[int, list[int]] = defaultdict(list)
    for seed, samples in sets.items():
        by_set[id(samples)].append(seed)
    try:
        return sum(len(lab.missing(sets[seeds[0]], seeds)) for seeds in by_set.values())
    except NotFoundError:  # without a base nothing is trained yet; only a run needs to report that
        return len(lab.seeds)


def run_study(plan: StudyPlan, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Trains and scores what is not in the cache, compares the arms, and returns the content of study.json.

    `tell` receives progress messages. Raises NotFoundError if there is no base to train.
    """
    setting, condition = plan.setting, plan.condition
    blamed = {t for p in setting.patches for t in p.targets}
    probed, more = without_leaking_samples(setting, _probed(plan, tell) if "probed" in plan.wanted else {})
    arms = {**plan.arms, **probed}
    chosen = {name: arms[name] for name in plan.wanted if name in arms}
    first = plan.labs["development"].seeds
    content = {
        name: {"meaning": ARMS[name], "drawn": name in DRAWN, **contents([arm[s] for s in first], blamed)} for name, arm in chosen.items()
    }
    document: dict[str, Any] = {"budget": sum(len(p.samples) for p in setting.patches), "nodes": len(blamed), "arms": content}
    sets = {
        (phase, name): _training_sets(setting, {s: arm[s] for s in lab.seeds})
        for phase, lab in plan.labs.items()
        for name, arm in chosen.items()
    }
    ahead({f"{phase} {name}": (plan.labs[phase], by_seed) for (phase, name), by_seed in sets.items()})
    for phase, lab in plan.labs.items():
        trials = {}
        for name in chosen:
            by_seed = sets[phase, name]
            trials[name] = lab.run_each(by_seed) if name in DRAWN else lab.run(by_seed[lab.seeds[0]])
            tell(f"{phase}: {name} is trained and scored ({len(trials)} of {len(chosen)})")
        outcomes, general = {name: t.outcomes for name, t in trials.items()}, {name: t.general for name, t in trials.items()}
        standings = compare(outcomes, general)
        counts = Counter((item.split, item.kind) for item in setting.items)
        document[phase] = {
            "seeds": list(lab.seeds),
            "items": {s: n for s in SPLITS if (n := sum(item.split == s for item in setting.items))},
            "kinds": {s: {kind: counts[s, kind] for kind in sorted({k for split, k in counts if split == s})} for s in SPLITS},
            "arms": {name: {**_effort(setting.root, trials[name]), **msgspec.to_builtins(s)} for name, s in standings.items()},
            "telling": _telling(setting.silent, outcomes, general),
        }
    if not condition.as_it_stands:
        document["condition"] = {
            **described(condition.disciplines, condition.changes),
            "starve": condition.starve,
            **blame(setting),
        }
    if plan.leaking_sentences is not None:
        document["leaking_sentences"] = plan.leaking_sentences
    if leaking := plan.leaking_samples + more:
        document["leaking_samples"] = leaking
    return document


def _telling(
    silent: Sequence[str], outcomes: Mapping[str, Sequence[Outcome]], general: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """The comparison on items of kinds whose failures say something about statements: repairs are written for these."""
    chosen = {name: [o for o in found if o.kind not in silent] for name, found in outcomes.items()}
    items = {o.item: o for o in chosen[NO_REPAIR]}.values()
    counts, kept = Counter(o.split for o in items), ("accuracy", "gain", "behind", "keeps")
    arms = {name: msgspec.to_builtins(standing) for name, standing in compare(chosen, general).items()} if counts else {}
    return {
        "kinds": sorted({o.kind for o in items}),
        "items": {s: counts[s] for s in SPLITS if counts[s]},
        "arms": {name: {key: arm[key] for key in kept} for name, arm in arms.items()},
    }


def _probed(plan: StudyPlan, tell: Callable[[str], None]) -> dict[str, Draws]:
    """The arm `probed`, composed with the models without repair of the development seeds; nothing if no statement fails its probes."""
    setting, lab = plan.setting, plan.labs["development"]  # confirmation runs the same arms, so it probes nothing
    failing = _unknown(setting, lab, lab.run(setting.corpus))
    if not failing:
        tell("probed: no statement fails its probes, so this arm is left out.")
        return {}
    budget = sum(len(p.samples) for p in setting.patches)
    draws = {seed: written_arm(setting, "probed", evenly(failing, budget, "probed", seed)) for seed in plan.arms[NO_REPAIR]}
    return {"probed": draws}


def _unknown(setting: Setting, lab: Laboratory, trial: Trial) -> list[str]:
    """Statements that most models of the trial do not know, and chains whose conditions they do not know."""
    from proda.debugger.probes import all_condition_probes, all_statement_probes

    probes = all_statement_probes(setting.knowledge) + all_condition_probes(setting.knowledge)
    return unknown(probes, {model: [a.right for a in found] for model, found in lab.prober(trial).answers(probes).items()})


def _effort(root: Path, trial: Trial) -> dict[str, Any]:
    """Training effort as means over seeds: tokens over all epochs, and optimizer steps."""
    from proda.compiler.train import RECORD, SeedRun

    runs = [msgspec.json.decode(((root / folder).parent / RECORD).read_bytes(), type=SeedRun) for folder in trial.adapters.values()]
    tokens, steps = (round(sum(part) / len(runs)) for part in ([r.tokens for r in runs], [r.curve[-1].step for r in runs]))
    return {"inputs": trial.inputs, "tokens": tokens, "steps": steps}
