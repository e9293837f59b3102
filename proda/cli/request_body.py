"""A branch → title and text of its pull request, with the evidence for each repair.

    title, body = branch_request(root, "repair/round-3", "main")
    title        "Repair round 3: 12 patches for 30 failed items"

The text stands between two hidden markers, so that a later call replaces it and keeps what people wrote around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from proda.cli.comment import code, escaped
from proda.cli.request_comment import cut, length
from proda.errors import counted
from proda.records import Patch
from proda.workflows.branch_repairs import BranchRepairs, branch_repairs

START, END = "<!-- proda: evidence -->", "<!-- proda: end of evidence -->"
LIMIT = 60_000  # characters; GitHub takes 65,536, and people write around this text
STEPS = (60, 25, 8, 0)  # patches shown, tried in this order until the text fits
LONGEST_REASON = 500
NAMED = 4  # items of a patch


def branch_request(root: Path, branch: str, base: str) -> tuple[str, str]:
    """Return title and text. Raises NotFoundError if `base` does not exist here, or the branch holds no commit that `base` lacks."""
    from proda.errors import NotFoundError

    found = branch_repairs(root, base)
    if not found.commits:
        raise NotFoundError(f"The branch {branch} holds no commit that {base} lacks, so there is nothing to propose.")
    return title_of(found, branch), body_of(found, branch, base)


def title_of(found: BranchRepairs, branch: str) -> str:
    """Return the title: what is repaired, or else the subject of the only commit, or the branch."""
    if found.patches:
        items = {item for patch in found.patches for item in patch.items}
        return f"Repair round {found.round}: {counted(len(found.patches), 'patch', 'patches')} for {counted(len(items), 'failed item')}"
    return found.commits[0][1] if len(found.commits) == 1 else f"{branch}: {counted(len(found.commits), 'commit')}"


def body_of(found: BranchRepairs, branch: str, base: str) -> str:
    """Return the text, of LIMIT characters at most."""
    for shown in STEPS:
        text = "\n".join(_lines(found, branch, base, shown))
        if length(text) <= LIMIT - len(END) - 1:
            return f"{text}\n{END}"
    return f"{cut(text, LIMIT - len(END) - 1, f'git log {base}..{branch}')}\n{END}"


def _lines(found: BranchRepairs, branch: str, base: str, shown: int) -> Iterator[str]:
    yield START
    if found.patches:
        yield from _summary(found)
        for patch in found.patches[:shown]:
            yield from _patch(patch, found.texts)
        if len(found.patches) > shown:
            yield from ("", f"… and {counted(len(found.patches) - shown, 'more patch', 'more patches')}: `git log {base}..{branch}`")
    if found.retired:
        yield from ("", f"### Items to retire ({len(found.retired)})", "", "Drop the commit of an item if the item is right.", "")
        yield from (f"- {code(entry.item)}: {escaped(entry.reason, LONGEST_REASON)}" for entry in found.retired[:shown])
        if len(found.retired) > shown:
            yield f"- … and {len(found.retired) - shown:,} more in `benchmarks/exceptions.yaml`"
    if not found.patches:
        yield from ("", "### Commits", "", *(f"- {code(name)} {escaped(subject)}" for name, subject in found.commits[:shown]))
        if len(found.commits) > shown:
            yield f"- … and {len(found.commits) - shown:,} more"
    yield from _verify(found, branch, base)


def _summary(found: BranchRepairs) -> Iterator[str]:
    if found.says:
        reasons = "; ".join(escaped(reason) for reason in found.reasons)
        yield from (f"**Verdict on round {found.round}: {escaped(found.says)}**{': ' if reasons else ''}{reasons}", "")
    else:
        yield from (f"Round {found.round} is not judged yet: `dvc repro`, then `proda verify`.", "")
    patches = Counter(str(patch.category) for patch in found.patches)
    items: dict[str, set[str]] = {}
    for patch in found.patches:
        items.setdefault(str(patch.category), set()).update(patch.items)
    yield from ("| category | patches | failed items |", "|---|--:|--:|")
    yield from (f"| {name} | {number:,} | {len(items[name]):,} |" for name, number in patches.most_common())
    yield from ("", f"### Patches ({len(found.patches):,}), those for most failed items first")


def _patch(patch: Patch, texts: dict[str, str]) -> Iterator[str]:
    named = [code(item) for item in patch.items[:NAMED]]
    more = [f"{len(patch.items) - NAMED:,} more"] if len(patch.items) > NAMED else []
    yield from (f"<details><summary>{code(patch.id)} – {patch.category} – {counted(len(patch.items), 'failed item')}</summary>", "")
    yield from (f"- Blamed: {code(target)} “{escaped(texts.get(target, ''))}”" for target in patch.targets)
    yield f"- Evidence from probes: {escaped(patch.reason, LONGEST_REASON)}"
    yield f"- Failed items: {', '.join([*named, *more]) or 'none; noticed by probing'}"
    several = (
        (len(patch.samples), "sample added", "samples added"),
        (len(patch.remove), "sample removed", "samples removed"),
        (len(patch.override), "sample reworded", "samples reworded"),
    )
    yield f"- Change: {', '.join(counted(number, one, many) for number, one, many in several if number) or 'none to samples'}"
    yield from (f"- In knowledge: {code(edit.concept)} is distinct from {code(edit.distinct_from)}" for edit in patch.edits)
    yield from (f"- File: {code(f'samples/patches/{patch.id}.yaml')}", "", "</details>")


def _verify(found: BranchRepairs, branch: str, base: str) -> Iterator[str]:
    yield from ("", "### To verify", "", "```sh", "git fetch origin", f"git switch {quoted(branch)}", "dvc repro")
    if found.patches:
        yield from ("proda verify", f"proda audit {quoted(base)}..{quoted(branch)}")
    else:
        yield f"proda diff {quoted(base)} {quoted(branch)}"
    yield "```"


def quoted(name: str) -> str:
    """Return the name of a branch as an argument in a shell, without what could end the block of code that it stands in."""
    import shlex

    return shlex.quote(name.replace("`", ""))
