"""Three versions of a tree of entries → one, with a clash wherever both sides changed the same thing differently.

    merged(base, ours, theirs, topic=True)

An entry that one side changed is taken from that side. An entry that both changed is merged field by field. A renamed node (an entry
retired in favour of a new one, as `proda mv` writes it) gets what the other side changed under its old name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from proda.merging.flow import merged_on_one_line
from proda.merging.read import parsed
from proda.merging.tree import SETS, Clash, KeyPath, Node, core
from proda.yamlio import dump_yaml

# A top-level key below which two levels of keys only group entries, as in benchmarks/validation.yaml: item → reader → reading.
GROUPED = frozenset({"readings", "votes"})
SORTED = frozenset({"readings", "votes", "sources"})  # tools write these sorted by key
IN_ORDER = frozenset({"steps"})  # the order of these items has a meaning
NODES = frozenset({"concepts", "chains", "links"})  # sections of a topic file whose entries can be retired


def merged(base: Node, ours: Node, theirs: Node, *, topic: bool = False, whole: bool = False) -> Node:
    """The merged tree of a file. `topic`: a topic file, whose nodes can be renamed. `whole`: the file is one entry."""
    if whole and text(ours) != text(theirs) and text(base) not in (text(ours), text(theirs)):
        if ours.value == theirs.value:
            return ours
        return Node("", None, 0, clash=Clash(ours, theirs, base if base.children else None), children=[])
    return _Merge(topic).entry((), base, ours, theirs)


def text(node: Node) -> str:
    """The lines of an entry without the comments above and below it, as they would stand at the left edge."""
    return "\n".join(map(str, core(node, 0)))


class _Merge:
    def __init__(self, topic: bool) -> None:
        self.topic = topic

    def entry(self, path: KeyPath, base: Node | None, ours: Node, theirs: Node) -> Node:
        """The merged entry of a key that both sides have."""
        above = base or Node("", None, 0)
        lead, tail = (_joined(getattr(above, name), getattr(ours, name), getattr(theirs, name)) for name in ("lead", "tail"))
        said = text(ours), text(theirs)
        was = text(base) if base else None
        if said[0] == said[1] or said[1] == was:
            taken = ours
        elif said[0] == was:
            taken = theirs
        else:
            taken = self.both(path, base, ours, theirs)
        return replace(taken, lead=lead, tail=tail)

    def both(self, path: KeyPath, base: Node | None, ours: Node, theirs: Node) -> Node:
        """The merged entry, if both sides changed it or both added it."""
        blocks = ours.children is not None and theirs.children is not None and (base is None or base.children is not None)
        if ours.value == theirs.value:
            found = self.children(path, base, ours, theirs) if blocks else None
            return found if found and found.clash is None else replace(ours, end=_end(base, ours, theirs))
        if len(path) > 2 and path[0] in GROUPED:
            return _clash(ours, theirs, base)  # what a reader or a model answered at one time is one value
        if base is None and not _groups(path) and not _is_set(path, ours, theirs):
            return _clash(ours, theirs, base, "added on both sides")
        if blocks:
            return self.children(path, base, ours, theirs)
        if base is not None and base.value == ours.value:
            return replace(theirs, end=_end(base, ours, theirs))
        if base is not None and base.value == theirs.value:
            return replace(ours, end=_end(base, ours, theirs))
        on_one_line = merged_on_one_line(path, base, ours, theirs)
        if on_one_line is not None:
            return replace(on_one_line, end=_end(base, ours, theirs))
        laid_out = [_in_blocks(node) for node in (base, ours, theirs) if node is not None]
        if base is not None and all(node.children for node in laid_out):
            return self.children(path, *laid_out)
        return _clash(ours, theirs, base)

    def children(self, path: KeyPath, base: Node | None, ours: Node, theirs: Node) -> Node:
        was, mine, other = ({child.key: child for child in (node.children or [])} if node else {} for node in (base, ours, theirs))
        items = {child.item for found in (was, mine, other) for child in found.values()}
        if len(items) > 1 or ({ours.numbered, theirs.numbered} == {True} and not len(was) == len(mine) == len(other)):
            return _clash(ours, theirs, base)
        if (path and path[-1] in IN_ORDER) and list(was) != list(mine) != list(other) != list(was):
            return _clash(ours, theirs, base, "steps added, removed or moved on both sides")
        kept: dict[str, Node] = {}
        if self.topic and len(path) == 1 and path[0] in NODES:
            for key in was.keys() & mine.keys() & other.keys():
                kept |= self.retired(path, key, was, mine, other)
        for key in dict.fromkeys((*mine, *other, *was)):
            if key not in kept and (one := self.child((*path, key), was.get(key), mine.get(key), other.get(key))) is not None:
                kept[key] = one
        names = _order(list(was), list(mine), list(other), kept)
        if path and path[0] in SORTED and list(mine) == sorted(mine) and list(other) == sorted(other):
            names.sort()
        found = [kept[name] for name in names]
        if found and found[0].item is False and ours.item and found[0].clash and None in (found[0].clash.ours, found[0].clash.theirs):
            return _clash(ours, theirs, base)  # the field that stands beside the dash, removed on one side
        side = ours if ours.children or not theirs.children else theirs
        empty = ours.empty or theirs.empty or (" []" if True in items else " {}")
        return replace(side, body=ours.body, end=_end(base, ours, theirs), empty=empty, children=found)

    def child(self, path: KeyPath, base: Node | None, ours: Node | None, theirs: Node | None) -> Node | None:
        if ours is not None and theirs is not None:
            return self.entry(path, base, ours, theirs)
        left = ours if ours is not None else theirs
        if base is None or left is None:
            return left
        if left.value == base.value and not set(_comments(left)) - set(_comments(base)):
            return None
        return _clash(ours, theirs, base, "changed on one side and removed on the other")

    def retired(self, path: KeyPath, key: str, was: dict[str, Node], mine: dict[str, Node], other: dict[str, Node]) -> dict[str, Node]:
        """The entries of a node that one side retired and the other changed: under its new name if it was renamed, else as a clash."""
        base, ours, theirs = was[key], mine[key], other[key]
        retires = [_is_retired(node) and not _is_retired(base) for node in (ours, theirs)]
        if retires[0] == retires[1] or base.value in (ours.value, theirs.value):
            return {}
        stub, changed, there, elsewhere = (ours, theirs, mine, other) if retires[0] else (theirs, ours, other, mine)
        name = str(stub.value.get("replaced_by", "")).rpartition("/")[2]
        if name not in there or name in was or name in elsewhere:
            return {key: _clash(ours, theirs, base, "retired on one side and changed on the other")}
        moved = _renamed(changed, name)
        sides = (there[name], moved) if retires[0] else (moved, there[name])
        result = self.both((*path, name), _renamed(base, name), *sides)
        lead = _joined(base.lead, ours.lead, theirs.lead)
        return {key: replace(stub, lead=lead), name: replace(result, lead=there[name].lead, tail=there[name].tail)}


def _groups(path: KeyPath) -> bool:
    """Whether the key at `path` only groups entries, so that both sides may add it with different ones."""
    return len(path) <= 1 or (len(path) == 2 and path[0] in GROUPED)


def _is_set(path: KeyPath, ours: Node, theirs: Node) -> bool:
    return path[-1] in SETS and len(path) > 1 and isinstance(ours.value, list) and isinstance(theirs.value, list)


def _is_retired(node: Node) -> bool:
    return isinstance(node.value, dict) and node.value.get("status") == "retired"


def _renamed(node: Node, name: str) -> Node:
    """The entry under another key, without comments above and below it."""
    return replace(node, key=name, body=[node.body[0].replace(node.key, name, 1), *node.body[1:]], lead=[], tail=[])


def _in_blocks(node: Node) -> Node:
    """An entry whose value stands on one line, in the layout of the tools, with its comments; any other entry as it is."""
    if node.children is not None or node.item or len(node.body) != 1 or not isinstance(node.value, dict | list):
        return node
    whole = parsed(dump_yaml({node.key: node.value}), node.key)
    assert whole.children
    return replace(whole.children[0], lead=node.lead, tail=node.tail, end=node.end)


def _clash(ours: Node | None, theirs: Node | None, base: Node | None, why: str = "") -> Node:
    """A node for a clash. Comments above an entry that both sides have stand above the clash, so its sides are without them."""
    shown = ours if ours is not None else theirs
    assert shown is not None
    if ours is not None and theirs is not None:
        ours, theirs = (replace(node, lead=[], tail=[]) for node in (ours, theirs))
        base = replace(base, lead=[], tail=[]) if base else None
    return Node(shown.key, shown.value, shown.column, item=shown.item, clash=Clash(ours, theirs, base, why))


def _joined(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """The merged comment lines; if both sides changed them, those of both."""
    if theirs in (ours, base):
        return ours
    return theirs if ours == base else [*ours, *(line for line in theirs if line.strip() and line not in ours and line not in base)]


def _end(base: Node | None, ours: Node, theirs: Node) -> str:
    """The merged comment behind a value; if both sides changed it, both comments."""
    was = base.end.strip() if base else ""
    mine, other = ours.end.strip(), theirs.end.strip()
    if other in (mine, was):
        return ours.end
    return theirs.end if mine == was else f"{ours.end}  {other}" if other else ours.end


def _comments(node: Node) -> Iterator[str]:
    """What people wrote beside the values of an entry."""
    inside = (line for line in node.body[1:] if "#" in line)
    yield from (line.strip() for line in (*node.lead, *node.tail, node.end, *inside) if line.strip())
    for child in node.children or ():
        yield from _comments(child)


def _order(was: list[str], mine: list[str], other: list[str], kept: dict[str, Any]) -> list[str]:
    """The kept keys in the order of one side, those that only the other has behind the key that they follow there.

    The order is ours, unless only they moved entries.
    """
    common = set(was) & set(mine) & set(other)
    orders = [[key for key in side if key in common] for side in (was, mine, other)]
    first, second = (other, mine) if orders[1] == orders[0] != orders[2] else (mine, other)
    result = [key for key in first if key in kept]
    there = set(result)
    at = 0
    for key in second:
        if key in there:
            at = result.index(key) + 1
            continue
        if key in kept:
            while at < len(result) and result[at] not in second and result[at] in first:
                at += 1
            result.insert(at, key)
            there.add(key)
            at += 1
    return result
