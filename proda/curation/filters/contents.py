"""Tables of contents and index pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_HEADING = re.compile(
    r"(?:table of )?contents\W*$|(?:subject |name |author )?index\W*$|list of (?:figures|tables|illustrations)\W*$", re.IGNORECASE
)
_LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}|·{4,}")
_TO_PAGE = re.compile(
    r"(?:[-*+•]\s+|chapter |part |section |[\dIVXA-Z]{1,4}[.:)]?\s+)*[^\W\d][^=<>$]{2,110}?\s(?:\d{1,4}|[ivxlc]{2,7})$", re.IGNORECASE
)
_PAGES = r"\d{1,4}(?:[–-]\d{1,4})?[a-z]?"
_INDEX_LINE = re.compile(rf"(?:[-*+•]\s+)?[^\W\d][^=<>$]{{0,80}}?, {_PAGES}(?:, ?{_PAGES})*$")
_NUMBERED_TITLE = re.compile(r"(?:chapter|section|part|unit|appendix)?\s*(?:\d+(?:\.\d+)+|[A-Z]\.\d+)\.?\s+\S[^.?!]*$", re.IGNORECASE)
LONGEST = 140  # characters of a title or an entry
MOST = 0.7
FEWEST = 4


def contents(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Most lines are titles with page numbers, numbered titles, or index entries; or the heading says that it is such a page."""
    lines = [line.strip() for line in excerpt.text.splitlines() if line.strip() and not line.startswith("|")]
    if not lines:
        return None
    titled = _HEADING.match(excerpt.title())
    if titled and all(line[-1].isalnum() and len(line) < LONGEST for line in lines):
        return f"below the heading {excerpt.title()}"
    if len(lines) < FEWEST or excerpt.share("table", "code", "equation") > 0.5:
        return None
    found = 0
    for line in lines:
        if len(line) < LONGEST and not line.endswith((".", "?", "!", ":")):
            if _LEADERS.search(line) or _TO_PAGE.match(line) or _INDEX_LINE.match(line) or _NUMBERED_TITLE.match(line):
                found += 1
        elif len(line) < LONGEST and _LEADERS.search(line):
            found += 1
    if found < FEWEST or found < MOST * len(lines):
        return None
    return f"{found} of {len(lines)} lines are titles or entries with numbers"
