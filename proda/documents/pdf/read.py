"""A PDF file → its blocks: headings, paragraphs, items, tables, and the place where each page begins.

    read_pdf(Path("heat.pdf").read_bytes()).blocks[0]        # DocumentBlock("page", level=1)

Equations come out as the characters that the file draws: a PDF does not say how they belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError
from proda.documents.characters import clean, one_line
from proda.documents.hyphens import HYPHENS, document_words
from proda.documents.pdf.columns import gutters_of, reading_order
from proda.documents.pdf.headings import Bookmark, HeadingStyle, levels, text_style
from proda.documents.pdf.lines import PdfLine, lines_of, pieces_of
from proda.documents.pdf.margins import margin_words
from proda.documents.pdf.paragraphs import PdfBlock, join_regions, region_blocks
from proda.documents.pdf.rules import Grid, grids
from proda.documents.pdf.tables import ruled_tables
from proda.documents.pdf.words import PdfPage, PdfWord, Style, read_words

MAX_PAGES = 20_000
_UNREADABLE_SHARE = 0.2  # of the characters without a mapping to Unicode, from which the text is of no use
_MIN_WORDS = 3  # of a document
_MAX_BOOKMARKS = 20_000
_BODY_DEPTH = 0.6  # of an item's indent in sizes, for each level of nesting
_PRODUCED = ("microsoft word", "microsoft powerpoint", "untitled", "powerpoint presentation", "slide 1", "document1")


def read_pdf(data: bytes) -> ReadDocument:
    """The blocks of a PDF file. Raises UnreadableDocumentError if it is damaged, encrypted, or holds no text."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise UnreadableDocumentError("The PDF is encrypted with a password. Save a copy without one.") from None
        raise UnreadableDocumentError("Not a PDF that can be read: the file is damaged or incomplete. Get it again.") from None
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableDocumentError(f"The PDF has {len(document):,} pages; the limit is {MAX_PAGES:,}. Split it.")
        return _read(document)
    except pdfium.PdfiumError as error:
        raise UnreadableDocumentError(f"The PDF is damaged ({one_line(str(error))}). Get it again.") from None
    finally:
        document.close()


def _read(document: Any) -> ReadDocument:
    pages: list[PdfPage] = []
    ruled: list[list[Grid]] = []
    fonts: dict[tuple[int, float], Style] = {}
    for number in range(len(document)):
        page = document[number]
        try:
            read = read_words(page, fonts)
            words = [cleaned for word in read.words if (cleaned := _cleaned(word)) is not None]
            pages.append(read._replace(words=words))
            ruled.append(grids(page, read.turn, read.width, read.height) if words else [])
        finally:
            page.close()
    _require_text(pages)
    kept: list[list[PdfLine]] = []
    for read, own, dropped in zip(pages, ruled, margin_words(pages, ruled), strict=True):
        rest, tables = ruled_tables([word for word in read.words if id(word) not in dropped], own)
        kept.append([*pieces_of(rest), *tables])
    blocks = _blocks(kept, _bookmarks(document), slides=sum(page.width > page.height for page in pages) > len(pages) / 2)
    empty = [number for number, page in enumerate(pages, start=1) if not page.words]
    notes = (f"Without text: page{'s' * (len(empty) > 1)} {_ranges(empty)}.",) if empty else ()
    return ReadDocument("pdf", tuple(blocks), _title(document), len(pages), notes)


def _blocks(pages: Sequence[list[PdfLine]], marks: Sequence[Bookmark], slides: bool) -> list[DocumentBlock]:
    """The blocks of a document from the pieces of lines and the tables of its pages."""
    gutters = gutters_of(pages)
    regions = [[lines_of(region) for region in reading_order(page, known)] for page, known in zip(pages, gutters, strict=True)]
    flat = [line for page in regions for region in page for line in region]
    text = text_style(flat)
    words = document_words(line.text for line in flat if not line.rows)
    found: list[PdfBlock] = []
    for number, page in enumerate(regions):
        own = [mark for mark in marks if mark.page == number]
        for region in page:
            found += region_blocks(region, number + 1, text, own, words)
    return _levelled(join_regions(found, text, words), slides)


