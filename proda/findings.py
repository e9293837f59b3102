"""A finding: one fault in one file, with the place, what is wrong, and what to do about it.

    knowledge/optics/refraction.yaml:17  chains.snell.steps[1].object
      'snels-law' is not a concept. Closest: 'snells-law'. Fix it, or add the concept.

Rules make findings; `proda check` prints them all, sorted by file and line, and fails if any of them is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning"]
KeyPath = tuple[str | int, ...]


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
        return f"{head}\n  {mark}{self.message} [{self.rule}]"


def path_text(path: KeyPath) -> str:
    """A key path as people write it: `("chains", "snell", "steps", 1)` is `chains.snell.steps[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without repetition, by file, line, path, rule."""
    return tuple(sorted(set(findings)))


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that fail a check; warnings never do."""
    return tuple(f for f in findings if f.severity == "error")


def report_text(findings: Iterable[Finding]) -> str:
    """All findings, one after another, as `proda check` prints them."""
    return "\n".join(str(f) for f in findings)
