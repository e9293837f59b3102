"""Reading and writing the files of a repository: whole or not at all, and never outside it.

A file is written under a temporary name in the same folder, flushed, then renamed over the old one. If the bytes are the same, the old
file is left alone, so that its time stamp and DVC's hash cache stay valid. A path that a symbolic link leads out of the repository is
refused before anything is written or deleted.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from proda.errors import InputError
from proda.yamlio.inside import outside

STALE_S = 3600.0  # age from which a temporary file belongs to a process that was killed
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")  # as `tempfile` names those of `_write`
THREADS = 8  # that write the files of a tree: each waits for the disk for most of its time


def data_files(folder: Path, pattern: str) -> list[Path]:
    """Paths below `folder` that match `pattern` (as in `Path.glob`), sorted, without hidden names.

    Editors and file managers leave hidden files beside the ones that people write: `._NAME.yaml` (macOS), `.#NAME.yaml` (Emacs).
    """
    found = (p for p in folder.glob(pattern) if not any(part.startswith(".") for part in p.relative_to(folder).parts))
    return sorted(found)


def refuse_outside(path: Path) -> None:
    """Raise InputError if a symbolic link leads `path` out of the repository that it lies in."""
    real = outside(path)
    if real is not None:
        raise InputError(
            f"{path}\n  A symbolic link leads out of the repository, to {real}. Nothing was written or deleted there."
            " Replace the link by a folder of the repository, then run again."
        )


def write_file(path: Path, data: bytes | str) -> bool:
    """Write atomically; returns whether the bytes changed. Creates parent folders. Keeps the mode of an existing file.

    Raises InputError if a link leads the folder of `path` out of the repository. A link in place of the file itself is replaced.
    """
    refuse_outside(path.parent)
    return _write(path, data)


def _write(path: Path, data: bytes | str) -> bool:
    """Write a file in a folder that is in the repository."""
    payload = data.encode() if isinstance(data, str) else data
    linked = path.is_symlink()
    if not linked and path.is_file() and path.read_bytes() == payload:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(payload)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if not linked and path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def write_tree(root: Path, files: Mapping[str, bytes | str], suffix: str, *, kept: Collection[str] = ()) -> int:
    """Make `root` hold exactly `files` (relative path → content) among names that end in `suffix`; returns how many changed.

    Files that `kept` names are left as they are.

    Files of that suffix that are not in `files` are removed, and so are links to folders, folders left empty, and temporary files of
    `write_file` that are older than an hour: a process that was killed left them. Other files are not touched, and linked folders are not
    entered. Raises InputError, before anything is written or removed, if a link leads out of the
    repository.
    """
    for folder in sorted({root, *((root / name).parent for name in (*files, *kept))}):
        refuse_outside(folder)
    with ThreadPoolExecutor(THREADS) as pool:
        changed = sum(pool.map(lambda name: _write(root / name, files[name]), files))
    wanted = {str(root / name) for name in (*files, *kept)}
    for place, inner, names in os.walk(root, topdown=False, followlinks=False):
        for link in filter(os.path.islink, (os.path.join(place, name) for name in inner)):
            os.unlink(link)
            changed += 1
        for name in names:
            path = os.path.join(place, name)
            if name.endswith(suffix) and path not in wanted:
                os.unlink(path)
                changed += 1
            elif _TEMPORARY.fullmatch(name) and _is_stale(path):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                    changed += 1
        if place != str(root) and not os.listdir(place):
            os.rmdir(place)
    return changed


def _is_stale(path: str) -> bool:
    try:
        return time.time() - os.stat(path, follow_symlinks=False).st_mtime > STALE_S
    except FileNotFoundError:
        return False
