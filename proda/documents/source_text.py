"""A document's blocks → the text of its source.

    # Heat pumps

    <!-- page 1 -->

    A heat pump moves heat from a cold place to a warm one.

    ## How one works

The first line is the title. Every paragraph, heading, item and equation is one line; tables are Markdown tables; a page or slide begins
with its number in a comment. Equal blocks give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proda.documents.blocks import MARKS, DocumentBlock, ReadDocument
from proda.documents.characters import clean, one_line
from proda.documents.inert import inert, inert_line, latex, listing

MAX_LEVEL = 6
MAX_INDENT = 6  # nested lists


def own_title(document: ReadDocument) -> str:
    """The title that a document states or begins with, as plain text; empty if it has none."""
    if document.title:
        return one_line(document.title)
    headings = [block for block in document.blocks if block.kind == "heading" and plain(block.text)]
    return plain(headings[0].text) if headings else ""


def source_text(title: str, document: ReadDocument) -> str:
    """The source: `# title`, then the blocks. A first heading that says the title again is left out."""
    lines = [f"# {inert(one_line(title))}"]
    previous = ""
    for block in _without_repeated_anchors(_levelled(title, document.blocks)):
        text = _rendered(block)
        if not text:
            continue
        lines.append(text if block.kind == previous == "item" else f"\n{text}")
        previous = block.kind
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """A block's text without the marks around equations and code."""
    return " ".join(clean(text).split())


def _rendered(block: DocumentBlock) -> str:
    if block.kind in ("page", "slide"):
        return f"<!-- {block.kind} {block.level} -->"
    if block.kind == "table":
        return _table(block.rows)
    if block.kind == "code":
        text = clean(block.text).strip("\n")
        return listing(text) if text.strip() else ""
    text = one_line(block.text, keep=MARKS)
    if not text:
        return ""
    if block.kind == "equation":
        equation = latex(text)
        return f"$${equation}$$" if equation else ""
    if not any(c.isalnum() or c in MARKS for c in text):  # a rule of asterisks, an arrow to the top of a page
        return ""
    if block.kind == "heading":
        line = f"{'#' * block.level} {inert(text)}"
        return f"{line[:-1]}\\#" if line.endswith("#") else line
    if block.kind == "label":
        return f"**{inert(text)}**"
    if block.kind == "item":
        return f"{'  ' * min(block.level, MAX_INDENT)}{block.marker or '-'} {inert_line(text)}"
    return inert_line(text)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table. All rows are as wide as the widest; columns without any text are left out."""
    cells = [[inert(one_line(cell, keep=MARKS)).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    cells = [row + [""] * (width - len(row)) for row in cells]
    used = [n for n in range(width) if any(row[n] for row in cells)]
    if not used:
        return ""
    lines = [f"| {' | '.join(row[n] for n in used)} |" for row in cells]
    return "\n".join([lines[0], f"|{'---|' * len(used)}", *lines[1:]])


def _levelled(title: str, blocks: Iterable[DocumentBlock]) -> list[DocumentBlock]:
    """The blocks with their headings below the title: the highest is of level 2."""
    blocks = list(blocks)
    first = next((n for n, block in enumerate(blocks) if block.kind == "heading"), None)
    if first is not None and plain(blocks[first].text).casefold() == one_line(title).casefold():
        same = [b for b in blocks if b.kind == "heading" and b.level <= blocks[first].level]
        if len(same) == 1 or first == 0 or all(b.kind in ("page", "slide") for b in blocks[:first]):
            del blocks[first]
    highest = min((block.level for block in blocks if block.kind == "heading"), default=2)
    shift = 2 - highest
    return [
        DocumentBlock("heading", block.text, level=min(MAX_LEVEL, block.level + shift)) if block.kind == "heading" else block
        for block in blocks
    ]


def _without_repeated_anchors(blocks: list[DocumentBlock]) -> Iterator[DocumentBlock]:
    """Of anchors without a text between them, the last: it says where the next text stands."""
    for n, block in enumerate(blocks):
        following = next((b for b in blocks[n + 1 : n + 2]), None)
        if block.kind in ("page", "slide") and (following is None or following.kind == block.kind):
            continue
        yield block
