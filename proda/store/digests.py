"""Hashes files and folders of the work tree as DVC does, without importing DVC, and remembers them by time and size.

    digests = Digests(Path("."))
    digests.of("knowledge")          # "5e4f72d7d5a44e3ac8634a085d79b1a6.dir", as in dvc.lock; None if it does not exist
    digests.save()                   # into build/cache/digests.json

A file's hash is the MD5 of its bytes; a folder's is the MD5 of the list of its files and their hashes. Files that .dvcignore names are
left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proda.store.files import write_file

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

CACHE = Path("build/cache/digests.json")
SETTLED_S = 2.0  # a file changed more recently than this may change again within one tick of its time stamp

Entry = tuple[int, int, int, str]
"""Time of the last change in ns, size in bytes, inode, MD5."""


class Digests:
    """Hashes of one repository's files. Without `cached`, nothing is remembered between processes."""

    def __init__(self, root: Path, *, cached: bool = True) -> None:
        self.root = root
        self._path = root / CACHE if cached else None
        self._known = _read(self._path)
        self._new: dict[str, Entry] = {}
        self._made: dict[str, str | None] = {}
        self._ignored: dict[str, GitIgnoreSpec | None] = {}
        self._now = time.time()

    def of(self, path: str) -> str | None:
        """Return DVC's hash of a file or folder; `path` is relative to the root. None if it does not exist or cannot be read."""
        if path not in self._made:
            full = self.root / path
            try:
                self._made[path] = self._folder(path) if full.is_dir() else self._file(path) if full.exists() else None
            except OSError:
                self._made[path] = None
        return self._made[path]

    def save(self) -> None:
        """Write the hashes for the next process. A folder that cannot be written only costs time."""
        if self._path is not None and self._new.items() - self._known.items():
            try:
                write_file(self._path, msgspec.json.encode(self._known | self._new))
            except OSError:
                return

    def files(self, path: str) -> list[str]:
        """Return the files below a folder, relative to the root and sorted, but for those that .dvcignore names."""
        found = []
        for folder, folders, names in os.walk(self.root / path):
            below = Path(folder).relative_to(self.root).as_posix()
            folders[:] = [name for name in folders if name not in (".git", ".hg", ".dvc") and not self._ignores(f"{below}/{name}/")]
            found += [f"{below}/{name}" for name in names if name != ".git" and not self._ignores(f"{below}/{name}")]
        return sorted(found)

    def _folder(self, path: str) -> str:
        listed = [{"md5": self._file(name), "relpath": name.removeprefix(f"{path}/")} for name in self.files(path)]
        listed.sort(key=lambda entry: entry["relpath"])
        return hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"

    def _file(self, path: str) -> str:
        state = (self.root / path).stat()
        key = (state.st_mtime_ns, state.st_size, state.st_ino)
        known = self._known.get(path)
        if known is not None and known[:3] == key:
            return known[3]
        digest = hashlib.md5((self.root / path).read_bytes(), usedforsecurity=False).hexdigest()
        if self._now - state.st_mtime > SETTLED_S:
            self._new[path] = (*key, digest)
        return digest

    def _ignores(self, path: str) -> bool:
        """Whether a .dvcignore on the way to the file or folder (its name ends in /) names it. The deepest match counts."""
        parts = path.rstrip("/").split("/")
        for depth in range(len(parts) - 1, -1, -1):
            spec = self._spec("/".join(parts[:depth]))
            said = spec.check_file("/".join(parts[depth:]) + ("/" if path.endswith("/") else "")).include if spec else None
            if said is not None:
                return said
        return False

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._ignored:
            path = self.root / folder / ".dvcignore"
            self._ignored[folder] = None
            if path.is_file():
                from pathspec import GitIgnoreSpec

                self._ignored[folder] = GitIgnoreSpec.from_lines(path.read_text(encoding="utf-8").splitlines())
        return self._ignored[folder]


def _read(path: Path | None) -> dict[str, Entry]:
    """The hashes of an earlier process; none if the file is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Entry]) if path else {}
    except (OSError, msgspec.DecodeError):
        return {}
