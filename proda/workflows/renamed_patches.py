"""Which patches of the work tree are committed patches under other ids, as `proda mv` leaves them.

    renamed_patches(root, ["samples/patches/1-warming-s1-77aa01bc.yaml"])      # the same name, if HEAD has it as 1-heating-s1-…

A renamed patch has a new name, so git shows it as a new file until it is committed. It was applied under its old name, hence
`proda check` must not hold it against `expect` as it does with a patch that waits to be applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from proda.errors import InputError
from proda.gitrepo import GitError, run_git
from proda.records import content_hash
from proda.store.corpus import PATCHES
from proda.yamlio import load_yaml, load_yaml_text

SAID = ("format", "question", "options", "answer", "explanation")  # what a sample says, without ids


def renamed_patches(root: Path, waiting: Iterable[str]) -> set[str]:
    """Return those files of `waiting` whose patch is in HEAD or its parent under another name that the work tree no longer has.

    HEAD may have removed the old file without adding the new one, as `git commit -a` does. Names are relative to `root`. Patches are
    compared without their ids. Returns an empty set where git has no commit.
    """
    gone: dict[str, str] = {}
    for revision in ("HEAD^", "HEAD"):
        committed = _git(root, "ls-tree", "-r", "--name-only", revision, "--", PATCHES.as_posix()).splitlines()
        gone |= {name: revision for name in committed if name.endswith(".yaml") and not (root / name).exists()}
    if not gone:
        return set()
    before = {_said(_loaded(_git(root, "show", f"{revision}:./{name}"))) for name, revision in gone.items()}
    return {name for name in waiting if _said(_loaded(root / name)) in before}


def _said(raw: Any) -> str:
    """A hash of a patch without its ids: round, category, hashes of what it was written against, texts of its samples."""
    if not isinstance(raw, Mapping):
        return ""
    expect, samples = raw.get("expect"), raw.get("samples")
    hashes = list(expect.values()) if isinstance(expect, Mapping) else []
    texts = [[s.get(key) for key in SAID] for s in samples if isinstance(s, Mapping)] if isinstance(samples, list) else []
    return content_hash([raw.get("round"), raw.get("category"), hashes, texts])


def _loaded(patch: Path | str) -> Any:
    try:
        return load_yaml_text(patch) if isinstance(patch, str) else load_yaml(patch)
    except InputError:
        return None


def _git(root: Path, *arguments: str) -> str:
    """Git's output; empty if git, the repository or the revision is missing."""
    try:
        return run_git(root, *arguments)
    except GitError:
        return ""
