"""proposals/<discipline>/<topic>.yaml: what `proda extract` found in a source, and what reviewers decided about it.

    source: physics/heat-pumps
    sha256: 1f4b…                     # of the text that was read
    backend: rules
    chunks:
      3f2a9c1b7d04: {outcome: statements}
      77ab01c2d3e4: {outcome: nothing}
      90ffab3c1122: {outcome: set-aside, reason: the quote is not in the source}
    concepts:
      heat-pump:
        term: heat pump
        type: artefact
        definition: a machine that moves heat from a cold place to a warm one
        status: accepted
    statements:
      a1b2c3d4e5f6:
        subject: heat-pump
        relation: causes
        object: evaporation
        text: A heat pump causes evaporation of the refrigerant at low pressure.
        evidence: {quote: "…", span: [812, 890]}
        chunk: 3f2a9c1b7d04
        status: proposed
    chains:
      heat-pump-warms-a-house: {explains: how a heat pump warms a house, statements: [a1b2c3d4e5f6, …], status: proposed}

A statement's key is a hash of what was found (source, quote, triple) and stays when a reviewer edits the statement, so that extracting
again never proposes it anew. What a reviewer has added has `added: true`, and what `proda import` has proposed has `by`; both stay as long
as their passage is in the source. Nothing here is knowledge: an accepted chain is written to knowledge/<discipline>/<topic>.yaml.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from proda.errors import NotFoundError
from proda.findings import Violation
from proda.records import Record
from proda.store.files import data_files, write_file
from proda.yamlio import dump_yaml, load_as
from proda.yamlio.schema import refuse

FOLDER = "proposals"
Decision = Literal["proposed", "accepted", "rejected", "withdrawn"]  # withdrawn: its passage is no longer in the source
ChunkOutcome = Literal["chains", "statements", "nothing", "set-aside"]


class ProposedEvidence(Record, frozen=True):
    """The passage that a statement was found in, verbatim, and where it stands in the source."""

    quote: str
    span: tuple[int, int]  # half-open, code points of the NFC text


class ProposedStatement(Record, frozen=True):
    """A statement as it was found, or as a reviewer has edited it."""

    subject: str  # concept id; bare within the discipline
    relation: str
    object: str
    text: str
    evidence: ProposedEvidence
    chunk: str
    subject_as: str | None = None
    object_as: str | None = None
    when: tuple[str, ...] = ()
    according_to: str | None = None
    tense: Literal["present", "past"] = "present"
    status: Decision = "proposed"
    reason: str = ""  # why it was rejected or withdrawn
    added: bool = False  # by a reviewer, from the source
    by: str = ""  # the import that proposed it, "import obo"; empty: the extraction, or a reviewer


class ProposedConcept(Record, frozen=True):
    """A concept that proposed statements name. `drafted` says that the definition was made up from a statement, not found."""

    term: str
    type: str
    definition: str
    phrase: str | None = None
    plural: bool = False
    aliases: tuple[str, ...] = ()
    distinct_from: tuple[str, ...] = ()
    drafted: bool = False
    status: Decision = "proposed"
    reason: str = ""
    by: str = ""  # the import that proposed it


class ProposedChain(Record, frozen=True):
    """Statements that together explain something, in order: the object of each is the subject of the next."""

    explains: str
    statements: tuple[str, ...]  # keys of `Proposals.statements`
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    status: Decision = "proposed"
    reason: str = ""
    added: bool = False  # by a reviewer, who joined its statements


class ChunkRecord(Record, frozen=True):
    """What became of one chunk."""

    outcome: ChunkOutcome
    reason: str = ""
    refused: tuple[str, ...] = ()  # claims of a model that became no statement, each with the reason


class Proposals(Record, frozen=True):
    """The whole file."""

    source: str
    sha256: str
    backend: str  # "rules", or the name of a model; and imports, "rules, import obo"
    chunks: dict[str, ChunkRecord] = msgspec.field(default_factory=dict)
    concepts: dict[str, ProposedConcept] = msgspec.field(default_factory=dict)
    statements: dict[str, ProposedStatement] = msgspec.field(default_factory=dict)
    chains: dict[str, ProposedChain] = msgspec.field(default_factory=dict)


def statement_key(source: str, quote: str, triple: tuple[str, str, str]) -> str:
    """The key of a statement, 12 hexadecimal digits: of its source, its quote (case and space aside) and its triple as found."""
    text = " ".join(unicodedata.normalize("NFC", quote).casefold().split())
    return hashlib.sha256("\0".join((source, text, *triple)).encode()).hexdigest()[:12]


def placed(evidence: ProposedEvidence, text: str) -> ProposedEvidence | None:
    """The evidence with its place in `text`: the place it had, if the quote still stands there, or else the first; None without one."""
    start, end = evidence.span
    if text[start:end] == evidence.quote:
        return evidence
    at = text.find(evidence.quote)
    return None if at < 0 else ProposedEvidence(evidence.quote, (at, at + len(evidence.quote)))


def proposals_path(source: str) -> str:
    """The file of a source's proposals, relative to the repository."""
    return f"{FOLDER}/{source}.yaml"


def load_proposals(root: Path, source: str) -> Proposals:
    """The proposals of one source. Raises NotFoundError if there are none, InputError with every fault of the file."""
    path = root / proposals_path(source)
    if not path.is_file():
        raise NotFoundError(f"{proposals_path(source)}\n  Nothing has been extracted from '{source}'. Run `proda extract {source}`.")
    proposals = load_as(path, Proposals)
    refuse(_faults(proposals, source), str(path), path.read_bytes(), "proposals")
    return proposals


def save_proposals(root: Path, proposals: Proposals) -> bool:
    """Write the file of one source; returns whether it changed."""
    return write_file(root / proposals_path(proposals.source), dump_yaml(msgspec.to_builtins(proposals)))


def proposed_sources(root: Path) -> tuple[str, ...]:
    """The ids of the sources that have proposals, sorted."""
    return tuple(p.relative_to(root / FOLDER).as_posix().removesuffix(".yaml") for p in data_files(root / FOLDER, "*/*.yaml"))


def _faults(proposals: Proposals, source: str) -> Iterator[Violation]:
    if proposals.source != source:
        yield Violation(("source",), f"Got '{proposals.source}', but the file is that of '{source}'. Fix one of them.")
    for name, chain in proposals.chains.items():
        for index, key in enumerate(chain.statements):
            if key not in proposals.statements:
                message = f"No statement has the key '{key}'. Fix it, or run `proda extract {source}` again."
                yield Violation(("chains", name, "statements", index), message)
