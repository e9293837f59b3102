"""Three versions of a file as bytes → the merged bytes, and the conflicts by node.

    found = merge_file("knowledge/physics/optics.yaml", base, ours, theirs, Labels("HEAD", "topic"))
    found.data          # conflict markers stand around the entries that both sides changed
    found.conflicts     # (Conflict(node="physics/snell.s1", field="text", …),)

The result is read back: if it does not say what was merged, UnmergeableError is raised, and the caller lets git merge the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from proda.errors import InputError, printable
from proda.merging.files import kind_of, node_and_field
from proda.merging.read import UnsplittableError, parsed
from proda.merging.threeway import merged
from proda.merging.tree import Clash, KeyPath, Node, pieces, plain, text_of
from proda.yamlio import load_yaml_text

LONGEST = 100  # characters of a value in a message


class UnmergeableError(ValueError):
    """A file cannot be merged by its entries. `broken`: one of its versions cannot be read."""

    def __init__(self, why: str, *, broken: bool = False) -> None:
        super().__init__(why)
        self.broken = broken


@dataclass(frozen=True)
class Labels:
    """What conflict markers call the sides, and their length."""

    ours: str = "ours"
    theirs: str = "theirs"
    size: int = 7


@dataclass(frozen=True)
class Conflict:
    """Something that both sides changed. The values are texts to print; `(not there)` for what a side does not have."""

    line: int  # of the first conflict marker
    node: str
    field: str
    ours: str
    theirs: str
    base: str
    why: str = ""


@dataclass(frozen=True)
class Merged:
    """A merged file."""

    data: bytes
    conflicts: tuple[Conflict, ...] = ()


def merge_file(path: str, base: bytes, ours: bytes, theirs: bytes, labels: Labels = Labels(), *, inner: bool = False) -> Merged:
    """Merge three versions of the file at `path`. An empty base means that both sides added the file.

    `inner`: the result is the base of another merge, as git makes it where histories cross. Conflicts keep their base version then, without
    markers. Raises UnmergeableError if a version is no YAML as ProDa reads it, or if the merged text would not say what it must.
    """
    texts = []
    for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
        try:
            texts.append(parsed(_lines(data), name))
        except UnicodeDecodeError:
            raise UnmergeableError(f"the version of {_side(name, labels)} is not UTF-8", broken=True) from None
        except InputError as error:
            message = " ".join(str(error).split())
            raise UnmergeableError(f"the version of {_side(name, labels)} cannot be read: {message}", broken=True) from None
        except UnsplittableError as error:
            raise UnmergeableError(f"the version of {_side(name, labels)} is laid out in another way: {error}") from None
    kind = kind_of(path)
    tree = merged(*texts, topic=kind == "topic", whole=kind == "whole")
    clashes = list(_clashes(tree, ()))
    for pick in ("ours", "theirs") if clashes and not inner else ("base" if inner else "ours",):
        _require_same(tree, pick)
    if inner or not clashes:
        return Merged(_written(text_of(tree, "base"), base, ours, theirs))
    lines, starts = _marked(tree, labels)
    conflicts = []
    for line, (keys, clash) in zip(starts, clashes, strict=True):
        node, field = node_and_field(path, keys)
        conflicts.append(Conflict(line, node, field, _shown(clash.ours), _shown(clash.theirs), _shown(clash.base), clash.why))
    return Merged(_written("\n".join(lines) + "\n", base, ours, theirs), tuple(conflicts))


def _side(name: str, labels: Labels) -> str:
    return {"base": "the common ancestor", "ours": labels.ours, "theirs": labels.theirs}[name]


def _lines(data: bytes) -> str:
    """The text with \\n as line end, also at its end."""
    text = data.decode().replace("\r\n", "\n")
    return f"{text}\n" if text and not text.endswith("\n") else text


def _written(text: str, *versions: bytes) -> bytes:
    """The bytes of a text, with the line ends that the versions (base, ours, theirs) have, and with or without the last one."""
    windows = _of_three(*(b"\r\n" in data for data in versions))
    unended = _of_three(*(bool(data) and not data.endswith(b"\n") for data in versions))
    result = text.removesuffix("\n") if unended else text
    return (result.replace("\n", "\r\n") if windows else result).encode()


def _of_three(base: bool, ours: bool, theirs: bool) -> bool:
    return theirs if ours == base else ours


def _require_same(tree: Node, pick: str) -> None:
    try:
        same = load_yaml_text(text_of(tree, pick), "merged", numbers=True) == plain(tree, pick)
    except InputError:
        same = False
    if not same:
        raise UnmergeableError("its versions are laid out in different ways that cannot be joined")


def _clashes(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Clash]]:
    """The clashes of a tree with their key paths, in the order of the text."""
    if node.clash is not None:
        yield path, node.clash
        return
    for child in node.children or ():
        yield from _clashes(child, (*path, child.key))


def _marked(tree: Node, labels: Labels) -> tuple[list[str], list[int]]:
    """The lines of a tree with conflict markers, and the line number of each first marker."""
    lines: list[str] = []
    starts: list[int] = []
    for piece in pieces(tree, 0):
        if isinstance(piece, str):
            lines.append(piece)
            continue
        starts.append(len(lines) + 1)
        marks = [mark * labels.size for mark in "<=>"]
        lines += [f"{marks[0]} {labels.ours}", *piece[0], marks[1], *piece[1], f"{marks[2]} {labels.theirs}"]
    return lines, starts


def _shown(node: Node | None) -> str:
    if node is None:
        return "(not there)"
    value: Any = node.value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return printable(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def conflict_text(path: str, conflicts: tuple[Conflict, ...]) -> str:
    """The conflicts of a file, as `proda merge` prints them: one message for each node."""
    found: dict[str, list[Conflict]] = {}
    for each in conflicts:
        found.setdefault(each.node, []).append(each)
    lines = []
    for node, those in found.items():
        lines.append(f"{path}:{those[0].line}  {node}".rstrip())
        for each in those:
            why = f" ({each.why})" if each.why else ""
            lines.append(f"  {each.field or 'the whole entry'}{why}")
            lines += [f"    ours: {each.ours}", f"    theirs: {each.theirs}", f"    base: {each.base}"]
    return "\n".join(lines)
