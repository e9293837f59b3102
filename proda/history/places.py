"""Where nodes are: topics, disciplines, sources and passages, with what they hold and how the models do there.

topic_trace(lineage, "physics/thermal-expansion")                       # its chains, concepts, items, patches, outcomes
discipline_trace(lineage, "physics")                                    # its topics
source_trace(lineage, read_source(root, "physics/thermal-expansion"))   # its passages that statements quote
passage_trace(lineage, source, 1746, 1855)                              # the text around it, the statements that quote it
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError, NotFoundError, counted
from proda.graph import Knowledge
from proda.history.lineage import Lineage
from proda.history.trace import Group, Link, Trace, answers, asked, asked_of, explained, made, passages, patches_on, said
from proda.records import CATEGORIES, SPLITS, Chain, Concept, Item, Statement
from proda.store.files import data_files
from proda.yamlio import load_yaml, read_bytes

SOURCES = Path("knowledge/sources")
AROUND = 240  # characters shown before and after a passage
_PASSAGE = re.compile(r"(?P<source>[^\[\]]+)\[(?P<start>[0-9]{1,9})[:–-](?P<end>[0-9]{1,9})\]")


class Topic(msgspec.Struct, frozen=True):
    """A topic: the file that states it and the sources that its statements quote."""

    id: str  # "physics/thermal-expansion"
    file: str
    sources: tuple[str, ...]
    chains: int  # active
    links: int  # active
    cases: int
    statements: int  # of chains and links
    concepts: int
    samples: int
    items: dict[str, int]  # by split
    diagnoses: dict[str, int]  # by category


class Discipline(msgspec.Struct, frozen=True):
    """A discipline with the same counts, over all its topics."""

    id: str
    topics: int
    chains: int
    links: int
    cases: int
    statements: int
    concepts: int
    samples: int
    items: dict[str, int]
    diagnoses: dict[str, int]


class Source(msgspec.Struct, frozen=True):
    """A document: its catalogue entry and its text in NFC, in which spans count code points."""

    id: str
    file: str
    title: str
    origin: str
    licence: str
    text: str


class Passage(msgspec.Struct, frozen=True):
    """A passage [start, end) of a source, with the text before and after it."""

    id: str
    source: str
    title: str
    start: int
    end: int
    before: str
    text: str
    after: str


def parse_passage(wanted: str) -> tuple[str, int, int] | None:
    """("physics/heat-and-matter", 1203, 1260) of `physics/heat-and-matter[1203:1260]`; None if it has another form."""
    found = _PASSAGE.fullmatch(wanted.strip())
    return (found["source"], int(found["start"]), int(found["end"])) if found else None


def topics_of(knowledge: Knowledge) -> list[str]:
    """`<discipline>/<topic>` of every topic that holds a node, sorted."""
    found = {f"{c.discipline}/{c.topic}" for c in knowledge.concepts.values()}
    return sorted(found | {f"{c.discipline}/{c.topic}" for c in knowledge.chains.values()})


def disciplines_of(knowledge: Knowledge) -> list[str]:
    """Every discipline that holds a node, sorted."""
    return sorted({c.discipline for c in knowledge.concepts.values()} | {c.discipline for c in knowledge.chains.values()})


def source_ids(root: Path) -> list[str]:
    """`<discipline>/<name>` of every source file below `root`, sorted."""
    found = (p.relative_to(root / SOURCES).with_suffix("").as_posix() for p in data_files(root / SOURCES, "*/*.md"))
    return sorted(found)


def read_source(root: Path, source: str) -> Source:
    """A source with its text. Raises NotFoundError without such a file, InputError if it is not text."""
    path = root / SOURCES / f"{source}.md"
    if not path.is_file():
        raise NotFoundError(f"{SOURCES}/{source}.md\n  No such source.")
    try:
        text = unicodedata.normalize("NFC", read_bytes(path, root).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{SOURCES}/{source}.md\n  Not UTF-8 text: {error.reason} at byte {error.start}. Save the file as UTF-8."
        ) from None
    entry = _catalogue(root).get(source)
    entry = entry if isinstance(entry, dict) else {}
    title, origin, licence = (str(entry.get(field, "")) for field in ("title", "origin", "licence"))
    return Source(source, f"{SOURCES.as_posix()}/{source}.md", title, origin, licence, text)


def _catalogue(root: Path) -> dict[str, Any]:
    path = root / SOURCES / "catalogue.yaml"
    raw = load_yaml(path) if path.is_file() else {}
    entries = raw.get("sources") if isinstance(raw, dict) else {}
    return entries if isinstance(entries, dict) else {}


def topic_trace(lineage: Lineage, topic: str) -> Trace:
    """A topic with its chains, concepts, samples, items, patches and outcomes. Raises KeyError without such a topic."""
    know = lineage.knowledge
    chains = [c for c in know.chains.values() if f"{c.discipline}/{c.topic}" == topic]
    concepts = [c for c in know.concepts.values() if f"{c.discipline}/{c.topic}" == topic]
    if not chains and not concepts:
        raise KeyError(topic)
    path = [s for c in chains for s in know.path(c)]
    items = [i for _, i in sorted(lineage.items.items()) if f"{i.discipline}/{i.topic}" == topic]
    sources = tuple(dict.fromkeys(s.span.source for s in path))
    thing = Topic(topic, f"knowledge/{topic}.yaml", sources, *_counts(lineage, chains, concepts, items), _categories(lineage, items))
    leads = [
        Group("chains", tuple(explained(know, c) for c in chains if not c.is_link)),
        Group("links", tuple(explained(know, c) for c in chains if c.is_link)),
        asked_of(c for c in know.cases if f"{c.discipline}/{c.topic}" == topic),
        Group("concepts", tuple(Link(c.id, c.definition, "" if c.status == "active" else "retired") for c in concepts)),
        Group("items", tuple(asked(i) for i in items)),
        patches_on(lineage, [*(c.id for c in chains), *(s.id for s in path), *(c.id for c in concepts)]),
        *answers(lineage, items),
    ]
    return made("topic", thing, [passages(path)], leads)


def discipline_trace(lineage: Lineage, discipline: str) -> Trace:
    """A discipline with its topics and outcomes. Raises KeyError without such a discipline."""
    know = lineage.knowledge
    topics = [t for t in topics_of(know) if t.startswith(f"{discipline}/")]
    if not topics:
        raise KeyError(discipline)
    chains = [c for c in know.chains.values() if c.discipline == discipline]
    concepts = [c for c in know.concepts.values() if c.discipline == discipline]
    items = [i for i in lineage.items.values() if i.discipline == discipline]
    per_topic = {t: [c for c in chains if f"{c.discipline}/{c.topic}" == t and not c.is_link] for t in topics}
    links = tuple(Link(t, "; ".join(c.explains for c in group[:3]), counted(len(group), "chain")) for t, group in per_topic.items())
    thing = Discipline(discipline, len(topics), *_counts(lineage, chains, concepts, items), _categories(lineage, items))
    nodes = [n for c in chains for n in (c.id, *c.statements)]
    return made("discipline", thing, [], [Group("topics", links), patches_on(lineage, nodes), *answers(lineage, items)])


def source_trace(lineage: Lineage, source: Source) -> Trace:
    """A source with the passages that statements quote, in the order of the text."""
    quoting = _quoting(lineage.knowledge, source.id)
    topics = dict.fromkeys(f"{s.discipline}/{s.topic}" for s in quoting)
    links = tuple(Link(f"{source.id}[{s.span.start}:{s.span.end}]", s.quote, s.id) for s in quoting)
    return made("source", source, [], [Group("topics", tuple(Link(t) for t in topics)), Group("passages", links)])


def passage_trace(lineage: Lineage, source: Source, start: int, end: int) -> Trace:
    """A passage with the text around it and the statements whose quotes overlap it. Raises NotFoundError outside the text."""
    length = len(source.text)
    if not 0 <= start < end <= length:
        raise NotFoundError(f"{source.file}  [{start}:{end}]\n  The text has {length:,} characters: expected 0 ≤ start < end ≤ {length}.")
    quoting = [s for s in _quoting(lineage.knowledge, source.id) if s.span.start < end and s.span.end > start]
    before, text, after = source.text[max(0, start - AROUND) : start], source.text[start:end], source.text[end : end + AROUND]
    thing = Passage(f"{source.id}[{start}:{end}]", source.id, source.title, start, end, before, text, after)
    chains = [lineage.knowledge.chains[c] for c in dict.fromkeys(s.chain for s in quoting)]
    quoted = Group("statements", tuple(said(s, f"[{s.span.start}:{s.span.end}]") for s in quoting))
    leads = [quoted, Group("chains", tuple(explained(lineage.knowledge, c) for c in chains))]
    return made("passage", thing, [Group("sources", (Link(source.id, source.title),))], leads)


def _quoting(knowledge: Knowledge, source: str) -> list[Statement]:
    found = (s for s in knowledge.statements.values() if s.span.source == source)
    return sorted(found, key=lambda s: (s.span.start, s.span.end, s.id))


def _counts(
    lineage: Lineage, chains: Iterable[Chain], concepts: Iterable[Concept], items: Iterable[Item]
) -> tuple[int, int, int, int, int, int, dict[str, int]]:
    """Active chains and links, the cases of these chains, the statements of both, the concepts that these mention, the samples that teach
    these or the `concepts`, and items by split."""
    active = [c for c in chains if c.status == "active"]
    links = sum(c.is_link for c in active)
    ids = {c.id for c in active}
    path = [s for c in active for s in lineage.knowledge.path(c)]
    units = {*(s.id for s in path), *(c.id for c in concepts)}
    samples = {s.id for unit in units for s in lineage.samples_of.get(unit, ()) if unit in lineage.knowledge.statements or s.unit == unit}
    splits = Counter(i.split for i in items)
    return (
        len(active) - links,
        links,
        len({case.id for case in lineage.knowledge.cases if case.chain in ids}),
        len(path),
        len({c for s in path for c in (s.subject, s.object)}),
        len(samples),
        {split: splits[split] for split in SPLITS if splits[split]},
    )


def _categories(lineage: Lineage, items: Iterable[Item]) -> dict[str, int]:
    found = Counter(d.category for i in items if (d := lineage.repairs.diagnosis_of.get(i.id)))
    return {category: found[category] for category in CATEGORIES if found[category]}
