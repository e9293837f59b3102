"""`proda status`, and what other verbs say and refuse when results are older than the data: real git, real DVC, made-up answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from proda.store.proposals import save_proposals
from tests.cli.test_repair import dev_wrong, git, proda
from tests.reviewworld import proposals, source_text
from tests.toyresults import commit, make_diagnoses, make_results
from tests.toyworld import make_repository
from tests.workflows.test_freshness import dvc

# Results are made up, so the stages have nothing to do; DVC records what they read all the same.
STAGES = """
stages:
  check:
    cmd: echo
    deps: [knowledge]
    outs: [build/knowledge: {persist: true}]
  evaluate:
    cmd: echo
    deps: [build/knowledge, benchmarks/items, samples/corpus, samples/patches]
    params: [train]
    outs: [benchmarks/results/outcomes: {cache: false, persist: true}]
  diagnose:
    cmd: echo
    deps: [benchmarks/results/outcomes/dev.csv, build/knowledge, samples/patches]
    outs: [benchmarks/results/diagnosis.yaml: {cache: false, persist: true}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Built and committed, results as recorded in dvc.lock."""
    root = make_results(make_repository(tmp_path), dev_wrong)
    make_diagnoses(root)
    (root / "dvc.yaml").write_text(STAGES)
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n    no_scm = true\n")
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / "build/knowledge").mkdir(parents=True)
    (root / "build/knowledge/shard").write_text("compiled")
    dvc(root, "repro", "-q")
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return root


def test_a_round_from_repair_to_verdict_says_what_comes_next(root: Path) -> None:
    def following() -> str:
        return str(json.loads(proda(root, "status", "--json").stdout)["next"])

    text = proda(root, "status").stdout
    assert text.startswith("on main (") and "results are up to date" in text and "concept gap" in text
    assert following() == "proda repair --dry-run"
    assert proda(root, "repair", "--max", "2").returncode == 0
    assert following() == "dvc repro"
    assert "round 1: 2 patches, 2 without a verdict, results not rebuilt" in proda(root, "status").stdout
    # Judging old results would say that the round changed nothing.
    done = proda(root, "verify")
    assert done.returncode == 2 and "samples/patches modified" in done.stderr and "dvc repro" in done.stderr, done.stderr
    assert git(root, "status", "--porcelain") == ""
    # An interrupted repair can be continued: its own patches do not make the diagnoses stale.
    assert proda(root, "repair", "--max", "3").returncode == 0
    dvc(root, "repro", "-q")
    assert following() == "proda verify"
    assert proda(root, "verify").returncode in (0, 1)
    assert following().startswith("git add")
    commit(root, "Results and verdicts")
    assert following() == "git switch main && git merge repair/round-1"


def test_results_older_than_the_data_are_refused_by_repair_and_named_by_readers(root: Path) -> None:
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text() + "# a comment\n")
    commit(root, "A comment")
    for command in (["repair", "--dry-run"], ["repair", "--reallocate", "--dry-run"]):
        done = proda(root, *command)
        assert done.returncode == 2 and "knowledge: knowledge modified" in done.stderr and "dvc repro" in done.stderr, done.stderr
    for command in (["show", "milling/flour"], ["report"], ["diff", "HEAD~1"]):
        done = proda(root, *command)
        assert done.returncode == 0 and done.stderr.count("Results are older than knowledge.") == 1, done.stderr
    assert "Results are older" not in proda(root, "diff", "HEAD~1", "HEAD").stderr
    text = proda(root, "status").stdout
    assert "stale: check would run, because of knowledge" in text and "    knowledge/milling/milling-basics.yaml" in text
    # The revision before was built.
    assert proda(root, "status", "HEAD~1").stdout == "results are up to date\n"
    assert "stale: check would run" in proda(root, "status", "HEAD").stdout


def test_it_loads_no_library_that_starts_slowly(root: Path) -> None:
    code = "import sys; sys.argv = ['proda', 'status']\nimport proda.cli.main as m\ntry: m.main()\nexcept SystemExit: pass\n"
    code += "print([n for n in ('torch', 'transformers', 'mlflow', 'pandas', 'numpy', 'dvc', 'git') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_is_not_committed_or_not_here_is_said(root: Path) -> None:
    (root / "benchmarks/results/run.json").write_text("{}")
    (root / "build/knowledge/shard").unlink()
    (root / "build/knowledge").rmdir()
    text = proda(root, "status").stdout
    assert "1 file not committed" in text and "not on this machine: build/knowledge" in text and "next: git add" in text
    assert "dvc pull" not in text
    (root / ".dvc").mkdir(exist_ok=True)
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n    remote = team\n['remote \"team\"']\n    url = /srv/team\n")
    assert "(`dvc pull --run-cache` gets them from the remote; `dvc repro` restores them" in proda(root, "status").stdout
    git(root, "checkout", "-q", "--detach")
    assert "HEAD is detached" in proda(root, "status").stdout


CONFLICT = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("benchmarks/results/diagnosis.yaml", ""),
        ("benchmarks/results/diagnosis.yaml", CONFLICT),
        ("benchmarks/results/outcomes/dev.csv", "item\n"),
        ("benchmarks/results/run.json", CONFLICT),
        ("benchmarks/results/run.json", "[]"),
    ],
)
def test_an_edited_result_is_restored_and_not_committed(root: Path, name: str, text: str) -> None:
    (root / "benchmarks/results/run.json").write_text("{}\n")
    commit(root, "A record")
    (root / name).write_text(text)
    spoiled = name.removesuffix("/dev.csv")
    said = proda(root, "status").stdout
    assert f"edited after their stage wrote them: {spoiled}" in said and "up to date" not in said
    assert f"next: git restore {spoiled}   ({spoiled} is not what its stage wrote)" in said
    git(root, "restore", spoiled)
    assert "results are up to date" in proda(root, "status").stdout
    (root / name).write_text(text)
    git(root, "add", name)
    assert f"next: git restore --staged --worktree {spoiled}" in proda(root, "status").stdout
    commit(root, "An edited result")  # the last commit does not hold it then
    assert "next: dvc repro" in proda(root, "status").stdout


def test_a_result_that_is_gone_is_missing_and_not_edited(root: Path) -> None:
    (root / "benchmarks/results/diagnosis.yaml").unlink()
    said = proda(root, "status").stdout
    assert "missing: benchmarks/results/diagnosis.yaml" in said and "edited" not in said and "up to date" not in said
    assert "next: git restore benchmarks/results/diagnosis.yaml" in said


def test_a_stage_without_results_is_named_as_never_run(root: Path) -> None:
    lock = yaml.safe_load((root / "dvc.lock").read_text())
    del lock["stages"]["diagnose"]
    (root / "dvc.lock").write_text(yaml.safe_dump(lock))
    said = proda(root, "status").stdout
    assert "never run: " in said and "diagnose" in said and "derived data" not in said and "up to date" not in said
    assert "next: dvc repro   (some stages have never run)" in said
    assert "Results are older" not in proda(root, "check").stderr
    done = proda(root, "repair", "--dry-run")
    assert done.returncode == 2 and "There are no results yet. Never run: " in done.stderr and "older" not in done.stderr


def test_files_in_conflict_are_named_before_the_merge_goes_on(root: Path) -> None:
    topic = root / "knowledge/milling/milling-basics.yaml"
    git(root, "switch", "-q", "-c", "other")
    topic.write_text(topic.read_text() + "# theirs\n")
    commit(root, "Theirs")
    git(root, "switch", "-q", "main")
    topic.write_text(topic.read_text() + "# ours\n")
    commit(root, "Ours")
    subprocess.run(["git", "merge", "other"], cwd=root, capture_output=True, check=False)
    said = proda(root, "status").stdout
    assert "a merge is under way\nin conflict: knowledge/milling/milling-basics.yaml\n" in said
    assert "next: proda merge   (knowledge/milling/milling-basics.yaml in conflict)" in said
    assert json.loads(proda(root, "status", "--json").stdout)["unmerged"] == ["knowledge/milling/milling-basics.yaml"]
    topic.write_text("\n".join(line for line in topic.read_text().splitlines() if line[:7] not in ("<<<<<<<", "=======", ">>>>>>>")) + "\n")
    git(root, "add", ".")
    assert "next: git merge --continue" in proda(root, "status").stdout


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock"])
def test_conflict_markers_in_the_pipeline_are_an_error_with_the_advice_for_a_merge(root: Path, name: str) -> None:
    file = root / name
    text = file.read_text()
    file.write_text("# first\n<<<<<<< HEAD\n" + text)
    done = proda(root, "check")
    assert done.returncode == 1 and f"{name}:2\n  A merge conflict is not resolved here." in done.stdout, done.stdout
    for said in (done.stdout, proda(root, "status").stderr):
        assert "proda merge" in said and "git restore" not in said
    assert ("git checkout --ours dvc.lock" in done.stdout) == (name == "dvc.lock")
    file.write_text("[]\n")
    done = proda(root, "check")
    assert done.returncode == 1 and f"{name}:1  stages\n  Expected `stages:`" in done.stdout, done.stdout
    assert ("git restore dvc.lock" in done.stdout) == (name == "dvc.lock")


def test_the_advice_for_a_lock_in_conflict_works_in_a_merge(root: Path) -> None:
    lock = root / "dvc.lock"
    git(root, "switch", "-q", "-c", "other")
    lock.write_text(lock.read_text().replace("stages:", "# theirs\nstages:", 1))
    commit(root, "Theirs")
    git(root, "switch", "-q", "main")
    lock.write_text(lock.read_text().replace("stages:", "# ours\nstages:", 1))
    commit(root, "Ours")
    subprocess.run(["git", "merge", "other"], cwd=root, capture_output=True, check=False)
    done = proda(root, "status")
    assert done.returncode == 1 and "git checkout --ours dvc.lock" in done.stderr
    git(root, "checkout", "--ours", "dvc.lock")
    assert "in conflict: dvc.lock" in proda(root, "status").stdout


def test_undecided_proposals_are_the_next_step_before_the_first_build(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    save_proposals(root, proposals(source_text()))
    said = proda(root, "status").stdout
    assert "\n10 proposals are undecided in 1 source\nnext: proda review   (10 proposals are undecided in 1 source)\n" in said
