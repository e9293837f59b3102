"""What is known about files that have not changed, in one SQLite file. It may be deleted at any time.

    with Cache.open(Path("build/cache/check.sqlite")) as cache:   # one transaction, kept only if the block ends without an exception
        known = cache.topics()                                    # path → (Stamp, Entry)

A cache of another version of the code, or one that cannot be read, is made again. Where none can be written (a read-only checkout, a
full disk, a lock that another process holds), memory is used instead. Power loss may lose the cache; a killed process cannot damage it,
because SQLite rolls back.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from proda.knowledge.entry import Entry
from proda.knowledge.tree import Stamp
from proda.yamlio.inside import outside

# Bump when the meaning of a stored value changes without a change in the files that `code_version` hashes.
VERSION = 2

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE topics (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, inode INTEGER, entry BLOB);
CREATE TABLE nodes (path TEXT PRIMARY KEY, nodes BLOB);
CREATE TABLE hashes (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, inode INTEGER, sha256 TEXT, made_from BLOB);
"""
_WAIT_S = 60.0  # for another check of the same repository to end
_SPARE_PAGES = 1000  # of 4 KiB: a cache with more unused pages than this, and more unused than used, is rewritten without them
_MEMORY = ":memory:"


class DamagedCacheError(Exception):
    """The cache holds something that cannot be read back. It is never shown to a user: `compile` starts again without the cache."""


class Hashed(msgspec.Struct, frozen=True):
    """A source or an output: its stamp, its hash, and for an output a digest of everything it was made from."""

    stamp: Stamp
    sha256: str
    made_from: bytes = b""


class Cache:
    """An open cache; see the module."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._decoder = msgspec.msgpack.Decoder(Entry)

    @staticmethod
    @contextmanager
    def open(path: Path | None) -> Iterator[Cache]:
        """The cache at `path`, locked against other processes; committed at the end, rolled back on any exception.

        None opens an empty cache in memory. Raises DamagedCacheError, from anywhere inside the block, if the file cannot be used.
        """
        connection = _connect(path) if path is not None else _ready(_MEMORY)
        try:
            yield Cache(connection)
            connection.execute("COMMIT")
            _shrink(connection)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            if path is None:
                raise
            raise DamagedCacheError(str(error)) from error
        finally:
            connection.close()

    def topics(self) -> dict[str, tuple[Stamp, Entry]]:
        """All known topic files by path; their entries have no `nodes`."""
        decode = self._decoder.decode
        rows = self._db.execute("SELECT path, mtime_ns, size, inode, entry FROM topics")
        return {_text(path): (Stamp(m, s, i), decode(_opened(blob, "topics"))) for path, m, s, i, blob in rows}

    def put_topics(self, entries: Iterable[tuple[Stamp, Entry]]) -> None:
        """Keep entries with their nodes, under the stamps that their files had before they were read."""
        for stamp, entry in entries:
            slim = msgspec.msgpack.encode(msgspec.structs.replace(entry, nodes=b""))
            row = (entry.file, stamp.mtime_ns, stamp.size, stamp.inode, _sealed(slim))
            self._db.execute("INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?)", row)
            self._db.execute("INSERT OR REPLACE INTO nodes VALUES (?, ?)", (entry.file, _sealed(entry.nodes)))

    def put_stamps(self, stamps: Iterable[tuple[str, Stamp]]) -> None:
        """Keep new stamps for topic files whose content is the same."""
        rows = [(s.mtime_ns, s.size, s.inode, path) for path, s in stamps]
        self._db.executemany("UPDATE topics SET mtime_ns = ?, size = ?, inode = ? WHERE path = ?", rows)

    def drop_topics(self, paths: Iterable[str]) -> None:
        """Forget topic files that no longer exist."""
        rows = [(path,) for path in paths]
        self._db.executemany("DELETE FROM topics WHERE path = ?", rows)
        self._db.executemany("DELETE FROM nodes WHERE path = ?", rows)

    def nodes(self, path: str) -> bytes:
        """The compiled nodes of one topic file, as JSON."""
        row = self._db.execute("SELECT nodes FROM nodes WHERE path = ?", (path,)).fetchone()
        if row is None:
            raise DamagedCacheError(f"no nodes of {path}")
        return _opened(row[0], path)

    def hashes(self) -> dict[str, Hashed]:
        """Hashes of sources and outputs, by path."""
        rows = self._db.execute("SELECT path, mtime_ns, size, inode, sha256, made_from FROM hashes")
        return {_text(path): Hashed(Stamp(m, s, i), sha, made) for path, m, s, i, sha, made in rows}

    def put_hashes(self, hashes: Iterable[tuple[str, Hashed]]) -> None:
        """Keep hashes of sources or outputs."""
        rows = [(p, h.stamp.mtime_ns, h.stamp.size, h.stamp.inode, h.sha256, h.made_from) for p, h in hashes]
        self._db.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)", rows)

    def drop_hashes(self, paths: Iterable[str]) -> None:
        """Forget sources or outputs that no longer exist."""
        self._db.executemany("DELETE FROM hashes WHERE path = ?", [(path,) for path in paths])

    def get(self, name: str) -> bytes:
        """A named value; empty if there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return _opened(row[0], name) if row else b""

    def put(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, _sealed(value)))


