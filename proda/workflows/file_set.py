"""Write several files of a repository together: all of them or none, inside the repository, over nothing that is not committed.

require_inside(root, names)         # raises InputError if a name leads out of the repository
require_committed(root, names)      # raises InputError if git shows changes to one of them
write_together(root, {"knowledge/optics/lenses.yaml": "discipline: optics\\n…", "knowledge/optics/old.yaml": None})   # None: remove
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from proda.errors import InputError
from proda.gitrepo import NoRepositoryError, run_git
from proda.store.files import write_file

SHOWN = 10  # files that a message lists


def require_inside(root: Path, names: Iterable[str]) -> None:
    """Raise InputError if one of `names` (relative to `root`) passes through a symbolic link or is a link itself."""
    base = Path(os.path.realpath(root))
    for name in names:
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts:
            raise InputError(f"{name}\n  Not a path inside the repository. Nothing was written.")
        for depth in range(1, len(parts) + 1):
            if (base / Path(*parts[:depth])).is_symlink():
                raise InputError(
                    f"{Path(*parts[:depth])}\n  This is a symbolic link, so writing {name} could change a file outside the repository."
                    " Nothing was written. Replace the link by the file or folder, then run this again."
                )


def require_committed(root: Path, names: Iterable[str]) -> None:
    """Raise InputError if git shows uncommitted changes to one of `names`; GitError if git cannot be used.

    Returns at once where there is no git program or no git repository.
    """
    if shutil.which("git") is None:
        return
    try:
        status = run_git(root, "status", "--porcelain", "--untracked-files=all", "--", *sorted(names))
    except NoRepositoryError:
        return
    changed = status.splitlines()
    if changed:
        more = [f"… and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
        shown = "\n".join([*changed[:SHOWN], *more])
        raise InputError(
            f"These files have changes that are not committed:\n{shown}\n  Nothing was written. Commit them, then run this again."
        )


def write_together(root: Path, texts: Mapping[str, str | None]) -> None:
    """Write each text to its file and remove the files whose text is None.

    If a file cannot be written, the earlier ones are restored before the OSError is raised.
    """
    require_inside(root, texts)
    before = {name: (root / name).read_bytes() if (root / name).is_file() else None for name in texts}
    folders = [folder for name in texts for folder in (root / name).parents if not folder.exists()]
    done: list[str] = []
    try:
        for name, text in texts.items():
            _put(root / name, None if text is None else text.encode())
            done.append(name)
    except BaseException:
        for name in reversed(done):
            _put(root / name, before[name])
        for folder in sorted(set(folders), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_file(path, data)
