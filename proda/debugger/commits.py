"""Patches → git: one branch a round, one file and one commit a patch, with trailers that can be asked for later.

    made = commit_patches(root, patches, branch="repair/round-1", run="3f0c…", edit=set_apart)

    $ git log -1 --format=%B
    Repair physics/bimetal-strip-bends.s1: concept gap

    Asked for “heating causes thermal expansion”: 9 of 12 answers are wrong, most often thermal contraction.

    Patch: 1-bimetal-strip-bends-s1-3f0c9a1e
    Diagnosis: concept gap
    Item: physics/bimetal-strip-bends:dev-path
    Edit: physics/thermal-expansion distinct_from physics/thermal-contraction
    Run: dd6d5935…

What a patch's `edits` name is edited in the same commit, by `edit`, which the command line hands in: reverting it restores both files.
Everything is looked at before anything is touched: a dirty tree, a detached head, a missing identity, a topic file that is not what it
was is one message. A patch that the branch already holds is left alone, so that a run that was killed can simply be run again. A file
that is rewritten and not added, as samples/allocation.yaml is, is committed by `commit_file` on the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from proda.errors import InputError, ProdaError
from proda.gitrepo import GitError, missing_identity, open_git, under_way
from proda.gitrepo import file_text as _text
from proda.records import Edit, Patch
from proda.store.corpus import PATCHES
from proda.store.files import data_files, write_file
from proda.store.patches import patch_text, read_patch

SHOWN = 10
SUBJECT = 2  # targets that a commit's subject names

EditText = Callable[[str, Edit], str]
"""The knowledge's part: a topic file's text → the same with the edit, or as it is where it has it. Raises InputError."""


def staged_patch(line: str) -> bool:
    """Whether a line of `git status --porcelain` is a patch that a killed repair left staged."""
    return line.startswith(f"A  {PATCHES.as_posix()}/")


def leftover(root: Path, edit: EditText | None) -> Callable[[str], bool]:
    """Whether a line of `git status --porcelain` is what a killed repair left: a staged patch, or a topic file with nothing changed but
    the edits of a patch that is written and not committed.
    """

    @cache
    def edited() -> dict[str, set[str]]:
        head = open_git(root).head.commit
        found: dict[str, set[str]] = {}
        for path in data_files(root / PATCHES, "*.yaml") if edit else ():
            if _text(head, path.relative_to(root).as_posix()) is None:
                try:
                    files = _files(head, read_patch(path), edit, {})
                except ProdaError:
                    continue  # half a patch, or one of a file that has changed: it explains nothing
                for name, text in files.items():
                    found.setdefault(name, set()).add(text)
        return found

    def left(line: str) -> bool:
        name = line[3:]
        if staged_patch(line):
            return True
        return (
            line[:2] in (" M", "M ", "MM")
            and name.startswith("knowledge/")
            and (root / name).read_text(encoding="utf-8") in edited().get(name, ())
        )

    return left


def ready(root: Path, left: Callable[[str], bool] = staged_patch) -> Any:
    """The git repository at `root`, fit for commits. Raises GitError saying what to do; changes nothing.

    `left` says of a line of `git status --porcelain` that it is what a killed run of ours left, and may stay.
    """
    repo = open_git(root)
    if not repo.head.is_valid():
        raise GitError(f"{root}\n  No commit yet. Commit the repository as it is, then run this again.")
    if repo.head.is_detached:
        raise GitError("HEAD is detached: the commits would belong to no branch. Run `git switch <branch>` (or `git switch -c <name>`).")
    if what := under_way(repo):
        raise GitError(f"A {what} is under way. Finish it, or `git {what} --abort`, then run this again.")
    changed = repo.git.status("--porcelain", "--untracked-files=no").splitlines()
    dirty = [line for line in changed if not left(line)]
    if dirty:
        shown = "\n".join(dirty[:SHOWN] + ([f"… and {len(dirty) - SHOWN} more"] if len(dirty) > SHOWN else []))
        raise GitError(f"The work tree has changes that are not committed:\n{shown}\n  Commit them or `git stash`, then run this again.")
    if missing := missing_identity(root):
        raise GitError(f'No identity for commits ({missing}). Set it: `git config user.name "…"` and `git config user.email "…"`.')
    return repo


def commit_patches(
    root: Path,
    patches: Sequence[Patch],
    *,
    branch: str,
    run: str = "",
    edit: EditText | None = None,
    done: Callable[[Patch, bool], None] = lambda *_: None,
) -> list[Patch]:
    """Commit each patch, with its edits, on `branch`, made from HEAD if it is not there, and stay on it; returns those that were new, in
    order.

    `done` hears of each patch and whether it is new. A commit that fails (a hook refuses) leaves the tree as it was before that patch,
    the earlier ones committed. Raises GitError; InputError, with nothing touched, where an edit cannot be made.
    """
    repo = ready(root, leftover(root, edit))
    head = next((h.commit for h in repo.heads if h.name == branch), repo.head.commit)
    texts: dict[str, str] = {}
    files = {p.id: _files(head, p, edit, texts) for p in patches if _text(head, _name(p)) is None}
    switch(repo, branch)
    made: list[Patch] = []
    for patch in patches:
        if patch.id in files:
            so_far = f"{len(made)} patches before it are committed on {branch}."
            commit_texts(repo, root, files[patch.id], message(patch, run), so_far)
            made.append(patch)
        done(patch, patch.id in files)
    return made


def _files(commit: Any, patch: Patch, edit: EditText | None, texts: dict[str, str]) -> dict[str, str]:
    """What the patch's commit writes: its file first, so that a run that is killed after it can be told from an edit by hand; then the
    topic files that change. `texts` are those that commits before it change, and take what this one does.
    """
    found = {_name(patch): patch_text(patch)}
    for change in patch.edits:
        before = texts.get(change.file, _text(commit, change.file))
        if before is None or edit is None:
            raise InputError(
                f"{change.file}\n  Not in {commit.hexsha[:9]}, expected the concept {change.concept}: the diagnosis is stale."
                " Run `dvc repro`, then repair."
            )
        after = edit(before, change)
        if after != before:
            texts[change.file] = found[change.file] = after
    return found


def _name(patch: Patch) -> str:
    return f"{PATCHES.as_posix()}/{patch.id}.yaml"


def commit_file(root: Path, name: str, text: str, *, branch: str, message: str) -> bool:
    """Commit the file `name` with new `text` on `branch`, made from HEAD if it is not there, and stay on it.

    False, and nothing is touched, where HEAD or the branch holds that text already. A commit that fails leaves the file as it was. Raises
    GitError, also where the branch holds the file otherwise than HEAD does.
    """

    def left(line: str) -> bool:
        return line[3:] == name and (root / name).read_bytes() == text.encode()

    repo = ready(root, left)
    now = _text(repo.head.commit, name)
    there = next((_text(h.commit, name) for h in repo.heads if h.name == branch), now)
    if text in (now, there):
        return False
    if there != now:
        raise GitError(
            f"{name}\n  On {branch} it reads otherwise than here, so this was not worked out from it."
            f" Run `git switch {branch}`, then run this again."
        )
    switch(repo, branch)
    commit_texts(repo, root, {name: text}, message, f"{branch} is as it was.")
    return True


def message(patch: Patch, run: str) -> str:
    """The commit message: what, why, and trailers for `git log --format='%(trailers)'`."""
    trailers = [f"Patch: {patch.id}", f"Diagnosis: {patch.category}", *(f"Item: {item}" for item in patch.items)]
    trailers += [f"Edit: {e.concept} distinct_from {e.distinct_from}" for e in patch.edits]
    if run:
        trailers.append(f"Run: {run}")
    what = ", ".join(patch.targets[:SUBJECT]) + (f" and {more} more" if (more := len(patch.targets) - SUBJECT) > 0 else "")
    return f"Repair {what}: {patch.category}\n\n{patch.reason}\n\n" + "\n".join(trailers) + "\n"


def switch(repo: Any, branch: str) -> None:
    """Go to a branch, made from HEAD if it is not there. Raises GitError."""
    import git

    try:
        if repo.active_branch.name != branch:
            repo.git.switch(branch) if branch in {h.name for h in repo.heads} else repo.git.switch("-c", branch)
    except git.GitCommandError as error:
        raise GitError(f"Cannot switch to {branch}: {error.stderr.strip()}\n  Nothing was changed.") from None


def commit_texts(repo: Any, root: Path, files: Mapping[str, str], message: str, so_far: str) -> None:
    """Write files, in their order, and commit them alone; if git refuses, they are as HEAD has them, and the error ends with `so_far`."""
    import git

    for name, text in files.items():
        write_file(root / name, text)
    try:
        repo.git.add("--", *files)
        repo.git.commit("-q", "-m", message, "--", *files)
    except git.GitCommandError as error:
        for name in files:
            if _text(repo.head.commit, name) is None:
                repo.git.rm("-q", "--cached", "--ignore-unmatch", "-f", "--", name)
                (root / name).unlink(missing_ok=True)
            else:
                repo.git.restore("--staged", "--worktree", "--", name)
        said = (error.stderr or error.stdout or "").strip()
        raise GitError(f"{next(iter(files))}\n  git refused the commit: {said}\n  {so_far}") from None
