"""What every reader makes of a document: blocks in reading order, each with its text on one line.

    DocumentBlock("heading", "How one works", level=2)
    DocumentBlock("paragraph", "The energy is " + math("E = mc^2") + " here.")
    DocumentBlock("table", rows=(("metal", "density"), ("iron", "7.9")))
    DocumentBlock("page", level=12)                                     # page 12 begins here

Text is plain: no emphasis, no links, no markup of any format. Equations and code stand between marks from Unicode's private use area,
which `clean` removes from the text of documents, so that no document can forge one.
"""

from __future__ import annotations

from typing import Literal

from proda.errors import ProdaError
from proda.records import Record

BlockKind = Literal["heading", "paragraph", "label", "item", "table", "equation", "code", "page", "slide"]
MATH_OPEN, MATH_CLOSE, CODE_OPEN, CODE_CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
MAX_LABEL = 15  # words; a longer line in bold is a paragraph
MARKS = MATH_OPEN + MATH_CLOSE + CODE_OPEN + CODE_CLOSE


class DocumentBlock(Record, frozen=True):
    """A heading, paragraph, label (a short line in bold), list item, table, equation or listing, or where a page or slide begins."""

    kind: BlockKind
    text: str = ""  # one line, except for code; of an equation its LaTeX
    level: int = 0  # of a heading from 1; depth of an item from 0; number of a page or slide
    marker: str = ""  # "3." of an item in a numbered list
    rows: tuple[tuple[str, ...], ...] = ()  # of a table, the first being its header


class ReadDocument(Record, frozen=True):
    """A document as it was read."""

    format: str  # as in the catalogue
    blocks: tuple[DocumentBlock, ...]
    title: str = ""  # the one that the document states; empty if it states none
    pages: int = 0  # pages or slides; 0 where the format has none
    notes: tuple[str, ...] = ()  # what was left out, for the person who ingests


class UnreadableDocumentError(ProdaError):
    """A file cannot be ingested. The message is the reason and what to do, without the file's name."""


def math(latex: str) -> str:
    """An equation inside a text. Empty for an empty equation."""
    return f"{MATH_OPEN}{' '.join(latex.split())}{MATH_CLOSE}" if latex.strip() else ""


def code_span(text: str) -> str:
    """A piece of code inside a text."""
    return f"{CODE_OPEN}{' '.join(text.split())}{CODE_CLOSE}" if text.strip() else ""
