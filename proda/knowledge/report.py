"""The result of a check.

report = check_knowledge(Path("."), shape=True)
report.ok, report.counts["chains"], report.orphans        # True, 379, 0
"""

from __future__ import annotations

import msgspec

from proda.errors import InputError
from proda.findings import Finding, errors_of, report_text
from proda.records import Relation


class Shape(msgspec.Struct, frozen=True):
    """Shares are between 0 and 1, of nodes (`connectivity`) or of statements (`relations`, `kinds`)."""

    connectivity: dict[str, float]
    relations: dict[str, float]
    kinds: dict[str, float]


class RuleResults(msgspec.Struct, frozen=True):
    """The results of the rules over all files."""

    findings: tuple[Finding, ...]
    counts: dict[str, int]
    orphans: int


class Report(msgspec.Struct, frozen=True):
    """The result of a check; `changed` are the names of compiled files that were rewritten or removed."""

    findings: tuple[Finding, ...]
    counts: dict[str, int]  # disciplines, topics, chains, statements, concepts (in use), retired
    orphans: int
    shape: Shape | None = None  # connectivity and shares, on request
    changed: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    shards: tuple[bytes, ...] = ()  # the compiled form, on request: the bytes of each <discipline>.jsonl

    @property
    def ok(self) -> bool:
        """Whether there are no errors; warnings do not count."""
        return not errors_of(self.findings)

    def raise_errors(self) -> None:
        """Raise InputError with every finding if there are errors."""
        if not self.ok:
            raise InputError(report_text(self.findings), self.findings)
