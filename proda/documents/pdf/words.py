"""A page → its words, each with its place, size and style, in the order of the file.

    PdfWord("pump", x0=102.3, x1=131.0, y=640.2, size=10.0, bold=False, italic=False, mono=False)

Coordinates are points (1/72 inch) from the lower left corner, after the page is turned so that most of its text runs from left to right.
PDFium is asked about the first and the last character of a word; only where they belong to different runs, as in `10⁻¹⁹`, about each.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from proda.documents.characters import raised

_WORD = re.compile(r"\S+")
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|medi(?!um)|-bd\b|sfbx", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|slant|cmti|cmsl|sfti", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|consol|cmtt|typewriter|menlo|sftt|inconsolata", re.IGNORECASE)
_FIXED_PITCH, _ITALIC_FLAG, _FORCE_BOLD = 1, 1 << 6, 1 << 18
_BOLD_WEIGHT = 600
_SMALLER, _SHIFTED = 0.88, 0.12  # a raised or lowered run: its size, and its distance from the line, relative to the line's size
_DROP_CAP = 2.0  # times the size of the text, from which a character stands apart


class Style(NamedTuple):
    """How a run of characters is set."""

    size: float
    bold: bool
    italic: bool
    mono: bool
    turned: int  # 0, 90, 180 or 270 degrees


class PdfWord(NamedTuple):
    """A word on a page."""

    text: str
    x0: float
    x1: float
    y: float  # of the baseline
    size: float
    bold: bool
    italic: bool
    mono: bool


class PdfPage(NamedTuple):
    """The words of a page in the order of the file; `turn` is by how much the page was turned."""

    words: list[PdfWord]
    width: float
    height: float
    turn: int
    unmapped: int  # characters that the file's fonts do not map to Unicode
    characters: int


class _Reader:
    """PDFium's view of one page, with what is asked of it more than once."""

    def __init__(self, textpage: Any, styles: dict[tuple[int, float], Style]) -> None:
        self.raw = textpage.raw
        self.count = pdfium_c.FPDFText_CountChars(self.raw)
        text = textpage.get_text_range() if self.count > 0 else ""
        if len(text) != self.count:  # characters beyond the basic plane
            text = "".join(_character(pdfium_c.FPDFText_GetUnicode(self.raw, n)) for n in range(self.count))
        self.text = text
        self._fonts = styles
        self._objects: dict[int, Style] = {}
        self._a, self._b, self._c, self._d = (ctypes.c_double() for _ in range(4))

    def origin(self, n: int) -> tuple[float, float]:
        pdfium_c.FPDFText_GetCharOrigin(self.raw, n, self._a, self._b)
        return self._a.value, self._b.value

    def box(self, n: int) -> tuple[float, float, float, float]:
        """Left, right, bottom, top of what a character draws."""
        pdfium_c.FPDFText_GetCharBox(self.raw, n, self._a, self._b, self._c, self._d)
        return self._a.value, self._b.value, self._c.value, self._d.value

    def run(self, n: int) -> int:
        """The text object that a character belongs to; 0 for one that PDFium inserted."""
        found = pdfium_c.FPDFText_GetTextObject(self.raw, n)
        return ctypes.addressof(found.contents) if found else 0

    def style(self, n: int, run: int) -> Style:
        if run not in self._objects:
            self._objects[run] = self._style(n)
        return self._objects[run]

    def _style(self, n: int) -> Style:
        matrix = pdfium_c.FS_MATRIX()
        pdfium_c.FPDFText_GetMatrix(self.raw, n, matrix)
        size = pdfium_c.FPDFText_GetFontSize(self.raw, n) * math.hypot(matrix.c, matrix.d)
        turned = round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) * 90 % 360
        found = pdfium_c.FPDFText_GetTextObject(self.raw, n)
        font = pdfium_c.FPDFTextObj_GetFont(found) if found else None
        key = (ctypes.addressof(font.contents) if font else 0, 0.0)
        if key not in self._fonts:
            self._fonts[key] = _font_style(font)
        known = self._fonts[key]
        return Style(round(size, 2), known.bold, known.italic, known.mono, turned)


