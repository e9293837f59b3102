"""Sources and their kept chunks → what an endpoint finds in each chunk.

    reading = read_documents(documents, relations, settings, root)
    reading.found["physics/heat-pumps"]           # one FoundInChunk for each chunk that was asked
    reading.unfinished["physics/heat-pumps"]      # chunks that were not, because of the spend cap or a lost connection

All sources are asked at once, one stage after the other. Each stage prints its estimate before it starts: what the later stages cost
depends on what the first one finds. A run that is killed goes on where it was: what was answered is in build/replies.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proda.calls.records import CallTally
from proda.errors import InputError
from proda.extraction.found import FoundInChunk
from proda.extraction.llm.caller import Caller
from proda.extraction.llm.chain_stage import ask_chains
from proda.extraction.llm.concept_stage import ask_concepts
from proda.extraction.llm.joined import joined
from proda.extraction.llm.prompt_files import PromptFile, load_prompts
from proda.extraction.llm.questions import Asking, outline
from proda.extraction.llm.statement_stage import ask_statements
from proda.extraction.llm.work import ChunkWork
from proda.records import Record, Relation
from proda.store.chunks import Chunk

if TYPE_CHECKING:
    from proda.document_settings import DocumentSettings


class DocumentChunks(Record, frozen=True):
    """A source to read."""

    source: str
    text: str  # NFC
    chunks: tuple[Chunk, ...]  # the kept ones, in order


class LlmReading(Record, frozen=True):
    """What a run found."""

    found: dict[str, tuple[FoundInChunk, ...]]  # source → its chunks in order, without those that were not asked
    unfinished: dict[str, frozenset[str]]  # source → ids of chunks that were not asked, or ran into trouble that may pass
    refusals: dict[str, int]  # why parts of replies were refused, those of chunks with statements too
    tally: CallTally
    stopped: str  # why the spend cap ended the run; empty if it did not


def read_documents(
    documents: Sequence[DocumentChunks],
    relations: Sequence[Relation],
    settings: DocumentSettings,
    root: Path,
    prompts: Mapping[str, PromptFile] | None = None,
    *,
    send: bool = True,
) -> LlmReading:
    """Ask about all chunks of all documents. Deterministic given the replies. With `send=False`, stored replies are all there is.

    Raises InputError if no model is named, and EndpointError if the endpoint cannot be used; both leave what was answered.
    """
    if not settings.llm.model:
        raise InputError("documents.yaml  llm.model\n  Got nothing, expected the name of a model that the endpoint serves. Set it.")
    asking = Asking(prompts or load_prompts(), relations)
    caller = Caller(settings.llm, settings.extract.attempts, root, send=send)
    works = {}
    for document in documents:
        headings = outline(unicodedata.normalize("NFC", document.text))
        works[document.source] = [ChunkWork(document.source, chunk, headings) for chunk in document.chunks]
    every = [work for group in works.values() for work in group]
    ask_chains(every, asking, caller, settings.extract.more)
    ask_statements(every, asking, caller, settings.extract.window)
    ask_concepts(every, asking, caller)
    found = {source: tuple(joined(work) for work in group if not work.unasked) for source, group in works.items()}
    unfinished = {source: frozenset(w.chunk.id for w in group if w.unasked or w.trouble) for source, group in works.items()}
    refusals = Counter(reason for work in every for reason in work.refusals)
    return LlmReading(found, unfinished, dict(sorted(refusals.items(), key=lambda c: (-c[1], c[0]))), caller.tally, caller.stopped)
