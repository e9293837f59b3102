r"""The Markdown text of a source → its sections, and the blocks in each.

    sections = sections_of("# Heat\n\n## Rails\n\nA rail grows when it is hot.\n")
    sections[0].heading                               # ("Heat", "Rails")
    sections[0].blocks                                # (TextBlock(kind="paragraph", start=18, end=46),)

A section is what stands below one heading, up to the next heading of any level. A list of learning objectives is a section of its own,
because in textbooks the text goes on below it without a new heading; a label such as "Example 3" or "Exercise 2.1" begins one too. Offsets are code points. Blank lines, headings, rules (`---`) and
comments (`<!-- page 12 -->`) belong to no block; every other character does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

Kind = Literal["paragraph", "label", "list", "table", "equation", "code", "image"]

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ITEM = re.compile(r"(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\([ivx]{1,4}\)|[ivx]{2,4}[.)])[ \t]+\S")
_RULE = re.compile(r"([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_COMMENT = re.compile(r"<!--.*-->$")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)$")
_LABEL = re.compile(r"(\*\*|__)(?=\S)(?:(?!\1).)+\1[:.]?$")
_MARKUP = re.compile(r"[*_`]+")

_OBJECTIVES_HEADING = re.compile(
    r"(?:\W*(?:key|student|section|chapter|module|unit|lesson|course)\s+)?(?:learning\s+)?"
    r"(?:objectives?|outcomes?|goals|targets)\b(?!\s+(?:of|and|in|for)\b)|\W*what you(?:’|')?(?: wi)?ll learn\b|\W*chapter outline\b",
    re.IGNORECASE,
)
_TASK_LABEL = re.compile(
    r"\W*(?:(?:worked |sample |case |practice )?(?:example|exercise|problem)s?\b(?!\s+(?:of|with|in)\b)|try it\b|checkpoint\b|check your\b|test yourself\b|self-check\b"
    r"|your turn\b|think it through\b|practice questions?\b|review questions?\b)",
    re.IGNORECASE,
)
_LEADING_LABEL = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_OBJECTIVES_INTRO = re.compile(
    r"\W*(?:(?:by|at|upon|on|after)\b[^.]{0,40}\b(?:end|completion|completing|studying|reading|finishing)\b[^.]*\b(?:able to|can|should)\b"
    r"|(?:in|after) this (?:section|chapter|module|unit|lesson|lecture)\b[^.]*\b(?:you|we)\b[^.]*:\s*$"
    r"|after (?:reading|studying|completing|finishing) (?:this|the)\b[^.]*\b(?:able to|can|should|will)\b"
    r"|(?:you|students|the reader) (?:will|should) be able to\b|after reading this\b[^.]*\byou\b[^.]*:\s*$)",
    re.IGNORECASE,
)


class TextBlock(msgspec.Struct, frozen=True, gc=False):
    """A paragraph, list, table, equation, code block, image or label (a line in bold) of a text."""

    kind: Kind
    start: int
    end: int


class TextSection(msgspec.Struct, frozen=True):
    """The blocks below one heading."""

    heading: tuple[str, ...]  # from the title down
    objectives: bool  # a list of learning objectives
    blocks: tuple[TextBlock, ...]


def sections_of(text: str) -> list[TextSection]:
    """Return the sections of `text` that hold any block, in order. `text` must use line feeds."""
    sections: list[TextSection] = []
    path: list[tuple[int, str]] = []
    blocks: list[TextBlock] = []
    for found in _scan(text):
        if isinstance(found, TextBlock):
            blocks.append(found)
        else:
            sections += _divided(text, tuple(title for _, title in path), blocks)
            blocks = []
            path = [*(entry for entry in path if entry[0] < found[0] and not _OBJECTIVES_HEADING.match(entry[1])), found]
    return [*sections, *_divided(text, tuple(title for _, title in path), blocks)]


def task_label(text: str) -> str:
    """The label in bold with which `text` begins, if it announces an example or an exercise; else the empty string."""
    label = _LEADING_LABEL.match(text)
    return label[1].strip(" :.") if label and _TASK_LABEL.match(label[1]) else ""


def is_item(line: str) -> bool:
    """Whether a stripped line begins with the mark of a list item: `-`, `3.`, `b)`, `(iv)`."""
    return _ITEM.match(line) is not None


def _divided(text: str, heading: tuple[str, ...], blocks: list[TextBlock]) -> Iterator[TextSection]:
    """The section of a heading; as several, if it holds lists of learning objectives."""
    titled = bool(heading) and _OBJECTIVES_HEADING.match(heading[-1]) is not None
    rest = heading[:-1] if titled else heading  # the text after the list is no longer about objectives
    runs: list[tuple[bool, list[TextBlock]]] = []
    inside = titled  # within a list of objectives, or before it
    listed = False
    for number, block in enumerate(blocks):
        said = text[block.start : block.end]
        if block.kind == "label":
            inside, listed = _OBJECTIVES_HEADING.match(said.strip("*_ ")) is not None, False
        elif block.kind == "list":
            listed = inside
        elif block.kind == "paragraph":
            introduces = _introduces_objectives(said, blocks[number + 1 :])
            inside = introduces or (inside and not listed and len(said) < 200 and said.rstrip().endswith(":"))
            listed = listed and inside
        elif inside and listed:
            inside = False
        if not runs or runs[-1][0] != inside or (block.kind in ("label", "paragraph") and task_label(said)):
            runs.append((inside, []))
        runs[-1][1].append(block)
    for objectives, run in runs:
        yield TextSection(heading if objectives else rest, objectives, tuple(run))


def _introduces_objectives(said: str, following: list[TextBlock]) -> bool:
    if len(said) > 400 or _OBJECTIVES_INTRO.match(said) is None:
        return False
    return (bool(following) and following[0].kind == "list") or "able to" in said[:120]


def _scan(text: str) -> Iterator[TextBlock | tuple[int, str]]:
    """Blocks, and headings as (level, title), in order."""
    kind: Kind | None = None  # of the block that is being read
    start = end = 0
    closing = ""  # what ends a fence or an equation
    position = 0
    after_blank = False
    for line in text.split("\n"):
        here, position = position, position + len(line) + 1
        bare = line.strip()
        left = here + len(line) - len(line.lstrip()) if bare else here
        right = left + len(bare)
        if closing:  # inside a fence or an equation of several lines
            end = right if bare else end
            # An equation ends at a blank line too: one that is never closed must not swallow the rest of the text.
            if (closing in bare or not bare) if kind == "equation" else (bare.startswith(closing) and not bare.strip(closing[0])):
                yield TextBlock(kind or "code", start, end)
                kind, closing = None, ""
            continue
        if not bare:
            after_blank = True
            if kind not in (None, "list"):
                yield TextBlock(kind, start, end)
                kind = None
            continue
        if kind == "list" and left > here and not bare.startswith("<!--"):  # the continuation of an item
            end, after_blank = right, False
            continue
        new = _kind(bare)
        if new is None and bare[0] == "#":
            heading = _HEADING.match(bare)
            if kind is not None:
                yield TextBlock(kind, start, end)
            kind, after_blank = None, False
            assert heading is not None
            yield len(heading[1]), _MARKUP.sub("", heading[2]).strip()
            continue
        joins = kind is not None and (
            (new == kind and (kind in ("list", "table") or (kind == "paragraph" and not after_blank)))
            or (kind == "list" and new == "paragraph" and not after_blank)
        )
        after_blank = False
        if joins:
            end = right
            continue
        if kind is not None:
            yield TextBlock(kind, start, end)
        kind, start, end = new, left, right
        if kind == "equation" and bare.count("$$") % 2:
            closing = "$$"
        elif kind == "code":
            fence = _FENCE.match(bare)
            assert fence is not None
            closing = fence[1]
    if kind is not None:
        yield TextBlock(kind, start, end)


def _kind(line: str) -> Kind | None:  # noqa: PLR0912
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
