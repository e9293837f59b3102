"""Words inside the grid of a ruled table, or in aligned columns, → a table.

A ruled table is found by its lines. A table without vertical lines is found by its gaps: at least three lines, one below the other, whose
pieces leave the same strips free.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from proda.documents.pdf.lines import PdfLine, lines_of, pieces_of
from proda.documents.pdf.rules import Grid, Rule
from proda.documents.pdf.words import PdfWord

_MOST_WORDS = 80  # in a cell on average; more is a frame around text
_MOST_WORDS_ROW = 25  # the same for a single row
_CELL_GAP = 1.1  # of the size, between the cells of an aligned table
_LINES = 3
_ALIGNED = 0.35  # of the size
_LEADING = 3.2  # of the size, between the lines of an aligned table


def ruled_tables(words: list[PdfWord], found: Sequence[Grid]) -> tuple[list[PdfWord], list[PdfLine]]:
    """The words outside of all grids, and a table for each grid that holds words."""
    tables: list[PdfLine] = []
    for grid in sorted(found, key=lambda g: -(g.rows[0] - g.rows[-1]) * (g.columns[-1] - g.columns[0])):
        inside = [word for word in words if _inside(word, grid)]
        if not inside:
            continue
        cells = _cells(inside, grid)
        filled = sum(1 for row in cells for cell in row if cell)
        most = _MOST_WORDS if len(cells) > 1 else _MOST_WORDS_ROW
        if filled < 2 or len(inside) > most * filled:
            continue
        taken = set(map(id, inside))
        words = [word for word in words if id(word) not in taken]
        size = max({w.size for w in inside}, key=lambda s: sum(w.size == s for w in inside))
        rows = tuple(tuple(row) for row in cells)
        tables.append(PdfLine([], grid.columns[0], grid.columns[-1], grid.rows[0], size=size, bottom=grid.rows[-1], rows=rows))
    return words, tables


def _inside(word: PdfWord, grid: Grid) -> bool:
    x, y = (word.x0 + word.x1) / 2, word.y + 0.3 * word.size
    return grid.columns[0] - 1 <= x <= grid.columns[-1] + 1 and grid.rows[-1] - 1 <= y <= grid.rows[0] + 1


def _cells(words: list[PdfWord], grid: Grid) -> list[list[str]]:
    """The text of each cell; that of a merged cell stands in its upper left one."""
    rising = grid.rows[::-1]
    height, width = len(grid.rows) - 1, len(grid.columns) - 1
    held: dict[tuple[int, int], list[PdfWord]] = {}
    for word in words:
        column = min(max(bisect_right(grid.columns, (word.x0 + word.x1) / 2) - 1, 0), width - 1)
        row = height - 1 - min(max(bisect_right(rising, word.y + 0.3 * word.size) - 1, 0), height - 1)
        while column and not _wall(grid.vertical, grid.columns[column], grid.rows[row + 1], grid.rows[row]):
            column -= 1
        while row and not _wall(grid.horizontal, grid.rows[row], grid.columns[column], grid.columns[column + 1]):
            row -= 1
        held.setdefault((row, column), []).append(word)
    return [[_cell(held.get((row, column), [])) for column in range(width)] for row in range(height)]


def _wall(rules: Sequence[Rule], place: float, start: float, end: float) -> bool:
    """Whether a line stands at `place` over the middle of the stretch from `start` to `end`."""
    middle = (start + end) / 2
    return any(abs(rule[0] - place) <= 4.5 and rule[1] - 1 <= middle <= rule[2] + 1 for rule in rules)


def _cell(words: list[PdfWord]) -> str:
    return " ".join(line.text for line in lines_of(pieces_of(words))) if words else ""


def aligned_tables(lines: list[PdfLine]) -> list[PdfLine]:
    """The lines of a column, those that form a table without vertical rules replaced by it."""
    result: list[PdfLine] = []
    n = 0
    while n < len(lines):
        end = _aligned_end(lines, n)
        if end - n >= _LINES:
            result.append(_aligned(lines[n:end]))
            n = end
        else:
            result.append(lines[n])
            n += 1
    return result


def _parts(line: PdfLine) -> list[tuple[float, float]]:
    """The pieces of a line between wide gaps."""
    parts: list[tuple[float, float]] = []
    for x0, x1 in line.pieces:
        if parts and x0 - parts[-1][1] < _CELL_GAP * line.size:
            parts[-1] = (parts[-1][0], x1)
        else:
            parts.append((x0, x1))
    return parts


def _aligned_end(lines: list[PdfLine], first: int) -> int:
    """The end of the run of lines from `first` that are rows of one aligned table."""
    strips = [] if lines[first].rows else _parts(lines[first])
    count = len(strips)
    if count < 2:
        return first
    end = first + 1
    while end < len(lines):
        line, above = lines[end], lines[end - 1]
        if line.rows or above.y - line.y > _LEADING * line.size or abs(line.size - above.size) > 0.15 * above.size:
            break
        parts = _parts(line)
        merged = _overlaid(strips, parts, _CELL_GAP * line.size)
        if len(parts) != count or len(merged) != count or not _edges_agree(strips, parts, _ALIGNED * line.size):
            break
        strips = merged
        end += 1
    return end


def _overlaid(a: list[tuple[float, float]], b: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    strips: list[tuple[float, float]] = []
    for x0, x1 in sorted([*a, *b]):
        if strips and x0 - strips[-1][1] < gap:
            strips[-1] = (strips[-1][0], max(strips[-1][1], x1))
        else:
            strips.append((x0, x1))
    return strips


def _edges_agree(strips: list[tuple[float, float]], parts: list[tuple[float, float]], slack: float) -> bool:
    """Whether in each column the cells share their left edge, right edge or middle, or one lies within the other."""
    return all(
        abs(s0 - p0) <= slack
        or abs(s1 - p1) <= slack
        or abs(s0 + s1 - p0 - p1) <= 2 * slack
        or (s0 <= p0 and p1 <= s1)
        or (p0 <= s0 and s1 <= p1)
        for (s0, s1), (p0, p1) in zip(strips, parts, strict=True)
    )


def _aligned(lines: list[PdfLine]) -> PdfLine:
    rows = []
    for line in lines:
        starts = [x0 for x0, _ in _parts(line)]
        cells: list[list[PdfWord]] = [[] for _ in starts]
        for word in line.words:
            cells[max(bisect_right(starts, word.x0 + 0.5) - 1, 0)].append(word)
        rows.append(tuple(_cell(cell) for cell in cells))
    x0, x1 = min(line.x0 for line in lines), max(line.x1 for line in lines)
    return PdfLine([], x0, x1, lines[0].y, size=lines[0].size, bottom=lines[-1].bottom, rows=tuple(rows))
