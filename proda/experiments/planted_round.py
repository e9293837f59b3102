"""Tests attribution on a planted round, in which the effect of every patch is known.

    with TemporaryDirectory() as folder:
        planned = plan_experiment(repo, Path(folder), items, seeds=None, hours=12.0)
        planned.rows                              # one row per patch: role, expected verdict, items, smallest possible p-value
        document = run_experiment(planned)        # the content of planted.json

experiments/planting.py describes what is planted. The patches are committed one by one to a git repository in `folder`, read from there,
and trained on with fresh seeds; base, parameters and cache are those of the repository. The trials are all patches, none, without each, and
only each. Then the gate of `proda verify` judges the round with and without the harmful patch, and the commit of that patch is reverted.
Dev and twin items are used, sealed items never.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.debugger.reverts import Harmful, harmful, revert_patches
from proda.debugger.verify import judge
from proda.errors import ProdaError
from proda.experiments.attribution import judging_seeds, require_build
from proda.experiments.contrasts import Trials
from proda.experiments.pace import last_build
from proda.experiments.patch_verdicts import LEVEL, AttributionCase
from proda.experiments.planned_trainings import Bench, TrialPlan, mixed
from proda.experiments.planting import CHAINS, SAMPLES, PlantedRound, Role, plant_round
from proda.history.repository import Repository
from proda.params import GuardParams, load_params, with_settings
from proda.records import Item, Patch, Sample
from proda.store.corpus import PATCHES, load_corpus, write_corpus
from proda.store.files import write_file
from proda.store.patches import load_patches, load_samples, overridden, patch_text
from proda.store.verdicts import write_verdict
from proda.workflows.leak_check import refuse_leaking_samples
from proda.workflows.portion import described, part
from proda.workflows.trials import Laboratory, Trial

if TYPE_CHECKING:
    from proda.graph import Knowledge

EXPECTED: Mapping[Role, str] = {
    "needed": "necessary and sufficient",
    "redundant": "redundant",
    "harmful": "harmful",
    "idle": "unproven",
}
WHO = ("Planted", "planted@example.org")


class PlannedExperiment(NamedTuple):
    """A planted round, committed to `folder` and ready to be trained."""

    root: Path  # the repository
    folder: Path  # the temporary git repository
    planted: PlantedRound
    commits: dict[str, str]  # patch → commit in `folder`
    case: AttributionCase
    bench: Bench
    plan: TrialPlan
    rows: list[dict[str, Any]]  # see `planned`
    options: dict[str, Any]  # as they are recorded
    before: int  # number of samples before planting
    trained_on: int  # number of samples with all patches


def plan_experiment(
    repo: Repository,
    folder: Path,
    items: Sequence[Item],
    *,
    seeds: Sequence[int] | None,
    hours: float,
    seed: int = 0,
    chains: Mapping[Role, int] = CHAINS,
    each: int = SAMPLES,
    chosen: Collection[str] | None = None,
    changes: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> PlannedExperiment:
    """Plants a round, commits it to `folder`, and plans the trials. Trains nothing.

    `seeds` are training seeds (None: five that the build does not use), `seed` selects the draw of chains, `chains` and `each` set the size
    of the round, `chosen` and `changes` are disciplines and parameters. Raises NotFoundError if too few chains fit, GateError if a planted
    sample gives an item away, and UsageError for seeds of the build.
    """
    committed = load_params(repo.root / "params.yaml")
    params = with_settings(committed, changes)
    judging = judging_seeds(committed.train.seeds, seeds)
    samples, asked = part(load_samples(repo.root), items, chosen, repo.knowledge)
    number = 1 + max((p.round for p in load_patches(repo.root)), default=0)
    planted = plant_round(repo.knowledge, samples, asked, params, number=number, seed=seed, chains=chains, each=each)
    refuse_leaking_patches(repo.knowledge, asked, [p.patch for p in planted.patches], params.guard)
    commits = commit_round(folder, planted)
    patches = tuple(load_patches(folder))
    case = AttributionCase(patches, tuple(asked), tuple(p.id for p in patches), {})
    lab = Laboratory(repo.root, seeds=judging, params=params, items=asked)
    bench = Bench(lab, case, mixed(load_corpus(folder), patches, params), hours, tell=tell)
    pace, trained_on = last_build(repo.result("run.json")), len(bench.samples(frozenset()))
    plan = bench.plan(pace.seconds(trained_on, params.train.epochs / committed.train.epochs) if pace else None)
    rows = list(planned(planted, case, len(judging)))
    options = {**described(chosen, changes), "draw": seed, "seeds": list(judging)}
    return PlannedExperiment(repo.root, folder, planted, commits, case, bench, plan, rows, options, len(samples), trained_on)


def run_experiment(experiment: PlannedExperiment) -> dict[str, Any]:
    """Trains until the time is up, compares the verdicts with what was planted, and returns the content of planted.json.

    Raises NotFoundError if something that every trial needs has not been built.
    """
    planted, bench = experiment.planted, experiment.bench
    require_build(experiment.root)
    verdicts = {v["patch"]: v for v in bench.verdicts()}
    shown = [patch for patch, verdict in verdicts.items() if verdict["says"] == "harmful"]
    harm = planted.harmful.id
    return {
        **experiment.options,
        "samples": {
            "before": experiment.before,
            "withheld": experiment.before - len(planted.corpus),
            "with_all_patches": experiment.trained_on,
        },
        "withheld": list(planted.withheld),
        "stopped": bench.stopped,
        "patches": [{**row, **compared(row["expected"], verdicts.get(row["patch"]))} for row in experiment.rows],
        "gate": gate(bench.trials, experiment.case.every, harm, shown, experiment.plan.round),
        "revert": taken_back(experiment.folder, harm, experiment.commits[harm], list(verdicts.values())),
    }


def refuse_leaking_patches(knowledge: Knowledge, items: Sequence[Item], patches: Sequence[Patch], params: GuardParams) -> None:
    """Raises GateError if a planted sample gives an item away: its patch would be necessary for the wrong reason."""
    told = [s for p in patches for s in p.samples]
    told += [overridden(Sample(o.sample, "open", (), "", ""), o.by) for p in patches for o in p.override]
    named = [(s.id, s) for s in told]
    refuse_leaking_samples(knowledge, items, named, params, of="the planted round", advice="Draw other chains with --seed.")


def commit_round(root: Path, plan: PlantedRound) -> dict[str, str]:
    """Creates a git repository at `root`, commits the corpus and then each patch. Returns the commit of each patch."""
    import git

    repo = git.Repo.init(root, initial_branch="main")
    with repo.config_writer() as config:
        for key, value in (("name", WHO[0]), ("email", WHO[1])):
            config.set_value("user", key, value)
        config.set_value("commit", "gpgsign", "false")
        config.set_value("core", "hooksPath", "/dev/null")
        config.set_value("core", "autocrlf", "false")
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in plan.corpus:
        groups.setdefault((sample.discipline, "taught"), []).append(sample)
    write_corpus(root, groups)
    repo.git.add("--all")
    repo.git.commit("-q", "-m", "The corpus, without the withheld statements")
    commits = {}
    for patch in (p.patch for p in plan.patches):
        write_file(root / PATCHES / f"{patch.id}.yaml", patch_text(patch))
        repo.git.add("--all")
        repo.git.commit("-q", "-m", f"Repair {patch.targets[0]}: {patch.category}")
        commits[patch.id] = str(repo.head.commit.hexsha)
    return commits


def planned(plan: PlantedRound, case: AttributionCase, seeds: int) -> Iterator[dict[str, Any]]:
    """Yields a row for each patch: role, expected verdict, own items, and the smallest p-value that the trainings can give."""
    trials = Trials(case.patches, case.items, {}, [frozenset({p}) for p in case.asked])
    for one in plan.patches:
        mine = frozenset({one.patch.id})
        aside = sum(other.patch.id not in mine and set(other.chains).isdisjoint(one.chains) for other in plan.patches)
        yield {
            "patch": one.patch.id,
            "planted": one.role,
            "expected": EXPECTED[one.role],
            "chains": list(one.chains),
            "statements": len(one.patch.targets),
            "samples": len(one.patch.samples) + len(one.patch.override),
            "items": len(trials.own(mine)),
            # Exchangeable trainings per seed: the one tested, the one it is compared with, and one for each unrelated patch.
            "smallest_p": float(f"{(2 + aside) ** -seeds:.2g}"),
        }


def compared(expected: str, verdict: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the verdict on a patch and whether it is the expected one; None for both if its trials are incomplete."""
    if verdict is None:
        return {"said": None, "agree": None}
    says, sufficient = str(verdict["says"]), verdict["effects"].get("sufficient")
    if says == "necessary" and sufficient and sufficient["adjusted"] < LEVEL and sufficient["difference"] > 0:
        says = "necessary and sufficient"
    told = {key: verdict[key] for key in ("why", "accuracy", "effects")}
    return {"said": says, "agree": says == expected, **told}


