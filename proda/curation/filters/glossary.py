"""Lists of key terms and their definitions. They are kept from the extractor: its recall is measured against them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_HEADING = re.compile(
    r"(?:[\d.]+\s+)?(?:glossary\b|(?:list of )?(?:key|important|new|main|chapter|basic)[ -](?:terms?|words?|vocabulary|terminology)\b"
    r"|(?:vocabulary|terminology|terms to know|definitions of terms|list of (?:terms|abbreviations|acronyms|symbols))\W*$)",
    re.IGNORECASE,
)
# An item "**lens**: a body that bends light", without a full stop: an entry of a dictionary, not a sentence.
_ENTRY = re.compile(r"(?:[-*+•]\s+)?\*\*[^*\n]{1,80}\*\*\s*(?:\([^)\n]{1,60}\)\s*)?[:–—-]\s*\S[^\n]*[^.?!:\s]\s*$")
# Looser, below a heading that says what the lines are: an item, a row, a few words, or a term before a colon or dash.
_TERM = re.compile(r"[-*+•|]\s|\d+[.)]\s|\*\*[^*\n]{1,80}\*\*\s*(?:\([^)\n]{1,60}\)\s*)?[:–—-]|[^.:\n]{1,60}(?::|\s[–—-])\s|[^.\n]{1,60}$")
MOST = 0.7
FEWEST = 3


def glossary(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Terms with definitions: a list, or paragraphs that begin with a term, below such a heading; elsewhere by the form of the lines."""
    lines = [line.strip() for line in excerpt.text.splitlines() if line.strip()]
    for title in excerpt.heading if not excerpt.share("code") else ():
        if _HEADING.match(title) and sum(_TERM.match(line) is not None for line in lines) >= len(lines) / 2:
            return f"below the heading {title}"
    if "**" not in excerpt.text:
        return None
    entries = [line for line in lines if _ENTRY.match(line)]
    if len(entries) < FEWEST or sum(map(len, entries)) < MOST * sum(map(len, lines)):
        return None
    return f"{len(entries)} of {len(lines)} lines are terms with definitions"