def _cleaned(word: PdfWord) -> PdfWord | None:
    """A word in the characters that a source may hold; a hyphen at the end of a line stays one until lines are joined."""
    if word.text.isascii() and word.text.isprintable():
        return word
    text = word.text
    hyphen = text[-1] if text[-1] in HYPHENS[2:] else ""
    text = "".join("•" if c in "\uf0b7\uf0a7\uf0d8\uf076" else c for c in text.rstrip("".join(HYPHENS[2:])))
    text = one_line(clean(text)).replace(" ", "")
    if hyphen:
        text += "\u00ad" if hyphen == "\u00ad" else "-"
    return word._replace(text=text) if text else None


def _require_text(pages: Sequence[PdfPage]) -> None:
    characters, unmapped = sum(page.characters for page in pages), sum(page.unmapped for page in pages)
    if characters and unmapped > _UNREADABLE_SHARE * characters:
        share = f"{100 * unmapped / characters:.0f} %"
        raise UnreadableDocumentError(f"The fonts of the PDF do not say which characters they draw ({share}). Run OCR on it first.")
    if sum(len(page.words) for page in pages) < _MIN_WORDS:
        raise UnreadableDocumentError("The PDF has no text: its pages are images or empty. Run OCR on it first.")


def _bookmarks(document: Any) -> list[Bookmark]:
    """The outline of a file, as far as it points to pages of it."""
    import pypdfium2 as pdfium

    found: list[Bookmark] = []
    try:
        for mark in document.get_toc(max_depth=8):
            target = mark.get_dest()
            page = target.get_index() if target else None
            title = one_line(mark.get_title())
            if page is not None and title:
                found.append(Bookmark(title, mark.level + 1, page))
            if len(found) >= _MAX_BOOKMARKS:
                break
    except (pdfium.PdfiumError, ValueError, UnicodeError):
        pass  # a damaged outline is no reason to refuse the text
    return found


def _levelled(blocks: Sequence[PdfBlock], slides: bool) -> list[DocumentBlock]:
    """The blocks with the levels of headings and items, and a mark where each page begins.

    On slides, sizes vary with the room there is: the first heading of a page is its title, others stand below it.
    """
    marked: dict[HeadingStyle, Counter[int]] = {}
    for block in blocks:
        if block.style and block.bookmark:
            marked.setdefault(block.style, Counter())[block.bookmark] += 1
    known = {style: counts.most_common(1)[0][0] for style, counts in marked.items()}
    by_style = levels((block.style for block in blocks if block.style), known)
    result: list[DocumentBlock] = []
    page = 0
    left = 0.0  # where the outermost item of the list begins
    previous = ""
    titled = False
    for block in blocks:
        if block.page != page:
            page = block.page
            result.append(DocumentBlock("page", level=page))
            titled = False
        if block.kind == "heading" and block.style:
            level = block.bookmark or (2 if titled else 1 if slides else by_style[block.style])
            result.append(DocumentBlock("heading", block.text, level=level))
            titled = slides
        elif block.kind == "item":
            left = min(left, block.x0) if previous == "item" else block.x0
            depth = round((block.x0 - left) / (2 * block.size)) if block.x0 - left > _BODY_DEPTH * block.size else 0
            result.append(DocumentBlock("item", block.text, level=depth, marker=block.marker))
        elif block.kind == "table":
            result.append(DocumentBlock("table", rows=block.rows))
        else:
            result.append(DocumentBlock("code" if block.kind == "code" else "paragraph", block.text))
        previous = block.kind
    return result


def _title(document: Any) -> str:
    """The title in the file's properties, unless a program put it there: a file name, or the name of the program."""
    try:
        title = one_line(document.get_metadata_value("Title"))
    except (ValueError, UnicodeError):
        return ""
    lowered = title.casefold()
    if lowered.startswith(_PRODUCED) or lowered.endswith(
        (".doc", ".docx", ".ppt", ".pptx", ".pdf", ".tex", ".dvi", ".md", ".indd", ".html", ".rtf")
    ):
        return ""
    return title if (sum(c.isalpha() for c in title) >= 3 and " " in title) or (title.isalpha() and len(title) > 3) else ""


def _ranges(numbers: Sequence[int]) -> str:
    """[1, 2, 3, 7] as "1–3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
