"""What is known about files that have not changed, in one SQLite file; delete it whenever you like.

    with Cache.open(Path("build/cache/check.sqlite")) as cache:   # one transaction; kept only if the block ends well
        known = cache.topics()                                    # path → (Stamp, Entry)

A cache of another version of the code, or one that cannot be read, is thrown away and made anew; where none can be written (a
read-only checkout), memory serves. Power loss may lose it, a killed process may not spoil it: SQLite rolls back.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from proda.errors import ProdaError
from proda.knowledge.entry import Entry
from proda.knowledge.tree import Stamp

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE topics (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, inode INTEGER, entry BLOB);
CREATE TABLE nodes (path TEXT PRIMARY KEY, nodes BLOB);
CREATE TABLE hashes (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, inode INTEGER, sha256 TEXT, made_from BLOB);
"""
_WAIT_S = 300.0  # for another check of the same repository to end


class Hashed(msgspec.Struct, frozen=True):
    """A source or an output: its stamp, its hash, and for an output a digest of all it was made from."""

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
    def open(path: Path) -> Iterator[Cache]:
        """The cache at `path`, locked against other processes; committed at the end, rolled back on any exception."""
        connection = _connect(path)
        try:
            yield Cache(connection)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:  # a full disk, most often; the old cache stays as it was
            raise ProdaError(f"{path}\n  The cache cannot be written: {error}. Free some space, then run again.") from None
        finally:
            connection.close()

    def topics(self) -> dict[str, tuple[Stamp, Entry]]:
        """All topic files known, by path; `nodes` left out of the entries."""
        decode = self._decoder.decode
        rows = self._db.execute("SELECT path, mtime_ns, size, inode, entry FROM topics")
        return {path: (Stamp(m, s, i), decode(blob)) for path, m, s, i, blob in rows}

    def put_topics(self, entries: Iterable[tuple[Stamp, Entry]]) -> None:
        """Keep entries with their nodes, under the stamps their files had before they were read."""
        for stamp, entry in entries:
            slim = msgspec.msgpack.encode(msgspec.structs.replace(entry, nodes=b""))
            row = (entry.file, stamp.mtime_ns, stamp.size, stamp.inode, slim)
            self._db.execute("INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?)", row)
            self._db.execute("INSERT OR REPLACE INTO nodes VALUES (?, ?)", (entry.file, entry.nodes))

    def put_stamps(self, stamps: Iterable[tuple[str, Stamp]]) -> None:
        """New stamps for topic files whose content is the same."""
        rows = [(s.mtime_ns, s.size, s.inode, path) for path, s in stamps]
        self._db.executemany("UPDATE topics SET mtime_ns = ?, size = ?, inode = ? WHERE path = ?", rows)

    def drop_topics(self, paths: Iterable[str]) -> None:
        """Forget topic files that are gone."""
        rows = [(path,) for path in paths]
        self._db.executemany("DELETE FROM topics WHERE path = ?", rows)
        self._db.executemany("DELETE FROM nodes WHERE path = ?", rows)

    def nodes(self, path: str) -> bytes:
        """The compiled nodes of one topic file, as JSON."""
        blob = self._db.execute("SELECT nodes FROM nodes WHERE path = ?", (path,)).fetchone()[0]
        assert isinstance(blob, bytes)
        return blob

    def hashes(self) -> dict[str, Hashed]:
        """Hashes of sources and outputs, by path."""
        rows = self._db.execute("SELECT path, mtime_ns, size, inode, sha256, made_from FROM hashes")
        return {path: Hashed(Stamp(m, s, i), sha, made) for path, m, s, i, sha, made in rows}

    def put_hashes(self, hashes: Iterable[tuple[str, Hashed]]) -> None:
        """Keep hashes of sources or outputs."""
        rows = [(p, h.stamp.mtime_ns, h.stamp.size, h.stamp.inode, h.sha256, h.made_from) for p, h in hashes]
        self._db.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)", rows)

    def get(self, name: str) -> bytes:
        """A named value; empty if there is none."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else b""

    def put(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def _connect(path: Path) -> sqlite3.Connection:
    """A connection with an open transaction on a cache of this version."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _ready(str(path))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            path.unlink(missing_ok=True)
            Path(f"{path}-journal").unlink(missing_ok=True)
            return _ready(str(path))
    except (OSError, sqlite3.OperationalError) as error:
        if "locked" in str(error):
            message = f"{path}\n  Another check of this repository is still running. Wait for it, then run again."
            raise ProdaError(message) from None
        return _ready(":memory:")


def _ready(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=_WAIT_S, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -32000")
        db.execute("BEGIN IMMEDIATE")
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version = _code_version()
        if "meta" not in tables or Cache(db).get("version") != version:
            for table in sorted(tables):
                db.execute(f'DROP TABLE "{table}"')
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
            Cache(db).put("version", version)
    except BaseException:
        db.close()
        raise
    return db


def _code_version() -> bytes:
    """A hash of the code that makes entries: any change to it makes the cache another version."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*package.rglob("*.py"), *(package.parent / "yamlio").rglob("*.py"), package.parent / "records.py"]):
        digest.update(path.read_bytes())
    return digest.digest()
