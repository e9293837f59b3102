"""Reads from git which commits changed what outcomes are made from: data, parameters, code.

changes, everywhere = data_changes(root, "main", None)
changes[0]       Change(commit="1c77e02b8", subject="Repair …", nodes=("physics/…s1",), patch="1-bimetal-strip-bends-s1-3f0c9a1e", …)
everywhere[0]    "5ab09d1c4 More epochs": parameters or code, which every item rests on
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proda.errors import UsageError
from proda.gitrepo import DEEPEN, ShallowError, cut_commits, file_text, open_git
from proda.history.audit import Change
from proda.history.committed_knowledge import CommittedKnowledge
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.verdicts import read_verdicts, shown_by
from proda.yamlio import load_yaml_bytes

DATA = (
    *("knowledge", str(PATCHES), "samples/allocation.yaml", "samples/written"),
    *("benchmarks/exceptions.yaml", "benchmarks/written"),
)
READERS = ("cli", "debugger", "experiments", "history", "report")  # these read results, and make none
EVERYTHING = (
    *("params.yaml", "dvc.yaml", "constraints.txt", "proda-version.yaml", "pipelines", "knowledge/relations.yaml"),
    *("samples/allocation.yaml", "samples/base", "samples/written"),
    *(
        "proda",
        ":(exclude)proda/__init__.py",
        ":(exclude)proda/templates",
        *(f":(exclude)proda/{name}" for name in READERS),
    ),  # which holds the number of the version
)
DECIDES = (*DATA, *EVERYTHING, ":(exclude,glob)knowledge/*.md")  # Markdown directly in knowledge/ is documentation
MAX_COMMITS = 5000


class ChangedPaths(Record, frozen=True):
    """A commit that changed what outcomes are made from."""

    commit: str
    subject: str
    paths: tuple[str, ...]


def data_changes(root: Path, first: str, last: str | None) -> tuple[list[Change], list[str]]:
    """Return the data changes between two commits, oldest first, and a line for each commit that affects every item.

    A merge counts with what it changed itself, such as a conflict resolved with a third wording; its branch counts commit by commit.
    Without `last`, up to HEAD: changes that are not committed cannot be reverted, so they are left out. Raises UsageError for more than
    MAX_COMMITS commits, and ShallowError if the clone does not hold all of them.
    """
    repo = open_git(root)
    span = f"{first}..{last or 'HEAD'}"
    touched = _touched(repo, span, DATA)
    commits = [repo.commit(commit) for commit in touched]
    if len(commits) > MAX_COMMITS:
        end = last[:9] if last else "HEAD"
        raise UsageError(
            f"{first[:9]}..{end}\n  {len(commits):,} commits touch data there, and at most {MAX_COMMITS:,} are read."
            f" Name a shorter range, such as {commits[-MAX_COMMITS].hexsha[:9]}..{end}."
        )
    if cut_commits(repo).intersection(commit.hexsha for commit in commits):
        raise ShallowError(f"This clone is shallow, so parts of {span} are missing. {DEEPEN}")
    verdicts = read_verdicts(root)
    changes = []
    with CommittedKnowledge(root) as known:
        for commit in commits:
            names = touched[commit.hexsha]
            for name in (n for n in names if n.startswith(f"{PATCHES.as_posix()}/") and n.endswith(".yaml")):
                patch = Path(name).stem
                verdict = verdicts.get(patch, {})
                brief = (commit.hexsha[:9], str(commit.summary), _targets(commit, name), patch, str(verdict.get("says", "")))
                reverted = file_text(commit, name) is None
                changes.append(Change(*brief, reverted=reverted, shown=shown_by(verdict), author=str(commit.author.name)))
            if any(name.startswith("knowledge/") and name.endswith(".yaml") and name != "knowledge/relations.yaml" for name in names):
                # Nodes that a commit added have no items before it, and nodes that it retired have none after.
                nodes = known.changed_nodes(commit)
                if nodes:
                    changes.append(Change(commit.hexsha[:9], str(commit.summary), nodes, author=str(commit.author.name)))
    others = (repo.commit(commit) for commit in _touched(repo, span, EVERYTHING))
    return changes, [f"{c.hexsha[:9]} {c.summary}" for c in others if len(c.parents) < 2 or _edits(repo, c, EVERYTHING)]


def changed_paths(repo: Any, last: str, first: str) -> tuple[ChangedPaths, ...]:
    """Return the commits after `last`, up to `first`, that touch what outcomes are made from; oldest first, a merge as one commit."""
    shape = ("--first-parent", "-m", "--reverse", "--name-only", "--format=%x00%H%x00%s%x00")
    log = str(repo.git.log(*shape, f"{last}..{first}", "--", *dict.fromkeys(DECIDES)))
    parts = iter(log.split("\0")[1:])
    return tuple(
        ChangedPaths(commit, subject, tuple(filter(None, names.split("\n"))))
        for commit, subject, names in zip(parts, parts, parts, strict=True)
    )


def _touched(repo: Any, span: str, paths: Sequence[str]) -> dict[str, list[str]]:
    """Return commit → the files of `paths` that it changed, oldest first; of a merge, those that differ from each of its parents."""
    log = str(repo.git.log("-c", "--reverse", "--name-only", "--format=%x00%H", span, "--", *paths))
    parts = (part.split("\n") for part in log.split("\0")[1:])
    return {commit: changed for commit, *names in parts if (changed := [name for name in names if name])}


def _edits(repo: Any, merge: Any, paths: Sequence[str]) -> bool:
    """Return whether a merge has lines that are on none of its parents, not just lines of several parents in one file."""
    return bool(repo.git.show("--cc", "--format=", merge.hexsha, "--", *paths))


def _targets(commit: Any, name: str) -> tuple[str, ...]:
    """Return the targets of a patch that a commit added or removed, read from that commit or its parent."""
    for version in (commit, *commit.parents):
        text = file_text(version, name)
        if text is not None:
            raw = load_yaml_bytes(text.encode(), f"{commit.hexsha[:9]}:{name}")
            return tuple(map(str, raw.get("targets", ()))) if isinstance(raw, dict) else ()
    return ()
