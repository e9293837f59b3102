"""Whether a path stays inside the repository that it names, whatever symbolic links the tree holds.

    outside(Path("samples/corpus"))     # None, or the folder that a link leads to: Path("/home/ann/elsewhere")

A repository is a folder that holds `.git` or `knowledge/relations.yaml`.
"""

from __future__ import annotations

import os
from pathlib import Path

MARKERS = (".git", "knowledge/relations.yaml")


def enclosing(path: Path) -> list[str]:
    """The repositories that `path` lies in by its name, links not followed, innermost first."""
    named = os.path.abspath(path)
    folders = []
    while (parent := os.path.dirname(named)) != named:
        named = parent
        if any(os.path.lexists(os.path.join(named, marker)) for marker in MARKERS):
            folders.append(named)
    return folders


def outside(path: Path) -> Path | None:
    """Where `path` really is, if a link leads it out of a repository that it lies in by name; None if it stays inside.

    A path that lies in no repository is never outside one. The last part of `path` need not exist.
    """
    real = os.path.realpath(path)
    for folder in enclosing(path):
        if not within(real, os.path.realpath(folder)):
            return Path(real)
    return None


def within(real: str, folder: str) -> bool:
    """Whether a resolved path is a resolved folder or lies below it."""
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)
