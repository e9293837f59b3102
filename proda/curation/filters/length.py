"""Passages with too few words to state anything that stands on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings


def short(excerpt: Excerpt, settings: CurateSettings) -> str | None:
    """Fewer words than `settings.min_words`."""
    if excerpt.words >= settings.min_words:
        return None
    return f"{excerpt.words} word{'s' * (excerpt.words != 1)}, expected {settings.min_words} or more"
