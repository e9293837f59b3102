"""Where a passage of a source stands, as a reader looks for it: its page and the heading above it.

    found = blocks(text)
    block_at(found, 1203).anchor          # "page 12, “How a heat pump works”"

Pages are known only for sources that `proda ingest` made from a document with pages: a line `<!-- page 12 -->` starts each of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path

from proda.knowledge.read_topic import read_source
from proda.knowledge.tree import source_path
from proda.records import Record, Span

_PAGE = re.compile(r"<!-- page ([0-9A-Za-z.-]{1,12}) -->")
_HEADING = re.compile(r"(#{1,6}) (.*)")


class Block(Record, frozen=True):
    """A line of a source that is not empty."""

    kind: str  # "heading", "page", "row" (of a table), "text"
    start: int  # code points of the NFC text
    text: str  # as it stands in the source
    shown: str  # a heading without its signs, the number of a page
    level: int = 0  # of a heading
    page: str = ""  # that it stands on
    heading: str = ""  # above it; its own, if it is one

    @property
    def anchor(self) -> str:
        """The page and the heading in words; empty if the source has neither."""
        return ", ".join(filter(None, (f"page {self.page}" if self.page else "", f"“{self.heading}”" if self.heading else "")))


def blocks(text: str) -> tuple[Block, ...]:
    """The lines of a source, in order, empty ones left out."""
    found = []
    start = 0
    page = heading = ""
    for line in text.split("\n"):
        kind, shown, level = "row" if line.startswith("|") else "text", line, 0
        if match := _PAGE.fullmatch(line.strip()):
            kind, shown, page = "page", match[1], match[1]
        elif match := _HEADING.fullmatch(line):
            kind, shown, level = "heading", match[2].strip(), len(match[1])
            heading = shown
        if line.strip():
            found.append(Block(kind, start, line, shown, level, page, heading))
        start += len(line) + 1
    return tuple(found)


def block_at(found: Sequence[Block], start: int) -> Block | None:
    """The block that holds the code point `start`, or the last one before it; None before the first."""
    place = bisect_right(found, start, key=lambda block: block.start)
    return found[place - 1] if place else None


def anchors_of(root: Path, spans: Mapping[str, Span]) -> dict[str, str]:
    """The anchor of each span, by the same keys; spans of sources that cannot be read are left out."""
    texts = {name: read_source(root / source_path(name), root) for name in {span.source for span in spans.values()}}
    outlines = {name: blocks(found.text) for name, found in texts.items() if found and found.text is not None}
    places = {key: block_at(outlines.get(span.source, ()), span.start) for key, span in spans.items()}
    return {key: block.anchor for key, block in places.items() if block is not None}
