"""What a backend finds in a chunk, before names are compared and earlier decisions are looked up.

    FoundStatement(
        subject=Mention(term="dislocation density", wording="a high dislocation density", article="a"),
        relation="causes",
        object=Mention(term="dislocation tangles", wording="dislocation tangles", plural=True),
        text="During cold working, a high dislocation density causes dislocation tangles.",
        start=812, end=890, when=("during cold working",),
    )

A backend is any function that returns one `FoundInChunk` for each chunk: `rules.read.read_source` is one, an LLM backend another.
"""

from __future__ import annotations

from typing import Literal

from proda.records import Record


class Mention(Record, frozen=True):
    """A concept as a sentence names it."""

    term: str  # "dislocation density": without article and without what only this sentence adds
    wording: str  # "a high dislocation density": the noun phrase of the statement
    article: Literal["", "a", "the"] = ""
    plural: bool = False
    aliases: tuple[str, ...] = ()  # "ADH", where the sentence gives it


class FoundStatement(Record, frozen=True):
    """A statement and the passage of the source that supports it."""

    subject: Mention
    relation: str
    object: Mention
    text: str
    start: int  # of the quote: code points of the source's NFC text, half-open
    end: int
    when: tuple[str, ...] = ()
    according_to: str | None = None
    tense: Literal["present", "past"] = "present"


class FoundDefinition(Record, frozen=True):
    """A definition and the passage that gives it."""

    concept: Mention
    definition: str
    start: int
    end: int
    type: str | None = None  # a ConceptType, if the backend knows it
    drafted: bool = False  # made from what a sentence says about the concept, not given as its definition


class FoundChain(Record, frozen=True):
    """Statements of one chunk that the backend itself has ordered into an explanation."""

    explains: str
    statements: tuple[int, ...]  # places in `FoundInChunk.statements`
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


class FoundInChunk(Record, frozen=True):
    """What one chunk gave. `refused` says why a chunk that the backend could not read is set aside.

    `lost` are claims that became no statement, and explanations that became no chain, each with the reason: "Frost cracks a rail: …".
    """

    chunk: str
    statements: tuple[FoundStatement, ...] = ()
    definitions: tuple[FoundDefinition, ...] = ()
    chains: tuple[FoundChain, ...] = ()
    refused: str = ""
    lost: tuple[str, ...] = ()