def remove(path: Path) -> None:
    """Delete a damaged cache and its journal, as far as the file system allows."""
    for name in (path, Path(f"{path}-journal"), Path(f"{path}-wal"), Path(f"{path}-shm")):
        try:
            name.unlink(missing_ok=True)
        except OSError:
            continue  # the caller goes on in memory


def code_version() -> bytes:
    """A hash of the code and the libraries that compute the stored values: any change makes the cache another version."""
    package = Path(__file__).parent
    top = package.parent
    digest = hashlib.sha256(f"{VERSION} {sys.version} {unicodedata.unidata_version} {msgspec.__version__}".encode())
    others = [top / name for name in ("records.py", "findings.py", "language/word_stems.py")]
    for path in sorted([*package.rglob("*.py"), *(top / "yamlio").rglob("*.py"), *others]):
        digest.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _connect(path: Path) -> sqlite3.Connection:
    """A connection with an open transaction on a cache of this version; in memory where no file can be used."""
    if outside(path) is not None or (path.exists() and not path.is_file()):
        return _ready(_MEMORY)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _ready(str(path))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            remove(path)
            return _ready(str(path))
    except (OSError, sqlite3.Error):
        return _ready(_MEMORY)


def _ready(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=_WAIT_S, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -32000")
        db.execute("BEGIN IMMEDIATE")
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version = code_version()
        if "meta" not in tables or not _is_version(db, version):
            for table in sorted(tables):
                db.execute(f'DROP TABLE "{table}"')
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
            Cache(db).put("version", version)
    except BaseException:
        db.close()
        raise
    return db


def _is_version(db: sqlite3.Connection, version: bytes) -> bool:
    try:
        return Cache(db).get("version") == version
    except DamagedCacheError:
        return False


def _shrink(db: sqlite3.Connection) -> None:
    unused, pages = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    if unused > _SPARE_PAGES and 2 * unused > pages:
        db.execute("VACUUM")


def _text(stored: Any) -> str:
    if not isinstance(stored, str):
        raise DamagedCacheError("a path")
    return stored


def _sealed(blob: bytes) -> bytes:
    """`blob` behind its checksum: SQLite does not notice a page whose bytes have changed."""
    return zlib.crc32(blob).to_bytes(4, "little") + blob


def _opened(stored: Any, what: str) -> bytes:
    if not isinstance(stored, bytes) or zlib.crc32(stored[4:]).to_bytes(4, "little") != stored[:4]:
        raise DamagedCacheError(what)
    return stored[4:]
