"""What a run knows about each chunk while it asks: its passages, chains, statements and concepts, and what went wrong.

work = ChunkWork(source, chunk, outline)
work.whole().halves()                         # the chunk in two passages, after a reply that was too long
"""

from __future__ import annotations

import re

import msgspec

from proda.extraction.llm.caller import LASTING, Missing
from proda.extraction.llm.replies import ConceptReply, StatementReply
from proda.records import Record
from proda.store.chunks import Chunk

LEAST_WORDS = 30  # a passage with fewer words is not divided
_SENTENCE = re.compile(r"(?<=[.!?]) (?=\S)")


class AskedPassage(Record, frozen=True):
    """A passage to ask about: a chunk or a part of it, at these places of the chunk's text."""

    start: int
    end: int
    text: str

    def halves(self) -> tuple[AskedPassage, AskedPassage] | None:
        """The passage divided at the paragraph, or else the sentence, nearest its middle; None if it is too short or has neither."""
        if len(self.text.split()) < LEAST_WORDS:
            return None
        places = [m.end() for m in re.finditer(r"\n+", self.text)] or [m.end() for m in _SENTENCE.finditer(self.text)]
        inner = [place for place in places if self.text[:place].strip() and self.text[place:].strip()]
        if not inner:
            return None
        at = min(inner, key=lambda place: (abs(place - len(self.text) / 2), place))
        return AskedPassage(self.start, self.start + at, self.text[:at]), AskedPassage(self.start + at, self.end, self.text[at:])


class DraftStep(Record, frozen=True):
    """A step of a chain, before it is a statement."""

    claim: str
    quote: str


class DraftChain(msgspec.Struct):
    """A chain, and the statements that its steps have become."""

    explains: str
    preconditions: tuple[str, ...]
    exclusions: tuple[str, ...]
    steps: tuple[DraftStep, ...]
    whole: bool  # no step was refused
    next_step: int = 0  # the first one that has not been asked for
    width: int = 0  # steps in the next question
    statements: dict[int, StatementReply] = {}  # step (from 0) → statement
    refused: dict[int, str] = {}  # step (from 0) → why it became no statement
    fault: str = ""  # why the chain is not whole, or was not kept as a chain


class ChunkWork(msgspec.Struct):
    """One chunk."""

    source: str
    chunk: Chunk
    outline: str
    chains: list[DraftChain] = []
    concepts: dict[str, ConceptReply] = {}  # key of the term → concept
    refusals: list[str] = []  # why parts were refused, or not answered
    unasked: bool = False  # the spend cap came first
    trouble: bool = False  # something that may be gone the next time

    @property
    def id(self) -> str:
        """The first part of the ids of its questions."""
        return f"{self.source}#{self.chunk.id}"

    def whole(self) -> AskedPassage:
        """The chunk as a passage."""
        return AskedPassage(0, len(self.chunk.text), self.chunk.text)

    def missed(self, missing: Missing) -> None:
        """Note that a question about this chunk was not answered."""
        if missing.reason == "not-asked":
            self.unasked = True
        else:
            self.trouble = self.trouble or missing.reason not in LASTING
            self.refusals.append(missing.why)
