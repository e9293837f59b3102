"""Freshness agrees with real DVC, and refuses results that are older than the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proda.errors import InputError, UsageError
from proda.store.digests import CACHE, Digests
from proda.workflows.freshness import freshness, require_diagnosis, require_fresh, stale_line
from tests.cli.test_repair import git, proda
from tests.toyresults import commit

STAGES = """
stages:
  check:
    cmd: python stage.py build/knowledge
    deps: [knowledge, proda/knowledge]
    outs: [build/knowledge]
  synthesize:
    cmd: python stage.py samples/corpus
    deps: [build/knowledge, samples/allocation.yaml]
    params: [samples, seed]
    outs:
      - samples/corpus: {cache: false}
  evaluate:
    cmd: python stage.py benchmarks/results/outcomes
    deps: [samples/corpus, samples/patches, build/knowledge]
    params: [train.epochs]
    outs:
      - benchmarks/results/outcomes: {cache: false}
  diagnose:
    cmd: python stage.py benchmarks/results/diagnosis.yaml
    deps: [benchmarks/results/outcomes/a.txt]
    outs:
      - benchmarks/results/diagnosis.yaml: {cache: false}
"""
STAGE = """
import pathlib, sys
target = pathlib.Path(sys.argv[1])
if target.suffix:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("same")
else:
    target.mkdir(parents=True, exist_ok=True)
    (target / "a.txt").write_text("same")
