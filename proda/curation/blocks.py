r"""Markdown → its headings and blocks, in order, with their places.

    list(blocks_of("# Heat\n\nA rail grows.\n- iron\n- steel\n"))
    # [Heading(1, "Heat"), TextBlock("paragraph", 8, 21), TextBlock("list", 22, 36)]

Offsets are code points. Blank lines, headings, rules (`---`) and comments (`<!-- page 12 -->`) belong to no block; every other character
does. Written for the Markdown of `knowledge/sources`, where a paragraph is one line, and lenient with other Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

Kind = Literal["paragraph", "label", "list", "table", "equation", "code", "image"]

_HEADING = re.compile(r"(#{1,6})[ \t]")
_ITEM = re.compile(r"(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\([ivx]{1,4}\)|[ivx]{2,4}[.)])[ \t]+\S")
_RULE = re.compile(r"([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_COMMENT = re.compile(r"<!--.*-->$")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)$")
_LABEL = re.compile(r"(\*\*|__)(?=\S)(?:(?!\1).)+\1[:.]?$")
_MARKUP = re.compile(r"[*_`]+")


class Heading(NamedTuple):
    """A heading without its marks."""

    level: int
    title: str


class TextBlock(msgspec.Struct, frozen=True, gc=False):
    """A paragraph, list, table, equation, code block, image or label (a line in bold) of a text."""

    kind: Kind
    start: int
    end: int


class _Line(NamedTuple):
    bare: str  # without white space at the ends
    start: int
    end: int
    indented: bool


def blocks_of(text: str) -> Iterator[TextBlock | Heading]:
    """Yield the headings and blocks of `text` in order. `text` must use line feeds."""
    lines = list(_lines(text))
    n = 0
    while n < len(lines):
        line = lines[n]
        kind = _kind(line.bare) if line.bare else None
        heading = _HEADING.match(line.bare) if kind is None and line.bare[:1] == "#" else None
        if heading is not None:
            yield Heading(len(heading[1]), _MARKUP.sub("", line.bare[heading.end() :].rstrip("# \t")).strip())
        if kind is None:
            n += 1
            continue
        last = _last(lines, n, kind)
        yield TextBlock(kind, line.start, lines[last].end)
        n = last + 1


def is_item(line: str) -> bool:
    """Whether a stripped line begins with the mark of a list item: `-`, `3.`, `b)`, `(iv)`."""
    return _ITEM.match(line) is not None


def _lines(text: str) -> Iterator[_Line]:
    position = 0
    for line in text.split("\n"):
        bare = line.strip()
        start = position + len(line) - len(line.lstrip()) if bare else position
        yield _Line(bare, start, start + len(bare), start > position)
        position += len(line) + 1


def _last(lines: list[_Line], first: int, kind: Kind) -> int:
    """The index of the last line of the block of this kind that begins at `first`."""
    if kind == "code":
        return _last_of_fence(lines, first)
    if kind == "equation" and lines[first].bare.count("$$") % 2:
        return _last_of_equation(lines, first)
    if kind in ("table", "paragraph"):
        n = first
        while n + 1 < len(lines) and lines[n + 1].bare and _kind(lines[n + 1].bare) == kind:
            n += 1
        return n
    return _last_of_list(lines, first) if kind == "list" else first


def _last_of_fence(lines: list[_Line], first: int) -> int:
    fence = _FENCE.match(lines[first].bare)
    assert fence is not None
    last = first
    for n in range(first + 1, len(lines)):
        last = n if lines[n].bare else last
        if lines[n].bare.startswith(fence[1]) and not lines[n].bare.strip(fence[1][0]):
            break
    return last


def _last_of_equation(lines: list[_Line], first: int) -> int:
    """Up to the closing dollars; a blank line ends it too, so that one which is never closed does not swallow the rest of the text."""
    for n in range(first + 1, len(lines)):
        if not lines[n].bare:
            return n - 1
        if "$$" in lines[n].bare:
            return n
    return len(lines) - 1


def _last_of_list(lines: list[_Line], first: int) -> int:
    """Items may be separated by blank lines; indented lines and unmarked lines directly below belong to the item before them."""
    last = first
    blank = False
    for n in range(first + 1, len(lines)):
        line = lines[n]
        if not line.bare:
            blank = True
            continue
        kind = _kind(line.bare)
        continues = line.indented or kind == "list" or (kind == "paragraph" and not blank)
        if not continues or line.bare.startswith("<!--"):
            break
        last, blank = n, False
    return last


def _kind(line: str) -> Kind | None:
    """The kind of block that a stripped line begins or continues; None for headings, rules and comments, which belong to no block."""
    first = line[0]
    if first.isalpha() and line[1:2] not in ".)":
        return "paragraph"
    if first == "#" and _HEADING.match(line):
        return None
    if first == "|":
        return "table"
    if first in "`~" and _FENCE.match(line):
        return "code"
    if first == "$" and line.startswith("$$"):
        return "equation"
    if first == "<" and _COMMENT.match(line):
        return None
    if first in "-*_" and _RULE.match(line):
        return None
    if first == "!" and _IMAGE.match(line):
        return "image"
    if first in "*_" and _LABEL.match(line):
        return "label"
    return "list" if _ITEM.match(line) else "paragraph"
