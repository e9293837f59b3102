"""Read one sentence with the rules backend, for tests.

triples("Heating causes expansion of the steel rails.")       ["heating causes expansion of the steel rails"]
"""

from __future__ import annotations

from proda.extraction.found import FoundInChunk, FoundStatement
from proda.extraction.rules.read import read_source
from proda.records import Relation
from proda.store.chunks import Chunk, chunk_id
from tests.extraction.sources import RELATIONS


def read(text: str, heading: tuple[str, ...] = (), relations: list[Relation] = RELATIONS) -> FoundInChunk:
    """What the backend finds in a text of one chunk."""
    chunk = Chunk(chunk_id("a/b", text), "a/b", heading, 0, len(text), text, len(text.split()))
    return read_source(text, [chunk], relations)[0]


def said(statement: FoundStatement) -> str:
    """A statement in one line: conditions, wordings and relation."""
    when = "".join(f"[{condition}] " for condition in statement.when)
    return f"{when}{statement.subject.wording} {statement.relation} {statement.object.wording}"


def triples(text: str) -> list[str]:
    """The statements of a text, each in one line, sorted."""
    return sorted(said(s) for s in read(text).statements)


def terms(text: str) -> list[tuple[str, str, str]]:
    """The statements of a text as terms and relation."""
    return sorted((s.subject.term, s.relation, s.object.term) for s in read(text).statements)
