"""Slides (PPTX) → blocks: for each slide its number, its title as a heading, its text, its tables and its notes.

Shapes are read from top to bottom, groups as one shape. Slide numbers, dates and footers are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from proda.documents.archive import opened
from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError, math
from proda.documents.characters import clean, one_line
from proda.documents.readers.omml import latex_of
from proda.documents.xml import local

_FURNITURE = (13, 15, 16)  # slide number, footer, date: numbers of PP_PLACEHOLDER
_ROW = 200_000  # EMU; shapes whose tops are nearer than this are read from left to right
_DEPTH = 20  # of groups within groups
_PRODUCED = ("powerpoint presentation", "powerpoint-präsentation", "présentation powerpoint", "slide 1", "untitled")


def read_pptx(data: bytes) -> ReadDocument:
    """The blocks of a PPTX file. Raises UnreadableDocumentError if it is damaged."""
    import pptx

    opened(data).close()
    try:
        deck = pptx.Presentation(io.BytesIO(data))
        blocks = [block for number, slide in enumerate(deck.slides, start=1) for block in _slide(slide, number)]
        title = one_line(deck.core_properties.title or "")
        count = len(deck.slides)
    except UnreadableDocumentError:
        raise
    except Exception as error:  # python-pptx raises whatever a malformed part makes its code raise
        raise UnreadableDocumentError(f"The slides are damaged ({type(error).__name__}). Open and save the file in PowerPoint.") from None
    return ReadDocument("pptx", tuple(blocks), "" if title.casefold() in _PRODUCED else title, count)


def _slide(slide: Any, number: int) -> Iterator[DocumentBlock]:
    yield DocumentBlock("slide", level=number)
    title = slide.shapes.title
    if title is not None and title.has_text_frame and (said := _text_of(title.text_frame._txBody)):
        yield DocumentBlock("heading", said, level=1)
    for shape in _in_order(slide.shapes, 0):
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for text in slide.notes_slide.notes_text_frame.text.split("\n"):
            if one_line(text):
                yield DocumentBlock("paragraph", one_line(text))


def _in_order(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes from top to bottom, then from left to right; those of a group where the group stands."""
    if depth > _DEPTH:
        return
    ordered = sorted(enumerate(shapes), key=lambda pair: (round((pair[1].top or 0) / _ROW), pair[1].left or 0, pair[0]))
    for _, shape in ordered:
        if hasattr(shape, "shapes"):
            yield from _in_order(shape.shapes, depth + 1)
        else:
            yield shape


def _shape(shape: Any) -> Iterator[DocumentBlock]:
    if shape.is_placeholder and int(shape.placeholder_format.type or 0) in _FURNITURE:
        return
    if getattr(shape, "has_table", False) and shape.has_table:
        rows = tuple(tuple(_cell(cell) for cell in row.cells) for row in shape.table.rows)
        yield DocumentBlock("table", rows=rows)
    elif shape.has_text_frame:
        listed = shape.is_placeholder and len(shape.text_frame.paragraphs) > 1
        for paragraph in shape.text_frame.paragraphs:
            text = _text_of(paragraph._p)
            if text and (listed or paragraph.level):
                yield DocumentBlock("item", text, level=paragraph.level or 0)
            elif text:
                yield DocumentBlock("paragraph", text)


def _cell(cell: Any) -> str:
    return "" if cell.is_spanned else _text_of(cell.text_frame._txBody)


def _text_of(element: Any) -> str:
    """The text below an element, with its equations; line breaks are blanks."""
    parts: list[str] = []
    _collect(element, parts)
    return " ".join("".join(parts).split())


def _collect(element: Any, parts: list[str]) -> None:
    for child in element:
        name = local(child)
        if name == "t":
            parts.append(clean((child.text or "").replace("\v", " ")).replace("\n", " "))
        elif name == "omath":
            parts.append(math(latex_of(child)))
        elif name in ("br", "tab"):
            parts.append(" ")
        elif name not in ("fallback", "rpr", "ppr", "endpararpr", "bodypr"):
            _collect(child, parts)
            if name == "p":
                parts.append(" ")
