"""A chunk as the filters see it: its text, and views of it that several of them need.

excerpt = excerpt_of(text, piece)
excerpt.sentences[0]                              # "A rail grows when it is hot."
excerpt.share("table", "code")                    # 0.0: share of its words in tables and code
"""

from __future__ import annotations

import re

import msgspec

from proda.curation.chunking import Atom, Piece
from proda.curation.sentences import sentence_spans, without_math

_MARKS = re.compile(r"[*_`]+|!?\[([^\[\]]*)\]\([^()]*\)")
_FENCED = re.compile(r"^[ \t]*(```|~~~|\$\$).*?(?:\1|\Z)", re.DOTALL | re.MULTILINE)  # code and equations in a list item
_CELL = re.compile(r"[^|\n]+")
LONG_CELL = 8
_TOKEN = re.compile(r"\w+")
_ITEM_MARK = re.compile(r"(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\([ivx]{1,4}\)|[ivx]{2,4}[.)])[ \t]+")


class Excerpt(msgspec.Struct, frozen=True):
    """A chunk that is being judged."""

    heading: tuple[str, ...]
    objectives: bool
    text: str
    words: int
    atoms: tuple[Atom, ...]
    sentences: tuple[str, ...]  # of paragraphs, items and long cells of tables; without equations, emphasis and the addresses of links
    labels: tuple[str, ...]  # lines in bold, without the marks
    prose: str  # the sentences, joined
    lower: str  # the same in lower case
    tokens: tuple[list[str], ...]  # the words of each sentence, in lower case, without punctuation

    def share(self, *kinds: str) -> float:
        """The share of the words that stand in atoms of these kinds, 0 to 1."""
        return sum(atom.words for atom in self.atoms if atom.kind in kinds) / self.words if self.words else 0.0

    def title(self) -> str:
        """The nearest heading above it; empty if there is none."""
        return self.heading[-1] if self.heading else ""


def excerpt_of(text: str, piece: Piece) -> Excerpt:
    """The views of `piece`, a chunk of `text`."""
    sentences: list[str] = []
    labels: list[str] = []
    for atom in piece.atoms:
        if atom.kind == "paragraph":
            sentences.append(_plain(text[atom.start : atom.end]))
        elif atom.kind == "list":
            for line in _FENCED.sub("", text[atom.start : atom.end]).split("\n"):
                item = _ITEM_MARK.sub("", _plain(line.strip()), count=1)
                sentences += [item[a:b] for a, b in sentence_spans(item)]
        elif atom.kind == "table":
            sentences += [_plain(cell) for cell in long_cells(text[atom.start : atom.end])]
        elif atom.kind == "label":
            labels.append(text[atom.start : atom.end].strip("*_ :."))
    prose = "\n".join(sentences)
    lower = prose.lower()
    return Excerpt(
        heading=piece.heading,
        objectives=piece.objectives,
        text=text[piece.start : piece.end],
        words=piece.words,
        atoms=piece.atoms,
        sentences=tuple(sentences),
        labels=tuple(labels),
        prose=prose,
        lower=lower,
        tokens=tuple(_TOKEN.findall(sentence.lower()) for sentence in sentences),
    )


def long_cells(table: str) -> list[str]:
    """The cells of a table that have `LONG_CELL` words or more: these say something, where others only name or count."""
    return [cell for cell in _CELL.findall(table) if len(cell.split()) >= LONG_CELL]


def _plain(text: str) -> str:
    """`text` without equations, emphasis and the addresses of links."""
    bare = without_math(text)
    return _MARKS.sub(r"\1", bare) if "*" in bare or "_" in bare or "[" in bare else bare
