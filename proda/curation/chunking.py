"""The text of a source → its chunks: one section each, at most so many words, divided where a reader would divide it.

    pieces = divide(text, max_words=220)
    text[pieces[0].start : pieces[0].end]

A chunk never crosses a heading. It ends after a paragraph where one ends early enough, else after a sentence or a list item. Sentences,
items, tables, equations and code are never divided, so a chunk is longer than `max_words` only if it is one of these. An equation, and a
list or table that a colon announces, stay with the paragraph before them where the budget allows.

Where a chunk ends depends on the chunk itself and at most on the length of what follows in its section, so that an edit changes the chunk
that it is in, now and then a neighbour, and nothing in other sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from proda.curation.blocks import Kind, TextBlock, is_item
from proda.curation.outline import TextSection, sections_of
from proda.curation.sentences import sentence_spans

_CELL_WORD = re.compile(r"[^\s|]*[^\W_][^\s|]*")
_FAR = 20
_TIED, _SENTENCE, _LOOSE, _PARAGRAPH = range(4)  # how well a chunk may end before an atom


class Atom(msgspec.Struct, frozen=True, gc=False):
    """What is never divided: a sentence, a list item, a table, an equation, a code block."""

    kind: Kind
    start: int
    end: int
    words: int
    rank: int  # how well a chunk may end before it


class Piece(msgspec.Struct, frozen=True):
    """A chunk that has not been judged yet."""

    heading: tuple[str, ...]
    objectives: bool  # a list of learning objectives
    atoms: tuple[Atom, ...]

    @property
    def start(self) -> int:
        """The offset of its first character."""
        return self.atoms[0].start

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.atoms[-1].end

    @property
    def words(self) -> int:
        """How many words it has."""
        return sum(atom.words for atom in self.atoms)


def count_words(text: str) -> int:
    """Return how many runs of characters between white space there are; in the rows of a table, those that hold a letter or a digit."""
    return len(_CELL_WORD.findall(text)) if text[:1] == "|" else len(text.split())


def divide(text: str, max_words: int) -> list[Piece]:
    """Return the chunks of `text` in order. Together they hold every block of `sections_of(text)`, and none twice."""
    pieces: list[Piece] = []
    for section in sections_of(text):
        atoms = tuple(_atoms(text, section))
        start = 0
        while start < len(atoms):
            end = _cut(atoms, start, max_words)
            pieces.append(Piece(section.heading, section.objectives, atoms[start:end]))
            start = end
    return pieces


def _atoms(text: str, section: TextSection) -> Iterator[Atom]:
    before: TextBlock | None = None
    for block in section.blocks:
        said = text[block.start : block.end]
        rank = _rank(text, before, block, said)
        before = block
        if block.kind == "paragraph":
            for start, end in sentence_spans(said):
                yield Atom("paragraph", block.start + start, block.start + end, count_words(said[start:end]), rank)
                rank = _SENTENCE
        elif block.kind == "list":
            for start, end in item_spans(said):
                yield Atom("list", block.start + start, block.start + end, count_words(said[start:end]), rank)
                rank = _SENTENCE
        else:
            yield Atom(block.kind, block.start, block.end, count_words(said), rank)


def item_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open ranges of the items of a list block, each with its indented lines."""
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare and (not starts or (line[0] not in " \t" and is_item(bare))):
            starts.append(position)
            ends.append(position + len(line.rstrip()))
        elif bare:
            ends[-1] = position + len(line.rstrip())
        position += len(line) + 1
    return list(zip(starts, ends, strict=True))


def _rank(text: str, before: TextBlock | None, block: TextBlock, said: str) -> int:
    if before is None:
        return _PARAGRAPH
    if before.kind == "label":
        return _TIED
    if block.kind == "equation":
        return _TIED
    if text[before.end - 1] == ":":
        return _TIED
    if block.kind == "paragraph" and said[:1].islower():  # "where x is …", after an equation
        return _TIED
    return _PARAGRAPH if block.kind in ("paragraph", "label") else _LOOSE


def _cut(atoms: tuple[Atom, ...], start: int, budget: int) -> int:
    """The index of the atom before which the chunk that begins at `start` ends."""
    total = 0
    sizes: list[int] = []  # of the chunk, if it ended before atom start + 1, start + 2, …
    for n in range(start, len(atoms)):
        if total + atoms[n].words > budget and sizes:
            break
        total += atoms[n].words
        sizes.append(total)
    else:
        return len(atoms)
    ahead = 0  # words from the end of the longest possible chunk to the end of the section, as far as that matters
    for n in range(start + len(sizes), len(atoms)):
        ahead += atoms[n].words
        if ahead > budget:
            break
    rest = total + ahead
    low, aim = budget / 2, float(budget)
    if rest <= 2 * budget:  # two chunks are left: neither should be a small remainder
        low, aim = min(rest - budget, rest / 3), rest / 2
    choices = [(n, size) for n, size in enumerate(sizes, start=start + 1) if size >= low] or [(start + len(sizes), total)]
    best = max(atoms[n].rank for n, _ in choices)
    if best <= _SENTENCE:  # within a long paragraph or list: in equal parts
        aim = min(aim, _part(atoms, start, budget))
    return min((n for n in choices if atoms[n[0]].rank == best), key=lambda choice: (abs(choice[1] - aim), -choice[0]))[0]


def _part(atoms: tuple[Atom, ...], start: int, budget: int) -> float:
    """How many words each part has if the rest of the paragraph that `start` is in becomes the fewest equal parts."""
    words = atoms[start].words
    for n in range(start + 1, len(atoms)):
        if atoms[n].rank > _SENTENCE or words > _FAR * budget:  # beyond, the parts hardly differ from the budget
            break
        words += atoms[n].words
    return words / max(1, -(-words // budget))
