"""Track source texts with DVC rather than with git.

track(root, ["knowledge/sources/physics/heat-pumps.md"])
    # writes knowledge/sources/physics/heat-pumps.md.dvc and adds the text to knowledge/sources/physics/.gitignore
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from proda.errors import InputError, UsageError

_AT_ONCE = 500  # files in one call: the length of a command line is limited


def require_dvc(root: Path) -> None:
    """Raise UsageError unless `root` is a DVC repository."""
    if not (root / ".dvc" / "config").is_file():
        raise UsageError("--dvc: this repository is not set up for DVC. Run `dvc init` in it first, or leave out --dvc.")


def is_tracked(root: Path, name: str) -> bool:
    """Whether DVC tracks a file of the repository."""
    return (root / f"{name}.dvc").is_file()


def track(root: Path, names: Iterable[str]) -> None:
    """Add files to DVC, or their new contents where it has them. Raises InputError, with DVC's reason, if it refuses one."""
    todo: Sequence[str] = sorted(names)
    for start in range(0, len(todo), _AT_ONCE):
        part = todo[start : start + _AT_ONCE]
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "add", "--quiet", "--", *part],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        )
        if done.returncode:
            reason = " ".join(done.stderr.split())[:400] or f"exit status {done.returncode}"
            raise InputError(
                f"DVC did not take the sources: {reason}\n  The texts are written, and {len(todo) - start:,} of them are not tracked."
                " Fix the cause, then run `dvc add` on them."
            )
