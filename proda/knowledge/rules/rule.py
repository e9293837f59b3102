"""What a rule is: a name, a claim, and functions that look for what breaks it; some can also mend it.

A rule looks at one topic file (`check_topic`, run once per changed file, wherever there is a free core) or at the base as
a whole (`check_all`, run on the facts of all files). A fault names the place; the line is worked out afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from proda.findings import KeyPath, Severity
from proda.knowledge.schema import TopicFile

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


class Violation(msgspec.Struct, frozen=True):
    """Where a rule is broken, and the message: got, expected, what to do."""

    path: KeyPath
    message: str


class SourceText(msgspec.Struct, frozen=True):
    """A source as rules see it: its NFC text, the hash of its bytes, or why it cannot be read."""

    text: str | None
    sha256: str
    refusal: str = ""


class Context(msgspec.Struct, frozen=True):
    """What a topic file is judged by, besides itself."""

    file: str  # "knowledge/physics/optics.yaml"
    relations: frozenset[str]
    source: Callable[[str], SourceText | None]  # by source id; None: no such file

    @property
    def discipline(self) -> str:
        """The folder the file lies in: ids are made with it."""
        return self.file.split("/")[1]

    @property
    def topic(self) -> str:
        """The file's name without its ending."""
        return self.file.split("/")[2].removesuffix(".yaml")


class Rule(msgspec.Struct, frozen=True):
    """A rule of the knowledge base. A warning is printed and never fails a check."""

    name: str
    description: str
    severity: Severity = "error"
    check_topic: Callable[[TopicFile, Context], Iterable[Violation]] | None = None
    check_all: Callable[[Columns], Iterable[tuple[str, Violation]]] | None = None  # (file, fault)
    fix_topic: Callable[[dict[str, Any], Context], None] | None = None  # edits a loaded document in place
    fix_catalogue: Callable[[dict[str, Any], Mapping[str, SourceText]], None] | None = None
    needs_all: bool = False  # says nothing while some file cannot be read: what it misses may be there
