"""A chunk's text → its sentences, cleaned for reading, each with its place in the source.

    read_lines("The **cell cycle** is ordered (Figure 1).", 100)[0]
    # Sentence(text="The cell cycle is ordered.", start=100, end=141, bold=("cell cycle",))

Headings, tables, code, quotations and lines of mathematics are left out. A list item of the form `- **term**: definition` is an entry
of a glossary.
"""

from __future__ import annotations

import re

from proda.extraction.wordsets import word_set
from proda.records import Record

_ENDING = re.compile(r"[.!?][\"”’)*_\]]*\s+(?=[\"“(*_\[]*[A-Z0-9])")
_ABBREVIATIONS = word_set(
    "e.g i.e dr mr mrs ms prof st vs etc al fig figs eq eqs no vol pp cf ca approx dept inc ltd co jr sr u.s u.k u.n a.m p.m ph.d b.c"
    " a.d ref sec ch ex gen col lt sen rep gov viz resp"
)
_INITIAL = re.compile(r"(?:^|[\s(])[A-Z]$")
_LETTERED = re.compile(r"(?:vitamin|type|hepatitis|group|class|factor|phase|grade|and|or|[a-z]s) [A-Z]$", re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*]+?)\*\*|__([^_]+?)__")
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_NOTE = re.compile(r"\[\^?\d+\]|<[^>]{1,60}>")
_PARENTHESIS = re.compile(r"(?:\s+|^)\([^()]*\)(?!\w)")
_BRACKET = re.compile(r"\s*\[[^\[\]]*\]")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,2}[.)])\s+")
_ENTRY = re.compile(r"(?:[-*+•]\s+)?\*\*([^*:]{2,80}):?\*\*\s*(?::|—|–|\s-\s)\s*(\S.{8,})")
_SKIPPED = ("#", "|", "<", ">", "$$", "!", "```", "~~~", "---", "===", ":::", "    ")
_BLANKS = re.compile(r"\s+")


class Sentence(Record, frozen=True):
    """A sentence as a reader sees it: without emphasis marks, links and what stands in brackets."""

    text: str
    start: int  # of the sentence as the source has it: code points of the source, half-open
    end: int
    bold: tuple[str, ...] = ()
    follows: bool = False  # whether the sentence before it stands in the same line


class GlossaryEntry(Record, frozen=True):
    """A line of the form `- **term**: definition`."""

    term: str
    definition: str
    start: int
    end: int


def read_lines(text: str, offset: int) -> tuple[list[Sentence], list[GlossaryEntry]]:
    """The sentences and glossary entries of a chunk's text. `offset` is where the text begins in its source."""
    sentences: list[Sentence] = []
    entries: list[GlossaryEntry] = []
    place = 0
    fenced = False
    for line in text.split("\n"):
        start = place
        place += len(line) + 1
        body = line.rstrip()
        if body.startswith(("```", "~~~")):
            fenced = not fenced
        if fenced or len(body) < 20 or body.startswith(_SKIPPED):
            continue
        if entry := _ENTRY.match(body):
            definition = cleaned(entry[2]).rstrip(".")
            entries.append(GlossaryEntry(cleaned(entry[1]), definition, offset + start, offset + start + len(body)))
            continue
        item = _ITEM.match(body)
        begin = item.end() if item else 0
        first = True
        for left, right in _spans(body, begin):
            raw = body[left:right]
            if len(raw) > 600:
                first = False
                continue
            bold = tuple(_clean_marks(a or b).strip(" .,:;") for a, b in _BOLD.findall(raw)) if "**" in raw or "__" in raw else ()
            sentences.append(Sentence(cleaned(raw), offset + start + left, offset + start + right, bold, not first))
            first = False
    return sentences, entries


def _spans(line: str, begin: int) -> list[tuple[int, int]]:
    spans = []
    at = begin
    for match in _ENDING.finditer(line, begin):
        stop = match.start()
        before = line[max(at, stop - 24) : stop]
        if line[stop] == "." and (
            before.rpartition(" ")[2].lower().lstrip('(*_“"') in _ABBREVIATIONS
            or (_INITIAL.search(before) and not _LETTERED.search(before))
        ):
            continue
        end = match.end()
        while line[end - 1].isspace():
            end -= 1
        spans.append((at, end))
        at = match.end()
    if at < len(line):
        spans.append((at, len(line)))
    return spans


def cleaned(raw: str) -> str:
    """A passage of Markdown as a reader sees it, without what stands in brackets."""
    text = _clean_marks(raw)
    if "(" in text:
        text = _PARENTHESIS.sub("", text)
        if "(" in text:
            text = _PARENTHESIS.sub("", text)
    if "[" in text:
        text = _BRACKET.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def _clean_marks(raw: str) -> str:
    text = raw
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "[" in text or "<" in text:
        text = _NOTE.sub("", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub("", text)
    return text.replace("’", "'").replace("‘", "'").replace("\u00a0", " ")
