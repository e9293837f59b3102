"""Which files the knowledge has, found with one pass over the folders. Only directory entries are read.

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
from proda.yamlio.inside import within

RELATIONS = "knowledge/relations.yaml"
CATALOGUE = "knowledge/sources/catalogue.yaml"
MERGES = "knowledge/merges.yaml"
SOURCES = "knowledge/sources"
_KNOWN = {RELATIONS, CATALOGUE, MERGES}


class Stamp(msgspec.Struct, frozen=True):
    """What identifies a file that has not been touched: modification time, size, inode."""

    mtime_ns: int
    size: int
    inode: int


class Tree(msgspec.Struct, frozen=True):
    """The files of the knowledge. Paths are relative to the repository, with `/`."""

    root: Path
    topics: dict[str, Stamp]  # path → stamp, sorted
    sources: dict[str, Stamp]  # source id → stamp, sorted
    findings: tuple[Finding, ...]  # files that cannot be read, or that no command reads where they are


def source_path(source: str) -> str:
    """The path of a source's text: `physics/optics` is knowledge/sources/physics/optics.md."""
    return f"{SOURCES}/{source}.md"


def scan(root: Path) -> Tree:
    """All topic files and sources below `root`/knowledge, hidden files left out.

    Misplaced YAML files, links that lead out, special files and folders that cannot be read are findings.
    """
    topics: dict[str, Stamp] = {}
    sources: dict[str, Stamp] = {}
    findings: list[Finding] = []
    for path, entry in _files(root, "knowledge", os.path.realpath(root), findings):
        parts = path.split("/")
        stamp = _stamp(entry)
        if stamp is None:
            findings.append(Finding(path, 0, "", "yaml", "The file cannot be read. Fix its permissions, or remove it."))
        elif path.startswith(f"{SOURCES}/"):
            if path.endswith(".md"):
                sources[path.removeprefix(f"{SOURCES}/").removesuffix(".md")] = stamp
        elif path.endswith((".yaml", ".yml")) and path not in _KNOWN:
            if len(parts) == 3 and path.endswith(".yaml"):
                topics[path] = stamp
            else:
                findings.append(Finding(path, 0, "", "ids", "Not read here; a topic is knowledge/<discipline>/<topic>.yaml. Move it."))
    return Tree(root, dict(sorted(topics.items())), dict(sorted(sources.items())), tuple(findings))


def _files(root: Path, folder: str, root_real: str, findings: list[Finding]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda e: e.name)
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"The folder cannot be read: {error.strerror}. Fix its permissions."
        findings.append(Finding(folder, 0, "", "yaml", message))
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith("."):  # hidden: left by editors and file managers
            continue
        if not _encodable(entry.name):
            findings.append(Finding(path, 0, "", "ids", "The file name is not UTF-8. Rename it."))
            continue
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if not within(real, root_real) or not os.path.exists(real):
                findings.append(Finding(path, 0, "", "yaml", "A symbolic link leads out of the repository. Put the file itself here."))
                continue
            if os.path.isdir(real):  # it could lead back to a folder above
                findings.append(Finding(path, 0, "", "ids", "A linked folder is not read. Put the files themselves here."))
                continue
        if entry.is_dir():
            yield from _files(root, path, root_real, findings)
        elif entry.is_file():
            yield path, entry
        else:
            findings.append(Finding(path, 0, "", "yaml", "Not a regular file (a device, pipe or socket). Remove it."))


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        found = entry.stat()
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
