"""A finding: one fault in one file, with the place, what is wrong, and what to do about it.

    knowledge/optics/refraction.yaml:17  chains.snell.steps[1].object
      'snels-law' is not a concept. Closest: 'snells-law'. Fix it, or add the concept.

Rules make findings. `proda check` prints them sorted by file and line, and fails if any of them is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from proda.errors import printable

Severity = Literal["error", "warning"]
KeyPath = tuple[str | int, ...]
MAX_PER_FILE = 1000  # findings of one rule in one file that are kept: bounds the output and the cache
SHOWN = 10  # findings of one rule in one file that are printed without `--all`
SHOWN_OF_RULE = 30  # and of one rule in all files


class Finding(msgspec.Struct, frozen=True, order=True):
    """One fault. `line` counts from 1; 0 means the file as a whole. `message` says got, expected, what to do."""

    file: str  # relative to the repository, "knowledge/physics/optics.yaml"
    line: int
    path: str  # "chains.snell.steps[1].object"; empty for the file as a whole
    rule: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        head = f"{place}  {self.path}".rstrip()
        mark = "" if self.severity == "error" else "warning: "
        return f"{printable(head)}\n  {mark}{printable(self.message)} [{self.rule}]"


class Violation(msgspec.Struct, frozen=True):
    """The place of a fault in a document, and the message: got, expected, what to do."""

    path: KeyPath
    message: str
    file: str = ""  # another file than the one that was checked, such as a source, and the line in it
    line: int = 0


def path_text(path: KeyPath) -> str:
    """A key path as people write it: `("chains", "snell", "steps", 1)` is `chains.snell.steps[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def rest_of_file(file: str, rule: str, more: bool, severity: Severity = "error") -> tuple[Finding, ...]:
    """The finding that says that others of a file were left out, if there are `more`."""
    message = f"More than {MAX_PER_FILE:,} findings of this rule in one file. Fix these first; the others are not listed."
    return (Finding(file, 0, "", rule, message, severity),) if more else ()


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without repetition, by file, line, path, rule."""
    return tuple(sorted(set(findings)))


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that fail a check; warnings never do."""
    return tuple(f for f in findings if f.severity == "error")


def report_text(findings: Iterable[Finding]) -> str:
    """All findings, one after another, as `proda check --all` prints them."""
    return "\n".join(str(f) for f in findings)


def short_report(findings: Iterable[Finding], per_file: int = SHOWN, per_rule: int = SHOWN_OF_RULE) -> str:
    """The findings as `proda check` prints them: of each rule at most `per_file` in one file and `per_rule` in all, errors first.

    A line for each rule says how many findings were left out, if any.
    """
    findings = sorted(findings, key=lambda f: f.severity)
    lines = [str(f) for f in _first(findings, per_file, per_rule)]
    total = Counter(f.rule for f in findings)
    shown = Counter(f.rule for f in _first(findings, per_file, per_rule))
    for rule, number in total.items():
        if left := number - shown[rule]:
            lines.append(f"… {left:,} more {'finding' if left == 1 else 'findings'} [{rule}]. `proda check --all` prints all of them.")
    return "\n".join(lines)


def _first(findings: list[Finding], per_file: int, per_rule: int) -> Iterator[Finding]:
    in_file: Counter[tuple[str, str]] = Counter()
    in_all: Counter[str] = Counter()
    for finding in findings:
        if in_file[finding.file, finding.rule] < per_file and in_all[finding.rule] < per_rule:
            in_file[finding.file, finding.rule] += 1
            in_all[finding.rule] += 1
            yield finding
