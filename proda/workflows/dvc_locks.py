"""Repair or name the lock files of DVC that a killed `dvc repro` may leave damaged.

    python -m proda.workflows.dvc_locks                # `make repro` runs this first
    python -m proda.workflows.dvc_locks --install      # `make` runs this after installing

After `--install`, the `dvc` command of the environment is proda.workflows.dvc_command.

DVC itself reports such a file without a remedy. An unreadable .dvc/tmp/rwlock, which only names running processes, is removed. A damaged
dvc.lock is named with the remedy; exit 1.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from proda.errors import InputError, ProdaError
from proda.store.files import write_file
from proda.yamlio import load_yaml
from proda.yamlio.load import has_conflict

RWLOCK = Path(".dvc/tmp/rwlock")
LOCK = Path("dvc.lock")
COMMAND = """\
#!{python}
# Installed by `python -m proda.workflows.dvc_locks --install`: DVC, with a check of its lock files, and remedies where a transfer fails.
import sys

from proda.workflows.dvc_command import main

sys.exit(main())
"""
WRITING_S = 1.0  # longest time for which a running DVC process leaves the file empty


def remove_damaged_rwlock(root: Path) -> bool:
    """Remove .dvc/tmp/rwlock if it is not JSON, and still is not after a second; returns whether it was removed."""
    path = root / RWLOCK
    if _readable(path):
        return False
    time.sleep(WRITING_S)
    if _readable(path):
        return False
    path.unlink(missing_ok=True)
    return True


def check_lock(root: Path) -> None:
    """Raise InputError if dvc.lock is not what DVC reads: not YAML, or not of its schema."""
    path = root / LOCK
    if not path.is_file():
        return
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(load_yaml(path))
    except (ProdaError, Invalid):
        if has_conflict(path.read_bytes()):
            raise InputError(
                f"{path}\n  A merge conflict is not resolved here. Take the file of one side (`git checkout --ours dvc.lock`), resolve the"
                " other files in conflict, which `proda merge` names, then run `make repro`, which writes dvc.lock again."
            ) from None
        raise InputError(
            f"{path}\n  The file is damaged by an interrupted `dvc repro`. Run `git checkout dvc.lock`, then `make repro`."
        ) from None


def _readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except FileNotFoundError:
        return True
    except ValueError:
        return False


def main(root: Path = Path()) -> int:
    """Check both files; returns the exit status."""
    if remove_damaged_rwlock(root):
        print(f"{root / RWLOCK}: damaged by an interrupted `dvc repro`, removed.", file=sys.stderr)
    try:
        check_lock(root)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def install(command: Path) -> None:
    """Write the `dvc` command of a virtual environment, `<environment>/bin/dvc`, so that it checks the lock files first."""
    write_file(command, COMMAND.format(python=command.with_name("python")))
    command.chmod(0o755)


if __name__ == "__main__":
    if "--install" in sys.argv[1:]:
        install(Path(sys.executable).with_name("dvc"))
    else:
        sys.exit(main())
