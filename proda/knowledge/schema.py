"""What the authored files may hold. An unknown key, a missing key or a wrong type is refused.

knowledge/physics/thermal-expansion.yaml   TopicFile
knowledge/relations.yaml                   RelationsFile
knowledge/sources/catalogue.yaml           Catalogue
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proda.records import Relation

Text = Annotated[str, Meta(min_length=1)]
Offset = Annotated[int, Meta(ge=0)]
ConceptType = Literal[
    "entity", "substance", "structure", "organism", "agent", "institution", "process", "event", "state", "phenomenon",
    "property", "quantity", "law", "theory", "method", "artefact",
]  # fmt: skip


class Authored(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a file that people write."""


class EvidenceEntry(Authored, frozen=True):
    """The passage that supports a statement, verbatim."""

    quote: Text
    span: tuple[Offset, Offset] | None = None  # half-open, code points of the NFC text; `proda check --fix` fills it in
    source: Text | None = None  # the topic's source if left out


class Step(Authored, frozen=True):
    """A statement, in its place in a chain."""

    id: Text  # "s1"
    subject: Text
    relation: Text
    object: Text
    text: Text
    evidence: EvidenceEntry


class ConceptEntry(Authored, frozen=True):
    """A concept, defined in the topic that teaches it."""

    term: Text
    type: ConceptType
    definition: Text
    phrase: Text | None = None
    plural: bool = False
    aliases: tuple[Text, ...] = ()
    distinct_from: tuple[Text, ...] = ()
    status: Literal["active", "retired"] = "active"
    replaced_by: Text | None = None


class ChainEntry(Authored, frozen=True):
    """A chain, its statements in order."""

    explains: Text
    steps: tuple[Step, ...]
    preconditions: tuple[Text, ...] = ()
    exclusions: tuple[Text, ...] = ()
    status: Literal["active", "retired"] = "active"
    replaced_by: Text | None = None


class TopicFile(Authored, frozen=True):
    """knowledge/<discipline>/<topic>.yaml"""

    discipline: Text
    topic: Text
    source: Text  # "<discipline>/<name>", the file knowledge/sources/<discipline>/<name>.md
    concepts: dict[str, ConceptEntry] = {}
    chains: dict[str, ChainEntry] = {}


class SourceEntry(Authored, frozen=True):
    """Where a source comes from and under which licence it may be used."""

    title: Text
    origin: Text
    licence: Text
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Catalogue(Authored, frozen=True):
    """knowledge/sources/catalogue.yaml"""

    sources: dict[str, SourceEntry] = {}


class RelationsFile(Authored, frozen=True):
    """knowledge/relations.yaml"""

    relations: dict[str, Relation] = {}


def with_relation_ids(raw: Any) -> Any:
    """The document of relations.yaml with each relation's key as its `id`, the form `RelationsFile` decodes."""
    if not isinstance(raw, dict) or not isinstance(raw.get("relations"), dict):
        return raw
    filled = {k: {"id": k, **v} if isinstance(v, dict) else v for k, v in raw["relations"].items()}
    return {**raw, "relations": filled}


def local_name(node_id: str) -> str:
    """An id without its discipline, as its own file writes it: `thermal-expansion` for `physics/thermal-expansion`."""
    return node_id.partition("/")[2]


def full_id(discipline: str, reference: str) -> str:
    """A concept or chain reference as an id: bare within its discipline, `<discipline>/<name>` from another."""
    return reference if "/" in reference else f"{discipline}/{reference}"
