"""`dvc push --run-cache`, as this project wraps it, with real DVC and remotes that are folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.toyresults import commit

PIPELINE = """\
stages:
  train:
    cmd: mkdir -p build/adapters && cat text > build/adapters/weights
    deps: [text]
    outs: [build/adapters]
"""


def dvc(root: Path, *arguments: str) -> None:
    command = [sys.executable, "-P", "-m", "proda.workflows.dvc_command", *arguments]
    done = subprocess.run(command, cwd=root, env={**os.environ, "DVC_NO_ANALYTICS": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def objects(remote: Path) -> set[str]:
    return {path.parent.name + path.name for path in (remote / "files/md5").rglob("*") if path.is_file()}


def test_a_clone_that_pulled_the_run_cache_alone_pushes_it_to_a_second_remote(tmp_path: Path) -> None:
    root, clone = tmp_path / "root", tmp_path / "clone"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    dvc(root, "init", "-q")
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / ".gitignore").write_text("/build/\n")
    for name in ("first", "second"):
        dvc(root, "remote", "add", name, str(tmp_path / name))
    dvc(root, "remote", "default", "first")
    for text in ("one\n", "two, which is longer\n"):
        (root / "text").write_text(text)
        dvc(root, "repro", "-q")
        commit(root, text.strip())
    dvc(root, "push", "-q", "--run-cache")
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    dvc(clone, "pull", "-q", "--run-cache")
    assert len(list((clone / ".dvc/cache/runs").glob("*/*/*"))) == 2
    dvc(clone, "remote", "default", "-q", "--local", "second")  # what is on the first remote cannot be had any more
    dvc(clone, "push", "-q", "--run-cache")
    held = objects(tmp_path / "second")
    assert held and held <= objects(tmp_path / "first"), "what is here is sent; what an older build made is not here"
