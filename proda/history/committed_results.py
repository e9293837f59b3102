"""Reads one item's answers from the results that commits hold, and finds where they flipped.

    story = read_story(root, "materials/work-hardening:dev-effect", None)
    story.line.results       [Result(commit="3f0c9a1…", right=1, scored=3), …], oldest first
    story.found[0]           Found(commit="8d2e7b4…", right=True, since="3f0c9a1…", seeds=("1 of 3", "3 of 3"), changes=(…))

Walks first parents, and reads benchmarks/results/outcomes as committed: nothing is trained, and DVC's cache is not needed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import NotFoundError, UsageError, closest
from proda.gitrepo import DEEPEN, cut_commits, find_commit, open_git
from proda.history.bisect import ComparableResults, Result, comparable, flips, narrow, tally
from proda.history.changes import ChangedPaths, changed_paths
from proda.history.rebuild import rebuild
from proda.records import Record

RESULTS = Path("benchmarks/results/outcomes")


class Found(Record, frozen=True):
    """A flip, and the changes between the results before it and those after it."""

    commit: str
    subject: str
    right: bool
    since: str  # commit of the results before
    seeds: tuple[str, str]  # "1 of 3", before and after
    changes: tuple[ChangedPaths, ...]


class Story(Record, frozen=True):
    """All results of one item that can be compared, and its flips."""

    line: ComparableResults
    found: tuple[Found, ...]
    missing: str  # which results a shallow clone lacks, and how to get them; empty if none


def read_story(root: Path, item: str, span: tuple[str, str] | None) -> Story:
    """Read the results of `item` on first parents: from the first results in git to HEAD, or between two revisions.

    Raises NotFoundError if no result holds a scored answer to the item, UsageError if no commit lies between the revisions, and GitError.
    """
    repo = open_git(root)
    path = RESULTS / f"{split_of(item)}.csv"
    read = [_result(repo, commit, path, item) for commit in _with_results(repo, path, span)]
    line = comparable(read)
    if not line.results:
        raise NotFoundError(_unknown(repo, read, path, item))
    by_commit = {result.commit: result for result in line.results}
    found = tuple(
        Found(
            flip.first, str(repo.commit(flip.first).summary), flip.right, flip.last,
            (by_commit[flip.last].seeds, by_commit[flip.first].seeds), changed_paths(repo, flip.last, flip.first),
        )
        for flip in flips(line.results)
    )  # fmt: skip
    missing = ""
    if read and read[0].commit in cut_commits(repo):
        missing = f"This clone is shallow: results older than {line.results[0].commit[:9]} are missing. {DEEPEN}"
    return Story(line, found, missing)


def split_of(item: str) -> str:
    """Return the split that an item's id names. Raises NotFoundError if it names none."""
    split = item.rpartition(":")[2].partition("-")[0]
    if split not in ("dev", "twin", "sealed"):
        raise NotFoundError(f"'{item}' is not an item. Expected an id like materials/work-hardening:dev-effect.")
    return split


def narrowed(root: Path, found: Found, item: str, digest: str, told: Callable[[str, Result | None, bool | None], None]) -> Found:
    """Rebuild commits between two results, by halves, and return the flip with fewer changes; one, if every commit could be judged.

    `told` gets each commit, its result (None if it does not build) and its state (None if it cannot be judged: it does not build, or the
    item has another text there than `digest` says).
    """
    path = RESULTS / f"{split_of(item)}.csv"

    def state(commit: str) -> bool | None:
        data = rebuild(root, commit, path)
        result = None if data is None else _tally(commit, data, item)
        known = result.state if result is not None and result.hash == digest else None
        told(commit, result, known)
        return known

    left, _ = narrow([change.commit for change in found.changes], before=not found.right, state=state)
    return msgspec.structs.replace(found, changes=tuple(change for change in found.changes if change.commit in left))


def _with_results(repo: Any, path: Path, span: tuple[str, str] | None) -> list[str]:
    """Commits whose results differ from their parent's, oldest first; with a range, also the ones that its start builds on."""
    walk = ("--first-parent", "--format=%H")
    if span is None:
        end = find_commit(repo, "HEAD").hexsha
        return str(repo.git.log(*walk, "--reverse", end, "--", path.as_posix())).split()
    first, last = (find_commit(repo, revision).hexsha for revision in span)
    between = str(repo.git.log(*walk, "--reverse", f"{first}..{last}")).split()
    if not between:
        raise UsageError(f"'{span[0]}..{span[1]}': no commit lies between. Name the older revision first.")
    start = [str(parent.hexsha) for parent in repo.commit(between[0]).parents[:1]]  # where the line of B leaves that of A
    builds_on = str(repo.git.log(*walk, "-1", *start, "--", path.as_posix())).split() if start else []
    return builds_on + str(repo.git.log(*walk, "--reverse", f"{first}..{last}", "--", path.as_posix())).split()


def _rows(data: bytes) -> list[dict[str, str]]:
    """Rows of an outcomes file; none if it lacks the columns needed here, as files of an older format do."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8", errors="replace"), newline=""))
    return list(rows) if {"item", "model", "hash", "correct"} <= set(rows.fieldnames or ()) else []


def _blob(repo: Any, commit: str, path: Path) -> bytes:
    try:
        return bytes((repo.commit(commit).tree / path.as_posix()).data_stream.read())
    except KeyError:
        return b""


def _tally(commit: str, data: bytes, item: str) -> Result:
    correct = {"true": True, "false": False}
    return tally(commit, ((row["model"], row["hash"], correct.get(row["correct"])) for row in _rows(data) if row["item"] == item))


def _result(repo: Any, commit: str, path: Path, item: str) -> Result:
    return _tally(commit, _blob(repo, commit, path), item)


def _unknown(repo: Any, read: Sequence[Result], path: Path, item: str) -> str:
    if not read:
        return f"{path}\n  No commit here holds results. Run `dvc repro` and commit them, or name another range."
    if any(result.hash for result in read):
        return f"{path}  {item}\n  No tuned model has a scored answer to the item with its present text."
    near = closest(item, {row["item"] for row in _rows(_blob(repo, read[-1].commit, path))})
    hint = f" Closest: '{near}'." if near else ""
    results = f"the {len(read)} results" if len(read) > 1 else "the 1 result"
    return f"{path}\n  '{item}' is in none of {results} read.{hint} `proda show` lists a node's items."
