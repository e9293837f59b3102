"""References, bibliographies and lists of further reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_HEADING = re.compile(
    r"(?:[\d.]+\s+)?(?:references?(?: cited| list)?|bibliograph\w*|works cited|literature(?: cited)?"
    r"|(?:suggested|further|additional|recommended|selected)\s+(?:readings?|reading list|resources|sources|references|exploration)"
    r"|for further (?:exploration|reading|study)|footnotes?|endnotes?|web ?sites|web links|external links"
    r"|online resources)\W*(?:and notes)?\W*$",
    re.IGNORECASE,
)
# These can be headings of the subject too: "Sources" of current, "Resources" of a country.
_UNSURE_HEADING = re.compile(r"(?:sources|resources|citations|readings?|see also|notes)\W*$", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d[a-z]?\b")
_ADDRESS = re.compile(r"\b(?:https?://|www\.|doi[:. ]|arXiv:)", re.IGNORECASE)
_SOURCE = re.compile(
    r"\b(?:vol\.|no\.|pp?\. ?\d|eds?\.|University Press|Press\b|Journal|Proceedings|Proc\.|Trans\.|Review|Retrieved|[Aa]ccessed"
    r"|[Aa]vailable (?:at|online)|ISBN|Publish\w+|\d+ ?\(\d+\) ?[:,]|[A-Z]\w+, \d+(?:, | ?\()\d)"
)
_AUTHOR = re.compile(r"(?:[\W\d]*)[A-Z][\w’'-]+,? (?:and |& )?(?:[A-Z]\.[ -]?){1,3}|[\W\d]*(?:[A-Z]\.[ -]?){1,3} ?[A-Z][\w’'-]+,")
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|can|may|will|shows?|found|suggests?|became|began)\b")
LONGEST = 500
MOST = 0.6
FEWEST = 2


def references(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """A list of works: by its heading, or because most lines have a year or an address together with the marks of a citation."""
    title = excerpt.title()
    if _HEADING.match(title):
        return f"below the heading {title}"
    for label in excerpt.labels[:1]:
        if _HEADING.match(label) and excerpt.text.lstrip().startswith("*"):
            return f"below the heading {label}"
    if not (_YEAR.search(excerpt.text) or _ADDRESS.search(excerpt.text)):
        return None
    lines = [line.strip() for line in excerpt.text.splitlines() if line.strip()]
    works = [line for line in lines if _is_work(line)]
    if works and _UNSURE_HEADING.match(title):
        return f"below the heading {title}, {len(works)} of {len(lines)} lines are references to works"
    if len(works) < FEWEST or sum(map(len, works)) < MOST * sum(map(len, lines)):
        return None
    return f"{len(works)} of {len(lines)} lines are references to works"


def _is_work(line: str) -> bool:
    """Whether a line is one reference. A paragraph that cites works in brackets is none."""
    if len(line) > LONGEST or line.startswith("|"):
        return False
    if _ADDRESS.search(line) and (len(line) < LONGEST / 2 or _YEAR.search(line)):
        return True
    if not _YEAR.search(line) or _VERB.search(line):
        return False
    return _AUTHOR.match(line) is not None or _SOURCE.search(line) is not None
