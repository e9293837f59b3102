"""A Jupyter notebook → blocks: its Markdown cells as Markdown, its code cells as listings. What the code printed is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError
from proda.documents.characters import clean, one_line
from proda.documents.readers.markdown import markdown_blocks


def read_notebook(data: bytes | str) -> ReadDocument:
    """The blocks of a notebook. Raises UnreadableDocumentError if it is none."""
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        raise UnreadableDocumentError("Not a notebook: the file is not JSON. Save it again in Jupyter.") from None
    if not isinstance(notebook, dict):
        raise UnreadableDocumentError("Not a notebook: expected an object with `cells`. Save it again in Jupyter.")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):  # version 3
        cells = [cell for sheet in notebook["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells") or ()]
    if not isinstance(cells, list):
        raise UnreadableDocumentError("Not a notebook: it has no list of `cells`. Save it again in Jupyter.")
    metadata = notebook.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else None
    blocks = [block for cell in cells if isinstance(cell, dict) for block in _cell(cell)]
    return ReadDocument("ipynb", tuple(blocks), one_line(title) if isinstance(title, str) else "")


def _cell(cell: dict[str, Any]) -> Iterator[DocumentBlock]:
    text = clean(_source(cell.get("source", cell.get("input", ""))))
    kind = cell.get("cell_type")
    if kind == "markdown":
        yield from markdown_blocks(text)
    elif kind == "heading":
        level = cell.get("level")
        yield DocumentBlock("heading", one_line(text), level=level if isinstance(level, int) and 1 <= level <= 6 else 1)
    elif kind == "code":
        yield DocumentBlock("code", text)


def _source(source: Any) -> str:
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""
