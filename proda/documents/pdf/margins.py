"""Running heads, running feet and page numbers, which are no part of the text.

A line among the outermost of a page is dropped if on more than half of the pages a line at the same height says the same, numbers aside,
or counts with the pages. On facing pages that differ, every other page counts as half of the pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from proda.documents.pdf.lines import PdfLine, lines_of
from proda.documents.pdf.words import PdfWord

_OUTERMOST = 3  # lines from the upper and the lower edge that may be a running head or foot
_ZONE = 0.2  # of the height of the page, from the edge
_SAME_HEIGHT = 4.0  # points
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlcdm]+", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"\W*(?:page|p\.|seite)?\s*(\d{1,4}|[ivxlcdm]{1,8})\W*(?:(?:of|/|von)\s*\d{1,4})?\W*", re.IGNORECASE)
_EDGE = 0.09  # of the height: where a lone number on the only page of a document is its page number


def without_margins(pages: Sequence[tuple[list[PdfLine], float]]) -> list[list[PdfLine]]:
    """The pieces of each page (given with its height) without running heads, running feet and page numbers."""
    outer = [_outermost(pieces, height) for pieces, height in pages]
    repeated = _repeated(outer)
    kept: list[list[PdfLine]] = []
    for number, (pieces, height) in enumerate(pages):
        gone: set[int] = set()
        for edge in outer[number]:
            for line in edge:  # from the edge inwards: a line within the text stands behind one that does not repeat
                lone = len(pages) == 1 and _ONLY_NUMBER.fullmatch(line.text) and not _EDGE * height < line.y < (1 - _EDGE) * height
                if not lone and (number, id(line)) not in repeated:
                    break
                gone |= {id(word) for word in line.words}
        kept.append([p for p in pieces if p.rows or not all(id(word) in gone for word in p.words)] if gone else pieces)
    return kept


def _outermost(pieces: list[PdfLine], height: float) -> tuple[list[PdfLine], list[PdfLine]]:
    """The lines next to the upper edge, and those next to the lower one, each from the edge inwards."""
    lines = lines_of(p for p in pieces if not p.rows)
    upper = [line for line in lines[:_OUTERMOST] if line.y > (1 - _ZONE) * height]
    lower = [line for line in lines[: -_OUTERMOST - 1 : -1] if line.y < _ZONE * height and line not in upper]
    return upper, lower


def _repeated(outer: Sequence[tuple[list[PdfLine], list[PdfLine]]]) -> set[tuple[int, int]]:
    """(page, identity) of the lines that repeat from page to page."""
    result: set[tuple[int, int]] = set()
    for parity in (None, 0, 1):
        numbers = [n for n in range(len(outer)) if parity is None or n % 2 == parity]
        fewest = 2 if parity is None else 3
        for same in _groups([(n, line) for n in numbers for edge in outer[n] for line in edge]):
            if len({n for n, _ in same}) >= max(fewest, len(numbers) // 2 + 1):
                result |= {(n, id(line)) for n, line in same}
    return result


def _groups(lines: list[tuple[int, PdfLine]]) -> list[list[tuple[int, PdfLine]]]:
    """Lines of different pages at the same height that say the same, or whose number counts with the pages."""
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
    return [*saying.values(), *counting.values()]


def _heights(line: PdfLine) -> tuple[int, int]:
    """Two overlapping steps of height, so that lines near the border of one share the other."""
    return round(line.y / _SAME_HEIGHT), 100_000 + round(line.y / _SAME_HEIGHT + 0.5)


def words_of(pieces: Sequence[PdfLine]) -> list[PdfWord]:
    """The words of several pieces, in their order."""
    return [word for piece in pieces for word in piece.words]