def read_words(page: Any, fonts: dict[tuple[int, float], Style]) -> PdfPage:
    """The words of a pypdfium2 page. `fonts` remembers the fonts of the document from page to page."""
    textpage = page.get_textpage()
    try:
        reader = _Reader(textpage, fonts)
        found: list[tuple[PdfWord, int]] = []
        for match in _WORD.finditer(reader.text):
            found += _pieces(reader, match.start(), match.end())
        unmapped = sum(
            1 for c in reader.text if c in "\ufffd\x00" or "\ue000" <= c <= "\uf8ff" or ("\x01" <= c < " " and c not in "\t\r\n\x02")
        )
    finally:
        textpage.close()
    directions = Counter(turned for word, turned in found for _ in word.text)
    turn = directions.most_common(1)[0][0] if directions else 0
    width, height = page.get_size()
    if page.get_rotation() in (90, 270):
        width, height = height, width
    words = [_turned(word, turn, width, height) for word, turned in found if turned == turn]
    if turn in (90, 270):
        width, height = height, width
    return PdfPage(words, width, height, turn, unmapped, len(reader.text))


def turned_point(x: float, y: float, turn: int, width: float, height: float) -> tuple[float, float]:
    """A point of a page after the page is turned so that text in the direction `turn` runs from left to right."""
    if turn == 90:
        return y, width - x
    if turn == 180:
        return width - x, height - y
    if turn == 270:
        return height - y, x
    return x, y


def _turned(word: PdfWord, turn: int, width: float, height: float) -> PdfWord:
    """A turned word, whose x0 and y are its origin and whose x1 is how far it runs from there, on the turned page."""
    if turn == 0:
        return word
    x, y = turned_point(word.x0, word.y, turn, width, height)
    return word._replace(x0=x, x1=x + word.x1, y=y)


def _pieces(reader: _Reader, first: int, end: int) -> list[tuple[PdfWord, int]]:
    """The word of the characters from `first` to `end`, in two or more pieces if it is spread over the page."""
    run = reader.run(first)
    style = reader.style(first, run)
    last = end - 1
    if last > first and reader.run(last) != run:
        return _from_runs(reader, first, end)
    return [(_word(reader, reader.text[first:end], first, last, style), style.turned)]


def _word(reader: _Reader, text: str, first: int, last: int, style: Style) -> PdfWord:
    x, y = reader.origin(first)
    left, right, bottom, top = reader.box(last)
    if style.turned in (90, 270):
        x1 = abs((top if style.turned == 90 else bottom) - y)
    elif style.turned == 180:
        x1 = x - left
    else:
        x1 = max(right, x)
    return PdfWord(text, x, x1, y, style.size, style.bold, style.italic, style.mono)


def _from_runs(reader: _Reader, first: int, end: int) -> list[tuple[PdfWord, int]]:
    """A word whose characters belong to several runs: raised digits become superscripts, distant pieces words of their own."""
    runs: list[tuple[int, int, Style]] = []  # first and last character
    previous = -1
    for n in range(first, end):
        run = reader.run(n)
        if runs and run in (previous, 0):
            runs[-1] = (runs[-1][0], n, runs[-1][2])
        else:
            runs.append((n, n, reader.style(n, run)))
        previous = run or previous
    pieces: list[tuple[PdfWord, int]] = []
    for start, last, style in runs:
        text = reader.text[start : last + 1]
        word = _word(reader, text, start, last, style)
        if pieces and style.turned == pieces[-1][1] == 0:
            base = pieces[-1][0]
            alike = max(word.size, base.size) < _DROP_CAP * min(word.size, base.size)
            near = alike and -0.5 * base.size < word.x0 - base.x1 < 0.5 * base.size
            shift = word.y - base.y
            if near and abs(shift) < 0.8 * base.size:
                if word.size < _SMALLER * base.size and shift > _SHIFTED * base.size:
                    text = raised(text)
                bigger = word if word.size > base.size and len(word.text) > len(base.text) else base
                pieces[-1] = (
                    bigger._replace(text=base.text + text, x0=base.x0, x1=max(base.x1, word.x1), bold=base.bold and word.bold),
                    0,
                )
                continue
        pieces.append((word, style.turned))
    return pieces


def _font_style(font: Any) -> Style:
    if not font:
        return Style(0.0, False, False, False, 0)
    size = pdfium_c.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 1))
    pdfium_c.FPDFFont_GetBaseFontName(font, buffer, size)
    name = buffer.value.decode("utf-8", "replace")
    flags = max(pdfium_c.FPDFFont_GetFlags(font), 0)
    bold = bool(_BOLD.search(name)) or pdfium_c.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT or bool(flags & _FORCE_BOLD)
    italic = bool(_ITALIC.search(name)) or bool(flags & _ITALIC_FLAG)
    mono = bool(_MONO.search(name)) or bool(flags & _FIXED_PITCH)
    return Style(0.0, bold, italic, mono, 0)


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
