"""Reads a YAML text into a tree of entries.

root = parsed("chains:\\n  # why\\n  snell: {explains: how light bends}\\n", "knowledge/physics/optics.yaml")
root.children[0].children[0].key       # "snell"; its `lead` is the comment above it
"""

from __future__ import annotations

import re
from typing import Any

from proda.merging.tree import COMMENT, SETS, WHOLE, KeyPath, Node
from proda.yamlio import load_yaml_text

BY_KEYS = ("id", "item")  # a field of these names identifies an item of a list
_COLON = re.compile(r"\s*:")
_BLOCK = ("|", ">")


class UnsplittableError(ValueError):
    """The text is YAML, but no tree of entries."""


def parsed(text: str, where: str) -> Node:
    """The tree of a text. Raises InputError if it is not YAML as ProDa reads it, UnsplittableError if its top level is no block of keys."""
    import yaml

    value = load_yaml_text(text, where, numbers=True)
    lines = text.removesuffix("\n").split("\n") if text else []
    top = yaml.compose(text, Loader=yaml.CSafeLoader)
    root = Node("", value, 0, inside=0, children=[])
    if value is None:
        root.tail = lines
        return root
    if not isinstance(top, yaml.MappingNode) or top.flow_style:
        raise UnsplittableError("its top level is not a block of keys")
    reader = _Reader(lines)
    root.children, end = reader.mapping(top, value, (), 0)
    root.tail = lines[end:]
    if root.children and root.tail:
        root.tail = reader.below(root.children[-1], end, len(lines), 0)
    return root


