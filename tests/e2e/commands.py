"""Commands run in a repository that holds a copy of this project's code: dvc, git, proda; and the files that they write."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def run(root: Path, *command: str, ok: bool | None = True) -> str:
    """Run a command that must succeed (or fail, or None: either), and return what it prints on both streams."""
    done = _done(root, command)
    assert ok is None or (done.returncode == 0) is ok, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def status(root: Path, *arguments: str) -> int:
    """Run a command of this project, and return its exit status."""
    return _done(root, (sys.executable, "-m", "proda.cli.main", *arguments)).returncode


def _done(root: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # The tools of this environment, and the code in `root`, which `python -m` finds first.
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    env.pop("PYTHONPATH", None)
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


def proda(root: Path, *arguments: str, ok: bool | None = True) -> str:
    """Run a command of this project, with the code in `root`."""
    return run(root, sys.executable, "-m", "proda.cli.main", *arguments, ok=ok)


def stages_run(output: str) -> set[str]:
    """Return the stages that a `dvc repro` says it ran."""
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}


def tree(root: Path, *folders: str) -> dict[str, bytes]:
    """Return every file below the folders, with its bytes."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for f in folders for p in sorted((root / f).rglob("*")) if p.is_file()}
