"""Does attribution find out what each patch does? A round is planted of which that is known, and put to `proda attribute`'s own code.

    $ python -m scripts.planted_round --disciplines physics,biology -S train.epochs=4 --dry-run
    patch                                    planted    expected                   chains  statements  samples  items   smallest p
    3-lakes-freeze-from-top-s1-78ed3a29      redundant  redundant                       4          15      207     24      0.00032
    3-thermal-shock-in-glass-s1-80b8ba04     harmful    harmful                         6          21      252     35      0.00013
    …
    12 trials: 60 trainings, 0 more in the cache; about 54 min going by the last build, at most 12 h 00 min now (--hours)

proda/experiments/planting.py says what is planted. The patches are committed one by one to a git repository in a temporary folder that
holds the samples; they are read from there, trained on over fresh seeds (base, parameters and cache are the repository's), and judged: all,
none, without each, only each. Then the gate of `proda verify` is asked about the round with the harmful patch and without it, and the
commit of that patch is reverted. Dev and twin items are used, sealed items never. Only build/ changes in the repository. An interrupted run
continues where it stopped, and a second run trains nothing. Writes planted.json, and prints which verdicts agree.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.attribute import SPLITS, fresh_seeds, need
from proda.cli.main import main
from proda.cli.settings import disciplines, setting_options
from proda.debugger.reverts import Harmful, harmful, revert_patches
from proda.debugger.verify import judge
from proda.errors import GateError, ProdaError
from proda.experiments.attribute import LEVEL, Round
from proda.experiments.contrasts import Trials
from proda.experiments.pace import last_build
from proda.experiments.planned_trainings import Bench, mixed
from proda.experiments.planting import CHAINS, SAMPLES, PlantedRound, Role, plant_round
from proda.gitrepo import GitError
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.params import GuardParams, load_params, with_settings
from proda.records import Item, Patch, Sample
from proda.store.corpus import PATCHES, load_corpus, write_corpus
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_patches, load_samples, overridden, patch_text
from proda.store.training_texts import Text, sample_text
from proda.store.verdicts import write_verdict
from proda.workflows.leak_check import leak_check
from proda.workflows.portion import described, part
from proda.workflows.trials import Laboratory

if TYPE_CHECKING:
    from proda.workflows.trials import Trial

DEFAULT = Path("build/planted")
EXPECTED: Mapping[Role, str] = {
    "needed": "necessary and sufficient",
    "redundant": "redundant",
    "harmful": "harmful",
    "idle": "unproven",
}
WHO = ("Planted", "planted@example.org")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of the chains.")
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Trainings of each trial; proof takes five.")
@click.option("--needed", type=click.IntRange(min=1), default=CHAINS["needed"], show_default=True, help="Chains of the needed patch.")
@click.option("--redundant", type=click.IntRange(min=1), default=CHAINS["redundant"], show_default=True, help="Of the redundant two.")
@click.option("--harmful", "harming", type=click.IntRange(min=1), default=CHAINS["harmful"], show_default=True, help="Of the harmful one.")
@click.option("--idle", type=click.IntRange(min=1), default=CHAINS["idle"], show_default=True, help="Of the idle one.")
@click.option("--samples", "each", type=click.IntRange(min=1), default=SAMPLES, show_default=True, help="For a statement.")
@click.option("--hours", type=click.FloatRange(min=0), default=12.0, show_default=True, help="Stop before so many hours have passed.")
@setting_options
@click.option("--dry-run", is_flag=True, help="Say what would be planted and trained and how long it would take, and stop.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=f"Folder to write to (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def planted_round(
    seed: int,
    seeds: int,
    needed: int,
    redundant: int,
    harming: int,
    idle: int,
    each: int,
    hours: float,
    of: str | None,
    changes: tuple[str, ...],
    dry_run: bool,
    out: Path | None,
    root: str,
) -> None:
    """Plant a needed, two redundant, a harmful and an idle patch, retrain, and compare what attribution says with what is known."""
    repo = Repository.open(root)
    committed = load_params(repo.root / "params.yaml")
    params = with_settings(committed, changes)
    everything = load_items(repo.root, SPLITS, only=frozenset(SPLITS))
    chosen = disciplines(of, everything)
    samples, items = part(load_samples(repo.root), everything, chosen)
    number = 1 + max((p.round for p in load_patches(repo.root)), default=0)
    chains: dict[Role, int] = {"harmful": harming, "redundant": redundant, "needed": needed, "idle": idle}
    plan = plant_round(repo.knowledge, samples, items, params, number=number, seed=seed, chains=chains, each=each)
    guard(repo.knowledge, items, [p.patch for p in plan.patches], params.guard)
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder).resolve()
        commits = commit_round(there, plan)
        patches = tuple(load_patches(there))
        case = Round(patches, tuple(items), tuple(p.id for p in patches), {})
        lab = Laboratory(repo.root, seeds=fresh_seeds(committed.train.seeds, seeds), params=params, items=items)
        bench = Bench(lab, case, mixed(load_corpus(there), patches, params), hours)
        pace, trained_on = last_build(repo.result("run.json")), len(bench.samples(frozenset()))
        each_s = pace.seconds(trained_on, params.train.epochs / committed.train.epochs) if pace else None
        trials = bench.plan(each_s)
        rows = list(planned(plan, case, len(lab.seeds)))
        click.echo("\n".join([*_table(rows), f"{len(plan.corpus):,} samples beside them", *trials.text()]), err=not dry_run)
        try:
            need(repo.root)
        except ProdaError as missing:
            if not dry_run:
                raise
            click.echo(f"{missing}", err=True)
        if dry_run:
            return
        verdicts = {v["patch"]: v for v in bench.verdicts()}
        shown = [patch for patch, verdict in verdicts.items() if verdict["says"] == "harmful"]
        document = {
            **described(chosen, changes),
            "draw": seed,
            "seeds": list(lab.seeds),
            "samples": {"before": len(samples), "withheld": len(samples) - len(plan.corpus), "with_all_patches": trained_on},
            "withheld": list(plan.withheld),
            "stopped": bench.stopped,
            "patches": [{**row, **compared(row["expected"], verdicts.get(row["patch"]))} for row in rows],
            "gate": gate(bench.trials, case.every, plan.harmful.id, shown, number),
            "revert": taken_back(there, plan.harmful.id, commits[plan.harmful.id], list(verdicts.values())),
        }
    target = (out or repo.root / DEFAULT) / "planted.json"
    write_file(target, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    click.echo("\n".join(report(document)))
    if bench.stopped:
        click.echo(bench.stopped, err=True)
    click.echo(target, err=True)


def guard(knowledge: Knowledge, items: Sequence[Item], patches: Sequence[Patch], params: GuardParams) -> None:
    """Raises GateError if a planted sample gives one of the items away: its patch would be needed for the wrong reason."""
    told = [s for p in patches for s in p.samples]
    told += [overridden(Sample(o.sample, "open", (), "", ""), o.by) for p in patches for o in p.override]
    leaks = leak_check(knowledge, items, [Text(s.id, sample_text(s)) for s in told], params).leaks
    if leaks:
        one = leaks[0]
        raise GateError(
            f"{len(leaks)} planted samples give items away, so nothing is trained: {one.where} ({one.how} {one.value:.2f} of {one.item})."
            " Draw other chains with --seed."
        )


def commit_round(root: Path, plan: PlantedRound) -> dict[str, str]:
    """A git repository at `root`: the corpus, then each patch in a commit of its own. Returns patch → commit."""
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
        groups.setdefault((sample.id.partition("/")[0], "taught"), []).append(sample)
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


def planned(plan: PlantedRound, case: Round, seeds: int) -> Iterator[dict[str, Any]]:
    """A row for each patch: what it is, its own items, and the smallest p-value that trainings can show of it."""
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
            "smallest_p": float(f"{(2 + aside) ** -seeds:.2g}"),  # it, what it is compared with, and those that leave its items alone
        }


def compared(expected: str, verdict: Mapping[str, Any] | None) -> dict[str, Any]:
    """What attribution said of a patch, and whether that was expected; nothing where its trials are not complete."""
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
    """What `proda verify` would say: of the harmful patch, of the round without it, and of all of it, `shown` being found to harm."""
    full, without, none = (trials.get(c) for c in (frozenset[str](), frozenset({harm}), every))
    asked = (
        ("the harmful patch, after the others", without, full, (harm,), (), "hurts"),
        ("the round without it", none, without, every - {harm}, shown, "helps"),
        ("the whole round, not attributed", none, full, every, (), None),  # good and harm are summed: there is no right answer
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
    """Whether these verdicts propose this patch and no other for revert, and whether its revert leaves the samples as if it had never been.

    The revert is tried whatever the verdicts say.
    """
    for verdict in verdicts:
        write_verdict(root, verdict)
    proposed = [h.patch for h in harmful(root)]
    before = _bytes(root)
    before.pop(f"{PATCHES.as_posix()}/{patch}.yaml")
    conflict = ""
    try:
        revert_patches(root, [Harmful(patch, commit)])
    except GitError as error:
        conflict = str(error)
    return {"patch": patch, "proposed": proposed, "conflict": conflict, "byte_for_byte": _bytes(root) == before}


def _bytes(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted((root / "samples").rglob("*")) if p.is_file()}


def report(document: Mapping[str, Any]) -> Iterator[str]:
    """planted.json for people."""
    width = max(len(row["patch"]) for row in document["patches"])
    yield f"{'patch':<{width}}  {'planted':<9}  {'attribution said':<24}  agree"
    for row in document["patches"]:
        yield f"{row['patch']:<{width}}  {row['planted']:<9}  {row['said'] or 'not decided':<24}  {_yes(row['agree'])}"
    for row in document["gate"]:
        agrees = "" if row["agree"] is None else f"  (expected: {row['expected']}; {_yes(row['agree'])})"
        yield f"gate, {row['asked']}: {row['says']}{agrees}"
        yield from (f"  {reason}" for reason in row["reasons"])
    back = document["revert"]
    proposed = ", ".join(back["proposed"]) or "nothing"
    restored = "byte for byte, without conflict" if back["byte_for_byte"] and not back["conflict"] else back["conflict"] or "not restored"
    yield f"proposed for revert: {proposed}; samples after the revert of {back['patch']}: {restored}"


def _yes(agree: bool | None) -> str:
    return {None: "-", True: "yes", False: "no"}[agree]


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max(len(row["patch"]) for row in rows)
    yield f"{'patch':<{width}}  {'planted':<9}  {'expected':<24}{'chains':>9}{'statements':>12}{'samples':>9}{'items':>7}{'smallest p':>13}"
    for row in rows:
        numbers = f"{len(row['chains']):>9}{row['statements']:>12}{row['samples']:>9}{row['items']:>7}{row['smallest_p']:>13}"
        yield f"{row['patch']:<{width}}  {row['planted']:<9}  {row['expected']:<24}{numbers}"


if __name__ == "__main__":
    main(planted_round)