class _Reader:
    """Reads nodes of PyYAML; methods that read a value return the line at which it ends (exclusive)."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def mapping(self, node: Any, values: Any, path: KeyPath, start: int) -> tuple[list[Node], int]:
        found: list[Node] = []
        column = node.value[0][0].start_mark.column
        for key, inner in node.value:
            line = key.start_mark.line
            before = self.lines[line][: key.start_mark.column]
            if key.start_mark.column != column or key.end_mark.line != line or before.strip() not in (("", "-") if not found else ("",)):
                raise UnsplittableError("two entries are on one line")
            lead = self.below(found[-1], start, line, column) if found else self.lines[start:line]
            made, start = self.entry(key, inner, values[key.value], (*path, key.value))
            made.lead = lead
            found.append(made)
        return found, start

    def entry(self, key: Any, node: Any, value: Any, path: KeyPath) -> tuple[Node, int]:
        line, column = key.start_mark.line, key.start_mark.column
        first = " " * column + self.lines[line][column:]
        colon = _COLON.match(first, key.end_mark.column)
        if colon is None:
            raise UnsplittableError("a key has no colon on its line")
        made = Node(key.value, value, column, [first[: colon.end()]], first[colon.end() :])
        if value in ({}, [], None) and len(path) == 1 and value is not False and not node.value:
            made.children, made.empty = [], made.end.partition("#")[0].rstrip() or (" {}" if value == {} else " []" if value == [] else "")
            made.end = made.end[len(made.empty) :] if made.end.startswith(made.empty) else made.end
            return made, self.end(node, line)
        if (
            path[-1] not in WHOLE
            and not _on_one_line(node)
            and node.start_mark.line > line
            and (split := self.split(node, value, path, line))
        ):
            made.children, end, made.numbered = split
            made.inside = made.children[0].column - column
            return made, end
        made.body, made.end = self.leaf(node, line, first, colon.end())
        return made, self.end(node, line)

    def split(self, node: Any, value: Any, path: KeyPath, line: int) -> tuple[list[Node], int, bool] | None:
        try:
            if isinstance(value, dict):
                return (*self.mapping(node, value, path, line + 1), False)
            keys = identities(value, path)
            if keys is None:
                return None
            found: list[Node] = []
            start = line + 1
            column = node.start_mark.column
            for number, inner in enumerate(node.value):
                name = keys[number]
                made, end = self.element(inner, value[number], (*path, name), column)
                lead_end = inner.start_mark.line
                made.lead = self.below(found[-1], start, lead_end, column) if found else self.lines[start:lead_end]
                found.append(made)
                start = end
            return found, start, bool(keys) and keys[0] == "#1"
        except UnsplittableError:
            return None

    def element(self, node: Any, value: Any, path: KeyPath, column: int) -> tuple[Node, int]:
        line = node.start_mark.line
        text = self.lines[line]
        if text[:column].strip() or text[column : column + 1] != "-" or text[column + 1 : node.start_mark.column].strip():
            raise UnsplittableError("a dash is not on the line of its item")
        made = Node(path[-1], value, column, item=True)
        if isinstance(value, dict) and not _on_one_line(node):
            made.children, end = self.mapping(node, value, path, line)
            made.inside = made.children[0].column - column
            return made, end
        made.body, made.end = self.leaf(node, line, text, column + 1)
        return made, self.end(node, line)

    def leaf(self, node: Any, line: int, first: str, after_key: int) -> tuple[list[str], str]:
        """The lines of a key with its value, and what follows the value on its last line."""
        end = self.end(node, line)
        body = [first, *self.lines[line + 1 : end]]
        if getattr(node, "style", None) in _BLOCK or not (_on_one_line(node) or hasattr(node, "style")):
            return body, ""
        cut = after_key if end == line + 1 and node.end_mark.line != line else node.end_mark.column
        if not _is_collection(node) and node.value == "" and node.style is None:
            cut = after_key
        last = body[-1]
        body[-1] = last[:cut]
        if not COMMENT.fullmatch(last[cut:]):
            raise UnsplittableError("something follows a value on its line")
        return body, last[cut:]

    def end(self, node: Any, line: int) -> int:
        if _is_collection(node) and not node.flow_style and node.value:
            last = node.value[-1]
            key, value = last if isinstance(last, tuple) else (node, last)
            return self.end(value, key.start_mark.line if isinstance(last, tuple) else value.start_mark.line)
        if not _is_collection(node) and node.value == "" and node.style is None:
            return line + 1
        end: int = node.end_mark.line + (node.end_mark.column > 0)
        if getattr(node, "style", None) in _BLOCK:
            end = min(end, len(self.lines))
            while end > line + 1 and not self.lines[end - 1].strip():
                end -= 1
        return max(end, line + 1)

    def below(self, above: Node, start: int, end: int, column: int) -> list[str]:
        """Give the comments that are indented more than `column` to the node above; returns the other lines up to `end`."""
        stop = start
        for n in range(start, end):
            text = self.lines[n]
            if not text.strip():
                continue
            if len(text) - len(text.lstrip()) <= column:
                break
            stop = n + 1
        above.tail = self.lines[start:stop]
        return self.lines[stop:end]


def identities(values: Any, path: KeyPath) -> list[str] | None:
    """What tells the items of a list apart, one for each; `#1`, `#2`, … if they are mappings without ids; None if the list is one value."""
    if values and all(isinstance(each, dict) for each in values):
        for name in BY_KEYS:
            names = [each.get(name) for each in values]
            if all(isinstance(each, str) for each in names) and len(set(names)) == len(names):
                return [str(each) for each in names]
        pairs = [" and ".join(sorted((str(each.get("keep")), str(each.get("drop"))))) for each in values]
        if all("keep" in each and "drop" in each for each in values) and len(set(pairs)) == len(pairs):
            return pairs
        return [f"#{number}" for number in range(1, len(values) + 1)]
    if path[-1] in SETS and all(isinstance(each, str) for each in values) and len(set(values)) == len(values):
        return list(values)
    return None


def _is_collection(node: Any) -> bool:
    return isinstance(node.value, list)


def _on_one_line(node: Any) -> bool:
    return _is_collection(node) and bool(node.flow_style)
