"""Records of samples, patches, items and readings that have been read before: `proda check` does not parse an unchanged file again.

    cache = RecordCache.load(root)
    cache.samples.get(path)              # the records, if the file has the same modification time, size and inode as then; or None
    cache.save()                         # build/cache/records.msgpack, if anything changed; it may be deleted at any time

Only files without findings are kept. A cache that is damaged, or was written by other code, is ignored and replaced.
"""

from __future__ import annotations

import hashlib
import sys
import time
import zlib
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from proda.errors import ProdaError
from proda.records import Item, Patch, Sample
from proda.store.files import write_file
from proda.store.validation import Validation

PATH = Path("build/cache/records.msgpack")
# Bump when the meaning of a stored record changes without a change in the files that `code_version` hashes.
VERSION = 1
CODE = ("records.py", "store/corpus.py", "store/items.py", "store/patches.py", "store/validation.py", "store/committed.py", "yamlio")
_RECENT_NS = 2_000_000_000  # a file younger than this may change again without a new time stamp

Kind = TypeVar("Kind")
Kept = dict[str, tuple[tuple[int, int, int], Kind]]


class _File(msgspec.Struct, frozen=True):
    samples: Kept[list[Sample]] = {}
    patches: Kept[Patch] = {}
    items: Kept[list[Item]] = {}
    validation: Kept[Validation] = {}


class Shelf(Generic[Kind]):
    """Records of one kind by file. Only files that are asked for or added in this run are saved."""

    def __init__(self, root: Path, known: Kept[Kind]) -> None:
        self._root = root
        self._known = known
        self.kept: Kept[Kind] = {}

    def get(self, path: Path) -> Kind | None:
        """The records of an unchanged file; None if the file is new or has changed."""
        name = self._name(path)
        found = self._known.get(name)
        if found is None or found[0] != _stamp(path):
            return None
        self.kept[name] = found
        return found[1]

    def add(self, path: Path, records: Kind) -> None:
        """Keep the records of a file that has just been read, unless the file is too young to trust its time stamp."""
        stamp = _stamp(path)
        if stamp is not None and stamp[0] < time.time_ns() - _RECENT_NS:
            self.kept[self._name(path)] = (stamp, records)

    def changed(self) -> bool:
        """Whether the kept records differ from those that were loaded."""
        return self.kept.keys() != self._known.keys() or any(self.kept[n][0] != self._known[n][0] for n in self.kept)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


class RecordCache:
    """The four shelves, and the file that they are saved in."""

    def __init__(self, root: Path, file: _File) -> None:
        self._root = root
        self.samples = Shelf(root, file.samples)
        self.patches = Shelf(root, file.patches)
        self.items = Shelf(root, file.items)
        self.validation = Shelf(root, file.validation)

    @classmethod
    def load(cls, root: Path) -> RecordCache:
        """The cache of the repository at `root`; empty if there is none that can be used."""
        try:
            data = (root / PATH).read_bytes()
            head, body = data[:36], data[36:]
            if head != code_version() + zlib.crc32(body).to_bytes(4, "little"):
                return cls(root, _File())
            return cls(root, msgspec.msgpack.decode(body, type=_File))
        except (OSError, msgspec.DecodeError):
            return cls(root, _File())

    def save(self) -> None:
        """Write the cache if its records changed. Write errors are ignored; the next check reads all files again."""
        if not any(shelf.changed() for shelf in (self.samples, self.patches, self.items, self.validation)):
            return
        body = msgspec.msgpack.encode(_File(self.samples.kept, self.patches.kept, self.items.kept, self.validation.kept))
        try:
            write_file(self._root / PATH, code_version() + zlib.crc32(body).to_bytes(4, "little") + body)
        except (OSError, ProdaError):
            return


def code_version() -> bytes:
    """A hash of the code and the libraries that make the records: any change makes the cache another version."""
    top = Path(__file__).parents[1]
    digest = hashlib.sha256(f"{VERSION} {sys.version} {msgspec.__version__}".encode())
    for name in CODE:
        for path in sorted((top / name).rglob("*.py")) if (top / name).is_dir() else [top / name]:
            digest.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
