"""Suspect items → benchmarks/exceptions.yaml: one commit per item on the round's branch, for a reviewer to keep or drop.

    made = commit_retirements(root, proposals(diagnoses), branch="repair/round-2", run="3f0c…")

No sample is written for a suspect item. The entry retires the item and gives as reason what made it suspect. A reviewer who finds the item
right drops the commit; one who can correct the item writes `action: amend` instead. `proda verify` counts neither as a gain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proda.debugger.branch import commit_texts, earlier, or_back, ready, switch, text_in
from proda.errors import InputError
from proda.gitrepo import GitError
from proda.records import Diagnosis
from proda.store.exceptions import PATH
from proda.yamlio import dump_yaml, load_yaml_text

_EMPTY = re.compile(r"^exceptions:[ \t]*(?:\[\]|null|~)?[ \t]*$", re.MULTILINE)


def commit_retirements(
    root: Path, suspects: Sequence[Diagnosis], *, branch: str, run: str = "", done: Callable[[Diagnosis, bool], None] = lambda *_: None
) -> list[Diagnosis]:
    """Commit an entry for each suspect item on `branch`, made from HEAD if it does not exist. Return the new ones, in order.

    An item that has an entry, whatever its action, is skipped; `done` is called for each item, with whether its entry is new. If a commit
    fails, those before it stay on `branch`, and branch and work tree are as before the call. Raises GitError, also if no entry can be
    added to the file; InputError if the file is malformed.
    """
    if not suspects:
        return []
    repo = ready(root)
    made: list[Diagnosis] = []
    with or_back(repo):
        switch(repo, branch)
        for diagnosis in suspects:
            text = text_in(repo.head.commit, PATH.as_posix()) or ""
            new = diagnosis.item not in {e["item"] for e in _entries(text)}
            if new:
                so_far = f"{earlier(len(made), 'item', 'items')} retired on {branch}."
                commit_texts(repo, root, {PATH.as_posix(): retired(text, diagnosis)}, _message(diagnosis, run), so_far)
                made.append(diagnosis)
            done(diagnosis, new)
    return made


def retired(text: str, diagnosis: Diagnosis) -> str:
    """Return the text of the file with one more entry at its end; every other line stays as it is.

    Raises GitError if the result does not read as the old entries and the new one, for example because the list is not the last key;
    InputError if the text is malformed.
    """
    entry = {"item": diagnosis.item, "hash": diagnosis.hash, "action": "retire", "reason": diagnosis.reason}
    before = _entries(text)
    start = text if before else _EMPTY.sub("exceptions:", text)
    if "exceptions:" not in start:
        start += "exceptions:\n"
    written = start.rstrip("\n") + "\n" + "".join(f"  {line}\n" for line in dump_yaml([entry]).splitlines())
    try:
        reads = _entries(written) == [*before, entry]
    except InputError:
        reads = False
    if not reads:
        raise GitError(
            f"{PATH}\n  An entry for {diagnosis.item} cannot be added at its end. Put the list `exceptions:` last, or add it by hand."
        )
    return written


def _entries(text: str) -> list[dict[str, Any]]:
    document = load_yaml_text(text, PATH.as_posix()) or {}
    found = document.get("exceptions") or [] if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(e, dict) and "item" in e for e in found):
        raise InputError(
            f"{PATH.as_posix()}\n  Expected `exceptions:` and a list of entries with item, hash, action and reason. Correct the file."
        )
    return found


def _message(diagnosis: Diagnosis, run: str) -> str:
    trailers = ["Diagnosis: suspect item", f"Item: {diagnosis.item}", *([f"Run: {run}"] if run else [])]
    return f"Retire {diagnosis.item}: suspect item\n\n{diagnosis.reason}\n\n" + "\n".join(trailers) + "\n"
