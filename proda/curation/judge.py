"""What judges the chunks that the cheap filters and the search for duplicates have kept, if the settings ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from proda.store.chunks import Chunk

REASON = "judge"


class Judge(Protocol):
    """Says which chunks are not worth extracting from."""

    def __call__(self, chunks: Sequence[Chunk]) -> Sequence[str | None]:
        """Return, for each chunk in order, why it is rejected; None for a chunk that is kept."""
