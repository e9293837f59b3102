"""documents.yaml, typed: how documents are curated and extracted, and which endpoint answers LLM calls.

    settings = load_document_settings(Path("."))
    settings.curate.chunk_words                           # 220

No stage of the pipeline reads this file, so an edit makes no sample and no model stale. A missing file or key takes the default below; an
unknown key is an error. The key of an endpoint is never written here: it comes from the environment (`PRODA_API_KEY`, or else
`OPENAI_API_KEY`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from proda.findings import Violation
from proda.yamlio import load_yaml_bytes, read_bytes
from proda.yamlio.address import address_fault
from proda.yamlio.schema import decoded, refuse

FILE = "documents.yaml"
Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Amount = Annotated[float, Meta(ge=0.0)]


class _Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A block of documents.yaml."""


class CurateSettings(_Block, frozen=True):
    """Which passages of the sources are worth extracting from."""

    chunk_words: Positive = 220  # words in a chunk at most; a paragraph is divided at its sentences, a sentence never
    min_words: Positive = 40  # a chunk with fewer words is rejected
    language: str = "en"  # ISO 639-1
    min_reasoning: Share = 0.1  # share of sentences that give a cause, a condition, a definition or a comparison
    max_similarity: Share = 0.8  # estimated Jaccard similarity of word 5-grams above which two chunks are near-duplicates
    judge: Literal["none", "openai"] = "none"  # openai: an LLM judges what the cheap filters keep


class ExtractSettings(_Block, frozen=True):
    """How statements are found in the kept chunks."""

    backend: Literal["rules", "openai"] = "rules"
    window: Positive = 3  # consecutive steps of a chain in one call
    more: Annotated[int, Meta(ge=0, le=3)] = 1  # how often the model is asked whether it missed a chain
    attempts: Positive = 3  # replies to one question, before the chunk is set aside


class LlmSettings(_Block, frozen=True):
    """An OpenAI-compatible endpoint, and what may be spent there."""

    endpoint: str = ""  # "http://127.0.0.1:8000/v1"; empty: the address of `OPENAI_BASE_URL`, or OpenAI's own
    model: str = ""
    mode: Literal["auto", "json_schema", "tools", "json"] = "auto"  # auto: the first of these that the endpoint answers with valid JSON
    temperature: Amount = 0.0
    max_tokens: Positive = 2048  # of one reply
    concurrency: Positive = 64  # calls in flight at most; fewer when the endpoint asks for it
    timeout_s: Amount = 120.0  # of one call
    retries: Annotated[int, Meta(ge=0)] = 5  # after 429, 5xx, a time-out or a lost connection
    input_price: Amount = 0.0  # for a million tokens, in the currency of max_cost
    output_price: Amount = 0.0
    max_cost: Amount | None = None  # a run stops before it spends more
    max_calls: Positive | None = None  # the same, in calls

    def file(self) -> str:
        """Return the file that holds these settings, for messages."""
        return FILE

    def named(self, field: str) -> str:
        """Return the name of a field in that file, for messages."""
        return f"llm.{field}"

    def key_variables(self) -> tuple[str, ...]:
        """Return the environment variables that may hold the key, the first choice first."""
        return ("PRODA_API_KEY", "OPENAI_API_KEY")


class DocumentSettings(_Block, frozen=True):
    """The whole file."""

    curate: CurateSettings = CurateSettings()
    extract: ExtractSettings = ExtractSettings()
    llm: LlmSettings = LlmSettings()


def load_document_settings(root: Path) -> DocumentSettings:
    """Settings of the repository at `root`. Raises InputError with every fault: the line, the key, what it holds, what was expected."""
    path = root / FILE
    if not path.exists():
        return DocumentSettings()
    data = read_bytes(path, root)
    raw = load_yaml_bytes(data, FILE, numbers=True)
    settings = decoded({} if raw is None else raw, DocumentSettings, FILE, data)
    refuse(_faults(settings), FILE, data, "documents")
    return settings


def _faults(settings: DocumentSettings) -> Iterator[Violation]:
    """Values that the types allow and that cannot be used."""
    llm = settings.llm
    if llm.endpoint and (fault := address_fault(llm.endpoint)):
        yield Violation(("llm", "endpoint"), fault)
    if llm.max_cost is not None and not (llm.input_price or llm.output_price):
        message = "max_cost needs prices. Give input_price and output_price for a million tokens, or use max_calls."
        yield Violation(("llm", "max_cost"), message)
