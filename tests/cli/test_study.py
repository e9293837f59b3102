"""`proda study` end to end on a toy repository with a tiny trained base: what it runs, writes and refuses."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from proda.cli.study import CONFIRM_HELP, study
from proda.errors import NotFoundError, ProdaError, UsageError
from proda.experiments.arms import ARMS, Order
from proda.experiments.conditions import StudyCondition, prepare, set_up
from proda.experiments.study import CONFIRM, plan_study, written_arm
from proda.history.repository import Repository
from proda.records import Evidence, Item, Sample
from proda.store.diagnoses import load_diagnoses, load_silent_kinds
from proda.store.items import load_items
from proda.store.patches import load_samples, patch_text
from proda.store.training_texts import Text, sample_text
from proda.workflows.leak_check import leak_check
from proda.workflows.repair_round import PER_ERROR
from proda.workflows.repair_round import plan as repairs
from proda.workflows.repair_round import plan_here as plan
from proda.workflows.trials import Laboratory
from tests.killing import kill_when
from tests.toyresults import make_diagnoses, make_results
from tests.toyworld import make_repository

SOURCE = "ovens/ovens-notes"
TELLING = "Oven heat, crumb drying, crust depth and loaf softness belong to one story."
CORPUS, BUDGET, NODES = 120, 430, 15  # samples of the corpus, samples of the repair, and nodes that it blames


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(study, [*arguments, "--root", str(root)])


def done(root: Path, *arguments: str) -> Result:
    result = run(root, *arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def refused(root: Path, *arguments: str) -> ProdaError:
    error = run(root, *arguments).exception
    assert isinstance(error, ProdaError), repr(error)
    return error


def trained(root: Path) -> dict[str, int]:
    """Every training in the cache, with the time at which it ended."""
    return {p.relative_to(root).as_posix(): p.stat().st_mtime_ns for p in root.glob("build/cache/train/*/seed-*/run.json")}


def fails_open_items(item: Item, model: str) -> bool:
    return item.split == "sealed"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diagnosed repository without a base. One source says a whole chain in one sentence."""
    root = make_repository(tmp_path_factory.mktemp("study"), git=False)
    text, catalogue = root / f"knowledge/sources/{SOURCE}.md", root / "knowledge/sources/catalogue.yaml"
    before = hashlib.sha256(text.read_bytes()).hexdigest()
    text.write_text(f"{text.read_text()}\n{TELLING}\n")
    catalogue.write_text(catalogue.read_text().replace(before, hashlib.sha256(text.read_bytes()).hexdigest()))
    make_results(root, fails_open_items)
    make_diagnoses(root)
    return root


@pytest.fixture(scope="module")
def root(bare: Path) -> Path:
    """With a base, after a study of three arms with two seeds."""
    root = bare.with_name("built")
    shutil.copytree(bare, root)
    for stage in ("curriculum", "base"):
        subprocess.run([sys.executable, "-m", f"pipelines.{stage}"], cwd=root, check=True, capture_output=True)
    done(root, "--arms", "undirected")
    return root


def document(root: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / "build/study/study.json").read_text())
    return found


def test_a_dry_run_says_how_much_it_would_be_and_leaves_nothing(bare: Path) -> None:
    text = done(bare, "--dry-run").stdout
    assert f"12 arms, budget {BUDGET} samples for {NODES} blamed nodes: 24 trainings, 0 of them in the cache" in text
    found = json.loads(done(bare, "--dry-run", "--json", "--seeds", "4,5,6", "--confirm").stdout)
    samples = {name: row["samples"] for name, row in found["arms"].items()}
    assert (
        samples.pop("no-repair") == 0
        and found["budget"] == BUDGET
        and found["trainings"] == 12 * (3 + len(CONFIRM))
        and found["seconds"] is None
    )
    multiples = {"undirected-2x": 2, "undirected-5x": 5, "undirected-10x": 10}
    assert samples == {name: BUDGET * multiples.get(name, 1) for name in samples}
    assert not (bare / "build/study").exists() and not trained(bare)


def test_the_estimate_goes_by_what_the_last_build_took(bare: Path) -> None:
    path = bare / "benchmarks/results/run.json"
    before = path.read_text()
    seeds = {str(n): {"seconds": 9.0, "tokens": 1, "fresh": True} for n in range(2)}
    record = {"train": {"samples": 80, "seconds": 10.0, "seeds": seeds}, "evaluate": {"seconds": 8.0, "models": list("abcd")}}
    path.write_text(json.dumps(record))
    try:
        found = json.loads(done(bare, "--dry-run", "--json", "--arms", "undirected").stdout)
    finally:
        path.write_text(before)
    assert found["seconds"] == round(2 * (3 * CORPUS + 2 * BUDGET) * 10 / 2 / 80 + 6 * 2)


