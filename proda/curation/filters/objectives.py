"""Lists of learning objectives: "By the end of this section, you will be able to: - Describe …"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

# What a chapter announces about itself: no statement about its subject.
_ROADMAP = re.compile(
    r"\b(?:in|throughout) (?:this|the (?:following|next|present|coming)) (?:chapter|section|module|unit|part|lesson|book)s?\b"
    r"|\b(?:this|the next|the following) (?:chapter|section|module|unit|lesson)\b.{0,40}\b(?:will|explores?|examines?|introduces?"
    r"|discuss\w*"
    r"|describes?|covers?|provides?|presents?|looks?|focus\w*|helps?|begins?|deals?)\b"
    r"|\b(?:you|we)(?: will|[’']ll) (?:learn|explore|examine|study|discover)\b",
    re.IGNORECASE,
)
# One of these stands in whatever the pattern matches.
_HINTS = (" chapter", " section", " module", " unit", " part", " lesson", " book", "we will", "you will", "ll ")
MOST = 0.6  # share of the words in sentences that announce what follows


def objectives(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """A list of learning objectives, or a passage that mostly announces what a chapter will treat."""
    if excerpt.objectives:
        return "a list of learning objectives"
    if not any(hint in excerpt.lower for hint in _HINTS):
        return None
    announcing = [s for s in excerpt.sentences if _ROADMAP.search(s)]
    share = sum(map(len, announcing)) / len(excerpt.prose)
    if share < MOST:
        return None
    return f"{len(announcing)} of {len(excerpt.sentences)} sentences announce what the text will treat"
