"""Words → the pieces of lines that they form, and pieces of one column → its lines.

A piece ends where the file jumps to another place, or where the space is wider than one between words. Pieces at the same height in one
column become one line again, whatever their order in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from proda.documents.characters import raised
from proda.documents.pdf.words import PdfWord

_WORD_SPACE = 0.9  # of the size; a wider space may be one between columns or cells
_SAME_LINE = 0.5  # of the size; a raised or lowered word is nearer to its line than this
_SAME_BASELINE = 0.3
_RAISED_SIZE, _RAISED_SHIFT = 0.88, 0.15
_TOUCHING = 0.12  # of the size; a narrower space is none
_NO_BLANK = 0.1  # of the size; a blank between words is wider, even in a line that is set close


class PdfLine(msgspec.Struct):
    """A line or a piece of one, or a table that takes the place of lines."""

    words: list[PdfWord]
    x0: float
    x1: float
    y: float  # of the baseline; of a table, of its upper edge
    size: float = 0.0  # that most of the characters have
    bold: bool = False  # all of its words
    italic: bool = False
    mono: bool = False
    text: str = ""
    bottom: float = 0.0
    pieces: tuple[tuple[float, float], ...] = ()  # from where to where each piece stands, from left to right
    rows: tuple[tuple[str, ...], ...] = ()  # of a table


def line_of(words: Sequence[PdfWord], pieces: tuple[tuple[float, float], ...] = ()) -> PdfLine:
    """The line that `words` form, from left to right."""
    sizes: Counter[float] = Counter()
    lettered = []
    for word in words:
        sizes[word.size] += len(word.text)
        if any(c.isalnum() for c in word.text):
            lettered.append(word)
    size = sizes.most_common(1)[0][0]
    y = next(word.y for word in words if word.size == size)
    judged = lettered or words
    x0, x1 = min(word.x0 for word in words), max(word.x1 for word in words)
    return PdfLine(
        words=list(words),
        x0=x0,
        x1=x1,
        y=y,
        size=size,
        bold=all(word.bold for word in judged),
        italic=all(word.italic for word in judged),
        mono=all(word.mono for word in judged),
        text=_text(words, size, y),
        bottom=y - 0.25 * size,
        pieces=pieces or ((x0, x1),),
    )


def pieces_of(words: Iterable[PdfWord]) -> list[PdfLine]:
    """The words of a page, in the order of the file, as pieces of lines."""
    runs: list[list[PdfWord]] = []
    y = size = 0.0
    for word in words:
        if runs:
            last = runs[-1][-1]
            bigger = max(size, word.size)
            if abs(word.y - y) < _SAME_LINE * bigger and -_SAME_LINE * bigger < word.x0 - last.x1 < _WORD_SPACE * max(last.size, word.size):
                runs[-1].append(word)
                if word.size > size:
                    y, size = word.y, word.size
                continue
        runs.append([word])
        y, size = word.y, word.size
    return [line_of(run) for run in runs]


def lines_of(pieces: Iterable[PdfLine]) -> list[PdfLine]:
    """The pieces of one column as its lines, from top to bottom. Tables stay as they are."""
    lines: list[list[PdfLine]] = []
    for piece in sorted(pieces, key=lambda p: (-p.y, p.x0)):
        for line in reversed(lines[-4:]):
            if piece.rows or line[0].rows:
                continue
            near = abs(line[0].y - piece.y) < _SAME_BASELINE * max(line[0].size, piece.size)
            small = _beside(line, piece)
            if (near or small) and not any(other.x0 < piece.x1 - 1 and piece.x0 < other.x1 - 1 for other in line):
                line.append(piece)
                break
        else:
            lines.append([piece])
    return [line[0] if len(line) == 1 else _joined(line) for line in lines]


def _beside(line: list[PdfLine], piece: PdfLine) -> bool:
    """Whether a piece is a raised or lowered sign next to a line."""
    big, small = max(line[0].size, piece.size), min(line[0].size, piece.size)
    if small > _RAISED_SIZE * big or abs(line[0].y - piece.y) > _SAME_LINE * big:
        return False
    return any(abs(piece.x0 - other.x1) < _TOUCHING * big or abs(other.x0 - piece.x1) < _TOUCHING * big for other in line)


def _joined(line: list[PdfLine]) -> PdfLine:
    line = sorted(line, key=lambda p: p.x0)
    return line_of([word for piece in line for word in piece.words], tuple((p.x0, p.x1) for p in line))


def _spread(word: PdfWord, following: PdfWord) -> bool:
    """Whether two pieces are one word, its letters so far apart that PDFium took the space for a blank."""
    return (
        word.text[-1:].isalpha()
        and following.text[:1].isalpha()
        and following.x0 - word.x1 < _NO_BLANK * word.size
        and word.y == following.y
    )


def _text(words: Sequence[PdfWord], size: float, y: float) -> str:
    parts: list[str] = []
    for n, word in enumerate(words):
        text = word.text
        touching = n > 0 and word.x0 - words[n - 1].x1 < _TOUCHING * size
        if n and word.size < _RAISED_SIZE * size and word.y - y > _RAISED_SHIFT * size and text[:1].isdigit() | (text[:1] in "+-−"):
            text = raised(text)
            touching = word.x0 - words[n - 1].x1 < 2 * _TOUCHING * size
        if n and not (touching and word.size != words[n - 1].size) and not _spread(words[n - 1], word):
            parts.append(" ")
        parts.append(text)
    return "".join(parts)
