"""`proda status`, and what other verbs say and refuse when results are older than the data: real git, real DVC, made-up answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_repair import dev_wrong, git, proda
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
    git(root, "checkout", "-q", "--detach")
    assert "HEAD is detached" in proda(root, "status").stdout
