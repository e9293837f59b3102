"""Running heads, running feet and page numbers, which are no part of the text.

A line among the outermost of a page is dropped if on more than half of the pages a line at the same height says the same, numbers aside,
or counts with the pages. On facing pages that differ, every other page counts as half of the pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from proda.documents.pdf.lines import PdfLine, lines_of, pieces_of
from proda.documents.pdf.rules import Grid
from proda.documents.pdf.words import PdfPage

_OUTERMOST = 3  # lines from the upper and the lower edge that may be a running head or foot
_ZONE = 0.2  # of the height of the page, from the edge
_SAME_HEIGHT = 4.0  # points
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlcdm]+", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"\W*(?:page|p\.|seite)?\s*(\d{1,4}|[ivxlcdm]{1,8})\W*(?:(?:of|/|von)\s*\d{1,4})?\W*", re.IGNORECASE)
_EDGE = 0.09  # of the height: where a lone number on the only page of a document is its page number


def margin_words(pages: Sequence[PdfPage], grids: Sequence[Sequence[Grid]]) -> list[set[int]]:
    """The identities (`id`) of the words of each page that belong to running heads, running feet and page numbers.

    The header of a table that is repeated on every page is no running head: a line within the grid of a table is dropped only if the same
    line stands outside of one on another page, or if it counts with the pages.
    """
    outer = [_outermost(page) for page in pages]
    repeated = _repeated(outer, grids)
    numbered = any(
        _ONLY_NUMBER.fullmatch(line.text) for n, edges in enumerate(outer) for edge in edges for line in edge if (n, id(line)) in repeated
    )
    dropped: list[set[int]] = []
    for number, page in enumerate(pages):
        gone: set[int] = set()
        for edge in outer[number]:
            for n, line in enumerate(edge):  # from the edge inwards: a line within the text stands behind one that does not repeat
                lone = n == 0 and bool(_ONLY_NUMBER.fullmatch(line.text)) and (numbered or _at_edge(line, page, len(pages)))
                if not lone and (number, id(line)) not in repeated:
                    break
                gone |= {id(word) for word in line.words}
        dropped.append(gone)
    return dropped


def _at_edge(line: PdfLine, page: PdfPage, pages: int) -> bool:
    """Whether a lone number is the page number of a document of one page."""
    return pages == 1 and not _EDGE * page.height < line.y < (1 - _EDGE) * page.height


def _outermost(page: PdfPage) -> tuple[list[PdfLine], list[PdfLine]]:
    """The lines next to the upper edge, and those next to the lower one, each from the edge inwards."""
    zone = _ZONE * page.height
    lines = lines_of(pieces_of(word for word in page.words if word.y < zone or word.y > page.height - zone))
    upper = [line for line in lines[:_OUTERMOST] if line.y > page.height - zone]
    lower = [line for line in lines[: -_OUTERMOST - 1 : -1] if line.y < zone]
    return upper, lower


def _repeated(outer: Sequence[tuple[list[PdfLine], list[PdfLine]]], grids: Sequence[Sequence[Grid]]) -> set[tuple[int, int]]:
    """(page, identity) of the lines that repeat from page to page."""
    result: set[tuple[int, int]] = set()
    for parity in (None, 0, 1):
        numbers = [n for n in range(len(outer)) if parity is None or n % 2 == parity]
        fewest = 2 if parity is None else 3
        for same, counts in _groups([(n, line) for n in numbers for edge in outer[n] for line in edge]):
            outside = counts or any(not _within(line, grids[n]) for n, line in same)
            if outside and len({n for n, _ in same}) >= max(fewest, len(numbers) // 2 + 1):
                result |= {(n, id(line)) for n, line in same}
    return result


def _within(line: PdfLine, grids: Sequence[Grid]) -> bool:
    return any(grid.rows[-1] <= line.y <= grid.rows[0] for grid in grids)


def _groups(lines: list[tuple[int, PdfLine]]) -> list[tuple[list[tuple[int, PdfLine]], bool]]:
    """Lines of different pages at the same height that say the same (False), or whose number counts with the pages (True)."""
    saying: dict[tuple[str, int], list[tuple[int, PdfLine]]] = defaultdict(list)
    counting: dict[tuple[int, int], list[tuple[int, PdfLine]]] = defaultdict(list)
    for n, line in lines:
        for height in _heights(line):
            saying[_NUMBER.sub("#", line.text.casefold()), height].append((n, line))
            for number in _NUMBER.findall(line.text):
                if len(number) < 6 and len(line.words) < 20:
                    counting[int(number) - n, height].append((n, line))
            if _ROMAN.fullmatch(line.text):
                saying["roman numeral", height].append((n, line))
    return [(same, False) for same in saying.values()] + [(same, True) for same in counting.values()]


def _heights(line: PdfLine) -> tuple[int, int]:
    """Two overlapping steps of height, so that lines near the border of one share the other."""
    return round(line.y / _SAME_HEIGHT), 100_000 + round(line.y / _SAME_HEIGHT + 0.5)
