"""Computed values below build/cache: read where they are whole, written where that is possible, and never a reason to fail.

    scores = read_cached(path, list[list[float]])      # None: not there, damaged, truncated, unreadable, or of another shape
    write_cached(path, scores)                          # False: a full disk, a read-only folder; it is computed again next time

Each read marks a file as used. A write removes files of the same folder that were not used for `KEPT_DAYS` days: old scores, which no
present code or data leads to.

The first line of a file is the SHA-256 of the rest, so that damage is noticed even where what is left is still valid JSON. The name of
a file must hold everything that decides the value: see `proda.store.code_version.cache_key`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from proda.errors import InputError
from proda.store.files import write_file

T = TypeVar("T")
KEPT_DAYS = 30


def read_cached(path: Path, kind: type[T]) -> T | None:
    """Return the value in the file as `kind`, or None where the file cannot be used, for any reason."""
    try:
        digest, _, payload = path.read_bytes().partition(b"\n")
        if digest.decode() != hashlib.sha256(payload).hexdigest():
            return None
        value = msgspec.json.decode(payload, type=kind)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None
    with suppress(OSError):  # a read-only folder
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    return value


def write_cached(path: Path, value: Any) -> bool:
    """Write the value as JSON and return whether that succeeded; if it did not, say so on standard error. NaN becomes null."""
    payload = msgspec.json.encode(value)
    try:
        write_file(path, hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
    except (OSError, InputError) as error:  # InputError: a link leads the folder out of the repository
        why = error.strerror if isinstance(error, OSError) else "a symbolic link leads out of the repository"
        print(f"{path}: cannot be written ({why}). The result is used, but not kept for the next run.", file=sys.stderr)
        return False
    _prune(path.parent)
    return True


def _prune(folder: Path) -> None:
    """Remove files that were neither written nor read for KEPT_DAYS days. What cannot be removed stays."""
    oldest = time.time() - KEPT_DAYS * 86_400
    with suppress(OSError):
        for entry in os.scandir(folder):
            found = entry.stat(follow_symlinks=False)
            if entry.is_file(follow_symlinks=False) and max(found.st_mtime, found.st_atime) < oldest:
                os.unlink(entry.path)
