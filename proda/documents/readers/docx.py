"""A Word document (DOCX) → blocks, through mammoth's HTML.

Equations are turned into LaTeX first, because mammoth leaves them out. Images are dropped. Footnotes stand at the end.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from proda.documents.archive import opened, part_of
from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError, math
from proda.documents.characters import one_line
from proda.documents.readers.html import html_blocks
from proda.documents.readers.omml import latex_of
from proda.documents.xml import html_tree, local, xml_tree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CORE = "docProps/core.xml"
_WITH_TEXT = re.compile(r"word/(?:document\d*|footnotes|endnotes)\.xml")
_TOKEN = "proda-equation-{}-end"
_FOUND = re.compile(r"proda-equation-(\d+)-end")
_FORGED = "proda-equation-"
# Word's own names of styles that mammoth does not map.
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh\np[style-name='heading 7'] => h6:fresh"


def read_docx(data: bytes) -> ReadDocument:
    """The blocks of a DOCX file. Raises UnreadableDocumentError if it is damaged or holds no text."""
    import mammoth

    archive = opened(data)
    equations: list[str] = []
    try:
        page = mammoth.convert_to_html(
            _with_equations(archive, equations),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(lambda _image: {}),
            external_file_access=False,
        ).value
    except UnreadableDocumentError:
        raise
    except Exception as error:  # mammoth raises whatever a malformed document makes its code raise
        raise UnreadableDocumentError(f"Word's parts of the file are damaged ({type(error).__name__}). Open and save it in Word.") from None
    blocks = html_blocks(html_tree(f"<html><body>{page}</body></html>")) if page.strip() else []
    return ReadDocument("docx", tuple(_with_latex(block, equations) for block in blocks), _title(archive))


def _with_equations(archive: zipfile.ZipFile, equations: list[str]) -> io.BytesIO:
    """The document with a mark in the place of each equation, whose LaTeX is added to `equations`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as copy:
        for name in archive.namelist():
            if name.endswith("/") or name.startswith(("word/media/", "word/embeddings/", "word/fonts/")):
                continue
            part = part_of(archive, name)
            if _WITH_TEXT.fullmatch(name):
                part = _marked(part, equations)
            elif name.endswith((".xml", ".rels")):
                _refuse_entities(part)
            copy.writestr(name, part)
    out.seek(0)
    return out


def _refuse_entities(part: bytes) -> None:
    if b"<!ENTITY" in part or b"<!DOCTYPE" in part:
        raise UnreadableDocumentError("The file declares XML entities, which no word processor writes. It is not read.")


def _marked(part: bytes, equations: list[str]) -> bytes:
    from lxml import etree

    _refuse_entities(part)
    root = xml_tree(part)
    for text in root.iter(f"{_W}t"):
        if text.text and _FORGED in text.text:
            text.text = text.text.replace(_FORGED, "proda equation ")
    for equation in [e for e in root.iter() if local(e) == "omath"]:
        equations.append(latex_of(equation))
        run = etree.Element(f"{_W}r")
        etree.SubElement(run, f"{_W}t").text = _TOKEN.format(len(equations) - 1)
        run.tail = equation.tail
        parent = equation.getparent()
        if local(parent) == "omathpara":  # mammoth reads runs, not what this element holds
            parent.tag = f"{_W}ins"
        parent.replace(equation, run)
    result: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return result


def _with_latex(block: DocumentBlock, equations: list[str]) -> DocumentBlock:
    """A block with its equations in their places."""

    def put(text: str) -> str:
        return _FOUND.sub(lambda found: math(equations[int(found[1])]) if int(found[1]) < len(equations) else "", text)

    lone = _FOUND.fullmatch(block.text) if block.kind == "paragraph" else None
    if lone:
        return DocumentBlock("equation", equations[int(lone[1])])
    rows = tuple(tuple(put(cell) for cell in row) for row in block.rows)
    return DocumentBlock(block.kind, put(block.text), level=block.level, marker=block.marker, rows=rows)


def _title(archive: zipfile.ZipFile) -> str:
    """The title in the file's properties."""
    try:
        root: Any = xml_tree(part_of(archive, _CORE))
    except UnreadableDocumentError:
        return ""
    return next((one_line(e.text or "") for e in root.iter() if local(e) == "title"), "")
