"""Finds in git's history where each round of repair begins, and which rounds re-allocated samples.

reallocations(root)         {1: "8d2e7b4…"}: round → commit
before_round(root, 2)       "3f0c9a1…^": the revision to compare round 2 with
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath

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

    Where patches of the round are on disk, only the commits that added these count: the number may have been used before, by patches that
    are no longer there. Raises NotFoundError if no commit did either, and ShallowError if the clone does not reach back to it.
    """
    repo = open_git(root)
    pattern = f"{number}-*.yaml"
    here = {path.name for path in (root / PATCHES).glob(pattern)}
    log = repo.git.log("--diff-filter=A", "--name-only", "--format=commit %H", "--", f"{PATCHES.as_posix()}/{pattern}")
    added = adding(log, here)[-1:]
    shared_out = reallocations(root).get(number)
    if shared_out is not None and added and here:
        between = f"{shared_out}..{added[0]}"
        if of_earlier_round(
            repo.git.log("--diff-filter=D", "--name-only", "--format=", between, "--", f"{PATCHES.as_posix()}/{pattern}"), here
        ):
            shared_out = None
    if shared_out is not None and not (added and repo.is_ancestor(added[0], shared_out)):
        added = [shared_out]
    if not added:
        raise NotFoundError(f"No commit adds a patch of round {number}. Commit the patches, or name the revision to compare with.")
    if added[0] in cut_commits(repo):
        raise ShallowError(f"This clone is shallow, so the commit before round {number} is missing. {DEEPEN}")
    return f"{added[0]}^"
