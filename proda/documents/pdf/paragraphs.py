"""The lines of a region → headings, paragraphs, list items, listings and tables; paragraphs that go on in the next region, joined.

A new paragraph begins after a gap, at an indented line, at the mark of a list item, where the type changes, and where the line above ended
although the next word had room on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from proda.documents.hyphens import ends_divided, joined
from proda.documents.pdf.headings import Bookmark, HeadingStyle, TextStyle, heading_runs, heading_style
from proda.documents.pdf.lines import PdfLine
from proda.documents.pdf.tables import aligned_tables

_GAP = 1.28  # times the usual leading
_INDENT = 0.8  # of the size
_CHANGED = 0.08  # of the size, from which the size is another one
_BULLET = re.compile(r"[•‣◦▪●○■□∙·⁃➢➤✓\uf0b7\uf0a7\uf0d8]\s*(?=\S)|[–—-]\s+(?=\S)")
_NUMBER = re.compile(r"(\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)")
_LONE_BULLET = re.compile(r"[•‣◦▪●○■□∙·⁃➢➤✓\uf0b7\uf0a7\uf0d8o]")
_TERMINAL = re.compile(r"[.!?:;…][\"'”’)\]]*[⁰¹²³⁴⁵⁶⁷⁸⁹]*$")


class PdfBlock(msgspec.Struct):
    """A block as it stands on its page, before headings have levels."""

    kind: str  # heading, paragraph, item, code, table
    text: str
    page: int
    size: float
    x0: float = 0.0
    marker: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    style: HeadingStyle | None = None
    bookmark: int = 0  # level of the bookmark that says the same
    opens: bool = False  # the first block of its region
    closes: bool = False  # the last one
    indented: bool = False  # begins at an indent
    full: bool = False  # its last line had no room for another word


def region_blocks(lines: list[PdfLine], page: int, text: TextStyle, bookmarks: Sequence[Bookmark], words: Counter[str]) -> list[PdfBlock]:
    """The blocks of one region, in order. `words` are those of the document, for words that hyphens divide."""
    lines = aligned_tables(lines)
    headings = heading_runs(lines, text, bookmarks)
    edges = _edges(lines)
    blocks: list[PdfBlock] = []
    current: list[PdfLine] = []

    def finish() -> None:
        if current:
            blocks.append(_block(current, page, edges, words))
            current.clear()

    n = 0
    while n < len(lines):
        line = lines[n]
        if n in headings:
            finish()
            end, level = headings[n]
            said = _run([other.text for other in lines[n:end]], words)
            blocks.append(PdfBlock("heading", said, page, line.size, style=heading_style(line), bookmark=level))
            n = end
            continue
        if line.rows:
            finish()
            blocks.append(PdfBlock("table", "", page, line.size, rows=line.rows))
        else:
            if current and _begins(current, line, text, edges):
                finish()
            current.append(line)
        n += 1
    finish()
    blocks = _joined_listings(blocks)
    if blocks:
        blocks[0].opens = blocks[-1].closes = True
    return blocks


def _joined_listings(blocks: list[PdfBlock]) -> list[PdfBlock]:
    """Listings that only space divides, as one."""
    result: list[PdfBlock] = []
    for block in blocks:
        if result and block.kind == result[-1].kind == "code" and abs(block.size - result[-1].size) < _CHANGED * block.size:
            result[-1].text += f"\n{block.text}"
        else:
            result.append(block)
    return result


def _edges(lines: Sequence[PdfLine]) -> tuple[float, float]:
    """Where most lines of a region begin, and how far its text reaches to the right."""
    texts = [line for line in lines if not line.rows]
    if not texts:
        return 0.0, 0.0
    starts = Counter(round(line.x0) for line in texts)
    left = min((x for x, count in starts.items() if count >= 0.25 * max(starts.values())), default=min(starts))
    return float(left), max(line.x1 for line in texts)


def _begins(current: Sequence[PdfLine], line: PdfLine, text: TextStyle, edges: tuple[float, float]) -> bool:
    """Whether `line` begins a new block after the lines in `current`."""
    above = current[-1]
    if line.mono != above.mono or abs(line.size - above.size) > _CHANGED * max(line.size, above.size):
        return True
    gap = above.y - line.y
    if gap > _GAP * text.leading * line.size / text.size or gap < -0.5 * line.size:
        return True
    if line.mono:
        return False
    if _marked(line.text) and (not ends_divided(above.text)) and _item_here(current, line):
        return True
    indent = _INDENT * line.size
    if ends_divided(above.text):
        return False
    if _marked(current[0].text):  # an item goes on below its text; where it goes on below its mark, its lines are full
        outside = line.x0 < current[0].x0 + 0.2 * line.size and (len(current) == 1 or line.x0 < above.x0 - 0.2 * line.size)
        return outside and (_ends_early(above, line, edges) or bool(_TERMINAL.search(above.text)))
    if len(current) == 1 and line.x0 < above.x0 - indent:
        return False  # the line above was an indented first line
    if line.x0 > above.x0 + indent and above.x0 <= edges[0] + indent:
        return bool(_TERMINAL.search(above.text)) or above.bold != line.bold
    return _ends_early(above, line, edges) and bool(_TERMINAL.search(above.text))


def _item_here(current: Sequence[PdfLine], line: PdfLine) -> bool:
    """Whether the mark at the beginning of a line is that of an item, not a number or dash in the middle of a sentence."""
    if _BULLET.match(line.text) and line.text[0] not in "–—-":
        return True
    first = current[0]
    if _marked(first.text):
        return abs(first.x0 - line.x0) < line.size or line.x0 > first.x0
    return bool(_TERMINAL.search(current[-1].text))


def _ends_early(above: PdfLine, line: PdfLine, edges: tuple[float, float]) -> bool:
    """Whether the first word of `line` had room on the line above."""
    first = line.words[0]
    return above.x1 + 0.35 * above.size + (first.x1 - first.x0) < edges[1] - 0.3 * above.size


def _marked(text: str) -> bool:
    return bool(_BULLET.match(text) or _NUMBER.match(text) or _LONE_BULLET.fullmatch(text))


def _block(lines: Sequence[PdfLine], page: int, edges: tuple[float, float], words: Counter[str]) -> PdfBlock:
    first, last = lines[0], lines[-1]
    room = edges[1] - last.x1 > 3 * last.size
    if first.mono:
        return PdfBlock("code", _listing(lines), page, first.size)
    said = _run([line.text for line in lines], words)
    indented = first.x0 > edges[0] + _INDENT * first.size
    bullet, number = _BULLET.match(said), _NUMBER.match(said)
    kind, marker = "paragraph", ""
    if bullet and bullet.end() < len(said):
        kind, said = "item", said[bullet.end() :]
    elif number and number[1].strip("()")[:-1].isdigit() and not number[1].startswith("("):
        kind, marker, said = "item", number[1], said[number.end() :]
    return PdfBlock(kind, said, page, first.size, x0=first.x0, marker=marker, indented=indented, full=not room)


def _listing(lines: Sequence[PdfLine]) -> str:
    """Lines of code, indented as they stand on the page."""
    left = min(line.x0 for line in lines)
    width = max(0.3, min(0.6 * lines[0].size, *((w.x1 - w.x0) / len(w.text) for line in lines for w in line.words if len(w.text) > 2), 1e9))
    return "\n".join(f"{' ' * round((line.x0 - left) / width)}{line.text}" for line in lines)


def _run(texts: Sequence[str], words: Counter[str]) -> str:
    said = texts[0]
    for text in texts[1:]:
        said = joined(said, text, words)
    return said


def join_regions(blocks: list[PdfBlock], text: TextStyle, words: Counter[str]) -> list[PdfBlock]:
    """Paragraphs that go on in the next column or on the next page, joined. What stands between them comes after."""
    result: list[PdfBlock] = []
    open_at: int | None = None  # where in `result` a paragraph may go on
    for block in blocks:
        if block.opens and result:
            open_at = next((n for n in range(len(result) - 1, max(len(result) - 8, -1), -1) if _may_go_on(result, n, text)), None)
        if open_at is not None and block.kind == "paragraph" and _goes_on(result[open_at], block):
            before = result[open_at]
            before.text = joined(before.text, block.text, words)
            before.full = block.full
            open_at = None
            continue
        if block.kind == "heading" or (block.kind == "paragraph" and abs(block.size - text.size) < _CHANGED * text.size):
            open_at = None
        result.append(block)
    return result


def _may_go_on(blocks: Sequence[PdfBlock], n: int, text: TextStyle) -> bool:
    """Whether a block is the last text of its region: after it stand only tables and smaller type, such as notes and captions."""
    if blocks[n].kind not in ("paragraph", "item") or blocks[n].size < (1 - _CHANGED) * text.size:
        return False
    return all(b.kind == "table" or b.size < (1 - _CHANGED) * text.size for b in blocks[n + 1 :])


def _goes_on(before: PdfBlock, block: PdfBlock) -> bool:
    if abs(before.size - block.size) > _CHANGED * block.size:
        return False
    if ends_divided(before.text):
        return True
    if _TERMINAL.search(before.text):
        return before.full and not block.indented and block.text[:1].islower()
    return block.text[:1].islower() or (before.full and not block.indented)
