"""Gathers what `proda status` shows: the branch, what is stale, the open repair round, and what to run next.

    found = status(Path("."))
    found.next            "dvc repro"
    found.round           OpenRound(number=2, branch="repair/round-2", patches=200, unjudged=12, built=True)

Reads names and hashes only, so that it takes a fraction of a second.
"""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from proda.gitrepo import UNDER_WAY, GitError, run_git
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.diagnoses import DIAGNOSIS
from proda.store.files import data_files
from proda.store.verdicts import VERDICTS
from proda.workflows.freshness import LOCK, NEVER, Freshness, freshness
from proda.workflows.installed_code import changed_stages
from proda.workflows.undecided import Undecided, undecided

SHOWN = 4  # files that a reason names
HEAD_BYTES = 4096  # of the diagnosis file: its counts are at the top


class OpenRound(Record, frozen=True):
    """A repair round that is not finished: this branch is its branch, or some of its patches have no verdict."""

    number: int
    branch: str  # empty if no branch of that name exists here
    patches: int
    unjudged: int  # patches without a verdict
    built: bool  # whether the results are newer than the patches


class _Tree(Record, frozen=True):
    """What git says of the work tree."""

    branch: str = ""
    commit: str = ""
    uncommitted: tuple[str, ...] = ()
    staged: frozenset[str] = frozenset()  # of the uncommitted files, those with a change in the index
    untracked: frozenset[str] = frozenset()
    unmerged: tuple[str, ...] = ()
    under_way: str = ""
    branches: frozenset[str] = frozenset()  # of repair rounds


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
    unmerged: tuple[str, ...] = ()  # files with an open conflict
    upgraded: tuple[str, ...] = ()  # stages whose installed code is not the one in proda-version.yaml
    undecided: Undecided = Undecided()
    remote: bool = False  # DVC has a default remote here


def status(root: Path) -> Status:
    """Return the state of the repository at `root`. Raises InputError if dvc.lock, dvc.yaml or proda-version.yaml cannot be read."""
    why_not = ""
    try:
        tree = _git(root)
    except GitError as error:
        tree, why_not = _Tree(), str(error)
    found = freshness(root)
    changed = () if why_not else _changed_files(root, found, tree.uncommitted)
    this = open_round(root, tree.branch, tree.branches, built=not found.data_changes("evaluate"))
    failed = failures(root)
    upgraded = changed_stages(root)
    waiting = undecided(root)
    step, why = _unfinished(tree) or _spoiled(found, tree) or waiting.instead_of(*next_step(found, this, tree.uncommitted, failed))
    if upgraded and not tree.under_way and not tree.unmerged:
        step, why = "proda check --fix", "ProDa was upgraded since the results were built"
    branch, commit, under_way, uncommitted = tree.branch, tree.commit, tree.under_way, tree.uncommitted
    told = (tree.unmerged, upgraded, waiting, has_remote(root))
    return Status(branch, commit, under_way, uncommitted, why_not, found, changed, this, failed, step, why, *told)


def has_remote(root: Path) -> bool:
    """Return whether .dvc/config or .dvc/config.local names a default remote. DVC itself is not asked, since it starts slowly."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read([root / ".dvc/config", root / ".dvc/config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return False
    return bool(config.get("core", "remote", fallback=""))


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


def _unfinished(tree: _Tree) -> tuple[str, str] | None:
    """Return how to go on with an operation of git, and why; None if none is under way."""
    if tree.unmerged:
        return "proda merge", f"{_listed(tree.unmerged)} in conflict"
    return (f"git {tree.under_way} --continue", f"a {tree.under_way} is under way") if tree.under_way else None


def _spoiled(found: Freshness, tree: _Tree) -> tuple[str, str] | None:
    """Return how to get results back that were edited or removed after their stage wrote them, and why; None if there are none.

    The last commit holds them if dvc.lock is as committed. Otherwise, and for files that git does not know, the stage has to run again. If
    the data changed too, `next_step` says so: the stages have to run in any case.
    """
    spoiled = (*found.edited, *found.missing)
    if not spoiled or any(c.kind != "derived data" for c in (*found.data_changes("diagnose"), *found.data_changes("evaluate"))):
        return None
    names = [name for name in tree.uncommitted if any(name == path or name.startswith(f"{path}/") for path in spoiled)]
    are = "is" if len(spoiled) == 1 else "are"
    why = f"{_listed(spoiled)} {are} not what {'its' if len(spoiled) == 1 else 'their'} stage wrote"
    own = all(any(name == path or name.startswith(f"{path}/") for name in names) for path in spoiled)
    if LOCK in tree.uncommitted or not own or tree.untracked.intersection(names) or not tree.commit:
        return "dvc repro", why
    staged = "--staged --worktree " if tree.staged.intersection(names) else ""
    return f"git restore {staged}{' '.join(map(shlex.quote, spoiled))}", why


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def next_step(found: Freshness, this: OpenRound | None, uncommitted: Sequence[str], failed: Mapping[str, int]) -> tuple[str, str]:
    """Return the command to run next, and why, where git waits for nothing and the results are those that the stages wrote."""
    results = [name for name in uncommitted if name == "dvc.lock" or name.startswith(("benchmarks/", "samples/corpus/"))]
    repairable = sum(count for category, count in failed.items() if category != "unexplained")
    if changes := found.data_changes("diagnose") or found.data_changes("evaluate"):
        if all(change.what == NEVER for change in changes):
            return "dvc repro", "some stages have never run"
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


def _git(root: Path) -> _Tree:
    lines = run_git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z", "--", ".").split("\0")
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    branch, commit = facts.get("branch.head", ""), facts.get("branch.oid", "")
    changed = {name: line for line in lines if (name := _file(line))}
    refs = run_git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads/repair/").split()
    folder = Path(run_git(root, "rev-parse", "--absolute-git-dir").rstrip("\n"))
    doing = next((what for state, what in UNDER_WAY if (folder / state).exists()), "")
    return _Tree(
        "" if branch == "(detached)" else branch,
        "" if commit == "(initial)" else commit,
        tuple(changed),
        staged=frozenset(name for name, line in changed.items() if line[0] == "1" and line[2] != "."),
        untracked=frozenset(name for name, line in changed.items() if line[0] == "?"),
        unmerged=tuple(name for name, line in changed.items() if line[0] == "u"),
        under_way=doing,
        branches=frozenset(refs),
    )


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
