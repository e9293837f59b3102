"""A YAML text as a tree of entries that keep their lines, so that entries of several versions can be put together.

    text_of(parsed(text, "knowledge/physics/optics.yaml")) == text      # proda/merging/read.py

A comment belongs to the entry below it, unless it is indented more than that entry. What is written on one line, such as {a: 1}, is one
entry without children.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KeyPath = tuple[str, ...]
# Lists whose items can be added and removed one by one. Any other list of texts has one value: a span, the statements of a chain.
SETS = frozenset({"aliases", "distinct_from", "preconditions", "exclusions"})
WHOLE = frozenset({"evidence"})  # a quote, its span and its source have one meaning together
COMMENT = re.compile(r"\s*(?:#.*)?")


@dataclass(slots=True)
class Clash:
    """Versions of one entry that cannot be merged. None: the entry is not there."""

    ours: Node | None
    theirs: Node | None
    base: Node | None
    why: str = ""


@dataclass(slots=True)
class Node:
    """An entry of a mapping or a list. Lines have no line end."""

    key: str
    value: Any  # as `load_yaml` returns it
    column: int  # of the key, or of the dash of a list's item
    body: list[str] = field(default_factory=list)  # the lines of the key, and of the value if there are no children
    end: str = ""  # what follows the value on its last line: a comment
    lead: list[str] = field(default_factory=list)  # comments and blank lines above
    tail: list[str] = field(default_factory=list)  # comments below, indented more than what follows
    children: list[Node] | None = None
    inside: int = 2  # column of the children, counted from that of the node
    item: bool = False  # of a list, with its dash
    numbered: bool = False  # the children are items of a list without ids
    empty: str = ""  # the value without children: {} or []
    clash: Clash | None = None


Piece = str | tuple[list[str], list[str]]
"""A line, or the lines of both sides of a clash."""


def pieces(node: Node, at: int, pick: str = "") -> Iterator[Piece]:
    """The lines of a node whose key stands in column `at`, with what is above and below it. `pick` names the side that a clash takes."""
    by = at - node.column
    if node.clash is not None:
        yield from _shifted(node.lead, by)
        if pick:
            side = getattr(node.clash, pick)
            yield from pieces(side, at, pick) if side else ()
        else:
            sides = (node.clash.ours, node.clash.theirs)
            ours, theirs = ([str(line) for line in pieces(side, at, "ours")] if side else [] for side in sides)
            yield ours, theirs
        yield from _shifted(node.tail, by)
        return
    yield from _shifted(node.lead, by)
    yield from core(node, at, pick)
    yield from _shifted(node.tail, by)


def core(node: Node, at: int, pick: str = "") -> Iterator[Piece]:
    """The lines of a node without the comments above and below it."""
    if node.clash is not None:
        yield from pieces(node, at, pick)
        return
    by = at - node.column
    if node.children is None:
        yield from _shifted([*node.body[:-1], f"{node.body[-1]}{node.end}"], by)
        return
    if node.body:
        yield from _shifted([f"{node.body[0]}{'' if _kept(node.children, pick) else node.empty}{node.end}"], by)
        for child in node.children:
            yield from pieces(child, at + node.inside, pick)
        return
    inner = [line for child in node.children for line in pieces(child, at + node.inside, pick)]
    yield from _dashed(inner, at) if node.item else inner


def _dashed(lines: list[Piece], at: int) -> Iterator[Piece]:
    """The lines with a dash in column `at` of the first that is no comment, in both sides of a clash."""
    done = False
    for line in lines:
        if done or (isinstance(line, str) and COMMENT.fullmatch(line)):
            yield line
            continue
        done = True
        if isinstance(line, str):
            yield f"{line[:at]}-{line[at + 1 :]}"
        else:
            ours, theirs = ([str(each) for each in _dashed(list(side), at)] for side in line)
            yield ours, theirs


def _shifted(lines: list[str], by: int) -> list[str]:
    if by > 0:
        return [" " * by + line if line.strip() else line for line in lines]
    if by < 0:
        return [line[min(-by, len(line) - len(line.lstrip())) :] if line.strip() else line for line in lines]
    return lines


def text_of(root: Node, pick: str = "") -> str:
    """The text of a tree without clashes, or with one side of each."""
    lines = [str(line) for line in pieces(root, 0, pick or "ours")]
    return "\n".join(lines) + "\n" if lines else ""


def plain(node: Node, pick: str) -> Any:
    """The value of a tree, with the side `pick` of each clash: what its text must be read back as."""
    if node.clash is not None:
        side = getattr(node.clash, pick)
        return plain(side, pick) if side else None
    if node.children is None:
        return node.value
    kept = _kept(node.children, pick)
    if not kept:
        return None if node.key == "" else {" {}": {}, " []": []}.get(node.empty)
    if kept[0].item:
        return [plain(child, pick) for child in kept]
    return {child.key: plain(child, pick) for child in kept}


def _kept(children: list[Node], pick: str) -> list[Node]:
    """The children that are there if each clash takes the side `pick`; all, if no side is named. Of others only comments may be left."""
    return [child for child in children if not pick or child.clash is None or getattr(child.clash, pick) is not None]
