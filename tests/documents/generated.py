"""Documents of every format made from one text, so that what a reader returns can be compared with what was written.

    parts = parts_of(TEXT)                         # [Part("heading", "Heat pumps", 1), Part("paragraph", "A heat pump moves …"), …]
    pdf(parts, columns=2)                          # bytes: two columns, running heads, page numbers, divided words
    agreement(words_of_parts(parts), words(source))   # (0.9996, 0.9998): share of the written words that were read, and the reverse

The text is Markdown as in the corpus: headings, one line per paragraph, items, tables. Equations are left out where a format cannot hold
them in a form that can be compared.
"""

# ruff: noqa: E501 - a paragraph of a source is one line

from __future__ import annotations

import difflib
import html
import io
import os
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
_WORD = re.compile(r"[^\W_]+")
_MATH = re.compile(r"\$\$.+?\$\$|\$(?=[^\s$])[^$\n]*?(?<=[^\s$])\$(?!\d)", re.DOTALL)


class Part(NamedTuple):
    """A heading, paragraph, item, table or equation of a text."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


HEAT_PUMPS = """\
# Heat pumps

A heat pump moves thermal energy from a cold place to a warm one. It does so against the natural direction of heat flow, and therefore needs work. The refrigerant that circulates in the machine evaporates at low temperature and condenses at high temperature, so that it carries energy from the evaporator to the condenser.

## The refrigeration cycle

The compressor raises the pressure of the vapour. Compression increases the temperature of the refrigerant far above that of the heated room, because work is done on the gas. In the condenser the vapour gives off its latent heat and becomes liquid; the expansion valve then lowers its pressure again.

- The evaporator takes up heat from the ground, from groundwater or from the outside air.
- The compressor, which is driven by an electric motor, consumes almost all of the energy that the user pays for.
- The condenser delivers the heat to the radiators.

### Choice of a refrigerant

A refrigerant should evaporate at the temperature of the source and have a large latent heat. Its vapour should be dense, so that the compressor can be small, and it must not damage the atmosphere when it escapes from a leaking pipe.

| refrigerant | boiling point | global warming potential |
|---|---|---|
| propane | −42 °C | 3 |
| ammonia | −33 °C | 0 |
| carbon dioxide | −78 °C | 1 |

The coefficients of propane and ammonia favour them, but both are dangerous: propane burns, and ammonia is poisonous. Installations with natural refrigerants therefore follow strict rules.

## The coefficient of performance

The coefficient of performance is the heat delivered divided by the work consumed. It decreases with the temperature difference between the source and the heated water, since the compressor has to raise the pressure further. A ground source, whose temperature hardly changes in the course of the year, therefore gives a better seasonal performance than outside air.

### Seasonal performance

Manufacturers measure the coefficient at standard temperatures. The seasonal performance factor averages it over a heating period, including defrosting and auxiliary heating. Underfloor heating needs water of only 35 °C, and so a heat pump that feeds an underfloor system reaches a higher factor than one that feeds old radiators.

## Limits

At very low outside temperatures the evaporator freezes over. Defrosting reverses the cycle for some minutes and takes heat from the building. Where the electricity comes from coal, the carbon dioxide emissions of a heat pump with a low factor may exceed those of a gas boiler.
"""

EROSION = """\
# Erosion of river banks

## Introduction

Running water removes soil particles wherever the shear stress at the bank exceeds the strength of the material. The threshold depends on the cohesion of the soil, on vegetation and on the moisture left by previous floods. Geomorphologists distinguish fluvial entrainment, which removes single grains, from mass failure, in which a whole block of the bank slides into the channel.

## Mechanisms

### Fluvial entrainment

The velocity of the current is greatest at the outer side of a meander. There, secondary circulation carries fast surface water towards the bank and down its face, so that entrainment undercuts the bank at its foot. An undercut bank is steeper, and its weight is no longer supported from below.

### Mass failure

