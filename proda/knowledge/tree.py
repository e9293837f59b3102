"""Which files the knowledge base has, found with one pass over the folders; nothing is read here but directory entries.

tree = scan(Path("."))
tree.topics["knowledge/physics/thermal-expansion.yaml"]      # Stamp(mtime_ns, size, inode)
tree.sources["physics/thermal-expansion"]                    # the same, by source id
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from proda.findings import Finding

RELATIONS = "knowledge/relations.yaml"
CATALOGUE = "knowledge/sources/catalogue.yaml"
SOURCES = "knowledge/sources"
_KNOWN = {RELATIONS, CATALOGUE}


class Stamp(msgspec.Struct, frozen=True):
    """What tells a file that has not been touched: modification time, size, inode."""

    mtime_ns: int
    size: int
    inode: int


class Tree(msgspec.Struct, frozen=True):
    """The files of a knowledge base. Paths are relative to the repository, with `/`."""

    root: Path
    topics: dict[str, Stamp]  # path → stamp, sorted
    sources: dict[str, Stamp]  # source id → stamp, sorted
    findings: tuple[Finding, ...]  # files in places where nobody will look for them


def source_path(source: str) -> str:
    """Where the text of a source lies: `physics/optics` is knowledge/sources/physics/optics.md."""
    return f"{SOURCES}/{source}.md"


def scan(root: Path) -> Tree:
    """All topic files and sources below `root`/knowledge, with misplaced YAML files and links that lead out as findings."""
    topics: dict[str, Stamp] = {}
    sources: dict[str, Stamp] = {}
    findings: list[Finding] = []
    base = os.path.realpath(root)
    for path, entry in _files(root, "knowledge", base, findings):
        parts = path.split("/")
        if path.startswith(f"{SOURCES}/"):
            if path.endswith(".md"):
                sources[path.removeprefix(f"{SOURCES}/").removesuffix(".md")] = _stamp(entry)
        elif path.endswith((".yaml", ".yml")) and path not in _KNOWN:
            if len(parts) == 3 and path.endswith(".yaml"):
                topics[path] = _stamp(entry)
            else:
                findings.append(Finding(path, 0, "", "ids", "Not read here; a topic is knowledge/<discipline>/<topic>.yaml. Move it."))
    return Tree(root, dict(sorted(topics.items())), dict(sorted(sources.items())), tuple(findings))


def _files(root: Path, folder: str, base: str, findings: list[Finding]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda e: e.name)
    except OSError:
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if os.path.commonpath([base, real]) != base or not os.path.exists(real):
                findings.append(Finding(path, 0, "", "yaml", "A symbolic link leads out of the repository. Put the file itself here."))
                continue
            if os.path.isdir(real):  # could lead round in a circle
                findings.append(Finding(path, 0, "", "ids", "A linked folder is not read. Put the files themselves here."))
                continue
        if entry.is_dir():
            yield from _files(root, path, base, findings)
        elif entry.is_file():
            yield path, entry


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    found = entry.stat()
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
