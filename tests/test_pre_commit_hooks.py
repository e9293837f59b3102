"""The hooks for pre-commit, ours and those that `proda init` writes, run by pre-commit in a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proda.knowledge.fix import fix_knowledge
from tests.forge.server import git
from tests.toyworld import make_repository

ROOT = Path(__file__).resolve().parent.parent
OURS, THEIRS = ROOT / ".pre-commit-config.yaml", ROOT / "proda/templates/repository/dot-pre-commit-config.yaml"
TOPIC = "knowledge/milling/milling-basics.yaml"
pytest.importorskip("pre_commit")


def test_both_are_the_same_and_valid() -> None:
    assert OURS.read_text() == THEIRS.read_text()
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(OURS)], check=True, capture_output=True)


def test_a_commit_with_an_error_is_refused_and_one_without_passes(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "work")
    fix_knowledge(root)
    shutil.copy(THEIRS, root / ".pre-commit-config.yaml")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "proda").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m proda.cli.main "$@"\n')
    (tools / "proda").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    env |= {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def commit(message: str) -> subprocess.CompletedProcess[str]:
        git(root, "add", "-A")
        return subprocess.run(["git", "commit", "-q", "-m", message], cwd=root, env=env, capture_output=True, text=True, check=False)

    assert commit("Hooks").returncode == 0
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=root, env=env, check=True, capture_output=True)
    assert (root / ".git/hooks/pre-commit").is_file() and (root / ".git/hooks/pre-push").is_file()
    topic = root / TOPIC
    good = topic.read_text()
    topic.write_text(good.replace("relation: causes", "relation: cuases", 1))
    refused = commit("A mistake")
    assert refused.returncode == 1 and "cuases" in refused.stdout + refused.stderr
    topic.write_text(good.replace("the 2th thing", "the second thing"))
    passed = commit("An edit")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert git(root, "log", "-1", "--format=%s") == "An edit"
