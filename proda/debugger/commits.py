"""Patches → git: one branch per round, one file and one commit per patch, with trailers for `git log`.

    made = commit_patches(root, patches, branch="repair/round-1", run="3f0c…", edit=set_apart)

    $ git log -1 --format=%B
    Repair physics/bimetal-strip-bends.s1: concept gap

    9 of 12 probe answers about “heating causes thermal expansion” are wrong. Most frequent wrong answer: thermal contraction.

    Patch: 1-bimetal-strip-bends-s1-3f0c9a1e
    Diagnosis: concept gap
    Item: physics/bimetal-strip-bends:dev-bridge
    Edit: physics/thermal-expansion distinct_from physics/thermal-contraction
    Run: dd6d5935…

A patch's `edits` of topic files are part of its commit, so reverting the commit restores both files. The caller passes the function
`edit` that makes them. All checks run before anything is changed: a dirty work tree, a detached HEAD, a missing identity or an outdated
topic file is one message. Patches that the branch already holds are skipped, so a run that was killed can be repeated. `commit_file`
commits a new text of an existing file, such as samples/allocation.yaml, under the same conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from proda.debugger.branch import commit_texts, earlier, or_back, ready, switch, text_in
from proda.errors import InputError, ProdaError
from proda.gitrepo import GitError, open_git
from proda.records import Edit, Patch
from proda.store.corpus import PATCHES
from proda.store.files import data_files
from proda.store.patches import patch_text, read_patch

__all__ = ["EditText", "GitError", "commit_file", "commit_patches", "leftover", "message"]

SUBJECT = 2  # targets that the subject of a commit names

EditText = Callable[[str, Edit], str]
"""Text of a topic file and an edit → the edited text, or the same text if it has the edit already. Raises InputError."""


def staged_patch(line: str) -> bool:
    """Tell whether a line of `git status --porcelain` is a patch that a killed repair left staged."""
    return line.startswith(f"A  {PATCHES.as_posix()}/")


def leftover(root: Path, edit: EditText | None) -> Callable[[str], bool]:
    """Return a function that tells whether a line of `git status --porcelain` is a change left by a killed repair.

    Such a change is a staged patch, or a topic file that differs from HEAD only by the edits of a patch which is written and not committed.
    """

    @cache
    def edited() -> dict[str, set[str]]:
        head = open_git(root).head.commit
        found: dict[str, set[str]] = {}
        for path in data_files(root / PATCHES, "*.yaml") if edit else ():
            if text_in(head, path.relative_to(root).as_posix()) is None:
                try:
                    files = _files(head, read_patch(path), edit, {})
                except ProdaError:
                    continue  # half a patch, or a patch for a file that has changed since: it explains no change
                for name, text in files.items():
                    found.setdefault(name, set()).add(text)
        return found

    def left(line: str) -> bool:
        name = line[3:]
        if staged_patch(line):
            return True
        if line[:2] not in (" M", "M ", "MM") or not name.startswith("knowledge/"):
            return False
        try:
            return (root / name).read_text(encoding="utf-8") in edited().get(name, ())
        except (OSError, UnicodeDecodeError):
            return False

    return left


def commit_patches(
    root: Path,
    patches: Sequence[Patch],
    *,
    branch: str,
    run: str = "",
    edit: EditText | None = None,
    done: Callable[[Patch, bool], None] = lambda *_: None,
) -> list[Patch]:
    """Commit each patch with its edits on `branch`, made from HEAD if it does not exist, and stay there. Return the new ones, in order.

    `done` is called for each patch, with whether it is new. If a commit fails, the commits before it stay on `branch`, and branch and work
    tree are as before the call. Raises GitError; InputError, before anything is changed, if an edit cannot be made.
    """
    repo = ready(root, leftover(root, edit))
    head = next((h.commit for h in repo.heads if h.name == branch), repo.head.commit)
    texts: dict[str, str] = {}
    files = {p.id: _files(head, p, edit, texts) for p in patches if text_in(head, _name(p)) is None}
    made: list[Patch] = []
    with or_back(repo):
        switch(repo, branch)
        for patch in patches:
            if patch.id in files:
                commit_texts(repo, root, files[patch.id], message(patch, run), _so_far(len(made), branch))
                made.append(patch)
            done(patch, patch.id in files)
    return made


def _so_far(made: int, branch: str) -> str:
    if not made:
        return "No patch was committed."
    return f"{earlier(made, 'patch', 'patches')} committed on {branch}; the next run continues there."


def _files(commit: Any, patch: Patch, edit: EditText | None, texts: dict[str, str]) -> dict[str, str]:
    """Return the files that the patch's commit writes: the patch first, then the topic files that change.

    In this order, a topic file that a killed run changed can be told from one that a person edited. `texts` holds the topic files as the
    commits before this one leave them, and is updated.
    """
    found = {_name(patch): patch_text(patch)}
    for change in patch.edits:
        before = texts.get(change.file, text_in(commit, change.file))
        if before is None or edit is None:
            raise InputError(
                f"{change.file}\n  Not in {commit.hexsha[:9]}, expected the concept {change.concept}: the diagnosis is stale."
                " Run `dvc repro`, then run repair again."
            )
        after = edit(before, change)
        if after != before:
            texts[change.file] = found[change.file] = after
    return found


def _name(patch: Patch) -> str:
    return f"{PATCHES.as_posix()}/{patch.id}.yaml"


def commit_file(root: Path, name: str, text: str, *, branch: str, message: str) -> bool:
    """Commit the file `name` with a new `text` on `branch`, made from HEAD if it does not exist, and stay there.

    Return False, and change nothing, if HEAD or the branch holds that text already. If the commit fails, everything is as before. Raises
    GitError, also if the file on the branch differs from the one in HEAD.
    """

    def left(line: str) -> bool:
        return line[3:] == name and (root / name).read_bytes() == text.encode()

    repo = ready(root, left)
    now = text_in(repo.head.commit, name)
    there = next((text_in(h.commit, name) for h in repo.heads if h.name == branch), now)
    if text in (now, there):
        return False
    if there != now:
        raise GitError(
            f"{name}\n  The branch {branch} holds another version than HEAD, so the new text was not computed from it."
            f" Run `git switch {branch}`, then run this again."
        )
    with or_back(repo):
        switch(repo, branch)
        commit_texts(repo, root, {name: text}, message, f"Nothing was committed on {branch}.")
    return True


def message(patch: Patch, run: str) -> str:
    """Return the commit message: the targets and category, the reason, and trailers for `git log --format='%(trailers)'`."""
    trailers = [f"Patch: {patch.id}", f"Diagnosis: {patch.category}", *(f"Item: {item}" for item in patch.items)]
    trailers += [f"Edit: {e.concept} distinct_from {e.distinct_from}" for e in patch.edits]
    if run:
        trailers.append(f"Run: {run}")
    what = ", ".join(patch.targets[:SUBJECT]) + (f" and {more} more" if (more := len(patch.targets) - SUBJECT) > 0 else "")
    return f"Repair {what}: {patch.category}\n\n{patch.reason}\n\n" + "\n".join(trailers) + "\n"
