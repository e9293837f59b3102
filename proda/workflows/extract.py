"""Extract from curated sources: chunks → proposals, one file for each source, and the pairs of concepts that may be one.

    report = extract(root, (), backend)                # every source that has been curated
    report.sources["physics/heat-pumps"].new           # statements that were not proposed before

A source's file is written at once and as a whole, so a run that is killed can be started again and goes on with the rest. Every run reads
all chunks again: what was found before keeps its key, so only changes are new.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proda.errors import InputError, NotFoundError, ProdaError, closest
from proda.extraction.assemble import assemble, withdrawn
from proda.extraction.canonical import KnownConcept
from proda.extraction.found import FoundInChunk
from proda.extraction.names import join_key
from proda.extraction.nominations import StandingConcept, nominated
from proda.extraction.score import GlossaryScore, scored
from proda.extraction.settled import Settled, SourceReading
from proda.knowledge.read_topic import read_source
from proda.knowledge.schema import TopicFile, full_id
from proda.knowledge.tree import CATALOGUE, RELATIONS, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.progress import Progress
from proda.records import Record, Relation
from proda.store.chunks import Chunk, curated_sources, load_chunks
from proda.store.merges import Merge, load_merges, redirects, save_merges
from proda.store.proposals import Proposals, ProposedConcept, load_proposals, proposed_sources, save_proposals
from proda.store.relations import load_relations
from proda.workflows.glossaries import read_glossary
from proda.workflows.known_nodes import readable_topics
from proda.workflows.llm_backend import OPENAI, ask_endpoint, backend_name, would_lose

if TYPE_CHECKING:
    from proda.extraction.llm.read import LlmReading

Backend = Callable[[SourceReading, Sequence[Chunk], Sequence[Relation]], Sequence[FoundInChunk]]
"""Source, kept chunks and relations → what each chunk gives, one entry for each, in order."""


class SourceReport(Record, frozen=True):
    """What a run did to the proposals of one source."""

    changed: bool
    statements: int  # that are proposed or accepted
    new: int  # statements that were not there before
    withdrawn: int  # statements that this run withdrew
    withdrawn_accepted: tuple[str, ...]  # texts of those of them that had been accepted
    concepts: int
    chains: int
    outcomes: dict[str, int]  # chunks by outcome
    reasons: dict[str, int]  # chunks that were set aside, by reason
    removed: bool = False  # the source is no longer in the catalogue


class ExtractReport(Record, frozen=True):
    """What a run did."""

    sources: dict[str, SourceReport]
    failures: dict[str, str]  # source → message
    proposals: tuple[Proposals, ...]
    merges: int  # pairs that were newly nominated
    asked: LlmReading | None = None  # what an endpoint was asked, and what is left to ask


def rules(reading: SourceReading, chunks: Sequence[Chunk], relations: Sequence[Relation]) -> Sequence[FoundInChunk]:
    """The backend that reads by patterns, offline."""
    from proda.extraction.rules.read import read_source as read_by_rules

    return read_by_rules(reading.text, chunks, relations)


BACKENDS: Mapping[str, Backend] = {"rules": rules}  # beside OPENAI, which asks about all sources at once
UNFINISHED = (
    "proposals/{source}.yaml\n  Not all chunks were asked, and {lost} of its statements may stand in those. The file stays as it is. Run"
    " `proda extract` again to go on."
)


def extract(root: Path, wanted: Sequence[str], backend: str, *, dry_run: bool = False) -> ExtractReport:
    """Extract from the sources in `wanted`, or from all that have been curated. Long work shows its progress.

    A source that cannot be read is a failure in the report and does not stop the others. With `dry_run`, nothing is written.
    Raises InputError if catalogue, relations or merges cannot be read, NotFoundError if a wanted source is not in the catalogue.
    """
    catalogued = catalogue(root)
    selected = _selected(root, wanted, catalogued)
    relations = load_relations(root / RELATIONS)
    merges = load_merges(root)
    topics = list(readable_topics(root))  # a document must be extractable while the knowledge is mended
    reports: dict[str, SourceReport] = {}
    failures: dict[str, str] = {}
    results: dict[str, Proposals] = {}
    had = {source: load_proposals(root, source) for source in proposed_sources(root)}
    context = _Context(tuple(topics), tuple(relations), merges, _concepts(had.values()))
    for source in () if wanted else sorted(had.keys() - catalogued):
        now = withdrawn(had[source])
        changed = now != had[source] if dry_run else save_proposals(root, now)
        reports[source] = msgspec.structs.replace(_report(had[source], now, changed), removed=True)
        results[source] = now
    readings: dict[str, tuple[SourceReading, tuple[Chunk, ...]]] = {}
    for source in selected:
        try:
            readings[source] = _reading(root, source, backend_name(root, backend))
        except ProdaError as error:
            failures[source] = str(error)
    settled = cache(context.settled)
    asked = ask_endpoint(root, readings, relations, send=not dry_run) if backend == OPENAI else None
    with Progress("extract", total=len(readings), unit="sources") as progress:
        for source, (reading, chunks) in readings.items():
            try:
                found = BACKENDS[backend](reading, chunks, relations) if asked is None else asked.found[source]
                now = assemble(reading, found, settled(reading.discipline), had.get(source))
                lost = 0 if asked is None else would_lose(had.get(source), now, asked.unfinished[source])
                if lost and not dry_run:
                    failures[source] = UNFINISHED.format(source=source, lost=lost)
                elif not lost:
                    changed = now != had.get(source) if dry_run else save_proposals(root, now)
                    reports[source] = _report(had.get(source), now, changed)
                    results[source] = now
            except ProdaError as error:
                failures[source] = str(error)
            progress.advance()
    pairs = nominated(context.standing({**had, **results}.values()), merges)
    if not dry_run:
        save_merges(root, pairs)
    new = len({m.pair for m in pairs} - {m.pair for m in merges})
    kept = tuple(results[s] for s in selected if s in results)
    return ExtractReport(dict(sorted(reports.items())), failures, kept, new, asked)


def score(root: Path, glossary: Path, proposals: Sequence[Proposals]) -> GlossaryScore:
    """The proposals of a run against a glossary file. Raises InputError if the glossary cannot be read."""
    try:
        entries = read_glossary(glossary.name, glossary.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{glossary}\n  Cannot be read: {error}. Give a text file in UTF-8.") from None
    texts = {p.source: _text(root, p.source) for p in proposals}
    return scored(entries, proposals, texts)


def catalogue(root: Path) -> frozenset[str]:
    """The ids of the sources in the catalogue. Raises InputError if it cannot be read."""
    vocabulary = read_vocabulary(root)
    if vocabulary.catalogue is None:
        found = [f for f in vocabulary.findings if f.file == CATALOGUE]
        raise InputError("\n".join(map(str, found)) or f"{CATALOGUE}\n  Cannot be read. Run `proda check`.", tuple(found))
    return frozenset(vocabulary.catalogue.sources)


def _selected(root: Path, wanted: Sequence[str], catalogued: frozenset[str]) -> tuple[str, ...]:
    curated = curated_sources(root)
    for source in wanted:
        if source not in catalogued:
            close = closest(source, catalogued)
            hint = f"Did you mean '{close}'? " if close else ""
            raise NotFoundError(f"'{source}' is not a source of {CATALOGUE}. {hint}Sources are named <discipline>/<topic>.")
    if wanted:
        return tuple(dict.fromkeys(wanted))
    chosen = tuple(source for source in curated if source in catalogued)
    if not chosen and not proposed_sources(root):
        raise InputError(
            "No source has been curated. Run `proda curate`."
            if catalogued
            else "There are no sources. Run `proda ingest FILE --discipline NAME`, then `proda curate`."
        )
    return chosen


def _reading(root: Path, source: str, backend: str) -> tuple[SourceReading, tuple[Chunk, ...]]:
    chunks = tuple(c for c in load_chunks(root, source) if c.kept)
    found = read_source(root / source_path(source), root)
    if found is None or found.text is None:
        why = "There is no such file. Run `proda ingest`" if found is None else f"{found.refusal} Mend it"
        raise InputError(f"{source_path(source)}\n  {why}, then `proda curate`.")
    for chunk in chunks:
        if found.text[chunk.start : chunk.end] != chunk.text:
            raise InputError(f"{source_path(source)}\n  The text has changed since it was curated. Run `proda curate`, then this again.")
    spans = tuple((c.start, c.end) for c in chunks)
    return SourceReading(source, found.text, found.sha256, backend, tuple(c.id for c in chunks), spans), chunks


def _text(root: Path, source: str) -> str:
    found = read_source(root / source_path(source), root)
    return unicodedata.normalize("NFC", found.text) if found is not None and found.text is not None else ""


class _Context(Record, frozen=True):
    """What all sources of a run share."""

    topics: tuple[TopicFile, ...]
    relations: tuple[Relation, ...]
    merges: tuple[Merge, ...]
    proposed: dict[str, ProposedConcept]  # full id → concept

    def settled(self, discipline: str) -> Settled:
        """What is known before a source of a discipline is read."""
        own = [topic for topic in self.topics if topic.discipline == discipline]
        known = tuple(
            KnownConcept(name, c.term, c.plural, c.phrase, c.aliases)
            for topic in own
            for name, c in topic.concepts.items()
            if c.status == "active"
        )
        elsewhere: dict[str, tuple[str, ...]] = {}
        terms = {name: concept.term for name, concept in self.proposed.items()}
        for topic in self.topics:
            for name, concept in topic.concepts.items():
                full = full_id(topic.discipline, name)
                terms[full] = concept.term
                for key in {join_key(n) for n in (concept.term, *concept.aliases)} if topic.discipline != discipline else ():
                    elsewhere[key] = (*elsewhere.get(key, ()), full)
        return Settled(
            discipline,
            {r.id: r for r in self.relations},
            known,
            elsewhere,
            redirects(self.merges),
            frozenset((m.drop, m.keep) for m in self.merges if m.status != "confirmed"),
            self.proposed,
            terms,
            frozenset((s.subject, s.relation, s.object) for topic in own for _, s in topic.statements()),
            frozenset(name for topic in own for name in (*topic.chains, *topic.links)),
        )

    def standing(self, proposals: Iterable[Proposals]) -> Iterator[StandingConcept]:
        """The concepts of the knowledge, and those that sources propose."""
        known = set()
        for topic in self.topics:
            for name, c in topic.concepts.items():
                known.add(full_id(topic.discipline, name))
                yield StandingConcept(full_id(topic.discipline, name), c.term, c.aliases, "", c.definition)
        for one in proposals:
            for name, p in one.concepts.items():
                full = full_id(one.source.partition("/")[0], name)
                if p.status == "proposed" and full not in known:
                    yield StandingConcept(full, p.term, p.aliases, one.source, p.definition)


def _concepts(proposals: Iterable[Proposals]) -> dict[str, ProposedConcept]:
    """Full id → concept, of all that sources propose; of one that two sources propose, the first."""
    found: dict[str, ProposedConcept] = {}
    for one in proposals:
        for name, concept in one.concepts.items():
            if concept.status in ("proposed", "accepted"):
                found.setdefault(full_id(one.source.partition("/")[0], name), concept)
    return found


def _report(before: Proposals | None, now: Proposals, changed: bool) -> SourceReport:
    had = {} if before is None else before.statements
    gone = [k for k, s in now.statements.items() if s.status == "withdrawn" and k in had and had[k].status != "withdrawn"]
    return SourceReport(
        changed,
        sum(s.status in ("proposed", "accepted") for s in now.statements.values()),
        len(now.statements.keys() - had.keys()),
        len(gone),
        tuple(now.statements[k].text for k in gone if had[k].status == "accepted"),
        sum(c.status in ("proposed", "accepted") for c in now.concepts.values()),
        sum(c.status in ("proposed", "accepted") for c in now.chains.values()),
        dict(sorted(Counter(c.outcome for c in now.chunks.values()).items())),
        dict(sorted(Counter(c.reason for c in now.chunks.values() if c.outcome == "set-aside").items())),
    )
