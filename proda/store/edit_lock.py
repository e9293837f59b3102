"""A lock on files that a command reads, changes and writes again, so that two commands at the same time lose nothing.

with editing(root, "proda new"):                           # knowledge, catalogue, allocation, exceptions, verdicts
    write_together(root, plan_topic(…).texts)

with editing(root, "proda extract", PROPOSALS):            # another lock, for a command that may take hours
    …

Everything that decides what is written has to be read inside. A lock ends with its process, however that ends. Locks of one process are
not nested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from proda.errors import ProdaError
from proda.store.files import refuse_outside

FOLDER = Path("build/cache")
EDITS = "edits"
PROPOSALS = "proposals"  # proposals/ and knowledge/merges.yaml
CASES = "cases"  # proposals/cases
TEXTS = "texts"  # samples/written
ITEM_TEXTS = "item-texts"  # benchmarks/written
VOTES = "votes"  # benchmarks/solved.yaml
ALL = (EDITS, PROPOSALS, CASES, TEXTS, ITEM_TEXTS, VOTES)
PATIENCE_S = 10.0


class BusyError(ProdaError):
    """Another process is changing the same files, and did not end in time."""


@contextmanager
def editing(root: Path, command: str, *names: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the locks `names` (default: `EDITS`) of the repository at `root`. `command` is what another process is told.

    Raises BusyError, which names the process that holds a lock, if it is not free after `patience_s` seconds.
    """
    from filelock import FileLock, Timeout

    folder = root / FOLDER
    refuse_outside(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = names or (EDITS,)
    with ExitStack() as held:
        for name in (each for each in ALL if each in wanted):  # always in this order, so that two processes do not wait for each other
            holder = folder / f"{name}.holder"  # not in the lock's own file, which some versions of filelock empty
            try:
                held.enter_context(FileLock(folder / f"{name}.lock", timeout=patience_s))
            except Timeout:
                raise BusyError(
                    f"{FOLDER / f'{name}.lock'}\n  {_holder(holder)} is changing the same files of this repository, and did not end within"
                    f" {patience_s:g} seconds. Nothing was written. Wait until it has ended, then run this again."
                ) from None
            holder.write_text(f"{command} (process {os.getpid()})", encoding="utf-8")
        yield


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "Another command"
    except OSError:
        return "Another command"
