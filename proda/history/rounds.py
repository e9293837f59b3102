"""Finds in git's history where each round of repair begins, and which rounds re-allocated samples.

reallocations(root)         {1: "8d2e7b4…"}: round → commit
before_round(root, 2)       "3f0c9a1…^": the revision to compare round 2 with, without what other branches changed
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any

from proda.errors import NotFoundError
from proda.gitrepo import DEEPEN, NoRepositoryError, ShallowError, cut_commits, open_git
from proda.store.allocation import ALLOCATION
from proda.store.corpus import PATCHES


def reallocations(root: Path) -> dict[int, str]:
    """Return round → the commit that re-allocated samples in it, read from the trailers of HEAD's history.

    Where a round has several such commits, the first one counts. One that was taken back does not count: a later commit gave
    samples/allocation.yaml the content that it had before. Empty without a repository or a commit. Raises GitError.
    """
    try:
        repo = open_git(root)
    except NoRepositoryError:
        return {}
    if not repo.head.is_valid():
        return {}
    log = repo.git.log("-E", "--grep=^Reallocation: round [0-9]+$", "--format=%H %(trailers:key=Reallocation,valueonly,separator=%x20)")
    found = (re.fullmatch(r"([0-9a-f]+) round ([1-9][0-9]*)", line.strip()) for line in log.splitlines())
    commits = {match[1]: int(match[2]) for match in found if match}
    undone = taken_back(repo.git.log("--raw", "--no-abbrev", "--format=commit %H", "--", ALLOCATION.as_posix())) if commits else set()
    return {number: commit for commit, number in commits.items() if commit not in undone}


def taken_back(log: str) -> set[str]:
    """Return the commits of a `git log --raw --format="commit %H"` of one file whose change a later commit took back.

    `log` is in git's order, newest first. A change is taken back where a later commit gives the file the content from before the change.
    """
    undone, later = set(), set()
    for block in log.split("commit ")[1:]:
        commit, *changes = block.split("\n")
        fields = next((line.split() for line in changes if line.startswith(":")), None)
        if fields is None:
            continue
        old, new = fields[2:4]
        if old in later:
            undone.add(commit)
        later.add(new)
    return undone


def adding(log: str, names: Collection[str]) -> list[str]:
    """Return the commits of a `git log --name-only --format="commit %H"` that last touch a file of these names; all without names.

    `log` is in git's order, newest first. A patch of an earlier round that was taken out may have had the name of a later one.
    """
    found, left = [], set(names)
    for block in log.split("commit ")[1:]:
        commit, *paths = block.split("\n")
        here = left & {PurePosixPath(path).name for path in paths}
        if here or not names:
            found.append(commit)
        left -= here
    return found


def of_earlier_round(log: str, names: Collection[str]) -> bool:
    """Return whether a re-allocation belongs to an earlier round with the same number, patches of which were deleted before this round.

    `log` is that of a `git log --diff-filter=D --name-only --format=` of the number's patches, from the re-allocation to the commit that
    adds this round's first patch. `names` are the files of this round's patches.
    """
    return any(PurePosixPath(path).name not in names for path in log.splitlines() if path)


def before_round(root: Path, number: int) -> str:
    """Return the revision before the commit that added the round's first patch or re-allocated its samples, whichever was first.

    Where a merge brought the round to this branch, that is the merge's first parent, so that what the branch gained meanwhile is not taken
    for an effect of the round. Where a branch without the round was merged into the round's branch, it is the last such state of that
    branch.

    Where patches of the round are on disk, only the commits that added these count: the number may have been used before, by patches that
    are no longer there. Raises NotFoundError if no commit did either, and ShallowError if the clone does not reach back to it.
    """
    repo = open_git(root)
    pattern = f"{number}-*.yaml"
    here = {path.name for path in (root / PATCHES).glob(pattern)}
    shape = ("--diff-filter=A", "--name-only", "--format=commit %H", "--", f"{PATCHES.as_posix()}/{pattern}")
    added = adding(repo.git.log(*shape), here)[-1:]
    shared_out = reallocations(root).get(number)
    if shared_out is not None and added and here:
        between = f"{shared_out}..{added[0]}"
        if of_earlier_round(
            repo.git.log("--diff-filter=D", "--name-only", "--format=", between, "--", f"{PATCHES.as_posix()}/{pattern}"), here
        ):
            shared_out = None
    brought = adding(repo.git.log("--first-parent", "-m", *shape), here)[-1:] or [brought_in(repo, commit) for commit in added]
    if shared_out is not None:
        shared_in = brought_in(repo, shared_out)
        brought = brought if brought and repo.is_ancestor(brought[0], shared_in) else [shared_in]
    if not brought:
        raise NotFoundError(f"No commit adds a patch of round {number}. Commit the patches, or name the revision to compare with.")
    if brought[0] in cut_commits(repo):
        raise ShallowError(f"This clone is shallow, so the commit before round {number} is missing. {DEEPEN}")
    return _merged_without(repo, brought[0], pattern, shared_out) or f"{brought[0]}^"


def brought_in(repo: Any, commit: str) -> str:
    """Return the commit of HEAD's first-parent line that brought `commit` in: the merge of its branch, or the commit itself."""
    line = repo.git.rev_list("--first-parent", "HEAD", f"^{commit}^@").split()
    return next((c for c in reversed(line) if repo.is_ancestor(commit, c)), commit)


def _merged_without(repo: Any, first: str, pattern: str, shared_out: str | None) -> str:
    """Return the last commit, merged after `first`, that goes on from the commit before `first` and has nothing of the round; or "".

    `first` brought the round to HEAD's first-parent line. `pattern` matches its patches, and `shared_out` re-allocated samples for it.
    """
    merges = (
        repo.git.rev_list("--first-parent", "--merges", "--parents", f"{first}..HEAD").splitlines() if repo.commit(first).parents else ()
    )
    for line in merges:
        for other in line.split()[2:]:
            if not repo.is_ancestor(f"{first}^", other) or (shared_out and repo.is_ancestor(shared_out, other)):
                continue
            if not repo.git.rev_list("-1", other, f"^{first}^", "--", f"{PATCHES.as_posix()}/{pattern}"):
                return str(other)
    return ""
