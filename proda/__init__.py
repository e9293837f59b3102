"""ProDa: program with data. See README.md; `proda.open` is the way in from a notebook.

import proda
repo = proda.open(".")                     # or proda.open(".", revision="main~3")
repo.frame("statements").head()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proda.history.repository import Repository

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(path: str = ".", revision: str | None = None) -> Repository:  # noqa: A001
    """The repository at `path`, read-only; at `revision` (any git revision) instead of the working tree if given."""
    from proda.history.repository import Repository

    return Repository.open(path, revision)
