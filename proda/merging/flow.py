"""Merges values that are written on one line, `{answer: B, guess: 0.4}` and `[heat, warmth]`, part by part.

Each part keeps its text; the parts of the result stand on one line, as they did.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proda.merging.tree import SETS, WHOLE, KeyPath, Node

Parts = dict[str, tuple[Any, str]]
"""Key, or text of an item → value and text as written."""


def merged_on_one_line(path: KeyPath, base: Node | None, ours: Node, theirs: Node) -> Node | None:
    """The merged value of mappings, or of lists that are sets; None if both sides changed the same part, or if one is not on one line."""
    nodes = [node for node in (base, ours, theirs) if node is not None]
    kinds = {type(node.value) for node in nodes}
    if len(kinds) != 1 or path[-1] in WHOLE or (kinds == {list} and path[-1] not in SETS) or not kinds <= {dict, list}:
        return None
    found = [_parts(node) for node in nodes]
    if any(each is None for each in found):
        return None
    was, mine, other = ({}, *found) if base is None else found
    assert was is not None and mine is not None and other is not None
    kept: Parts = {}
    for key in dict.fromkeys((*mine, *other)):
        values = [parts[key][0] if key in parts else _ABSENT for parts in (was, mine, other)]
        if values[1] == values[2] or values[2] == values[0]:
            side = mine
        elif values[1] == values[0]:
            side = other
        else:
            return None
        if key in side:
            kept[key] = side[key]
    left, right = ("{", "}") if kinds == {dict} else ("[", "]")
    value = {key: each for key, (each, _) in kept.items()} if kinds == {dict} else list(kept)
    head = ours.body[0][: ours.body[0].index(left, _start(ours))]
    return replace(ours, value=value, body=[f"{head}{left}{', '.join(said for _, said in kept.values())}{right}"])


_ABSENT = object()


def _start(node: Node) -> int:
    """Where the value may start in the first line of a node: behind its key or dash."""
    return node.column + (1 if node.item else len(node.key))


def _parts(node: Node) -> Parts | None:
    """The parts of a value on one line; None if it is written in another way."""
    import yaml

    if len(node.body) != 1 or node.children is not None:
        return None
    line = node.body[0]
    left = "{" if isinstance(node.value, dict) else "["
    start = line.find(left, _start(node))
    if start < 0:
        return None
    said = line[start:]
    top = yaml.compose(said, Loader=yaml.CSafeLoader)
    assert isinstance(top, yaml.CollectionNode)
    if isinstance(node.value, dict):
        return {
            key.value: (node.value[key.value], said[key.start_mark.column : max(inner.end_mark.column, key.end_mark.column)])
            for key, inner in top.value
        }
    if not all(isinstance(each, str) for each in node.value) or len(set(node.value)) < len(node.value):
        return None
    written = (said[inner.start_mark.column : inner.end_mark.column] for inner in top.value)
    return {value: (value, text) for value, text in zip(node.value, written, strict=True)}