def gate(
    trials: Mapping[frozenset[str], Trial], every: frozenset[str], harm: str, shown: Sequence[str], number: int
) -> list[dict[str, Any]]:
    """Returns what `proda verify` says of the harmful patch, of the round without it, and of the whole round.

    `every` are the ids of all patches, `harm` is the harmful one, `shown` are the patches that attribution found harmful. Comparisons whose
    trials are incomplete are left out.
    """
    full, without, none = (trials.get(c) for c in (frozenset[str](), frozenset({harm}), every))
    asked = (
        ("the harmful patch, after the others", without, full, (harm,), (), "hurts"),
        ("the round without it", none, without, every - {harm}, shown, "helps"),
        ("the whole round, not attributed", none, full, every, (), None),  # gains and losses add up, so no answer is expected
        ("the whole round, attributed", none, full, every, shown, "hurts"),
    )
    found = []
    for what, before, after, patches, named, expected in asked:
        if before is not None and after is not None:
            general = (_mean(before), _mean(after))
            verdict = msgspec.to_builtins(
                judge(before.outcomes, after.outcomes, general=general, number=number, patches=sorted(patches), harmful=named)
            )
            agree = None if expected is None else verdict["says"] == expected
            told = {key: verdict[key] for key in ("says", "reasons", "splits", "disciplines", "general")}
            found.append({"asked": what, "expected": expected, "agree": agree, **told})
    return found


def _mean(trial: Trial) -> float:
    return sum(trial.general.values()) / len(trial.general)


def taken_back(root: Path, patch: str, commit: str, verdicts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Reverts a patch in the temporary repository, and returns whether the samples are then as if it had never been committed.

    Also returns which patches the verdicts propose for revert. The revert is tried whatever the verdicts say.
    """
    for verdict in verdicts:
        write_verdict(root, verdict)
    proposed = [h.patch for h in harmful(root)]
    before = _bytes(root)
    before.pop(f"{PATCHES.as_posix()}/{patch}.yaml")
    conflict = ""
    try:
        revert_patches(root, [Harmful(patch, commit)])
    except ProdaError as error:
        conflict = str(error)
    return {"patch": patch, "proposed": proposed, "conflict": conflict, "byte_for_byte": _bytes(root) == before}


def _bytes(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted((root / "samples").rglob("*")) if p.is_file()}
