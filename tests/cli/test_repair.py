"""`proda repair` and `proda verify` on a toy repository with made-up answers: commits in real git, verdicts in real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proda.benchmark import load_items
from proda.patches import load_patches, load_samples
from proda.records import Item
from tests.toyresults import commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import make_repository


def proda(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "proda.cli.main", *arguments], cwd=root, capture_output=True, text=True, check=False)


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def dev_wrong(item: Item, model: str) -> bool:
    return model != "base" and item.split == "sealed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_results(make_repository(tmp_path), dev_wrong)
    make_diagnoses(root)
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return root


def test_a_dry_run_says_what_it_would_do_and_does_nothing(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch")
    done = proda(root, "repair", "--dry-run", "--max", "2")
    assert done.returncode == 0, done.stderr
    assert "round 1, branch repair/round-1: 2 of" in done.stdout and done.stdout.count("concept gap") == 2
    assert (git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch")) == before
    rows = json.loads(proda(root, "repair", "--dry-run", "--json").stdout)
    assert rows and all(row["round"] == 1 and row["samples"] > 5 for row in rows)


def test_each_blamed_node_gets_one_commit_and_a_second_run_adds_none(root: Path) -> None:
    samples = len(load_samples(root))
    done = proda(root, "repair")
    assert done.returncode == 0, done.stderr
    patches = load_patches(root)
    assert len(git(root, "rev-list", "main..repair/round-1").splitlines()) == len(patches) >= 3
    assert len(load_samples(root)) == samples + sum(len(p.samples) for p in patches)
    head = git(root, "rev-parse", "HEAD")
    again = proda(root, "repair")
    assert again.returncode == 0 and git(root, "rev-parse", "HEAD") == head and "  + " not in again.stdout
    assert proda(root, "check").returncode == 0


def test_patches_say_nothing_of_the_questions_that_failed(root: Path) -> None:
    proda(root, "repair")
    told = "\n".join(f"{s.prompt} {s.completion}" for p in load_patches(root) for s in p.samples)
    assert not [i.id for i in load_items(root) if i.stem in told]


def test_a_diagnosis_older_than_its_item_is_refused(root: Path) -> None:
    path = root / "benchmarks/results/diagnosis.yaml"
    digest = next(line.split()[-1] for line in path.read_text().splitlines() if line.strip().startswith("hash:"))
    path.write_text(path.read_text().replace(digest, "f" * 16))
    commit(root, "An older diagnosis")
    done = proda(root, "repair")
    assert done.returncode == 1 and "stale" in done.stderr and git(root, "branch", "--show-current") == "main"


def test_verify_calls_a_gain_one_and_fails_the_gate_on_harm(root: Path) -> None:
    none = proda(root, "verify")
    assert none.returncode == 1 and "nothing to verify" in none.stderr
    proda(root, "repair")
    make_outcomes(root, lambda item, model: model != "base")
    done = proda(root, "verify")
    assert done.returncode == 0 and "helps" in done.stdout, done.stdout + done.stderr
    verdicts = sorted(p.name for p in (root / "benchmarks/verdicts").iterdir())
    assert "round-1.yaml" in verdicts and len(verdicts) == 1 + len(load_patches(root))
    assert "says: unproven" in (root / f"benchmarks/verdicts/{load_patches(root)[0].id}.yaml").read_text()
    make_outcomes(root, lambda *_: False)
    harmed = proda(root, "verify", "--dry-run")
    assert harmed.returncode == 1 and "hurts: sealed is worse" in harmed.stdout, harmed.stdout + harmed.stderr


def test_a_dirty_tree_is_refused_before_anything_is_read(root: Path) -> None:
    (root / "params.yaml").write_text((root / "params.yaml").read_text() + "\n")
    done = proda(root, "repair")
    assert done.returncode == 1 and "not committed" in done.stderr and "Traceback" not in done.stderr


def test_check_refuses_a_patch_that_is_stale_before_it_is_committed_and_not_afterwards(root: Path) -> None:
    proda(root, "repair", "--max", "1")
    patch = load_patches(root)[0]
    git(root, "rm", "-q", "--cached", f"samples/patches/{patch.id}.yaml")
    git(root, "commit", "-q", "-m", "Take it out of git, not of the tree")
    assert proda(root, "check").returncode == 0
    chain = patch.targets[0].partition("/")[2].partition(".")[0]
    topic = next(p for p in (root / "knowledge").glob("*/*.yaml") if f"  {chain}:" in p.read_text())
    line = next(x for x in topic.read_text().split(f"  {chain}:")[1].splitlines() if x.strip().startswith("text:"))
    topic.write_text(topic.read_text().replace(line, line.rstrip(".") + ", as all know."))
    done = proda(root, "check")
    assert done.returncode == 1 and "written against something else" in done.stdout and patch.targets[0] in done.stdout
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Applied")
    assert proda(root, "check").returncode == 0
