"""The digest by which DVC names a file or folder in dvc.lock.

    data_digest(Path("samples/corpus"))       "9c1f….dir"

Read from the data itself, so that a run can name what it read before DVC writes dvc.lock, and if the stage fails and DVC writes nothing.
"""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path


def data_digest(path: Path) -> str | None:
    """Return the MD5 of a file, or of a folder's list of files with ".dir" behind it; None if there is nothing at `path`."""
    if path.is_file():
        return md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if not path.is_dir():
        return None
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    listed = [{"md5": md5(found[name].read_bytes(), usedforsecurity=False).hexdigest(), "relpath": name} for name in sorted(found)]
    return md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"
