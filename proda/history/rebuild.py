"""Rebuilds the outcomes of a commit: runs `dvc repro evaluate` in a separate git worktree that shares the repository's caches.

    rebuild(root, "1c77e02…", Path("benchmarks/results/outcomes/dev.csv"))        # the file's bytes; None if that commit does not build

Whatever DVC's run cache or build/cache holds, training above all, is not computed again; new results are stored there. The user's work
tree, index and branches do not change. The worktree lies below build/bisect and is removed afterwards; one that a killed run left behind
is replaced.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proda.gitrepo import LOCAL_VARIABLES, open_git
from proda.history.repository import Repository
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import cache_key
from proda.store.files import write_file

CACHE = Path("build/cache")
WORKTREES = Path("build/bisect")
STDERR = 2  # a file descriptor: what stages print is progress, not data
DVC = (sys.executable, "-m", "dvc")


def rebuild(root: Path, commit: str, wanted: Path) -> bytes | None:
    """Return the bytes of the file `wanted` as stage `evaluate` writes it at `commit` (a full hash).

    The result is cached under the commit, whose code makes it, and the code of this module; a cached file that cannot be used is made
    again. None if a stage fails at that commit, or writes no such file. Takes as long as the training that no cache holds.
    """
    kept = root / CACHE / "bisect" / commit / f"{cache_key(rebuild, wanted.as_posix())}.json"
    if (cached := read_cached(kept, bytes)) is not None:
        return cached
    with _worktree(root, commit) as work:
        _share_caches(root, work)
        env = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES}
        env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
        done = subprocess.run([*DVC, "repro", "-q", "evaluate"], cwd=work, env=env, stdout=STDERR, check=False)
        if done.returncode or not (work / wanted).is_file():
            return None
        data = (work / wanted).read_bytes()
    write_cached(kept, data)
    return data


@contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    import git

    repo = open_git(root)
    path = root / WORKTREES / commit

    def remove() -> None:
        if path.exists():
            try:
                repo.git.worktree("remove", "--force", "--force", str(path))
            except git.GitCommandError:  # a run was killed before git registered it
                shutil.rmtree(path)

    remove()
    # The user's hooks are meant for the user's work tree. --force, since git may remember a worktree here that was deleted.
    repo.git(c="core.hooksPath=/dev/null").worktree("add", "--force", "--detach", str(path), commit)
    try:
        yield path
    finally:
        remove()


def _share_caches(root: Path, work: Path) -> None:
    """Let the worktree use DVC's cache, run cache included, and this project's build/cache."""
    shown = subprocess.run([*DVC, "cache", "dir"], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    write_file(work / ".dvc/config.local", f'[core]\n    no_scm = true\n    analytics = false\n[cache]\n    dir = "{shown}"\n')
    (root / CACHE).mkdir(parents=True, exist_ok=True)
    (work / CACHE.parent).mkdir(parents=True, exist_ok=True)
    (work / CACHE).symlink_to((root / CACHE).resolve(), target_is_directory=True)


def rebuild_seconds(root: Path) -> float | None:
    """Return how long a rebuild takes that finds nothing in a cache: training and evaluation, from benchmarks/results/run.json.

    None if it does not hold both times.
    """
    record = Repository(root, "", None).result("run.json")
    if not all("seconds" in record.get(part, {}) for part in ("train", "evaluate")):
        return None
    train = record["train"]
    fresh = all(seed["fresh"] for seed in train["seeds"].values())
    return float((train["seconds"] if fresh else sum(s["seconds"] for s in train["seeds"].values())) + record["evaluate"]["seconds"])
