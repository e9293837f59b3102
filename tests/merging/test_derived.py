"""Derived files in a merge: git keeps those of one side, DVC and `proda status` say that they are stale, `dvc repro` rebuilds them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proda.merging.install import kept_files
from proda.workflows.freshness import freshness
from tests.merging.gitworld import ROOT, branch, git, merge
from tests.toyresults import commit

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]
PIPELINE = """\
stages:
  synthesize:
    cmd: python stage.py
    deps: [knowledge, stage.py]
    outs:
      - samples/corpus: {cache: false, persist: true}
"""
STAGE = """\
from pathlib import Path
Path("samples/corpus/milling").mkdir(parents=True, exist_ok=True)
said = "".join(p.read_text() for p in sorted(Path("knowledge").glob("*/*.yaml")))
Path("samples/corpus/milling/all.yaml").write_text(f"samples:\\n  - {len(said)}\\n")
"""


def dvc(root: Path, *arguments: str) -> str:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rebuilt(name: str, text: str) -> object:
    def edit(root: Path) -> None:
        (root / f"knowledge/milling/{name}.yaml").write_text(text)
        dvc(root, "repro", "-q")

    return edit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "derived"
    files = {
        "knowledge/relations.yaml": "relations: {}\n",
        "knowledge/milling/grain.yaml": "discipline: milling\n",
        "dvc.yaml": PIPELINE,
        "stage.py": STAGE,
        "params.yaml": "seed: 0\n",
        ".dvc/config": "[core]\n    analytics = false\n    no_scm = true\n",
        ".dvc/.gitignore": "/tmp\n/cache\n",
        ".gitignore": "/build/\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copy(ROOT / ".gitattributes", root)
    git(root, "init", "-q", "-b", "main")
    dvc(root, "repro", "-q")
    commit(root, "Built")
    assert subprocess.run([*COMMAND, "merge", "--install"], cwd=root, check=False).returncode == 0
    return root


def test_two_rebuilt_branches_merge_and_the_result_is_known_to_be_stale(root: Path) -> None:
    done = merge(root, rebuilt("ours", "discipline: ours\n"), rebuilt("theirs", "discipline: their-own\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("Run dvc repro") == 1
    assert kept_files(root) == ("dvc.lock", "samples/corpus/milling/all.yaml")
    assert "synthesize" in json.loads(dvc(root, "status", "--json")), "as scripts/check_fresh.sh would find"
    assert freshness(root).stale == ("synthesize",)
    status = subprocess.run([*COMMAND, "status"], cwd=root, capture_output=True, text=True, check=True)
    assert "stale: synthesize would run, because of knowledge" in status.stdout and "next: dvc repro" in status.stdout
    shown = subprocess.run([*COMMAND, "merge"], cwd=root, capture_output=True, text=True, check=False)
    assert shown.returncode == 0 and "2 derived files as on the side that was merged into. Run `dvc repro`" in shown.stderr

    dvc(root, "repro", "-q")
    assert freshness(root).stale == () and json.loads(dvc(root, "status", "--json")) == {}
    length = sum(len(p.read_text()) for p in (root / "knowledge/milling").glob("*.yaml"))
    assert (root / "samples/corpus/milling/all.yaml").read_text() == f"samples:\n  - {length}\n"
    shown = subprocess.run([*COMMAND, "merge"], cwd=root, capture_output=True, text=True, check=False)
    assert "derived" not in shown.stderr and kept_files(root) == ()


def test_files_that_an_earlier_merge_or_one_elsewhere_kept_are_not_counted(root: Path) -> None:
    def derived() -> str:
        return subprocess.run([*COMMAND, "merge"], cwd=root, capture_output=True, text=True, check=False).stderr

    merge(root, rebuilt("ours", "discipline: ours\n"), rebuilt("theirs", "discipline: their-own\n"))
    assert len(kept_files(root)) == 2
    git(root, "switch", "-q", "main")
    assert kept_files(root) == () and "derived" not in derived(), "main has had no merge"
    git(root, "switch", "-q", "ours")
    dvc(root, "repro", "-q")
    commit(root, "Rebuilt")  # and `proda merge` was not run
    (root / "knowledge/milling/grain.yaml").write_text("discipline: another\n")
    assert freshness(root).stale and kept_files(root) == ()
    git(root, "checkout", "-q", ".")
    branch(root, "third", rebuilt("third", "discipline: a-third\n"))
    git(root, "switch", "-q", "ours")
    git(root, "merge", "--no-edit", "--no-commit", "third", check=False)
    assert kept_files(root) == ("dvc.lock", "samples/corpus/milling/all.yaml")
    git(root, "merge", "--abort")
    assert kept_files(root) == () and "derived" not in derived()


def test_derived_files_that_only_one_side_edited_are_not_taken_for_fresh(root: Path) -> None:
    """One side edits an output by hand. Git merges it without a driver; DVC and `proda status` report that no stage wrote it."""

    def edit(r: Path) -> None:
        (r / "samples/corpus/milling/all.yaml").write_text("samples: []\n")

    assert merge(root, lambda r: (r / "note.txt").write_text("x"), edit).returncode == 0
    assert freshness(root).edited == ("samples/corpus",)
    assert json.loads(dvc(root, "status", "--json")) != {}


def test_without_the_drivers_derived_files_conflict(root: Path) -> None:
    for name in ("proda-derived", "proda-lock"):
        git(root, "config", "--remove-section", f"merge.{name}")
    done = merge(root, rebuilt("ours", "discipline: ours\n"), rebuilt("theirs", "discipline: their-own\n"))
    assert done.returncode == 1 and "<<<<<<<" in (root / "dvc.lock").read_text()
    shown = subprocess.run([*COMMAND, "merge"], cwd=root, capture_output=True, text=True, check=False)
    assert shown.returncode == 1 and "dvc.lock\n  A derived file: neither side counts. `dvc repro` writes it again." in shown.stdout
    assert "derived files in conflict" in shown.stderr and "git checkout --ours FILE" in shown.stderr and "0 conflicts" not in shown.stderr
