"""Files and folders that were given → the files to read, and what the catalogue knows of each.

    found = gather([Path("papers")])                     # found.files: papers/heat.pdf, …; found.skipped: links, special files
    match(found.files, catalogue, "physics")[0].state    # "new", "unchanged", "renamed", "changed" or "repeated"

A file is known by its bytes. Where they differ, a file of the same name is the same document in a new version, unless several files or
entries of that name leave open which.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from proda.documents.blocks import UnreadableDocumentError
from proda.documents.read import file_bytes
from proda.documents.sniff import REFUSED, SUFFIXES
from proda.errors import UsageError, printable
from proda.knowledge.schema import SourceEntry
from proda.yamlio.inside import within

State = Literal["new", "unchanged", "renamed", "changed", "repeated", "refused"]


class GivenFiles(NamedTuple):
    """What was found at the paths that were given."""

    files: list[Path]  # sorted by path within each folder
    skipped: list[tuple[Path, str]]  # links, special files and documents of other formats inside folders, with the reason
    others: Counter[str]  # suffix → number of files in folders whose names are those of no document


class MatchedFile(NamedTuple):
    """A file and what the catalogue knows of it."""

    path: Path
    state: State
    sha256: str = ""
    source: str = ""  # of the entry that it belongs to
    reason: str = ""  # of a refusal; of a repetition, the file that it repeats


def gather(paths: Iterable[Path], knowledge: Path | None = None) -> GivenFiles:
    """The files at `paths`; folders are searched for names of documents, hidden names left out.

    In a folder no link is followed, nothing but regular files is taken, and the folder `knowledge`, which holds the sources, is left out.
    Raises UsageError for a path that does not exist, or that lies in `knowledge`.
    """
    found = GivenFiles([], [], Counter())
    own = os.path.realpath(knowledge) if knowledge else None
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            raise UsageError(f"{printable(str(path))}\n  Cannot be read: {error.strerror}. Give a file or a folder.") from None
        if own and within(os.path.realpath(path), own):
            raise UsageError(
                f"{printable(str(path))}\n  Lies in the knowledge itself, where sources are kept. Give the document that it was made from."
            )
        for file in _below(path, found, own) if stat.S_ISDIR(status.st_mode) else (path,):
            identity = file.stat()
            if (identity.st_dev, identity.st_ino) not in seen or not identity.st_ino:
                seen.add((identity.st_dev, identity.st_ino))
                found.files.append(file)
    return found


def _below(folder: Path, found: GivenFiles, knowledge: str | None) -> Iterator[Path]:
    if knowledge and os.path.realpath(folder) == knowledge:
        found.skipped.append((folder, "The knowledge itself, where sources are kept."))
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        found.skipped.append((folder, f"The folder cannot be read: {error.strerror}."))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            found.skipped.append((path, "A symbolic link is not followed. Give the file that it leads to."))
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(path, found, knowledge)
        elif not entry.is_file(follow_symlinks=False):
            found.skipped.append((path, "Not a regular file (a device, pipe or socket)."))
        elif path.suffix.lower() in SUFFIXES:
            yield path
        elif path.suffix.lower() in REFUSED:
            found.skipped.append((path, REFUSED[path.suffix.lower()]))
        else:
            found.others[path.suffix.lower() or "no suffix"] += 1


def match(files: Sequence[Path], catalogue: Mapping[str, SourceEntry], discipline: str, topic: str | None = None) -> list[MatchedFile]:
    """What the catalogue knows of each file. With `topic`, a file of other bytes belongs to that source or to none."""
    by_hash = {entry.document.sha256: source for source, entry in reversed(list(catalogue.items())) if entry.document}
    hashed = [_hashed(path) for path in files]
    present = {digest for digest, _ in hashed if digest}
    names = Counter(path.name for path, (digest, _) in zip(files, hashed, strict=True) if digest and digest not in by_hash)
    absent: dict[str, list[str]] = defaultdict(list)  # name of a document whose bytes are in no file → its sources
    for source, entry in catalogue.items():
        fits = source.startswith(f"{discipline}/") if topic is None else source == f"{discipline}/{topic}"
        if fits and entry.document and entry.document.sha256 not in present:
            absent[entry.document.name].append(source)
    matched: list[MatchedFile] = []
    first: dict[str, Path] = {}
    for path, (digest, reason) in zip(files, hashed, strict=True):
        if not digest:
            matched.append(MatchedFile(path, "refused", reason=reason))
        elif digest in first:
            matched.append(MatchedFile(path, "repeated", digest, reason=str(first[digest])))
        elif digest in by_hash:
            document = catalogue[by_hash[digest]].document
            same = document is not None and document.name == catalogued_name(path)
            matched.append(MatchedFile(path, "unchanged" if same else "renamed", digest, by_hash[digest]))
        else:
            older = absent.get(catalogued_name(path), [])
            known = len(older) == 1 and names[path.name] == 1
            matched.append(MatchedFile(path, "changed" if known else "new", digest, older[0] if known else ""))
        first.setdefault(digest, path)
    return matched


def catalogued_name(path: Path) -> str:
    """The name of a file as the catalogue holds it: without folders, on one line, without characters that cannot be shown."""
    from proda.documents.characters import one_line

    return one_line(path.name.encode("utf-8", "replace").decode()) or "unnamed"


def _hashed(path: Path) -> tuple[str, str]:
    """The SHA-256 of a file, or the reason why it cannot be read."""
    try:
        return hashlib.sha256(file_bytes(path)).hexdigest(), ""
    except UnreadableDocumentError as error:
        return "", str(error)
