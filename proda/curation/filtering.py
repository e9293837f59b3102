"""An excerpt → the first reason to reject it, or none.

    rejection(excerpt, settings)                      # ("exercise", "8 of 9 sentences are tasks or questions"), or None

What a passage is (a glossary, an exercise) is asked before how good it is (short, low reasoning), so that the reason names the cause.
"""

from __future__ import annotations

from collections.abc import Callable

from proda.curation.excerpt import Excerpt
from proda.curation.filters.boilerplate import boilerplate
from proda.curation.filters.contents import contents
from proda.curation.filters.exercises import exercise
from proda.curation.filters.glossary import glossary
from proda.curation.filters.language import other_language
from proda.curation.filters.leftovers import leftover
from proda.curation.filters.length import short
from proda.curation.filters.level import below_level
from proda.curation.filters.objectives import objectives
from proda.curation.filters.reasoning import low_reasoning
from proda.curation.filters.references import references
from proda.document_settings import CurateSettings

Filter = Callable[[Excerpt, CurateSettings], str | None]

# reason → filter, in the order in which they are asked
FILTERS: dict[str, Filter] = {
    "objectives": objectives,
    "glossary": glossary,
    "references": references,
    "contents": contents,
    "boilerplate": boilerplate,
    "exercise": exercise,
    "leftover": leftover,
    "short": short,
    "language": other_language,
    "low-reasoning": low_reasoning,
    "below-level": below_level,
}


def rejection(excerpt: Excerpt, settings: CurateSettings) -> tuple[str, str] | None:
    """Return the reason and the detail of the first filter that rejects the excerpt; None if all let it pass."""
    for reason, judge in FILTERS.items():
        detail = judge(excerpt, settings)
        if detail is not None:
            return reason, detail
    return None
