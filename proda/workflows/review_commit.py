"""One commit for the review of one document.

    made = commit_review(root, "physics/heat-pumps")

    $ git log -1 --format=%B
    Review physics/heat-pumps: 3 chains, 12 statements accepted, 4 statements rejected

    Source: physics/heat-pumps
    Document: heat-pumps.pdf
    Reviewed-by: Ada Example <ada@example.org>

The commit holds the source, its proposals, its topic file, the merges, and the entries of this source and its discipline in the catalogue
and the allocation. Other changes of the work tree, entries of other sources in the catalogue among them, stay as they are. What another
person has staged is not committed: it makes the commit fail, before anything is changed.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from proda.debugger.branch import ready, said, text_in
from proda.errors import InputError, counted
from proda.gitrepo import GitError, run_git
from proda.knowledge.roundtrip import UnsafeEditError, safely_edited
from proda.knowledge.tree import CATALOGUE, MERGES, source_path
from proda.records import Record
from proda.store.allocation import ALLOCATION
from proda.store.proposals import Proposals, proposals_path
from proda.workflows.dvc_tracking import is_tracked
from proda.workflows.file_set import require_inside
from proda.workflows.review_state import load_state, topic_path
from proda.workflows.topic_entries import laid_out
from proda.yamlio import load_yaml_text
from proda.yamlio.schema import decoded

SHOWN = 10  # files that a message lists


class ReviewCommit(Record, frozen=True):
    """A commit that was made."""

    id: str
    subject: str
    files: tuple[str, ...]


def commit_review(root: Path, source: str) -> ReviewCommit | None:
    """Commit the review of `source` on the current branch; None if all of it is committed already.

    Raises GitError, with the index and HEAD as before, if git or a hook refuses, or if other files are staged; InputError if a file cannot
    be read. The work tree is never written.
    """
    state = load_state(root, source)
    repo = ready(root, lambda _: True)
    head = repo.head.commit
    texts = _texts(root, source, head)
    require_inside(root, texts)
    _refuse_staged(root, texts)
    changed = {name: text for name, text in texts.items() if text != text_in(head, name)}
    if not changed:
        return None
    subject = f"Review {source}: {_counts(state.proposals, _proposals_in(head, source))}"
    _commit(repo, head, changed, _message(root, source, subject))
    return ReviewCommit(repo.head.commit.hexsha, subject, tuple(sorted(changed)))


def _texts(root: Path, source: str, head: Any) -> dict[str, str]:
    """The files of the commit: whole ones as they are, of shared ones what HEAD has and the entry of this source."""
    text = source_path(source)
    tracked = is_tracked(root, text)  # by DVC: git then holds a hash of the text, and ignores the text itself
    names = (f"{text}.dvc" if tracked else text, proposals_path(source), topic_path(source), MERGES)
    texts = {name: (root / name).read_bytes().decode() for name in names if (root / name).is_file()}
    if tracked:
        ignored = f"{text.rpartition('/')[0]}/.gitignore"
        lines = (text_in(head, ignored) or "").splitlines()
        texts[ignored] = "\n".join(dict.fromkeys([*lines, f"/{text.rpartition('/')[2]}"])) + "\n"
    for name, section, key in ((CATALOGUE, "sources", source), (ALLOCATION.as_posix(), "samples", source.partition("/")[0])):
        if (root / name).is_file():
            texts[name] = _with_entry((root / name).read_bytes().decode(), text_in(head, name), name, section, key)
    return texts


def _with_entry(now: str, before: str | None, name: str, section: str, key: str) -> str:
    """`before` with the entry `key` of `now`; `now` itself if nothing else differs."""
    if before is None:
        return now
    old, new = (load_yaml_text(text, name) for text in (before, now))
    entry = new[section].get(key)
    if {**old, section: {**(old[section] or {}), key: entry}} == new:
        return now
    if entry is None or (old[section] or {}).get(key) == entry:
        return before

    def edit(document: Any) -> None:
        entries = document.setdefault(section, {})
        if key in entries or not hasattr(entries, "insert"):
            entries[key] = laid_out(entry) if hasattr(entries, "insert") else entry
        else:  # in its place by name
            entries.insert(sum(other < key for other in entries), key, laid_out(entry))

    try:
        return safely_edited(before, old, edit)
    except UnsafeEditError as error:
        raise InputError(
            f"{name}\n  Holds changes besides those for {key}, and cannot be committed in part: {error}. Commit the others first."
        ) from None


def _refuse_staged(root: Path, names: Iterable[str]) -> None:
    staged = [name for name in run_git(root, "diff", "--cached", "--name-only", "-z", "--no-renames").split("\0") if name]
    if others := sorted({*staged} - {*names}):
        shown = "\n".join(others[:SHOWN] + ([f"… and {len(others) - SHOWN} more"] if len(others) > SHOWN else []))
        raise GitError(
            f"Other changes are staged, and the commit is to hold this review alone:\n{shown}\n"
            "  Nothing was committed. Commit them, or run `git restore --staged .`; then commit the review again."
        )


def _commit(repo: Any, head: Any, texts: dict[str, str], message: str) -> None:
    """Stage the texts, which the work tree may hold otherwise, and commit them. On any failure, index and HEAD are as before."""
    import git

    tree = repo.git.write_tree()
    try:
        for name, text in texts.items():
            with tempfile.TemporaryFile() as file:  # git reads a file, not a pipe, so that a long text cannot block it
                file.write(text.encode())
                file.seek(0)
                blob = repo.git.hash_object("-w", "--stdin", istream=file)
            repo.git.update_index("--add", "--cacheinfo", f"100644,{blob},{name}")
        repo.git.commit("-q", "--cleanup=whitespace", "-m", message)
        problem = next((name for name, text in texts.items() if text_in(repo.head.commit, name) != text), "")
        problem = problem and f"A git hook changed what {problem} says. Exclude the file from the hook, then commit again."
    except git.GitCommandError as error:
        problem = f"git refused the commit: {said(error)}"
    if problem:
        with suppress(git.GitCommandError):
            if repo.head.commit != head:
                repo.git.reset("-q", "--soft", head.hexsha)
            repo.git.read_tree(tree)
        raise GitError(f"{next(iter(texts))}\n  {problem}\n  Nothing was committed.")


def _message(root: Path, source: str, subject: str) -> str:
    catalogue = load_yaml_text((root / CATALOGUE).read_text(encoding="utf-8"), CATALOGUE) if (root / CATALOGUE).is_file() else {}
    entry = (catalogue.get("sources") or {}).get(source) or {}
    document = entry.get("document") if isinstance(entry, dict) else None
    name = " ".join(str(document.get("name", "")).split()) if isinstance(document, dict) else ""
    reviewer = run_git(root, "var", "GIT_AUTHOR_IDENT").rpartition(">")[0] + ">"
    lines = [f"Source: {source}", *([f"Document: {name}"] if name else []), f"Reviewed-by: {reviewer}"]
    return f"{subject}\n\n" + "\n".join(lines) + "\n"


def _proposals_in(commit: Any, source: str) -> Proposals | None:
    """The proposals as committed; None if there are none, or none that can be read."""
    name = proposals_path(source)
    text = text_in(commit, name)
    try:
        return decoded(load_yaml_text(text, name), Proposals, name, text.encode()) if text is not None else None
    except InputError:
        return None


def _counts(now: Proposals, before: Proposals | None) -> str:
    """What was decided since `before`, in words."""
    old_chains = {n for n, c in before.chains.items() if c.status == "accepted"} if before else set()
    chains = [c for n, c in now.chains.items() if c.status == "accepted" and n not in old_chains]
    counts = Counter(
        s.status for k, s in now.statements.items() if before is None or k not in before.statements or _status(before, k) != s.status
    )
    accepted = [*([counted(len(chains), "chain")] if chains else []), counted(counts["accepted"], "statement")]
    parts = [f"{', '.join(accepted)} accepted"] if chains or counts["accepted"] else []
    parts += [f"{counted(counts['rejected'], 'statement')} rejected"] if counts["rejected"] else []
    return ", ".join(parts) or "proposals"


def _status(proposals: Proposals, key: str) -> str:
    return proposals.statements[key].status
