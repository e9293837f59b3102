"""Pieces of lines → regions in reading order: down the first column, then down the next.

A gutter is a strip that no line crosses in a run of lines that has at least four lines on both sides, where both sides are filled with
text as a column is and a table is not. Lines that cross a gutter, such as a title, divide the page into bands; in each band the left
column is read before the right. Columns are divided again, so three columns need no rule of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from proda.documents.pdf.lines import PdfLine

Gutter = tuple[float, float]

_LINES = 4  # on both sides of a gutter
_WIDTH = 0.6  # of the size, of a gutter at least
_FILLED = 0.5  # of a column's width, the median line
_SHARE = 0.18  # of the width of the text, a column at least
_CHARACTERS = 14  # of a line, on average
_SPREAD = 2.0  # of the size, the widest space between words of a justified line
_LEADING = 1.45  # of the size, between the lines of one title
_DEPTH = 3
_EDGE = 1.0  # points by which glyphs overhang


def gutters_of(pages: Sequence[Sequence[PdfLine]]) -> list[list[Gutter]]:
    """For each page the gutters of its neighbours: the last page of a chapter may have too few lines to show one."""
    found = [_gutter(page) for page in pages]
    return [[g for g in found[max(n - 1, 0) : n + 2] if g] for n in range(len(pages))]


def reading_order(pieces: Sequence[PdfLine], known: Sequence[Gutter] = (), depth: int = 0) -> list[list[PdfLine]]:
    """The regions of a page in the order in which they are read. `known` are gutters of the pages before and after."""
    pieces = list(pieces)
    if not pieces:
        return []
    gutter = _gutter(pieces) if depth < _DEPTH else None
    if gutter is None and depth == 0:
        gutter = next((g for g in known if _fits(pieces, g)), None)
    if gutter is None:
        return [pieces]
    regions: list[list[PdfLine]] = []
    for spanning, left, right in _bands(pieces, gutter):
        if spanning:
            regions.append(spanning)
        regions += reading_order(left, (), depth + 1)
        regions += reading_order(right, (), depth + 1)
    return regions


def _bands(pieces: list[PdfLine], gutter: Gutter) -> list[tuple[list[PdfLine], list[PdfLine], list[PdfLine]]]:
    """Bands from top to bottom: lines across the gutter, then what stands below them on its left and on its right."""
    middle = (gutter[0] + gutter[1]) / 2
    bands: list[tuple[list[PdfLine], list[PdfLine], list[PdfLine]]] = [([], [], [])]
    ordered = sorted(pieces, key=lambda p: -p.y)
    for n, piece in enumerate(ordered):
        if _crosses(piece, gutter) or (_ends_spanning(bands[-1], piece) and not _has_neighbour(ordered, n)):
            if bands[-1][1] or bands[-1][2]:
                bands.append(([], [], []))
            bands[-1][0].append(piece)
        else:
            bands[-1][1 if (piece.x0 + piece.x1) / 2 < middle else 2].append(piece)
    return bands


def _ends_spanning(band: tuple[list[PdfLine], list[PdfLine], list[PdfLine]], piece: PdfLine) -> bool:
    """Whether a piece is the last, short line of a title or paragraph across the gutter."""
    spanning, left, right = band
    if not spanning or left or right or piece.rows or spanning[-1].rows:
        return False
    above = spanning[-1]
    return abs(above.size - piece.size) < 0.05 * piece.size and above.bold == piece.bold and above.y - piece.y < _LEADING * piece.size


def _has_neighbour(ordered: Sequence[PdfLine], n: int) -> bool:
    """Whether another piece stands at the height of the `n`th."""
    piece = ordered[n]
    others = (ordered[m] for m in range(max(n - 3, 0), min(n + 4, len(ordered))) if m != n)
    return any(o.bottom <= piece.y <= o.y if o.rows else abs(o.y - piece.y) < 0.6 * piece.size for o in others)


def _crosses(piece: PdfLine, gutter: Gutter) -> bool:
    return piece.x0 < gutter[0] - _EDGE and piece.x1 > gutter[1] + _EDGE


def _fits(pieces: list[PdfLine], gutter: Gutter) -> bool:
    """Whether a gutter of another page divides this one too."""
    left = [p for p in pieces if p.x1 <= gutter[1] - _EDGE]
    right = [p for p in pieces if p.x0 >= gutter[0] + _EDGE]
    return bool(left) and bool(right) and len(pieces) - len(left) - len(right) <= 0.25 * len(pieces)


def _gutter(pieces: Sequence[PdfLine]) -> Gutter | None:
    """The widest gutter that divides a run of lines into two columns."""
    if len(pieces) < 2 * _LINES:
        return None
    ordered = sorted(pieces, key=lambda p: -p.y)
    low, high = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    starts = Counter(round(p.x0) for p in pieces)
    best: Gutter | None = None
    for start, number in starts.items():
        if number < 3 or not low + _SHARE * (high - low) < start < high - _SHARE * (high - low) + 1:
            continue
        gutter = _gutter_at(ordered, start - 0.5, high - low)
        if gutter and (best is None or gutter[1] - gutter[0] > best[1] - best[0]):
            best = gutter
    return best


def _gutter_at(ordered: Sequence[PdfLine], x: float, width: float) -> Gutter | None:
    left: list[PdfLine] = []
    right: list[PdfLine] = []
    for piece in [*ordered, None]:
        if piece is not None and piece.x1 <= x + _EDGE:
            left.append(piece)
        elif piece is not None and piece.x0 >= x - _EDGE:
            right.append(piece)
        else:
            if len(left) >= _LINES and len(right) >= _LINES and _column(left, width) and _column(right, width) and _abreast(left, right):
                gutter = (max(p.x1 for p in left), min(p.x0 for p in right))
                if gutter[1] - gutter[0] >= _WIDTH * median(p.size for p in left + right if not p.rows):
                    return gutter
            left, right = [], []
    return None


def _column(pieces: list[PdfLine], width: float) -> bool:
    texts = _without_wide_spaces([p for p in pieces if not p.rows])
    if len(texts) < _LINES:
        return False
    own = max(p.x1 for p in pieces) - min(p.x0 for p in pieces)
    filled = median(x1 - x0 for x0, x1, _ in texts) >= _FILLED * own
    return filled and own >= _SHARE * width and sum(count for _, _, count in texts) >= _CHARACTERS * len(texts)


def _without_wide_spaces(pieces: list[PdfLine]) -> list[tuple[float, float, int]]:
    """(from, to, characters) of each line, the pieces of a line that is spread to fill its column taken together."""
    spread: list[tuple[float, float, int]] = []
    y = 0.0
    for piece in sorted(pieces, key=lambda p: (-round(p.y), p.x0)):
        if spread and abs(y - piece.y) < 2 and 0 <= piece.x0 - spread[-1][1] < _SPREAD * piece.size:
            spread[-1] = (spread[-1][0], piece.x1, spread[-1][2] + 1 + len(piece.text))
        else:
            spread.append((piece.x0, piece.x1, len(piece.text)))
        y = piece.y
    return spread


def _abreast(left: list[PdfLine], right: list[PdfLine]) -> bool:
    """Whether two columns stand side by side, not one above the other."""
    top = min(max(p.y for p in left), max(p.y for p in right))
    bottom = max(min(p.y for p in left), min(p.y for p in right))
    return all(sum(bottom - 1 <= p.y <= top + 1 for p in side) >= _LINES - 1 for side in (left, right))
