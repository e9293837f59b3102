"""Where the rounds of repair begin in git's history, and which of them shared samples out anew.

reallocations(root)         {1: "8d2e7b4…"}: round → commit
before_round(root, 2)       "3f0c9a1…^": the revision to compare round 2 with
"""

from __future__ import annotations

import re
from pathlib import Path

from proda.errors import NotFoundError
from proda.store.corpus import PATCHES


def reallocations(root: Path) -> dict[int, str]:
    """Round → the commit that shared samples out anew in it, from the trailers of HEAD's history; the first where a round has several."""
    import git

    try:
        repo = git.Repo(root)
        log = repo.git.log("-E", "--grep=^Reallocation: round [0-9]+$", "--format=%H %(trailers:key=Reallocation,valueonly,separator=%x20)")
    except (git.InvalidGitRepositoryError, git.GitCommandError):  # no repository, or no commit in it
        return {}
    found = (re.fullmatch(r"([0-9a-f]+) round ([1-9][0-9]*)", line.strip()) for line in log.splitlines())
    return {int(match[2]): match[1] for match in found if match}


def before_round(root: Path, number: int) -> str:
    """The commit before the one that added the round's first patch, or shared its samples out anew, whichever was first."""
    import git

    repo = git.Repo(root)
    added = repo.git.log("--diff-filter=A", "--format=%H", "--", f"{PATCHES.as_posix()}/{number}-*.yaml").split()[-1:]
    shared_out = reallocations(root).get(number)
    if shared_out is not None and not (added and repo.is_ancestor(added[0], shared_out)):
        added = [shared_out]
    if not added:
        raise NotFoundError(f"No commit adds a patch of round {number}: commit the patches first, or name the revision to compare with.")
    return f"{added[0]}^"
