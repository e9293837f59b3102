"""Patches shown to harm → git revert: one commit each, after which the data are byte for byte what they were before the patch.

    found = harmful(root)                     # [Harmful(patch="1-bimetal-strip-bends-s1-3f0c9a1e", commit="1c77e02…")], newest first
    revert_patches(root, found)

    $ git log -1 --format=%B
    Revert "Repair physics/bimetal-strip-bends.s1: concept gap"

    This reverts commit 1c77e02….
    Retraining with and without the patch showed that it harms: benchmarks/verdicts/1-bimetal-strip-bends-s1-3f0c9a1e.yaml

    Reverts-Patch: 1-bimetal-strip-bends-s1-3f0c9a1e
    Verdict: harmful

Which patch harms is read from its file in benchmarks/verdicts. Those that are reverted are here no more, so a run that was killed can
simply be run again.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proda.debugger.commits import ready
from proda.gitrepo import DEEPEN, GitError, ShallowError, cut_commits, open_git
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.files import data_files
from proda.store.verdicts import VERDICTS
from proda.yamlio import load_yaml

WITH_A_PATCH = ("knowledge/", "benchmarks/exceptions.yaml")  # what the commit of a repair may edit beside its patch


class Harmful(Record, frozen=True):
    """A patch that is here and was shown to harm. Without a commit of its own, reverting would take back other work, too."""

    patch: str
    commit: str  # that brought it and nothing else; empty if there is none
    cut: bool = False  # the clone is shallow, and the commit that brought it is older than what it holds

    @property
    def advice(self) -> str:
        """What to do about it, on one line."""
        if self.cut:
            return f"harmful: {self.patch}; this clone is shallow, so the commit that brought it is missing. {DEEPEN}"
        undo = f"git revert {self.commit[:9]}, or proda verify --revert"
        return f"harmful: {self.patch}; {undo if self.commit else f'no commit of its own: delete {_file(self.patch)}, and commit that'}"


def harmful(root: Path, number: int | None = None) -> list[Harmful]:
    """Patches in the work tree whose verdict says `harmful`, of round `number` or of all, the last committed first; others by name."""
    verdicts = (load_yaml(path) for path in data_files(root / VERDICTS, "*.yaml"))
    names = sorted(str(v["patch"]) for v in verdicts if isinstance(v, dict) and v.get("says") == "harmful" and "patch" in v)
    here = [n for n in names if (root / _file(n)).is_file() and (number is None or n.startswith(f"{number}-"))]
    brought, cut = _brought(root, here) if here else ({}, set())
    order = {patch: place for place, patch in enumerate(brought)}
    return sorted((Harmful(n, brought.get(n, ""), n in cut) for n in here), key=lambda h: (order.get(h.patch, len(order)), h.patch))


def revert_patches(root: Path, patches: Sequence[Harmful], done: Callable[[Harmful, str], None] = lambda *_: None) -> None:
    """Revert each patch's commit on the current branch, in the order given; `done` hears of each, and of the commit that reverts it.

    Everything is looked at first. A revert that conflicts, or that a hook refuses, is taken back: the tree is as it was after the one
    before. Raises GitError.
    """
    import git

    repo = ready(root, left=lambda _: False)
    if any(h.cut for h in patches):
        raise ShallowError(f"This clone is shallow, so commits to revert are missing. Nothing was changed. {DEEPEN}")
    if joined := [h.patch for h in patches if not h.commit]:
        raise GitError(
            f"{_file(joined[0])}\n  No commit brought this patch and nothing else, so a revert would take back other work."
            " Nothing was changed. Delete the file, commit that, then run this again."
        )
    for made, patch in enumerate(patches):
        try:
            _revert(repo, patch)
        except git.GitCommandError as error:
            conflicts = repo.git.diff("--name-only", "--diff-filter=U").splitlines()
            repo.git.reset("-q", "--merge", "HEAD")  # as `git revert --abort`, which does not know of one that a hook refused
            why = f"conflicts with later changes of {', '.join(conflicts)}" if conflicts else f"failed: {(error.stderr or '').strip()}"
            raise GitError(
                f"{_file(patch.patch)}\n  git revert {patch.commit[:9]} {why}\n  The tree is as it was; {made} before it are reverted."
                f" Run `git revert {patch.commit[:9]}` and mend it by hand, then run this again."
            ) from None
        done(patch, str(repo.head.commit.hexsha))


def _revert(repo: Any, patch: Harmful) -> None:
    """One git command, its message handed in by way of the editor: no moment at which a revert is there without its trailers."""
    subject = repo.commit(patch.commit).summary
    text = (
        f'Revert "{subject}"\n\nThis reverts commit {patch.commit}.\nRetraining with and without the patch showed that it harms:'
        f" {VERDICTS.as_posix()}/{patch.patch}.yaml\n\nReverts-Patch: {patch.patch}\nVerdict: harmful\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "message").write_text(text, encoding="utf-8")
        editor = f"cp {shlex.quote(str(Path(folder) / 'message'))}"
        repo.git.revert("--edit", patch.commit, env={"GIT_EDITOR": editor})


def _brought(root: Path, patches: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """Patch → the commit that added it last, if that touches only the patch and what a repair may edit; newest first. And the patches
    that are older than what a shallow clone holds.
    """
    repo = open_git(root)
    edge = cut_commits(repo)
    log = repo.git.log("--diff-filter=A", "--name-only", "--format=commit %H", "--", *map(_file, patches))
    found: dict[str, str] = {}
    commit = ""
    for line in filter(None, log.splitlines()):
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        else:
            found.setdefault(Path(line).stem, commit)
    cut = {patch for patch, commit in found.items() if commit in edge}
    return {patch: commit for patch, commit in found.items() if commit not in edge and _alone(repo, commit, patch)}, cut


def _alone(repo: Any, commit: str, patch: str) -> bool:
    names = repo.git.diff_tree("--no-commit-id", "--name-only", "-r", "--root", commit).splitlines()
    return all(name == _file(patch) or name.startswith(WITH_A_PATCH) for name in names)


def _file(patch: str) -> str:
    return f"{PATCHES.as_posix()}/{patch}.yaml"
