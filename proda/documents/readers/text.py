"""Plain text → paragraphs, items and headings.

Blank lines divide paragraphs; the lines of one are joined. A short line apart from the text is a heading if it is underlined, numbered or
in capitals. Where no blank line divides a long text, each line is a paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from proda.documents.blocks import DocumentBlock, ReadDocument
from proda.documents.characters import clean
from proda.documents.hyphens import document_words, joined
from proda.documents.xml import decoded_markup

_ITEM = re.compile(r"(?:([-*+•‣◦–])|(\d{1,3}[.)]))\s+(?=\S)")
_UNDERLINE = re.compile(r"(=|-|~|\*|#)\1{2,}\s*")
_NUMBERED = re.compile(r"(?:(?:chapter|section|part|appendix)\s+)?(\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5})[.:)]?\s+[A-Z\"“]", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;:,]$")
_LONGEST_HEADING = 80
_LINE = 160  # characters; text whose lines are longer on average is not wrapped


def read_text(data: bytes | str) -> ReadDocument:
    """The blocks of a plain text."""
    text = clean((data if isinstance(data, str) else decoded_markup(data)).replace("\f", "\n\n"))
    lines = [line.rstrip() for line in text.split("\n")]
    filled = [line for line in lines if line.strip()]
    wrapped = any(not line.strip() for line in lines) and bool(filled) and sum(map(len, filled)) < _LINE * len(filled)
    groups = list(_groups(lines)) if wrapped else [[line] for line in filled]
    words = document_words(filled)
    blocks: list[DocumentBlock] = []
    for n, group in enumerate(groups):
        heading = _heading(group)
        if heading:
            blocks.append(heading)
            rest = group[2:] if _UNDERLINE.fullmatch(group[1].strip() if len(group) > 1 else "") else group[1:]
            blocks += _paragraphs(rest, words)
        elif n == 0 and len(group) == 1 and len(groups) > 1 and len(group[0]) <= _LONGEST_HEADING and not _SENTENCE_END.search(group[0]):
            blocks.append(DocumentBlock("heading", group[0].strip(), level=1))
        else:
            blocks += _paragraphs(group, words)
    return ReadDocument("text", tuple(blocks))


def _groups(lines: Sequence[str]) -> Iterator[list[str]]:
    group: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            group.append(line)
        elif group:
            yield group
            group = []


def _heading(group: Sequence[str]) -> DocumentBlock | None:
    first = group[0].strip()
    if len(group) > 1 and _UNDERLINE.fullmatch(group[1].strip()) and len(first) <= _LONGEST_HEADING and any(c.isalpha() for c in first):
        return DocumentBlock("heading", first, level=1 if group[1].strip()[0] in "=#*" else 2)
    if len(group) > 1 or len(first) > _LONGEST_HEADING or _SENTENCE_END.search(first):
        return None
    numbered = _NUMBERED.match(first)
    if numbered and any(c.isalpha() for c in first):
        return DocumentBlock("heading", first, level=1 + numbered[1].count("."))
    if first.isupper() and sum(c.isalpha() for c in first) >= 4:
        return DocumentBlock("heading", first, level=2)
    return None


def _paragraphs(group: Sequence[str], words: Counter[str]) -> Iterator[DocumentBlock]:
    """The items and the paragraph that a group of lines holds."""
    current: list[str] = []
    marker: str | None = None
    depth = 0
    for line in [*group, None]:
        item = _ITEM.match(line.strip()) if line is not None else None
        if (line is None or item) and current:
            text = current[0]
            for part in current[1:]:
                text = joined(text, part, words)
            yield DocumentBlock("paragraph", text) if marker is None else DocumentBlock("item", text, level=depth, marker=marker)
            current = []
        if line is None:
            return
        if item:
            marker, depth = item[2] or "", (len(line) - len(line.lstrip())) // 2
            current = [line.strip()[item.end() :]]
        else:
            current.append(line.strip())
