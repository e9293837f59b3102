"""The straight lines that a page draws → the grids of its ruled tables.

grids(page)[0].columns      # (72.0, 190.5, 310.0): two columns, with a line at each of these places
grids(page)[0].rows         # (700.0, 680.0, 660.0), from top to bottom
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from proda.documents.pdf.words import turned_point

MAX_OBJECTS = 20_000  # of a page; drawings with more hold no table that is worth the time
MAX_SEGMENTS = 60_000
_STRAIGHT = 0.7  # points by which a line may lean
_SHORTEST = 4.0
_TOUCHING = 4.0  # points between lines that meet, and between the two lines of a double line
_DEPTH = 4  # of forms within forms

Rule = tuple[float, float, float]
"""(place across, from, to): of a horizontal line y, x0, x1; of a vertical one x, y0, y1."""
_Matrix = tuple[float, float, float, float, float, float]


class Grid(NamedTuple):
    """The lines of a ruled table: `columns` from left to right, `rows` from top to bottom, and every vertical and horizontal piece."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    vertical: tuple[Rule, ...]
    horizontal: tuple[Rule, ...]


def grids(page: Any, turn: int, width: float, height: float) -> list[Grid]:
    """The grids of a page with at least two cells. `turn`, `width` and `height` are those of the page as its words were read."""
    before = (height, width) if turn in (90, 270) else (width, height)
    horizontal: list[Rule] = []
    vertical: list[Rule] = []
    for a, b in _strokes(page):
        ax, ay = turned_point(*a, turn, *before)
        bx, by = turned_point(*b, turn, *before)
        if abs(ay - by) <= _STRAIGHT and abs(ax - bx) >= _SHORTEST:
            horizontal.append(((ay + by) / 2, min(ax, bx), max(ax, bx)))
        elif abs(ax - bx) <= _STRAIGHT and abs(ay - by) >= _SHORTEST:
            vertical.append(((ax + bx) / 2, min(ay, by), max(ay, by)))
    return [grid for grid in _components(_merged(horizontal), _merged(vertical)) if (len(grid.columns) - 1) * (len(grid.rows) - 1) >= 2]


def _merged(rules: list[Rule]) -> list[Rule]:
    """Pieces of the same line joined, and the two lines of a double line taken for one."""
    merged: list[Rule] = []
    for place, start, end in sorted(rules):
        near = range(len(merged) - 1, max(len(merged) - 200, -1), -1)
        same = (
            n for n in near if place - merged[n][0] <= _TOUCHING and start <= merged[n][2] + _TOUCHING and merged[n][1] <= end + _TOUCHING
        )
        n = next(same, None)
        if n is None:
            merged.append((place, start, end))
        else:
            merged[n] = (merged[n][0], min(start, merged[n][1]), max(end, merged[n][2]))
    return merged


def _components(horizontal: Sequence[Rule], vertical: Sequence[Rule]) -> Iterator[Grid]:
    """Sets of lines that meet, each as a grid."""
    of_h, of_v = list(range(len(horizontal))), list(range(len(horizontal), len(horizontal) + len(vertical)))
    parent = [*of_h, *of_v]

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for n, (y, x0, x1) in enumerate(horizontal):
        for m, (x, y0, y1) in enumerate(vertical):
            if x0 - _TOUCHING <= x <= x1 + _TOUCHING and y0 - _TOUCHING <= y <= y1 + _TOUCHING:
                parent[root(n)] = root(len(horizontal) + m)
    members: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for n, rule in enumerate(horizontal):
        members.setdefault(root(n), ([], []))[0].append(rule)
    for m, rule in enumerate(vertical):
        members.setdefault(root(len(horizontal) + m), ([], []))[1].append(rule)
    for h, v in members.values():
        if len(h) >= 2 and len(v) >= 2:
            yield Grid(_places(v), _places(h)[::-1], tuple(v), tuple(h))


def _places(rules: Sequence[Rule]) -> tuple[float, ...]:
    places: list[float] = []
    for place in sorted(rule[0] for rule in rules):
        if not places or place - places[-1] > _TOUCHING:
            places.append(place)
    return tuple(places)


def _strokes(page: Any) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight pieces of every path that is drawn."""
    left = [MAX_OBJECTS, MAX_SEGMENTS]
    yield from _of_objects(pdfium_c.FPDFPage_CountObjects(page.raw), lambda n: pdfium_c.FPDFPage_GetObject(page.raw, n), _IDENTITY, left, 0)


_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _of_objects(
    count: int, get: Any, matrix: _Matrix, left: list[int], depth: int
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    for n in range(count):
        left[0] -= 1
        if left[0] < 0 or left[1] < 0:
            return
        found = get(n)
        kind = pdfium_c.FPDFPageObj_GetType(found)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH and _drawn(found):
            yield from _of_path(found, _times(_matrix(found), matrix), left)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _DEPTH:
            inner = _times(_matrix(found), matrix)

            def part(m: int, form: Any = found) -> Any:
                return pdfium_c.FPDFFormObj_GetObject(form, m)

            yield from _of_objects(pdfium_c.FPDFFormObj_CountObjects(found), part, inner, left, depth + 1)


def _of_path(path: Any, matrix: _Matrix, left: list[int]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    count = pdfium_c.FPDFPath_CountSegments(path)
    left[1] -= count
    if left[1] < 0:
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    start = here = (0.0, 0.0)
    for n in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, n)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        place = _applied(matrix, x.value, y.value)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = place
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
            yield here, place
        here = place
        if pdfium_c.FPDFPathSegment_GetClose(segment):
            yield here, start


def _drawn(path: Any) -> bool:
    """Whether a path is stroked, or filled in another colour than white."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(path, fill, stroke)
    if stroke.value:
        return True
    if not fill.value:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium_c.FPDFPageObj_GetFillColor(path, red, green, blue, alpha)
    return alpha.value > 0 and min(red.value, green.value, blue.value) < 250


def _matrix(found: Any) -> _Matrix:
    m = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(found, m)
    return m.a, m.b, m.c, m.d, m.e, m.f


def _times(m: _Matrix, n: _Matrix) -> _Matrix:
    """First `m`, then `n`."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _applied(m: _Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]
