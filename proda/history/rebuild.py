"""A commit's outcomes, built anew: `dvc repro evaluate` in a git worktree of its own, with the caches of the repository.

    rebuild(root, "1c77e02…", Path("benchmarks/results/outcomes/dev.csv"))        # the file's bytes; None if that commit does not build

What DVC's run cache or build/cache holds already, training above all, is not computed again, and what is computed is kept there. The user's
work tree, index and branches are not touched; the worktree, below build/bisect, goes away afterwards, and one that a killed run left is
replaced.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proda.store.files import write_file

CACHE = Path("build/cache")
WORKTREES = Path("build/bisect")
STDERR = 2  # a file descriptor: what stages print is news, and not the command's answer
DVC = (sys.executable, "-m", "dvc")


def rebuild(root: Path, commit: str, wanted: Path) -> bytes | None:
    """The file `wanted`, as stage `evaluate` makes it at `commit` (a full hash); from build/cache if it was asked for before.

    None if the stages fail there, or make no such file. Takes as long as the training that no cache holds.
    """
    kept = root / CACHE / "bisect" / commit / wanted.name
    if kept.is_file():
        return kept.read_bytes()
    with _worktree(root, commit) as work:
        _share_caches(root, work)
        env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
        done = subprocess.run([*DVC, "repro", "-q", "evaluate"], cwd=work, env=env, stdout=STDERR, check=False)
        if done.returncode or not (work / wanted).is_file():
            return None
        data = (work / wanted).read_bytes()
    write_file(kept, data)
    return data


@contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    import git

    repo = git.Repo(root)
    path = root / WORKTREES / commit

    def remove() -> None:
        if path.exists():
            try:
                repo.git.worktree("remove", "--force", "--force", str(path))
            except git.GitCommandError:  # killed before git knew of it
                shutil.rmtree(path)

    remove()
    # Hooks are the user's, for the user's work tree; --force: git may remember a worktree here that is gone.
    repo.git(c="core.hooksPath=/dev/null").worktree("add", "--force", "--detach", str(path), commit)
    try:
        yield path
    finally:
        remove()


def _share_caches(root: Path, work: Path) -> None:
    """DVC's cache, run cache included, and what this project keeps in build/cache."""
    shown = subprocess.run([*DVC, "cache", "dir"], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    write_file(work / ".dvc/config.local", f'[core]\n    no_scm = true\n    analytics = false\n[cache]\n    dir = "{shown}"\n')
    (root / CACHE).mkdir(parents=True, exist_ok=True)
    (work / CACHE.parent).mkdir(parents=True, exist_ok=True)
    (work / CACHE).symlink_to((root / CACHE).resolve(), target_is_directory=True)
