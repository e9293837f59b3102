"""Gathers what `proda status` shows: the branch, what is stale, the open repair round, and what to run next.

    found = status(Path("."))
    found.next            "dvc repro"
    found.round           OpenRound(number=2, branch="repair/round-2", patches=200, unjudged=12, built=True)

Reads names and hashes only, so that it takes a fraction of a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from proda.gitrepo import UNDER_WAY, GitError, run_git
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.diagnoses import DIAGNOSIS
from proda.store.files import data_files
from proda.store.verdicts import VERDICTS
from proda.workflows.freshness import Freshness, freshness
from proda.workflows.installed_code import changed_stages

HEAD_BYTES = 4096  # of the diagnosis file: its counts are at the top


class OpenRound(Record, frozen=True):
    """A repair round that is not finished: this branch is its branch, or some of its patches have no verdict."""

    number: int
    branch: str  # empty if no branch of that name exists here
    patches: int
    unjudged: int  # patches without a verdict
    built: bool  # whether the results are newer than the patches


class Status(Record, frozen=True):
    """The state of a repository."""

    branch: str  # empty without git or with a detached HEAD
    commit: str
    under_way: str  # merge, rebase, …: an operation of git that waits to be finished
    uncommitted: tuple[str, ...]
    git: str  # why git cannot be used; empty if it can
    freshness: Freshness
    changed: tuple[str, ...]  # files that make results stale, as far as git can tell
    round: OpenRound | None
    failed: Mapping[str, int]  # category → diagnosed dev items; empty if the stage diagnose has not run
    next: str
    why: str
    upgraded: tuple[str, ...] = ()  # stages whose installed code is not the one in proda-version.yaml


def status(root: Path) -> Status:
    """Return the state of the repository at `root`. Raises InputError if dvc.lock, dvc.yaml or proda-version.yaml cannot be read."""
    why_not = ""
    try:
        branch, commit, uncommitted, under_way, branches = _git(root)
    except GitError as error:
        branch, commit, uncommitted, under_way, branches, why_not = "", "", (), "", frozenset(), str(error)
    found = freshness(root)
    changed = () if why_not else _changed_files(root, found, uncommitted)
    this = open_round(root, branch, branches, built=not found.data_changes("evaluate"))
    failed = failures(root)
    upgraded = changed_stages(root)
    step, why = next_step(found, this, uncommitted, under_way, failed)
    if upgraded and not under_way:
        step, why = "proda check --fix", "ProDa was upgraded since the results were built"
    return Status(branch, commit, under_way, uncommitted, why_not, found, changed, this, failed, step, why, upgraded)


def open_round(root: Path, branch: str, branches: frozenset[str], *, built: bool) -> OpenRound | None:
    """Return the round of this branch, or else the last round with patches that have no verdict; None if there is none."""
    patches: dict[int, list[str]] = {}
    for path in data_files(root / PATCHES, "*-*.yaml"):
        number, _, _ = path.stem.partition("-")
        if number.isdecimal():
            patches.setdefault(int(number), []).append(path.stem)
    judged = {path.stem for path in data_files(root / VERDICTS, "*.yaml")}
    unjudged = {this: sum(patch not in judged for patch in ids) for this, ids in patches.items()}
    own = re.fullmatch(r"repair/round-([1-9][0-9]*)", branch)
    last = int(own[1]) if own else max((this for this, count in unjudged.items() if count), default=0)
    if not last:
        return None
    name = f"repair/round-{last}"
    return OpenRound(last, name if name in branches else "", len(patches.get(last, ())), unjudged.get(last, 0), built)


def failures(root: Path) -> dict[str, int]:
    """Return category → failed dev items, from the top of the diagnosis file; empty if it is absent."""
    path = root / DIAGNOSIS
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8", errors="replace")
    block = re.search(r"^categories:\n((?:  .+: \d+\n)+)", head, re.MULTILINE)
    pairs = (line.strip().rpartition(": ") for line in block[1].splitlines()) if block else ()
    return {name: int(count) for name, _, count in pairs if int(count)}


def next_step(
    found: Freshness, this: OpenRound | None, uncommitted: Sequence[str], under_way: str, failed: Mapping[str, int]
) -> tuple[str, str]:
    """Return the command to run next, and why."""
    results = [name for name in uncommitted if name == "dvc.lock" or name.startswith(("benchmarks/", "samples/corpus/"))]
    repairable = sum(count for category, count in failed.items() if category != "unexplained")
    if under_way:
        return f"git {under_way} --continue", f"a {under_way} is under way"
    if found.data_changes("diagnose") or found.data_changes("evaluate"):
        return "dvc repro", "results are older than the data"
    if this and this.unjudged and this.patches:
        return "proda verify", f"round {this.number} is built and not judged"
    if not found.known and not failed:
        return "dvc repro", "nothing has been built yet"
    if results:
        return 'git add -A && git commit -m "Results"', "results are not committed"
    if this and this.branch:
        return f"git switch main && git merge {this.branch}", f"round {this.number} is judged; or open a pull request"
    if found.stale:
        return "dvc repro", "code changed since the results were built"
    if repairable:
        return "proda repair --dry-run", f"{repairable} failed items are diagnosed"
    return "proda report", "everything is up to date"


def _git(root: Path) -> tuple[str, str, tuple[str, ...], str, frozenset[str]]:
    """Branch, commit, changed files, the operation under way, and the branches of repair rounds."""
    lines = run_git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z", "--", ".").split("\0")
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    branch, commit = facts.get("branch.head", ""), facts.get("branch.oid", "")
    changed = tuple(name for line in lines if (name := _file(line)))
    refs = run_git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads/repair/").split()
    folder = Path(run_git(root, "rev-parse", "--absolute-git-dir").rstrip("\n"))
    doing = next((what for state, what in UNDER_WAY if (folder / state).exists()), "")
    return ("" if branch == "(detached)" else branch), ("" if commit == "(initial)" else commit), changed, doing, frozenset(refs)


def _file(line: str) -> str:
    """The path in a line of `git status --porcelain=v2`; empty if it names none."""
    fields_before = {"1": 8, "u": 10, "?": 1}.get(line[:1])
    return "" if fields_before is None else line.split(" ", fields_before)[-1]


def _changed_files(root: Path, found: Freshness, uncommitted: Sequence[str]) -> tuple[str, ...]:
    """Files that changed in folders that are not what dvc.lock records, since the commit that last changed dvc.lock.

    Empty where git does not know: dvc.lock itself is not committed, or the clone is shallow.
    """
    folders = list(dict.fromkeys(c.what for c in found.changes if c.kind not in ("code", "parameters") and (root / c.what).is_dir()))
    if not folders or "dvc.lock" in uncommitted:
        return ()
    try:
        built = run_git(root, "log", "-1", "--format=%H", "--", "dvc.lock").strip()
        names = run_git(root, "diff", "--name-only", "-z", built, "--", *folders).split("\0") if built else []
    except GitError:
        return ()
    new = [name for name in uncommitted if name.startswith(tuple(f"{folder}/" for folder in folders))]
    return tuple(sorted({*filter(None, names), *new}))
