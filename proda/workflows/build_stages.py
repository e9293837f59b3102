"""Runs DVC on stages of the repository, and names the derived files that git does not hold as they were built.

    built = build(root, "guard")
    built.said                    # "" if it succeeded; else the last lines of what DVC and the stage printed
    not_committed(root)           # ("dvc.lock", "samples/corpus/physics/thermal-expansion.yaml")

The tokens of a forge are kept from DVC, whose stages run whatever dvc.yaml says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from proda.forge.place import TOKENS
from proda.gitrepo import LOCAL_VARIABLES, run_git
from proda.records import Record

DERIVED = ("dvc.lock", "benchmarks/items", "benchmarks/results", "benchmarks/general", "samples/corpus")
LAST_LINES = 12  # of the output of a build that failed


class Built(Record, frozen=True):
    """What became of a build."""

    ran: tuple[str, ...]  # stages, in order
    said: str = ""  # why it failed; empty if it succeeded
    failed: str = ""  # the stage that failed; empty if DVC failed before it ran one


def build(root: Path, *targets: str, progress: bool = False) -> Built:
    """Run `dvc repro TARGETS` (no target: every stage); with `progress`, print what it prints to standard error."""
    left_out = {*LOCAL_VARIABLES, *(name for names in TOKENS.values() for name in names)}
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {**kept, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-P", "-m", "dvc", "repro", *targets]
    lines = []
    out = subprocess.PIPE
    with subprocess.Popen(command, cwd=root, env=env, stdout=out, stderr=subprocess.STDOUT, text=True, errors="replace") as running:
        for line in running.stdout or ():
            lines.append(line.rstrip())
            if progress:
                print(line, end="", file=sys.stderr, flush=True)
    ran = tuple(line.split("'")[1] for line in lines if line.startswith("Running stage '"))
    told = [line for line in lines if line.strip()]
    if not (status := running.returncode):
        return Built(ran)
    return Built(ran, "\n".join(told[-LAST_LINES:]) or f"dvc repro ended with status {status}", ran[-1] if ran else "")


def not_committed(root: Path, *paths: str) -> tuple[str, ...]:
    """Return the files below `paths` (default: what the stages write) that differ from HEAD, or that git does not hold. Raises GitError."""
    said = run_git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *(paths or DERIVED))
    return tuple(sorted(line[3:] for line in said.split("\0") if line))
