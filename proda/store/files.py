"""Writing files so that nobody ever reads half of one, and keeping unchanged files untouched.

A file is written under a temporary name in the same folder, flushed, then renamed over the old one; if the bytes are the
same the old file is left alone, so that its time stamp and DVC's hash cache stay good.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_file(path: Path, data: bytes | str) -> bool:
    """Write atomically; returns whether the bytes changed. Creates parent folders. Keeps an existing file's mode."""
    payload = data.encode() if isinstance(data, str) else data
    if path.is_file() and path.read_bytes() == payload:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(payload)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def write_tree(root: Path, files: Mapping[str, bytes | str], suffix: str) -> int:
    """Make `root` hold exactly `files` (relative path → content) among names ending in `suffix`; returns how many changed.

    Files of that suffix that are not in `files` are removed, and so are folders left empty. Others are not touched.
    """
    changed = sum(write_file(root / name, data) for name, data in files.items())
    wanted = {root / name for name in files}
    if root.is_dir():
        for path in sorted(root.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif (path.name.endswith(suffix) and path not in wanted) or path.name.endswith(".tmp"):
                path.unlink()
                changed += 1
    return changed
