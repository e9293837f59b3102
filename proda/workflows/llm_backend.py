"""The LLM backend of `proda extract`: all sources of a run are asked at once, and none loses what it had.

reading = ask_endpoint(root, {"physics/heat-pumps": (source_reading, chunks)}, relations)
would_lose(earlier, now, reading.unfinished["physics/heat-pumps"])      # an unfinished run withdraws nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proda.document_settings import load_document_settings
from proda.extraction.settled import SourceReading
from proda.extraction.statement_proposals import LIVE, NOT_FOUND
from proda.records import Relation
from proda.store.chunks import Chunk
from proda.store.proposals import Proposals

if TYPE_CHECKING:
    from proda.extraction.llm.read import LlmReading

OPENAI = "openai"


def ask_endpoint(
    root: Path, readings: Mapping[str, tuple[SourceReading, Sequence[Chunk]]], relations: Sequence[Relation], *, send: bool = True
) -> LlmReading:
    """Ask about the chunks of all `readings`. Raises InputError or EndpointError; what was answered is stored by then."""
    from proda.extraction.llm.read import DocumentChunks, read_documents

    documents = [DocumentChunks(source, reading.text, tuple(chunks)) for source, (reading, chunks) in readings.items()]
    return read_documents(documents, relations, load_document_settings(root), root, send=send)


def backend_name(root: Path, backend: str) -> str:
    """What a proposals file calls its backend: the model, if an endpoint was asked."""
    return load_document_settings(root).llm.model or OPENAI if backend == OPENAI else backend


def would_lose(earlier: Proposals | None, now: Proposals, unfinished: frozenset[str]) -> int:
    """How many statements would be withdrawn only because the chunks that may support them were not asked."""
    if earlier is None or not unfinished:
        return 0
    had = {key for key, s in earlier.statements.items() if s.status in LIVE}
    asked = now.chunks.keys() - unfinished
    return sum(
        s.status == "withdrawn" and s.reason == NOT_FOUND and s.chunk not in asked for key, s in now.statements.items() if key in had
    )
