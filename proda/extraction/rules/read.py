"""A source's chunks → statements and definitions, by patterns.

    found = read_source(text, chunks, relations)
    found[0].statements[0].subject.term         # "dislocation density"

The result depends on the text, the chunks and the relations only. A statement is read from one sentence, or from two if the second begins
with a pronoun whose noun is certain. What is not read with certainty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from proda.extraction.found import FoundDefinition, FoundInChunk, FoundStatement
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.clauses import clauses
from proda.extraction.rules.consequences import consequences
from proda.extraction.rules.families import (
    amounts,
    causes,
    contrasts,
    conversions,
    covariation,
    definitions,
    enumerations,
    limits,
    marked,
    needs,
    parts,
    sequences,
)
from proda.extraction.rules.fronts import front_of, without_note
from proda.extraction.rules.patterns import Pattern, by_gerund, by_word
from proda.extraction.rules.sentences import Sentence, read_lines
from proda.extraction.rules.statements import SentenceReading, statements_of
from proda.extraction.rules.tokens import tokens
from proda.extraction.rules.words import ARTICLES, PREPOSITIONS
from proda.records import Record, Relation

if TYPE_CHECKING:
    from proda.store.chunks import Chunk

FAMILIES = (causes, amounts, limits, parts, needs, sequences, contrasts)
MIN_QUOTE, MAX_QUOTE = 30, 300  # characters
MOST_WORDS = 45  # of a sentence
MOST_CHARACTERS = 500  # of a sentence that only its bold terms are read from
_SKIPPED_HEADING = re.compile(
    r"(?i)(?:examples?|exercises?|problems|solutions?|practice (?:problems?|questions?|tests?)|review questions|questions|references"
    r"|bibliography|further reading|quiz|homework|answers?|try it|assignments?|acknowledg\w+)\b(?:$|[ :.]*\d|:)"
)
_UNREADABLE = re.compile(r"[?$=\\\"“”{}|@^~`]|\.\.\.|…|https?:|www\.|\d[.,]?\d*\s?%")
_POINTS = re.compile(
    r"(?i)\b(?:figure|fig\.?|table|equation|eq\.|chapter|section|appendix)s? (?:\d|[A-Z]\b|above|below)"
    r"|\b(?:shown|see) (?:in|above|below)\b"
)
_PRONOUN = re.compile(r"(It|They) (?=[a-z])")


class Table(Record, frozen=True):
    """The patterns in use, by the forms of their key words, and the relations that texts are worded with."""

    patterns: dict[str, tuple[Pattern, ...]]
    gerunds: dict[str, tuple[Pattern, ...]]
    relations: dict[str, Relation]


class _Topic(Record, frozen=True):
    """What the sentence before is about, where that is certain."""

    wording: str
    plural: bool
    start: int


def table_of(relations: Iterable[Relation]) -> Table:
    """The patterns whose relation is one of `relations`."""
    known = {r.id: r for r in relations}
    patterns = [p for family in FAMILIES for p in family.PATTERNS]
    return Table(dict(by_word(patterns, known)), by_gerund(patterns, known), known)


def read_source(text: str, chunks: Sequence[Chunk], relations: Iterable[Relation]) -> list[FoundInChunk]:
    """What each of the chunks gives, in order. `text` is the whole source, which tells names from other words."""
    table = table_of(relations)
    casing = Casing.of(text)
    return [read_chunk(chunk, table, casing) for chunk in chunks]


def read_chunk(chunk: Chunk, table: Table, casing: Casing) -> FoundInChunk:
    """What one chunk gives. A chunk below a heading for exercises, examples or references gives nothing."""
    if any(_SKIPPED_HEADING.search(heading) for heading in chunk.heading[1:]):
        return FoundInChunk(chunk.id)
    sentences, entries = read_lines(chunk.text, chunk.start)
    statements: list[FoundStatement] = []
    found = [d for entry in entries if (d := definitions.from_entry(entry, casing)) is not None]
    topic: _Topic | None = None
    for sentence in sentences:
        here = _resolved(sentence, topic)
        topic = None
        stated: list[FoundStatement] = []
        for part in _parts(here):
            reading = _reading(part, casing)
            if reading is None:
                found += _marked(part, casing)
                continue
            defined = definitions.read(reading.tokens, reading.front, part, casing, table.relations)
            found += defined.definitions
            stated += defined.statements
            stated += _stated(reading, table, casing)
            if defined.topic is not None and here is sentence and part is here:
                topic = _Topic(defined.topic.wording, defined.topic.plural, sentence.start)
        if MIN_QUOTE <= here.end - here.start <= MAX_QUOTE:
            statements += stated
    return FoundInChunk(chunk.id, tuple(statements), tuple(found))


def _stated(reading: SentenceReading, table: Table, casing: Casing) -> Iterator[FoundStatement]:
    """The statements of a sentence, apart from what it defines."""
    given = (reading.tokens, reading.front, reading.sentence, casing, table.relations)
    yield from enumerations.read(*given)
    yield from conversions.read(*given)
    yield from contrasts.read(*given)
    yield from covariation.read(reading.tokens, reading.sentence, casing, table.relations)
    for clause in clauses(reading.tokens, reading.front, table.patterns, casing):
        yield from statements_of(clause, reading, table.relations, casing)
        for consequence in consequences(reading.tokens, clause, table.gerunds, casing):
            yield from statements_of(consequence, reading, table.relations, casing)


def _parts(sentence: Sentence) -> Iterator[Sentence]:
    """The sentence, divided at semicolons. Each part has the place of the whole, which is what is quoted."""
    if ";" not in sentence.text:
        yield sentence
        return
    for text in sentence.text.split(";"):
        part = text.strip(" .")
        if part:
            yield msgspec.structs.replace(sentence, text=f"{part[:1].upper()}{part[1:]}.")


def _reading(sentence: Sentence, casing: Casing) -> SentenceReading | None:
    text = without_note(sentence.text)
    if not text.endswith(".") or _UNREADABLE.search(text) or _POINTS.search(text):
        return None
    ts = tokens(text)
    if not 5 <= len(ts) <= MOST_WORDS or ts[-2].lower in PREPOSITIONS or ts[-2].lower in ARTICLES:  # a formula or a link has been left out
        return None
    front = covariation.OPENING if covariation.opens(ts) else front_of(ts, casing, contrasts.OPENINGS)
    return None if front is None else SentenceReading(sentence, tuple(ts), front)


def _marked(sentence: Sentence, casing: Casing) -> Iterator[FoundDefinition]:
    """Definitions of bold terms in a sentence that cannot be read as a whole. Its subject is unknown."""
    if sentence.bold and sentence.text[-1:] in ".:" and len(sentence.text) < MOST_CHARACTERS:
        yield from marked.read(tokens(sentence.text), None, sentence, casing)


def _resolved(sentence: Sentence, topic: _Topic | None) -> Sentence:
    """The sentence with its first pronoun replaced by what the sentence before is about, if that is certain."""
    if topic is None or not sentence.follows:
        return sentence
    match = _PRONOUN.match(sentence.text)
    if match is None or (match[1] == "They") != topic.plural:
        return sentence
    wording = topic.wording[:1].upper() + topic.wording[1:]
    return msgspec.structs.replace(sentence, text=f"{wording} {sentence.text[match.end() :]}", start=topic.start)
