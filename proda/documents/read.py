"""A file → the document in it, whatever its format.

read_document("heat.pdf", data).format        # "pdf"
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from proda.documents.blocks import ReadDocument, UnreadableDocumentError
from proda.documents.sniff import format_of

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024 * 1024  # of formats that are plain text
MAX_SOURCE_CHARACTERS = 10_000_000  # of what is read; a source has at most 16 MiB
_PLAIN = ("html", "markdown", "text", "tex", "cnxml")


def file_bytes(path: Path) -> bytes:
    """The bytes of a regular file. Raises UnreadableDocumentError for anything else, before reading."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise UnreadableDocumentError(f"The file cannot be read: {error.strerror}.") from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise UnreadableDocumentError("Not a regular file (a folder, device or pipe). Give a file.")
    with os.fdopen(handle, "rb") as stream:
        if found.st_size > MAX_FILE_BYTES:
            raise UnreadableDocumentError(f"The file has {found.st_size:,} bytes; the limit is {MAX_FILE_BYTES:,}. Split it.")
        try:
            return stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise UnreadableDocumentError(f"The file cannot be read: {error.strerror}.") from None


def read_document(name: str, data: bytes) -> ReadDocument:
    """The document in the bytes of a file. Raises UnreadableDocumentError, with the reason, if it cannot be used."""
    kind = format_of(name, data)
    if kind in _PLAIN and len(data) > MAX_TEXT_BYTES:
        raise UnreadableDocumentError(f"The file has {len(data):,} bytes of text; the limit is {MAX_TEXT_BYTES:,}. Split it.")
    try:
        document = _read(kind, data)
    except RecursionError:
        raise UnreadableDocumentError("The file is nested too deeply. It is not read.") from None
    characters = sum(len(block.text) + sum(len(cell) for row in block.rows for cell in row) for block in document.blocks)
    if characters > MAX_SOURCE_CHARACTERS:
        raise UnreadableDocumentError(f"The text has {characters:,} characters; the limit is {MAX_SOURCE_CHARACTERS:,}. Split the file.")
    if not any(
        any(c.isalnum() for c in text) for block in document.blocks for text in (block.text, *(c for row in block.rows for c in row))
    ):
        raise UnreadableDocumentError("The file holds no text. Check that this is the document that was meant.")
    return document


def _read(kind: str, data: bytes) -> ReadDocument:
    # Imported here: each format needs a library of its own.
    if kind == "pdf":
        from proda.documents.pdf.read import read_pdf

        return read_pdf(data)
    if kind == "docx":
        from proda.documents.readers.docx import read_docx

        return read_docx(data)
    if kind == "pptx":
        from proda.documents.readers.pptx import read_pptx

        return read_pptx(data)
    if kind == "epub":
        from proda.documents.readers.epub import read_epub

        return read_epub(data)
    if kind == "html":
        from proda.documents.readers.html import read_html

        return read_html(data)
    if kind == "ipynb":
        from proda.documents.readers.notebook import read_notebook

        return read_notebook(data)
    if kind == "tex":
        from proda.documents.readers.tex import read_tex

        return read_tex(data)
    if kind == "cnxml":
        from proda.documents.readers.cnxml import read_cnxml

        return read_cnxml(data)
    if kind == "markdown":
        from proda.documents.readers.markdown import read_markdown

        return read_markdown(data)
    from proda.documents.readers.text import read_text

    return read_text(data)