When the factor of safety falls below one, gravitational forces exceed the resisting forces along a potential failure surface. Rapid drawdown after a flood is the most dangerous situation: the river no longer supports the bank, while the pore water pressure inside it is still high and reduces the effective stress between the grains.

1. Cantilever failure happens where a cohesive layer overhangs a sandy one.
2. Rotational failure happens in high banks of homogeneous clay.
3. Planar failure happens in steep banks with a tension crack behind the crest.

## Protection

Riparian vegetation reinforces the soil by its roots and slows down the water near the bank. Engineers also place stones, gabions and geotextiles at the foot of the slope. Hard protection transfers the problem downstream, because the energy that is not spent on one bank is available at the next.

| measure | cost per metre | lifetime |
|---|---|---|
| willow planting | low | decades, if it is maintained |
| riprap | medium | fifty years |
| sheet piling | high | thirty to sixty years |

## Monitoring

Erosion pins, repeated cross sections and aerial photographs measure the retreat of a bank. Photogrammetry from unmanned aircraft has made frequent surveys affordable. Measurements over a single season are misleading, because most of the retreat happens during a few large floods.
"""


def corpus() -> Path:
    """The corpus of textbooks, if it is on this machine; skips the test elsewhere."""
    path = Path(os.environ.get("PRODA_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
    for place in (path, REPOSITORY.parents[1] / "shared" / "corpus"):
        if (place / "MANIFEST.json").is_file():
            return place
    pytest.skip(f"the corpus of textbooks is not on this machine ({path}); PRODA_CORPUS says where it is")


def parts_of(markdown: str) -> list[Part]:
    """The parts of a corpus-like text, without front matter, emphasis, links and equations."""
    text = re.sub(r"\A---\n.*?\n---\n", "", unicodedata.normalize("NFC", markdown), flags=re.DOTALL)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = _MATH.sub("", text)
    parts: list[Part] = []
    table: list[tuple[str, ...]] = []
    for raw in text.splitlines():
        line = re.sub(r"(\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`)", "", raw)
        line = re.sub(r"\\(?=[!-/:-@\[-`{}~])", "", re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line))
        line = re.sub(r"<[^>\s][^>]*>", "", line)
        if line.startswith("|"):
            cells = tuple(cell.strip() for cell in raw_cells(line))
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                table.append(cells)
            continue
        if table:
            width = max(map(len, table))
            parts.append(Part("table", rows=tuple(row + ("",) * (width - len(row)) for row in table)))
            table = []
        line = " ".join(line.split())
        if not _WORD.search(line):
            continue
        if heading := re.match(r"(#{1,6}) (.*)", line):
            parts.append(Part("heading", heading[2], len(heading[1])))
        elif item := re.match(r"(?:[-*+]|\d+[.)]) (.*)", line):
            parts.append(Part("item", item[1]))
        else:
            parts.append(Part("paragraph", line))
    if table:
        width = max(map(len, table))
        parts.append(Part("table", rows=tuple(row + ("",) * (width - len(row)) for row in table)))
    return parts


def tables_last(parts: Sequence[Part]) -> list[Part]:
    """The parts with the tables of each section after its text."""
    ordered: list[Part] = []
    tables: list[Part] = []
    for part in [*parts, Part("heading")]:
        if part.kind == "heading":
            ordered += tables
            tables = []
        (tables if part.kind == "table" else ordered).append(part)
    return ordered[:-1]


def raw_cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))


# What is compared.


def words(text: str) -> list[str]:
    """The words of a source, in order, without page anchors, equations, rules of tables and backslashes."""
    text = re.sub(r"^<!-- .* -->$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", _MATH.sub("", text))
    return _WORD.findall(re.sub(r"^ *\d+[.)] ", "", text, flags=re.MULTILINE))


def words_of_parts(parts: Iterable[Part]) -> list[str]:
    """The words that were written, in order."""
    return [w for part in parts for text in (part.text, *(cell for row in part.rows for cell in row)) for w in _WORD.findall(text)]


def agreement(written: Sequence[str], read: Sequence[str]) -> tuple[float, float]:
    """The share of the written words that were read, and of the read words that were written, as multisets."""
    same = sum((Counter(written) & Counter(read)).values())
    return same / max(len(written), 1), same / max(len(read), 1)


def in_order(written: Sequence[str], read: Sequence[str]) -> float:
    """The share of the written words that were read in the same order."""
    blocks = difflib.SequenceMatcher(None, written, read, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(written), 1)


def headings(source: str) -> list[str]:
    """The headings of a source, as plain words."""
    return [" ".join(words(f"#{line}")) for line in source.splitlines() if line.startswith("#")]


def headings_of_parts(parts: Iterable[Part]) -> list[str]:
    """The headings that were written."""
    return [" ".join(_WORD.findall(part.text)) for part in parts if part.kind == "heading"]


# What is written.


def html_page(parts: Sequence[Part]) -> bytes:
    """A page as a site has it: with navigation, a script and a footer."""
    body = _html_body(parts)
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(parts[0].text)}</title><style>p {{}}</style></head>"
        f"<body><nav><a href='/'>Home</a> <a href='/all'>All articles</a></nav><main>{body}</main>"
        "<script>document.write('<p>written by a script</p>')</script><footer>Contact us</footer></body></html>"
    ).encode()


def epub(parts: Sequence[Part]) -> bytes:
    """A book of a chapter for each heading of level 2."""
    chapters: list[list[Part]] = [[]]
    for part in parts:
        if part.kind == "heading" and part.level <= 2 and chapters[-1]:
            chapters.append([])
        chapters[-1].append(part)
    names = [f"c{n}.xhtml" for n in range(len(chapters))]
    manifest = "".join(f'<item id="i{n}" href="text/{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(names))
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(names)))
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{html.escape(parts[0].text)}</dc:title></metadata>'
        f'<manifest>{manifest}<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>'
        f'<spine><itemref idref="nav"/>{spine}</spine></package>'
    )
    container = (
        '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
        '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/content.opf", opf)
        archive.writestr("OEBPS/nav.xhtml", _xhtml("<nav><ol><li>Contents of the book</li></ol></nav>"))
        for name, chapter in zip(names, chapters, strict=True):
            archive.writestr(f"OEBPS/text/{name}", _xhtml(_html_body(chapter)))
    return out.getvalue()


def _xhtml(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f'<body><a id="top"/>{body}</body></html>'
    )


def _html_body(parts: Sequence[Part]) -> str:
    out: list[str] = []
    listed = False
    for part in parts:
        if listed != (part.kind == "item"):
            out.append("</ul>" if listed else "<ul>")
            listed = not listed
        text = html.escape(part.text)
        if part.kind == "heading":
            out.append(f"<h{part.level}>{text}</h{part.level}>")
        elif part.kind == "table":
            rows = [f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in part.rows]
            out.append(f"<table>{''.join(rows)}</table>")
        else:
            out.append(f"<li>{text}</li>" if listed else f"<p>{text}</p>")
    return "\n".join(out) + ("</ul>" if listed else "")


def docx(parts: Sequence[Part]) -> bytes:
    """A Word document with its own styles for headings and items."""
    import docx as python_docx

    document = python_docx.Document()
    for part in parts:
        if part.kind == "heading":
            document.add_heading(part.text, level=part.level)
        elif part.kind == "table":
            table = document.add_table(rows=len(part.rows), cols=len(part.rows[0]))
            table.style = "Table Grid"
            for n, row in enumerate(part.rows):
                for m, cell in enumerate(row):
                    table.cell(n, m).text = cell
        else:
            document.add_paragraph(part.text, style="List Bullet" if part.kind == "item" else None)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pptx(parts: Sequence[Part]) -> bytes:
    """A slide for each heading, with a slide number, and the last paragraph of each as its notes."""
    import pptx as python_pptx
    from pptx.util import Inches

    deck = python_pptx.Presentation()
    groups: list[tuple[str, list[Part]]] = []
    for part in parts:
        if part.kind == "heading":
            groups.append((part.text, []))
        elif groups:
            groups[-1][1].append(part)
    for title, content in groups:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        frame = slide.placeholders[1].text_frame
        texts = [part.text for part in content if part.kind != "table"]
        frame.text = "\v".join(texts[:1])
        for text in texts[1:]:
            frame.add_paragraph().text = text
        for part in content:
            if part.kind == "table":
                rows, columns = len(part.rows), len(part.rows[0])
                table = slide.shapes.add_table(rows, columns, Inches(1), Inches(5), Inches(6), Inches(1)).table
                for n, row in enumerate(part.rows):
                    for m, cell in enumerate(row):
                        table.cell(n, m).text = cell
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


# PDF, laid out by this module: justified columns, divided words, running heads.

PAGE = (595.0, 842.0)
_MARGIN, _GUTTER = 62.0, 20.0
_BODY = 10.0
_SIZES = {1: 20.0, 2: 14.0, 3: 12.0, 4: 10.0, 5: 10.0, 6: 10.0}


class _Press:
    """Sets text on pages of one or two columns."""

    def __init__(self, title: str, columns: int, heads: bool, bookmarks: bool, indent: bool) -> None:
        from reportlab.pdfgen.canvas import Canvas

        _register_fonts()
        self.out = io.BytesIO()
        self.canvas = Canvas(self.out, pagesize=PAGE)
        self.title, self.columns, self.heads, self.bookmarks, self.indent = title, columns, heads, bookmarks, indent
        self.width = (PAGE[0] - 2 * _MARGIN - _GUTTER * (columns - 1)) / columns
        self.page = 0
        self.column = columns
        self.y = self.top = 0.0
        self._next_column()

    def _next_column(self) -> None:
        self.column += 1
        if self.column >= self.columns:
            if self.page:
                self.canvas.showPage()
            self.page += 1
            self.column = 0
            self.top = PAGE[1] - _MARGIN - 20
            if self.heads:
                self._furniture()
        self.y = self.top

    def _furniture(self) -> None:
        self.canvas.setFont("Serif-Italic", 8)
        if self.page % 2:
            self.canvas.drawRightString(PAGE[0] - _MARGIN, PAGE[1] - 40, f"{self.title}  {self.page}")
        else:
            self.canvas.drawString(_MARGIN, PAGE[1] - 40, f"{self.page}  The collected lectures")
        self.canvas.setFont("Serif", 8)
        self.canvas.drawCentredString(PAGE[0] / 2, 36, str(self.page))

    @property
    def x(self) -> float:
        return _MARGIN + self.column * (self.width + _GUTTER)

    def room(self, height: float) -> None:
        if self.y - height < _MARGIN:
            self._next_column()

    def space(self, height: float) -> None:
        if self.y < self.top - 1:
            self.y -= height

    def heading(self, text: str, level: int) -> None:
        size = _SIZES[level]
        spanning = level == 1 and self.columns > 1 and self.y == self.top and self.column == 0
        width = PAGE[0] - 2 * _MARGIN if spanning else self.width
        lines = _broken(text, "Serif-Bold", size, width, divide=False)
        self.space(1.1 * size)
        self.room(len(lines) * 1.25 * size + 3 * _BODY)
        if self.bookmarks:
            self.canvas.bookmarkPage(text)
            self.canvas.addOutlineEntry(text, text, min(level - 1, 5))
        for line in lines:
            self.y -= 1.25 * size
            self.canvas.setFont("Serif-Bold", size)
            self.canvas.drawString(self.x, self.y, " ".join(line))
        self.y -= 0.35 * size
        if spanning:
            self.top = self.y

    def paragraph(self, text: str, mark: str = "", first: bool = True) -> None:
        left = 12.0 if mark else 0.0
        start = 12.0 if self.indent and not mark and not first else 0.0
        lines = _broken(text, "Serif", _BODY, self.width - left, first_less=start)
        for n, line in enumerate(lines):
            self.room(1.25 * _BODY)
            self.y -= 1.25 * _BODY
            shift = left + (start if n == 0 else 0.0)
            if mark and n == 0:
                self.canvas.setFont("Serif", _BODY)
                self.canvas.drawString(self.x, self.y, mark)
            self._justified(line, self.x + shift, self.width - shift, last=n == len(lines) - 1)
        if not self.indent or mark:
            self.y -= 0.6 * _BODY

    def _justified(self, line: list[str], x: float, width: float, last: bool) -> None:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        natural = stringWidth(" ".join(line), "Serif", _BODY)
        space = 0.0 if last or len(line) < 2 else (width - natural) / (len(line) - 1)
        text = self.canvas.beginText(x, self.y)
        text.setFont("Serif", _BODY)
        for word in line:  # TrueType fonts ignore the operator for word space
            text.textOut(word)
            x += stringWidth(f"{word} ", "Serif", _BODY) + space
            text.setTextOrigin(x, self.y)
        self.canvas.drawText(text)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        cell = self.width / len(rows[0])
        if any(stringWidth(word, "Serif-Bold", 9.0) > cell - 8 for row in rows for text in row for word in text.split()):
            for row in rows:  # no column is wide enough for its words
                self.paragraph(" ".join(text for text in row if text))
            return
        self.space(0.6 * _BODY)
        for n, row in enumerate(rows):
            font = "Serif-Bold" if n == 0 else "Serif"
            broken = [_broken(text, font, 9.0, cell - 8, divide=False) for text in row]
            height = 11.0 * max(1, *(len(lines) for lines in broken)) + 6
            self.room(height)
            for m, lines in enumerate(broken):
                self.canvas.rect(self.x + m * cell, self.y - height, cell, height)
                self.canvas.setFont(font, 9.0)
                for k, line in enumerate(lines):
                    self.canvas.drawString(self.x + m * cell + 4, self.y - 11.0 * (k + 1), " ".join(line))
            self.y -= height
        self.y -= 0.8 * _BODY

    def finished(self) -> bytes:
        self.canvas.save()
        return self.out.getvalue()


def pdf(parts: Sequence[Part], columns: int = 1, *, heads: bool = True, bookmarks: bool = False, indent: bool = False) -> bytes:
    """A PDF with justified text, divided words, ruled tables and, with `heads`, running heads and page numbers.

    Paragraphs begin at an indent with `indent`, otherwise after a space.
    """
    press = _Press(parts[0].text, columns, heads, bookmarks, indent)
    previous = ""
    for part in parts:
        if part.kind == "heading":
            press.heading(part.text, part.level)
        elif part.kind == "table":
            press.table(part.rows)
        else:
            press.paragraph(part.text, "•" if part.kind == "item" else "", first=previous != "paragraph")
        previous = part.kind
    return press.finished()


def _broken(text: str, font: str, size: float, width: float, divide: bool = True, first_less: float = 0.0) -> list[list[str]]:
    """`text` in lines of at most `width`; words of eight letters or more are divided where that fills a line."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    lines: list[list[str]] = [[]]
    todo = text.split()[::-1]
    while todo:
        word = todo.pop()
        room = width - (first_less if len(lines) == 1 else 0.0)
        line = lines[-1]
        if stringWidth(" ".join([*line, word]), font, size) <= room:
            line.append(word)
            continue
        cut = 0
        if divide and word.isalpha() and len(word) >= 8:
            cut = next((k for k in range(len(word) - 3, 2, -1) if stringWidth(" ".join([*line, word[:k] + "-"]), font, size) <= room), 0)
        if cut:
            line.append(word[:cut] + "-")
            todo.append(word[cut:])
            lines.append([])
        elif line:
            todo.append(word)
            lines.append([])
        else:
            line.append(word)
            lines.append([])
    return [line for line in lines if line]


def _register_fonts() -> None:
    """Fonts with the letters of every text here; they come with matplotlib."""
    import matplotlib
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in (("Serif", "DejaVuSerif"), ("Serif-Bold", "DejaVuSerif-Bold"), ("Serif-Italic", "DejaVuSerif-Italic")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(folder / f"{file}.ttf")))
