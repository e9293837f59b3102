"""Which lines of a document are headings, and of which level.

Most characters of a document have the size of its text. A heading is larger, or bold and apart from the text around it, and it is no part
of a table. Bookmarks decide where the file has them: a line that says the same as a bookmark of its page is a heading of that level.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from proda.documents.pdf.lines import PdfLine

_LARGER = 1.13  # times the size of the text
_MOST_WORDS = 30
_MOST_WORDS_BOLD = 18
_MOST_LINES = 4
_GAP = 1.25  # times the leading, above a heading in the size of the text
_SAME_LEVEL = 0.95  # times the size of a heading, down to which another is of its level
_CAPTION = re.compile(r"(?:fig(?:ure)?|table|box|listing|plate|scheme)\b\.?\s*\d", re.IGNORECASE)
_NUMBERED = re.compile(
    r"(?:(?:chapter|section|part|appendix|lecture|unit)\s+)?(\d{1,2}(?:\.\d{1,2}){0,4}|[IVX]{1,5}|[A-Z])[.:)]?\s+(?=\S)", re.IGNORECASE
)
_LIST_MARK = re.compile(r"[•‣◦▪●○■–—-]\s|\(?[a-z0-9]{1,2}\)\s")
_SENTENCE_END = re.compile(r"[.;,](?:\s|$)")


class Bookmark(NamedTuple):
    """An entry of a file's outline."""

    title: str
    level: int  # from 1
    page: int  # from 0


class TextStyle(NamedTuple):
    """How the text of a document is set."""

    size: float
    bold: bool
    leading: float  # points from one baseline to the next


class HeadingStyle(NamedTuple):
    """How headings of one level are set."""

    size: float
    bold: bool


def text_style(lines: Iterable[PdfLine]) -> TextStyle:
    """The size that most characters have, whether most are bold, and the usual distance of lines."""
    sizes: Counter[float] = Counter()
    bold: Counter[bool] = Counter()
    gaps: Counter[float] = Counter()
    above: PdfLine | None = None
    for line in lines:
        if line.rows:
            sizes[round(line.size * 4) / 4] += sum(len(cell) for row in line.rows for cell in row)
            above = None
            continue
        sizes[round(line.size * 4) / 4] += len(line.text)
        bold[line.bold] += len(line.text)
        if above is not None and abs(above.size - line.size) < 0.05 * line.size and 0.9 < (above.y - line.y) / line.size < 2.6:
            gaps[round((above.y - line.y) / line.size, 1)] += 1
        above = line
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    ratio = gaps.most_common(1)[0][0] if gaps else 1.2
    return TextStyle(size, bold[True] > bold[False], ratio * size)


def heading_runs(lines: Sequence[PdfLine], text: TextStyle, bookmarks: Sequence[Bookmark] = ()) -> dict[int, tuple[int, int]]:
    """First line → (line after the last, level of its bookmark or 0) of every heading among the lines of a region."""
    found: dict[int, tuple[int, int]] = {}
    n = 0
    while n < len(lines):
        marked = _bookmarked(lines, n, bookmarks)
        end = marked[0] if marked else _heading_end(lines, n, text)
        if end > n:
            found[n] = (end, marked[1] if marked else 0)
        n = max(end, n + 1)
    return found


def heading_style(line: PdfLine) -> HeadingStyle:
    """The style of a heading, sizes in half points."""
    return HeadingStyle(round(line.size * 2) / 2, line.bold)


def levels(styles: Iterable[HeadingStyle], known: Mapping[HeadingStyle, int]) -> dict[HeadingStyle, int]:
    """The level of each style: the larger, the higher; bold before plain. `known` levels, from bookmarks, are kept.

    Sizes that differ by less than a reader sees are one level.
    """
    ranked = sorted(set(styles) | set(known), key=lambda s: (-s.size, not s.bold))
    result: dict[HeadingStyle, int] = {}
    above: HeadingStyle | None = None
    level = 0
    for style in ranked:
        if style in known:
            level = known[style]
        elif above is None or style.bold != above.bold or style.size < _SAME_LEVEL * above.size:
            level += 1
        result[style] = level
        above = style
    return result


def _heading_end(lines: Sequence[PdfLine], first: int, text: TextStyle) -> int:
    """The line after a heading that begins at `first`; `first` if none begins there."""
    line = lines[first]
    if not _could_be_heading(line):
        return first
    large = line.size >= _LARGER * text.size
    bold = line.bold and not text.bold and line.size >= 0.95 * text.size
    if not large and not bold and not _numbered_apart(lines, first, text):
        return first
    end = first + 1
    while end < len(lines) and _continues(lines[end - 1], lines[end]):
        end += 1
    words = sum(len(other.words) for other in lines[first:end])
    if end - first > _MOST_LINES or words > (_MOST_WORDS if large else _MOST_WORDS_BOLD):
        return first
    if large:
        return end
    # In the size of the text: apart from what stands above, and neither a sentence nor the beginning of one that goes on below.
    if first > 0 and not _apart(lines[first - 1], line, text):
        return first
    said = " ".join(other.text for other in lines[first:end])
    if _SENTENCE_END.search(said[-1:]) or _LIST_MARK.match(said) or _CAPTION.match(said):
        return first
    return end


def _could_be_heading(line: PdfLine) -> bool:
    return not line.rows and not line.mono and sum(c.isalpha() for c in line.text) >= 2 and len(line.pieces) <= 6


def _continues(line: PdfLine, below: PdfLine) -> bool:
    """Whether the line below belongs to the same heading: set in the same way, as near as the lines of one heading are."""
    if below.rows or below.bold != line.bold or abs(below.size - line.size) > 0.05 * line.size:
        return False
    return line.y - below.y <= 1.45 * line.size and not _NUMBERED.match(below.text)


def _apart(above: PdfLine, line: PdfLine, text: TextStyle) -> bool:
    if above.rows:
        return True
    return above.y - line.y > _GAP * text.leading * max(line.size, text.size) / text.size or above.size >= _LARGER * text.size or above.bold


def _numbered_apart(lines: Sequence[PdfLine], n: int, text: TextStyle) -> bool:
    """A numbered line in italics or capitals with space above and below: a heading in the size of the text."""
    line = lines[n]
    if not _NUMBERED.match(line.text) or not (line.italic or (line.text.isupper() and len(line.text) > 5)) or len(line.words) > 12:
        return False
    above = n == 0 or _apart(lines[n - 1], line, text)
    return above and line.size >= 0.95 * text.size


def _bookmarked(lines: Sequence[PdfLine], first: int, bookmarks: Sequence[Bookmark]) -> tuple[int, int] | None:
    """(line after the last, level) if the lines from `first` say what a bookmark says."""
    if not bookmarks or lines[first].rows:
        return None
    for bookmark in bookmarks:
        wanted = _bare(bookmark.title)
        said = ""
        for end in range(first, min(first + _MOST_LINES, len(lines))):
            if lines[end].rows:
                break
            said += _bare(lines[end].text)
            if (
                wanted
                and said
                and (said == wanted or _bare(_NUMBERED.sub("", bookmark.title)) == said or _unnumbered(lines[first : end + 1]) == wanted)
            ):
                return end + 1, bookmark.level
            if len(said) > len(wanted) + 12:
                break
    return None


def _unnumbered(lines: Sequence[PdfLine]) -> str:
    return _bare(_NUMBERED.sub("", " ".join(line.text for line in lines)))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
