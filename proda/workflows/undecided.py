"""The proposals that wait for a decision, for `proda status`.

found = undecided(root)          # Undecided(proposals=10, sources=4)
found.line                       # "10 proposals are undecided in 4 sources"

Counts lines of the files that `save_proposals` writes, since reading all of them as YAML would take seconds.
"""

from __future__ import annotations

import re
from pathlib import Path

from proda.records import Record
from proda.store.files import data_files
from proda.store.proposals import FOLDER

_STATEMENTS = re.compile(r"^statements:[ \t]*\n((?:[ \t].*\n?|\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^  [^\s#]", re.MULTILINE)
_DECIDED = re.compile(r"^    status: (?:accepted|rejected|withdrawn)[ \t]*$", re.MULTILINE)


class Undecided(Record, frozen=True):
    """How many statements are proposed and not decided, and in how many sources."""

    proposals: int = 0
    sources: int = 0

    @property
    def line(self) -> str:
        """The counts as a sentence; empty if everything is decided."""
        if not self.proposals:
            return ""
        proposals = "1 proposal is" if self.proposals == 1 else f"{self.proposals:,} proposals are"
        return f"{proposals} undecided in {self.sources:,} source{'s' * (self.sources != 1)}"

    def instead_of(self, step: str, why: str) -> tuple[str, str]:
        """The next step: reviewing, if nothing has been built yet or everything is up to date; otherwise the given one."""
        waits = step == "proda report" or (step == "dvc repro" and why == "nothing has been built yet")
        return ("proda review", self.line) if self.proposals and waits else (step, why)


def undecided(root: Path) -> Undecided:
    """Count the undecided statements in proposals/. A file that is not as `save_proposals` writes it may be counted wrongly."""
    counts = []
    for path in data_files(root / FOLDER, "*/*.yaml"):
        block = _STATEMENTS.search(path.read_text(encoding="utf-8", errors="replace"))
        counts.append(max(0, len(_ENTRY.findall(block[1])) - len(_DECIDED.findall(block[1]))) if block else 0)
    return Undecided(sum(counts), sum(1 for count in counts if count))