"""
FILES = {
    "knowledge/relations.yaml": "relations: {}\n",
    "knowledge/milling/wörter.yaml": "term: grün\n",
    "knowledge/milling/notes.tmp": "ignored",
    "proda/.dvcignore": "*.txt\n!kept.txt\n",
    "proda/knowledge/ignored.txt": "ignored",
    "proda/knowledge/kept.txt": "kept",
    "proda/knowledge/check.py": "pass\n",
    "proda/knowledge/__pycache__/check.pyc": "ignored",
    "pipelines/check.py": "pass\n",
    "samples/allocation.yaml": "samples: {}\n",
    "samples/patches/.gitkeep": "",
    "params.yaml": "seed: 0\nsamples: {window: 2, writer: template}\ntrain: {epochs: 1, method: lora}\n",
    "dvc.yaml": STAGES,
    "stage.py": STAGE,
    ".dvcignore": "__pycache__\n*.tmp\n",
    ".dvc/config": "[core]\n    analytics = false\n    no_scm = true\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    ".gitignore": "/build/\n",
}


def dvc(root: Path, *arguments: str) -> str:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fresh")
    for name, text in FILES.items():
        write(root, name, text)
    git(root, "init", "-q", "-b", "main")
    dvc(root, "repro", "-q")
    commit(root, "Built")
    return root


def by_dvc(root: Path) -> set[tuple[str, str]]:
    """(stage, input) that `dvc status` calls changed; of parameters, the top one that a stage names."""
    found = set()
    for stage, parts in json.loads(dvc(root, "status", "--json")).items():
        for part in parts:
            if part == "changed command":
                found.add((stage, "command"))
            for path, how in (part.get("changed deps", {}) if isinstance(part, dict) else {}).items():
                found |= {(stage, name) for name in how} if isinstance(how, dict) else {(stage, path)}
    return found


def by_us(root: Path) -> set[tuple[str, str]]:
    found = freshness(root)
    return {(c.stage, c.what if c.kind != "parameters" or c.what.startswith("train") else c.what.partition(".")[0]) for c in found.changes}


EDITS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda root: None,
    "a file in a folder": lambda root: write(root, "knowledge/milling/wörter.yaml", "term: blau\n"),
    "a new file in a new folder": lambda root: write(root, "knowledge/new/topic.yaml", "x: 1\n"),
    "a file gone": lambda root: (root / "proda/knowledge/kept.txt").unlink(),
    "ignored files": lambda root: [
        write(root, name, "other")
        for name in ("knowledge/milling/notes.tmp", "proda/knowledge/__pycache__/check.pyc", "proda/knowledge/ignored.txt")
    ],
    "code": lambda root: write(root, "proda/knowledge/check.py", "print()\n"),
    "a patch": lambda root: write(root, "samples/patches/1-a-00000000.yaml", "id: x\n"),
    "a parameter inside a block": lambda root: write(root, "params.yaml", FILES["params.yaml"].replace("window: 2", "window: 3")),
    "a parameter of its own": lambda root: write(root, "params.yaml", FILES["params.yaml"].replace("epochs: 1", "epochs: 2")),
    "a parameter that no stage reads": lambda root: write(root, "params.yaml", FILES["params.yaml"].replace("lora", "full")),
    "an output in git, edited": lambda root: write(root, "samples/corpus/a.txt", "edited"),
    "results, edited": lambda root: write(root, "benchmarks/results/outcomes/a.txt", "edited"),
    "a command": lambda root: write(root, "dvc.yaml", STAGES.replace("cmd: python stage.py samples", "cmd: python  stage.py samples")),
    "an input that is gone": lambda root: (root / "samples/allocation.yaml").unlink(),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_changes_are_those_of_dvc_status(root: Path, edit: str) -> None:
    try:
        EDITS[edit](root)
        assert by_us(root) == by_dvc(root)
        assert by_us(root) == by_us(root), "the second time from the cache"
    finally:
        git(root, "checkout", "-q", ".")
        git(root, "clean", "-fdq")
        for name in ("knowledge/milling/notes.tmp", "proda/knowledge/__pycache__/check.pyc", "proda/knowledge/ignored.txt"):
            write(root, name, "ignored")
    assert freshness(root).changes == ()


def test_data_refuses_and_code_is_only_reported(root: Path) -> None:
    assert require_fresh(root, "evaluate") == "" and stale_line(root) == ""
    try:
        write(root, "proda/knowledge/check.py", "print()\n")
        assert "check" in require_fresh(root, "evaluate") and stale_line(root) == ""
        write(root, "knowledge/new.yaml", "x: 1\n")
        with pytest.raises(UsageError, match=r"older than knowledge:\n  knowledge: knowledge modified\n.*dvc repro"):
            require_fresh(root, "evaluate")
        assert "older than knowledge" in stale_line(root) and "\n" not in stale_line(root)
        write(root, "params.yaml", FILES["params.yaml"].replace("epochs: 1", "epochs: 2"))
        with pytest.raises(UsageError, match=r"knowledge and parameters"):
            require_fresh(root, "diagnose")
        assert freshness(root).stale == ("check", "synthesize", "evaluate", "diagnose")
        done = proda(root, "status")
        assert done.returncode == 0, done.stderr
        assert "stale: check, evaluate would run" in done.stdout and "    knowledge/new.yaml" in done.stdout
        assert "then synthesize, diagnose" in done.stdout and "next: dvc repro" in done.stdout
        old = proda(root, "status", "HEAD")
        assert old.returncode == 0 and old.stdout == "results are up to date\n"
    finally:
        git(root, "checkout", "-q", ".")
        git(root, "clean", "-fdq")


def test_an_interrupted_repair_can_go_on_although_its_patches_are_new(root: Path) -> None:
    git(root, "switch", "-q", "-c", "repair/round-1")
    try:
        for name in ("a", "b"):
            write(root, f"samples/patches/1-{name}-00000000.yaml", "id: x\n")
            commit(root, f"Patch {name}")
        assert require_diagnosis(root, 1) == ""
        with pytest.raises(UsageError, match="older than patches"):
            require_diagnosis(root, 2)
        with pytest.raises(UsageError, match="older than patches"):
            require_fresh(root, "evaluate")
        state = json.loads(proda(root, "status", "--json").stdout)
        assert state["round"] == {"number": 1, "branch": "repair/round-1", "patches": 2, "unjudged": 2, "built": False}
        assert state["next"] == "dvc repro"
    finally:
        git(root, "switch", "-q", "main")
        git(root, "branch", "-qD", "repair/round-1")


def test_without_dvc_lock_nothing_is_refused_and_half_a_lock_is_one_message(root: Path, tmp_path: Path) -> None:
    assert require_fresh(tmp_path, "evaluate") == "" and not freshness(tmp_path).known
    lock = (root / "dvc.lock").read_bytes()
    try:
        (root / "dvc.lock").write_bytes(lock[: len(lock) // 2] + b"\n  - : [")
        with pytest.raises(InputError, match=r"git restore dvc\.lock"):
            freshness(root)
        assert "dvc.lock" in stale_line(root)
        done = proda(root, "status")
        assert done.returncode == 1 and "dvc.lock" in done.stderr and "Traceback" not in done.stderr
    finally:
        (root / "dvc.lock").write_bytes(lock)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"params.yaml": 1}', b"\xff\xfe"])
def test_a_damaged_cache_of_hashes_is_made_again(root: Path, damage: bytes) -> None:
    (root / CACHE).parent.mkdir(parents=True, exist_ok=True)
    (root / CACHE).write_bytes(damage)
    assert freshness(root).changes == ()


def test_a_file_of_the_same_size_written_right_after_is_hashed_again(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "one")
    first = Digests(tmp_path)
    before = first.of("a.txt")
    first.save()
    write(tmp_path, "a.txt", "two")
    assert Digests(tmp_path).of("a.txt") != before
