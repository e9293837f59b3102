"""What the authored files may hold. An unknown key, a missing key or a wrong type is refused.

knowledge/physics/thermal-expansion.yaml   TopicFile
knowledge/relations.yaml                   RelationsFile
knowledge/sources/catalogue.yaml           Catalogue
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proda.findings import KeyPath
from proda.records import Relation

Text = Annotated[str, Meta(min_length=1)]
Offset = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
CaseLetter = Literal["a", "b", "c", "d"]
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


class ReferenceEntry(Authored, frozen=True):
    """A published work in which a reader can check what is stated."""

    author: Text
    title: Text
    year: Annotated[int, Meta(ge=-3000, le=2100)]  # of the edition
    section: Text | None = None


class StatementEntry(Authored, frozen=True):
    """A statement: a triple, its qualifiers, the sentence that states it and the passage that supports it."""

    subject: Text
    relation: Text
    object: Text
    text: Text
    evidence: EvidenceEntry
    subject_as: Text | None = None  # how the concept stands in this statement: "a high dislocation density"
    object_as: Text | None = None
    when: tuple[Text, ...] = ()  # conditions, each with its preposition or conjunction: "during cold working"
    according_to: Text | None = None  # the author or school whose thesis it is
    tense: Literal["present", "past"] = "present"


class Step(StatementEntry, frozen=True, kw_only=True):
    """A statement, in its place in a chain."""

    id: Text  # "s1"


class LinkEntry(StatementEntry, frozen=True, kw_only=True):
    """A statement on its own, which joins concepts of different chains."""

    reference: ReferenceEntry | None = None
    status: Literal["active", "retired"] = "active"
    replaced_by: Text | None = None


class WrongEntry(Authored, frozen=True):
    """Why an option of a case is wrong, and the statement that it denies or misapplies."""

    breaks: Text  # "<chain>.<step>" or "<link>"
    because: Text


class VariantEntry(Authored, frozen=True):
    """One situation of a case, with the option that is right in it."""

    situation: Text
    answer: CaseLetter
    because: Text
    wrong: dict[CaseLetter, WrongEntry]


class CaseEntry(Authored, frozen=True):
    """An exam question with particulars. Its variants share question and options, and have different answers."""

    chain: Text
    question: Text
    options: dict[CaseLetter, Text]
    variants: tuple[VariantEntry, ...]


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
    reference: ReferenceEntry | None = None
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
    links: dict[str, LinkEntry] = {}
    cases: dict[str, CaseEntry] = {}

    def statements(self) -> Iterator[tuple[KeyPath, StatementEntry]]:
        """Yield the key path and the entry of every statement: steps of chains in order, then links."""
        for name, chain in self.chains.items():
            for index, step in enumerate(chain.steps):
                yield ("chains", name, "steps", index), step
        for name, link in self.links.items():
            yield ("links", name), link


class DocumentEntry(Authored, frozen=True):
    """The file that `proda ingest` made a source from. The file itself need not be in the repository."""

    name: Text  # without its folders
    format: Literal["pdf", "docx", "pptx", "html", "epub", "markdown", "text", "ipynb", "tex", "cnxml"]
    sha256: Digest  # of the bytes of the file


class SourceEntry(Authored, frozen=True):
    """Where a source comes from and under which licence it may be used."""

    title: Text
    origin: Text
    licence: Text
    sha256: Digest  # of the source's text
    document: DocumentEntry | None = None


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


def statements_in(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the statements of a topic file that was loaded but not decoded: steps of chains in order, then links."""
    for chain in (document.get("chains") or {}).values():
        yield from chain["steps"]
    yield from (document.get("links") or {}).values()


def local_name(node_id: str) -> str:
    """An id without its discipline, as its own file writes it: `thermal-expansion` for `physics/thermal-expansion`."""
    return node_id.partition("/")[2]


def full_id(discipline: str, reference: str) -> str:
    """A concept or chain reference as an id: bare within its discipline, `<discipline>/<name>` from another."""
    return reference if "/" in reference else f"{discipline}/{reference}"
