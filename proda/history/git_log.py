"""What git's history says, read with the `git` program; nothing where there is no history to read.

    log(root, "--diff-filter=A", "--", "samples/patches/1-a-00000000.yaml")    [Commit(id="3f0c9a1…", date="2026-11-21", …)]
    content(root, "3f0c9a1", "benchmarks/results/metrics.json")                b'{"base": …'

Paths are relative to `root`, which may be a folder of a larger repository. Without git, without a repository, without such a revision
(a shallow clone), or where git refuses, the answers are empty: the report and `proda show` then leave the history out.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.gitrepo import GitError, run_git

_FIELDS = "%H%x1f%as%x1f%an%x1f%s"


class Commit(msgspec.Struct, frozen=True):
    """A commit: full hash, date of authorship, author, first line of the message."""

    id: str
    date: str
    author: str
    subject: str

    @property
    def short(self) -> str:
        """The first nine digits of the hash."""
        return self.id[:9]


def log(root: Path, *arguments: str) -> list[Commit]:
    """The commits that `git log` lists with these arguments, newest first."""
    out = run(root, "log", f"--format={_FIELDS}", *arguments)
    rows = (line.split("\x1f", 3) for line in (out or b"").decode("utf-8", "replace").splitlines())
    return [Commit(*row) for row in rows if len(row) == 4]


def changes(root: Path, *arguments: str) -> list[Commit]:
    """The commits of `log` without those at which a shallow clone ends: git cannot tell what these changed."""
    path = (run(root, "rev-parse", "--git-path", "shallow") or b"").decode().strip()
    file = root / path if path else None
    cut = frozenset(file.read_text(encoding="ascii").split()) if file is not None and file.is_file() else frozenset()
    return [commit for commit in log(root, *arguments) if commit.id not in cut]


def message(root: Path, revision: str) -> str:
    """The whole message of a commit; empty if it is not there."""
    return (run(root, "log", "-1", "--format=%B", revision) or b"").decode("utf-8", "replace")


def content(root: Path, revision: str, path: str) -> bytes | None:
    """A file's bytes at a revision; None if it is not there."""
    return run(root, "show", f"{revision}:./{path}")


def run(root: Path, *arguments: str) -> bytes | None:
    """What git prints; None if git cannot run here or refuses."""
    try:
        return run_git(root, *arguments).encode("utf-8", "surrogateescape")
    except GitError:
        return None