def test_a_budget_holds_for_every_arm(bare: Path) -> None:
    found = json.loads(done(bare, "--dry-run", "--json", "--budget", "40").stdout)
    assert 30 < found["budget"] <= 40  # samples of a node with the same words count once
    assert {row["samples"] for row in found["arms"].values()} == {times * found["budget"] for times in (0, 1, 2, 5, 10)}


def test_a_second_run_trains_nothing_and_writes_the_same(root: Path) -> None:
    before, files = trained(root), {p.name: p.read_bytes() for p in (root / "build/study").iterdir()}
    assert len({Path(p).parts[-3] for p in before}) == 4  # sets of samples: no repair, diagnosed, and undirected for each seed
    assert len(before) == 6 and set(files) == {"study.json", "study.md", "study.svg"}
    assert "6 trainings, 6 of them in the cache" in done(root, "--dry-run", "--arms", "undirected").stdout
    (root / "build/study/study.json").unlink()
    done(root, "--arms", "undirected")
    assert trained(root) == before and {p.name: p.read_bytes() for p in (root / "build/study").iterdir()} == files


def test_what_is_written_holds_every_arm_seed_and_comparison(root: Path) -> None:
    found = json.loads((root / "build/study/study.json").read_text())
    assert list(found["arms"]) == ["no-repair", "diagnosed", "undirected"] and "confirmation" not in found
    assert [arm["samples"] for arm in found["arms"].values()] == [0, BUDGET, BUDGET]
    assert found["arms"]["diagnosed"]["on_blamed_nodes"] == BUDGET > found["arms"]["undirected"]["on_blamed_nodes"]
    assert [arm["drawn"] for arm in found["arms"].values()] == [False, False, True]
    development = found["development"]
    assert development["seeds"] == [0, 1] and list(development["items"]) == ["dev", "twin", "sealed"]
    arms = development["arms"]
    assert arms["no-repair"]["tokens"] < arms["undirected"]["tokens"] and arms["no-repair"]["steps"] < arms["diagnosed"]["steps"]
    for arm in arms.values():
        assert all(set(each) == {"seed-0", "seed-1"} for each in arm["seeds"].values())
    for split in development["items"]:
        gain = arms["diagnosed"]["gain"][split]["value"]
        assert gain == pytest.approx(arms["diagnosed"]["accuracy"][split] - arms["no-repair"]["accuracy"][split], abs=2e-4)
        behind = arms["undirected"]["behind"][split]
        assert behind["value"] == pytest.approx(arms["diagnosed"]["accuracy"][split] - arms["undirected"]["accuracy"][split], abs=2e-4)
        assert behind["ci95_low"] <= behind["value"] <= behind["ci95_high"]
    # By kind: the accuracies of the kinds make the accuracy of the split, and repairs are compared on the kinds they are written for.
    for split, counts in development["kinds"].items():
        assert sum(counts.values()) == development["items"][split]
        for arm in arms.values():
            mean = sum(arm["kinds"][split][kind] * n for kind, n in counts.items()) / sum(counts.values())
            assert mean == pytest.approx(arm["accuracy"][split], abs=2e-4)
    telling = development["telling"]
    assert set(telling["kinds"]) == {k for each in development["kinds"].values() for k in each} - {*load_silent_kinds(root)}
    assert telling["arms"].keys() == arms.keys() and telling["arms"]["diagnosed"]["accuracy"] == arms["diagnosed"]["accuracy"]
    for split, count in telling["items"].items():
        assert count == sum(n for kind, n in development["kinds"][split].items() if kind in telling["kinds"])
    page = (root / "build/study/study.md").read_text()
    assert all(f"| {name}" in page for name in arms) and "On sealed" in page and "Twin by kind of item" in page
    drawing = ElementTree.fromstring((root / "build/study/study.svg").read_text())
    bars = [name for e in drawing.iter() if (name := e.get("id", "")).startswith("bar-")]
    assert bars == ["bar-development-diagnosed", "bar-development-undirected"]  # the arm without a repair is the baseline
    told = [e.text for e in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {f"{arms[name]['gain']['twin']['value']:+.3f}" for name in ("diagnosed", "undirected")} <= set(told) and "+0.00" in told


def test_the_diagnosed_arm_is_what_a_build_after_the_repair_would_train(root: Path) -> None:
    patches = plan(root, load_diagnoses(root), 1, PER_ERROR)
    files = [root / f"samples/patches/{patch.id}.yaml" for patch in patches]
    for path, patch in zip(files, patches, strict=True):
        path.write_text(patch_text(patch))
    try:
        assert Laboratory(root, seeds=(0, 1, 2)).missing(load_samples(root)) == (2,)
    finally:
        for path in files:
            path.unlink()


def test_probed_nodes_and_sentences_are_arms_of_the_same_size(root: Path, tmp_path: Path) -> None:
    result = done(root, "--arms", "probed,sentences,without-replay", "--seeds", "0", "--json", "--out", str(tmp_path / "out"))
    found = json.loads(result.stdout)
    assert (tmp_path / "out/study.json").read_text() == result.stdout
    assert {name: arm["samples"] for name, arm in found["arms"].items() if name != "no-repair"} == dict.fromkeys(
        ("diagnosed", "probed", "sentences", "without-replay"), BUDGET
    )
    assert found["leaking_sentences"] == 1  # TELLING, which names every concept of a path
    assert found["arms"]["sentences"]["nodes"] == 0 and found["arms"]["probed"]["nodes"] > NODES
    arms = found["development"]["arms"]
    assert arms["without-replay"]["tokens"] < arms["diagnosed"]["tokens"]
    kept = sorted((root / "build/cache/probes").rglob("*.json"))
    inodes = [p.stat().st_ino for p in kept]  # not the times, which reading renews
    again = done(root, "--arms", "probed,sentences,without-replay", "--seeds", "0", "--json", "--out", str(tmp_path / "out"))
    assert kept and again.stdout == result.stdout and [p.stat().st_ino for p in kept] == inodes


def test_arms_that_take_nodes_to_be_unknown_show_them_together_and_undirected_does_not(bare: Path) -> None:
    """A repair does so too. The nodes are two neighbours on a chain without a diagnosis."""
    repo, condition = Repository.open(bare), StudyCondition()
    ready = prepare(repo, condition)
    setting = set_up(repo, condition, Laboratory(bare, seeds=(0,), params=ready.params, items=ready.items), ready, budget=None)
    called = {t for p in setting.patches for t in p.targets}
    chain = next(c for c in setting.knowledge.active_chains() if len(c.statements) > 3 and called.isdisjoint(c.statements))
    one, other = chain.statements[1:3]

    def rows(samples: Iterable[Sample]) -> int:
        return sum({one, other} <= set(s.nodes) for s in samples)

    arms = {n: written_arm(setting, n, [Order(one, 2), Order(other, 2)]) for n in ("item-level", "probed", "shuffled-within", "undirected")}
    shown = {name: rows(arm.samples) for name, arm in arms.items()}
    assert shown.pop("undirected") < 4 and set(shown.values()) == {4}
    dev = [i for i in ready.items if i.split == "dev"]
    for lacking, first in (([one], False), ([one, other], True)):
        noticed = [Evidence(n, "statement", 5, 5, -0.1, "") for n in lacking]
        patches = repairs(setting.knowledge, ready.params, dev, [], setting.diagnoses, noticed, 1, PER_ERROR)
        (patch,) = (p for p in patches if one in p.targets)
        assert bool(rows(patch.samples[:1])) is first


def test_help_names_every_arm() -> None:
    told = CliRunner().invoke(study, ["--help"]).stdout
    assert re.findall(r"[a-z0-9-]+", told.partition("Arms: ")[2].partition(".\n")[0]) == list(ARMS)
    assert f"({CONFIRM[0]} to {CONFIRM[-1]})" in CONFIRM_HELP and list(CONFIRM) == list(range(CONFIRM[0], CONFIRM[-1] + 1))


@pytest.mark.slow
def test_confirmation_runs_the_same_arms_on_fresh_seeds_and_reports_both(root: Path, tmp_path: Path) -> None:
    found = json.loads(done(root, "--arms", "undirected", "--confirm", "--json", "--out", str(tmp_path)).stdout)
    first, second = found["development"], found["confirmation"]
    assert (first["seeds"], second["seeds"]) == ([0, 1], list(CONFIRM))
    same = {name for name, arm in first["arms"].items() if arm["inputs"] == second["arms"][name]["inputs"]}
    assert same == {"no-repair", "diagnosed"}  # undirected samples are drawn again for each training
    assert first == json.loads((root / "build/study/study.json").read_text())["development"]
    assert f"## Confirmation: seeds {', '.join(map(str, CONFIRM))}" in (tmp_path / "study.md").read_text()


def test_a_starved_corpus_says_nothing_of_the_statements_and_its_own_models_are_diagnosed(root: Path, tmp_path: Path) -> None:
    repo = Repository.open(root)
    ready = prepare(repo, StudyCondition(None, ("train.epochs=2",), 0.4))
    whole = prepare(repo, StudyCondition())
    assert len(ready.starved) == round(0.4 * len(whole.knowledge.active_statements)) and not whole.starved
    told = {n for s in ready.corpus for n in s.nodes}
    assert not told & set(ready.starved) and 0 < len(ready.corpus) < len(whole.corpus)
    sentences = [repo.knowledge.statements[s].text for s in ready.starved]
    assert not [s.id for s in ready.corpus for sentence in sentences if sentence in s.explanation]
    arguments = ("--arms", "undirected", "--seeds", "0", "--starve", "0.4", "-S", "train.epochs=2")
    assert "their diagnoses decide how many" in str(refused(root, *arguments, "--dry-run"))
    found = json.loads(done(root, *arguments, "--json", "--out", str(tmp_path)).stdout)
    condition = found["condition"]
    assert condition["starve"] == 0.4 and condition["starved"] == len(ready.starved) and condition["parameters"] == ["train.epochs=2"]
    assert 0 <= condition["both"] <= min(condition["starved"], condition["blamed"])
    assert found["development"]["arms"]["diagnosed"]["gain"].keys() >= {"dev", "twin"}
    assert "were withheld from the corpus" in (tmp_path / "study.md").read_text()
    before = trained(root)
    assert json.loads(done(root, *arguments, "--json", "--out", str(tmp_path)).stdout) == found and trained(root) == before


def test_kill_9_in_the_middle_then_again_gives_the_study_of_an_uninterrupted_run(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # the same sums, however busy the machine is

    def fresh(name: str) -> tuple[Path, list[str]]:
        copy = shutil.copytree(root, tmp_path / name, ignore=shutil.ignore_patterns("cache", "study"))
        code = "from proda.cli.study import study; study()"
        return copy, [sys.executable, "-c", code, "--seeds", "0", "--arms", "undirected", "--root", str(copy)]

    (whole, command), (killed, again) = fresh("whole"), fresh("killed")
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    kill_when(lambda: bool(trained(killed)), again, env=environment)
    kept = trained(killed)
    assert 0 < len(kept) < len(trained(whole)) and not (killed / "build/study").exists()
    subprocess.run(again, env=environment, check=True, capture_output=True, timeout=300)
    assert document(killed) == document(whole)
    assert kept.items() <= trained(killed).items(), "what was trained before the end was not trained again"


def test_samples_that_give_an_item_away_are_left_out_of_every_arm_and_counted(bare: Path) -> None:
    path = bare / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("guard: {ngram: 5}", "guard: {ngram: 3, containment: 0.35}"))
    try:
        rows = json.loads(done(bare, "--arms", "undirected", "--dry-run", "--json").stdout)["arms"]
        planned = plan_study(Repository.open(bare), list(rows), StudyCondition(), seeds=None, confirm=False, budget=None)
    finally:
        path.write_text(before)
    assert planned.leaking_samples > 0 and 0 < rows["diagnosed"]["samples"] < BUDGET and 0 < rows["undirected"]["samples"] < BUDGET
    knowledge, items = Repository.open(bare).knowledge, load_items(bare)
    texts = {sample_text(s) for arms in planned.arms.values() for arm in arms.values() for s in arm.samples}
    assert not leak_check(knowledge, items, [Text(text, text) for text in texts], planned.setting.params.guard).leaks
    assert len({id(arm) for arm in planned.arms["diagnosed"].values()}) == 1, "seeds share an arm that is not drawn"


def test_invalid_options_are_refused(bare: Path) -> None:
    for arguments, message in (
        (("--arms", "undirectd"), "Closest: undirected"),
        (("--seeds", "0,0"), "different whole numbers"),
        (("--seeds", "a"), "different whole numbers"),
        (("--seeds", f"7,{CONFIRM[0]}", "--confirm"), "held out for confirmation"),
    ):
        error = refused(bare, *arguments)
        assert isinstance(error, UsageError) and message in str(error)


def test_without_a_base_the_study_says_which_stage_is_missing(bare: Path) -> None:
    error = refused(bare, "--arms", "undirected")
    assert isinstance(error, NotFoundError) and "dvc repro curriculum" in str(error)


def test_without_blame_there_is_nothing_to_study(bare: Path) -> None:
    path = bare / "benchmarks/results/diagnosis.yaml"
    before = path.read_text()
    path.write_text("seeds: []\nfailed: 0\nnoticed: []\ndiagnoses: []\n")
    try:
        assert "no repair to study" in str(refused(bare, "--dry-run"))
        path.unlink()
        assert "dvc repro diagnose" in str(refused(bare, "--dry-run"))
    finally:
        path.write_text(before)
