"""Suspect items → benchmarks/exceptions.yaml: one commit each, on the round's branch, for a person to take or leave.

    made = commit_retirements(root, proposals(diagnoses), branch="repair/round-2", run="3f0c…")

No sample is ever written for a suspect item. The entry retires it, with what made it suspect as the reason; a reviewer who finds the
item right drops the commit, one who can mend it writes `action: amend` instead. `proda verify` never counts either as a gain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proda.debugger.commits import commit_texts, ready, switch
from proda.errors import InputError
from proda.gitrepo import GitError
from proda.records import Diagnosis
from proda.yamlio import dump_yaml, load_yaml_text

PATH = "benchmarks/exceptions.yaml"
_EMPTY = re.compile(r"^exceptions:[ \t]*(?:\[\]|null|~)?[ \t]*$", re.MULTILINE)


def commit_retirements(
    root: Path, suspects: Sequence[Diagnosis], *, branch: str, run: str = "", done: Callable[[Diagnosis, bool], None] = lambda *_: None
) -> list[Diagnosis]:
    """Commit an entry for each suspect item on `branch`, made from HEAD if it is not there; returns those that were new, in order.

    An item that has an entry already, whatever it says, is left alone. Raises GitError, also where the file cannot be added to.
    """
    if not suspects:
        return []
    repo = ready(root)
    switch(repo, branch)
    made: list[Diagnosis] = []
    for diagnosis in suspects:
        path = root / PATH
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        new = diagnosis.item not in {e["item"] for e in _entries(text)}
        if new:
            commit_texts(repo, root, {PATH: retired(text, diagnosis)}, _message(diagnosis, run), "What was committed before it stays.")
            made.append(diagnosis)
        done(diagnosis, new)
    return made


def retired(text: str, diagnosis: Diagnosis) -> str:
    """The file's text with one more entry at its end; every line that was there stays as it is.

    Raises GitError where that does not read as what was there and the new entry: the list does not stand at the end, say.
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
    document = load_yaml_text(text) or {}
    found = document.get("exceptions") if isinstance(document, dict) else None
    return list(found or [])


def _message(diagnosis: Diagnosis, run: str) -> str:
    trailers = ["Diagnosis: suspect item", f"Item: {diagnosis.item}", *([f"Run: {run}"] if run else [])]
    return f"Retire {diagnosis.item}: suspect item\n\n{diagnosis.reason}\n\n" + "\n".join(trailers) + "\n"
