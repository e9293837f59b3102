"""A rule: a name, a description, and functions that yield what breaks it. Some rules can also fix what they find.

`check_topic` looks at one topic file; it runs once per changed file, on several cores. `check_all` looks at the facts of all files. Both
yield the place of a fault and a message; lines are looked up afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from proda.findings import Severity, Violation
from proda.knowledge.schema import TopicFile
from proda.records import Relation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns

__all__ = ["Context", "Rule", "SourceText", "Violation"]


class SourceText(msgspec.Struct, frozen=True):
    """A source as rules see it: its text (NFC, lines end in a line feed), the hash of that, or why it cannot be read."""

    text: str | None
    sha256: str
    refusal: str = ""


class Context(msgspec.Struct, frozen=True):
    """What a rule may use to check a topic file."""

    file: str  # "knowledge/physics/optics.yaml"
    relations: Mapping[str, Relation]  # by id
    source: Callable[[str], SourceText | None]  # by source id; None: no such file

    @property
    def discipline(self) -> str:
        """The folder that the file lies in; ids start with it."""
        return self.file.split("/")[1]

    @property
    def topic(self) -> str:
        """The file's name without its ending."""
        return self.file.split("/")[2].removesuffix(".yaml")


class Rule(msgspec.Struct, frozen=True):
    """A rule of the knowledge. A warning is printed and never fails a check."""

    name: str
    description: str
    severity: Severity = "error"
    check_topic: Callable[[TopicFile, Context], Iterable[Violation]] | None = None
    check_all: Callable[[Columns], Iterable[tuple[str, Violation]]] | None = None  # (file, fault)
    fix_topic: Callable[[dict[str, Any], Context], None] | None = None  # edits a loaded document in place
    fix_catalogue: Callable[[dict[str, Any], Mapping[str, SourceText]], None] | None = None
    needs_all: bool = False  # skipped while some file cannot be read, because what seems missing may be there
