"""Patches that harm → git revert: one commit per patch, after which the data are byte for byte what they were before the patch.

    found = harmful(root)                     # [Harmful(patch="1-bimetal-strip-bends-s1-3f0c9a1e", commit="1c77e02…")], newest first
    revert_patches(root, found)

    $ git log -1 --format=%B
    Revert "Repair physics/bimetal-strip-bends.s1: concept gap"

    This reverts commit 1c77e02….
    Retraining with and without the patch shows that it harms: benchmarks/verdicts/1-bimetal-strip-bends-s1-3f0c9a1e.yaml

    Reverts-Patch: 1-bimetal-strip-bends-s1-3f0c9a1e
    Verdict: harmful

The files in benchmarks/verdicts tell which patches harm. A patch that has been reverted is no longer found, so a run that was killed can
be repeated.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from proda.debugger.branch import earlier, ready, said
from proda.gitrepo import DEEPEN, GitError, ShallowError, cut_commits, open_git
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.verdicts import VERDICTS, read_verdicts

WITH_A_PATCH = ("knowledge/", "benchmarks/exceptions.yaml")  # what the commit of a repair may edit along with its patch


class Harmful(Record, frozen=True):
    """A patch in the work tree that retraining showed to harm."""

    patch: str
    commit: str  # the commit that added it and nothing else; empty if there is none, since reverting would then undo other work
    cut: bool = False  # the clone is shallow and does not hold the commit that added it

    @property
    def advice(self) -> str:
        """What to do about it, on one line."""
        if self.cut:
            return f"harmful: {self.patch}; this clone is shallow and does not hold the commit that added it. {DEEPEN}"
        undo = f"git revert {self.commit[:9]}, or proda verify --revert"
        alone = f"its commit holds other changes too, such as those of proda mv: delete {_file(self.patch)}, and commit that"
        return f"harmful: {self.patch}; {undo if self.commit else alone}"


def harmful(root: Path, number: int | None = None) -> list[Harmful]:
    """Return the patches in the work tree whose verdict says `harmful`, of round `number` or of all rounds.

    The last committed comes first; patches without a commit of their own come last, by name. Raises InputError for a malformed verdict.
    """
    names = [patch for patch, verdict in read_verdicts(root).items() if verdict["says"] == "harmful"]
    here = [n for n in names if (root / _file(n)).is_file() and (number is None or n.startswith(f"{number}-"))]
    brought, cut = _brought(root, here) if here else ({}, set())
    order = {patch: place for place, patch in enumerate(brought)}
    return sorted((Harmful(n, brought.get(n, ""), n in cut) for n in here), key=lambda h: (order.get(h.patch, len(order)), h.patch))


def revert_patches(root: Path, patches: Sequence[Harmful], done: Callable[[Harmful, str], None] = lambda *_: None) -> None:
    """Revert each patch's commit on the current branch, in the order given. `done` is called with each patch and the reverting commit.

    All checks run first. If a revert conflicts, or a hook refuses it, that revert is undone and those before it stay. Raises GitError, also
    in a shallow clone that does not hold a commit.
    """
    import git

    repo = ready(root)
    if any(h.cut for h in patches):
        raise ShallowError(f"This clone is shallow and does not hold the commits to revert. Nothing was changed. {DEEPEN}")
    if joined := [h.patch for h in patches if not h.commit]:
        raise GitError(
            f"{_file(joined[0])}\n  The commit that added this file holds other changes too, such as those of `proda mv`, so"
            " reverting it would undo other work."
            " Nothing was changed. Delete the file, commit that, then run this again."
        )
    for made, patch in enumerate(patches):
        try:
            _revert(repo, patch)
        except git.GitCommandError as error:
            why = _undo(repo)
            before = f"{earlier(made, 'patch', 'patches')} reverted"
            raise GitError(
                f"{_file(patch.patch)}\n  git revert {patch.commit[:9]} {why or f'failed: {said(error)}'}\n"
                f"  This revert was undone; {before}. Run `git revert {patch.commit[:9]}`, resolve it by hand, then run this again."
            ) from None
        done(patch, str(repo.head.commit.hexsha))


def _undo(repo: Any) -> str:
    """Undo a revert that stopped halfway, and return what it conflicts with; empty if there was no conflict."""
    import git

    conflicts: list[str] = []
    with suppress(git.GitCommandError):
        conflicts = repo.git.diff("--name-only", "--diff-filter=U", "-z").rstrip("\0").split("\0")
        repo.git.reset("-q", "--merge", "HEAD")  # not `git revert --abort`, which does nothing after a hook refused
    return f"conflicts with later changes of {', '.join(conflicts)}" if any(conflicts) else ""


def _revert(repo: Any, patch: Harmful) -> None:
    """Revert in one git command, with the message passed through the editor, so that no revert exists without its trailers."""
    subject = repo.commit(patch.commit).summary
    text = (
        f'Revert "{subject}"\n\nThis reverts commit {patch.commit}.\nRetraining with and without the patch shows that it harms:'
        f" {VERDICTS.as_posix()}/{patch.patch}.yaml\n\nReverts-Patch: {patch.patch}\nVerdict: harmful\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "message").write_text(text, encoding="utf-8")
        editor = f"cp {shlex.quote(str(Path(folder) / 'message'))}"
        repo.git.revert("--edit", patch.commit, env={"GIT_EDITOR": editor})


def _brought(root: Path, patches: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """Return patch → the last commit that added it, newest first, if that commit touches only the patch and what a repair may edit.

    The second value are patches that a commit beyond the edge of a shallow clone added.
    """
    import git

    repo = open_git(root)
    edge = cut_commits(repo)
    options = ("--no-show-signature", "--no-renames", "--no-color", "--diff-filter=A", "--name-only", "--format=commit %H")
    try:
        log = repo.git.log(*options, "--", *map(_file, patches))
    except git.GitCommandError as error:
        raise GitError(f"{root}\n  `git log` failed: {said(error)}") from None
    found: dict[str, str] = {}
    commit = ""
    for line in filter(None, log.splitlines()):
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        else:
            found.setdefault(Path(line).stem, commit)
    cut = {patch for patch, commit in found.items() if commit in edge}
    return {patch: commit for patch, commit in found.items() if patch not in cut and _alone(repo, commit, patch)}, cut


def _alone(repo: Any, commit: str, patch: str) -> bool:
    names = repo.git.diff_tree("--no-commit-id", "--name-only", "--no-renames", "-z", "-r", "--root", commit).rstrip("\0").split("\0")
    return all(name == _file(patch) or name.startswith(WITH_A_PATCH) for name in names)


def _file(patch: str) -> str:
    return f"{PATCHES.as_posix()}/{patch}.yaml"
