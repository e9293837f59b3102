"""build/knowledge as topics, each decoded when it is needed, with a digest of everything that a reader of it can see.

    folder = Path("build/knowledge")
    topics = read_topics(folder, read_relations(folder))
    topics.whole[3]         # digest of topic 3 with its surroundings: changes with anything that a view of its nodes shows
    topics.graph[3]         # digest of its ids, triples and statuses: changes less often
    topics.decoded(3)       # its records

A *fact* is what is known of a topic from its line of the shard alone. Facts are kept between runs under the hash of the line, so a run
decodes the lines of changed topics only. What a topic's nodes look like to the rest also depends on other topics: which of them mention
its concepts, which concepts are set apart from its own, and which topics are near. That is computed from the facts of all topics in each
run, and enters the digests.

The rules of `check` hold for compiled knowledge: ids are unique, and references lead to nodes. Where they do not hold, UntraceableError
is raised, and the caller has to do without digests.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from proda.errors import NotFoundError
from proda.graph import CompiledTopic, Knowledge
from proda.language.near_topics import near_among
from proda.records import Chain, Node, Relation, Statement

SIZE = 16  # bytes of a digest
KEPT = 256  # decoded topics in memory
MERGED = 16384  # concepts whose views over several topics are in memory

Place = tuple[str, str]
"""(discipline, topic)."""


class UntraceableError(Exception):
    """The knowledge is not as `check` leaves it, or a view was asked for that is not traced. It is never shown to a user."""


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one line says. A statement is meant if its chain or link is active."""

    discipline: str
    topic: str
    graph: bytes  # digest of ids, triples, statuses and relations `distinct_from`
    units: bytes  # digest of what samples can be made from, apart from `idle`
    concepts: tuple[str, ...]  # ids of its own concepts
    idle: tuple[str, ...]  # those that no statement of its own mentions
    abroad: tuple[str, ...]  # ids of concepts of other topics that its statements mention
    set_apart: tuple[tuple[str, str], ...]  # (concept, the concept that it is distinct from)
    chains: int  # number of active chains and links

    @property
    def place(self) -> Place:
        """Discipline and topic."""
        return self.discipline, self.topic


class TopicLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a topic stands, and the SHA-256 of its line."""

    shard: str
    start: int
    length: int
    sha256: bytes


class _Concept(msgspec.Struct, gc=False):
    id: str
    distinct_from: tuple[str, ...] = ()


class _Chain(msgspec.Struct, gc=False):
    id: str
    explains: str
    statements: tuple[str, ...]
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    status: str = "active"


class _Statement(msgspec.Struct, gc=False):
    id: str
    subject: str
    relation: str
    object: str


class _Outline(msgspec.Struct, gc=False):
    """The part of a line that facts come from."""

    discipline: str
    topic: str
    concepts: tuple[_Concept, ...]
    chains: tuple[_Chain, ...]
    statements: tuple[_Statement, ...]


_OUTLINE = msgspec.json.Decoder(_Outline)
_TOPIC = msgspec.json.Decoder(CompiledTopic)


def digest(*parts: object) -> bytes:
    """Return a digest of parts that msgpack can encode."""
    return hashlib.sha256(msgspec.msgpack.encode(parts)).digest()[:SIZE]


def facts_of(line: bytes) -> Facts:
    """Return the facts of one line of a shard: a pure function of its bytes."""
    outline = _OUTLINE.decode(line)
    active = [chain for chain in outline.chains if chain.status == "active"]
    meant = {s for chain in active for s in chain.statements}
    said = [s for s in outline.statements if s.id in meant]
    own = {c.id for c in outline.concepts}
    ends = {s.subject for s in said} | {s.object for s in said}
    chains = [(c.id, not c.explains, c.statements) for c in active]
    conditional = [bool(c.preconditions or c.exclusions) for c in active]
    return Facts(
        discipline=outline.discipline,
        topic=outline.topic,
        graph=digest(sorted(own), chains, [(s.id, s.subject, s.relation, s.object) for s in said]),
        units=digest(chains, conditional, sorted(own & ends)),
        concepts=tuple(c.id for c in outline.concepts),
        idle=tuple(sorted(own - ends)),
        abroad=tuple(sorted(ends - own)),
        set_apart=tuple((c.id, other) for c in outline.concepts for other in c.distinct_from),
        chains=len(active),
    )


class Decoded:
    """The records of one topic, and the knowledge of this topic alone."""

    def __init__(self, relations: Iterable[Relation], topic: CompiledTopic) -> None:
        self.alone = Knowledge(relations, topic.concepts, topic.statements, topic.chains)
        nodes: tuple[Node, ...] = (*topic.concepts, *topic.statements, *topic.chains)
        if any((n.discipline, n.topic) != (topic.discipline, topic.topic) for n in nodes):
            raise UntraceableError(f"{topic.discipline}/{topic.topic} has a node of another topic")

    @cached_property
    def paths_of(self) -> dict[str, list[tuple[str, frozenset[str]]]]:
        """Concept id → (id, concepts) of each active chain of the topic that it is on, links left out."""
        found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for chain in self.alone.active_chains():
            course = self.alone.course(chain)
            for concept in course:
                found[concept].append((chain.id, course))
        return dict(found)


class Topics:
    """The topics of the compiled knowledge, by number: in the order of the shards and of their lines."""

    def __init__(self, folder: Path, relations: tuple[Relation, ...], lines: tuple[TopicLine, ...], facts: tuple[Facts, ...]) -> None:
        self.folder, self.relations, self.lines, self.facts = folder, relations, lines, facts
        self.number = {one.place: n for n, one in enumerate(facts)}
        self.home = {concept: n for n, one in enumerate(facts) for concept in one.concepts}
        if len(self.number) != len(facts) or len(self.home) != sum(len(one.concepts) for one in facts):
            raise UntraceableError("a topic or a concept occurs twice")
        self.mentioned: dict[str, list[int]] = defaultdict(list)  # concept → other topics whose statements mention it
        self.set_apart: dict[str, list[str]] = defaultdict(list)  # concept → concepts that either of the two is distinct from
        for n, one in enumerate(facts):
            for concept in one.abroad:
                self.mentioned[concept].append(n)
            for concept, other in one.set_apart:
                self.set_apart[concept].append(other)
                self.set_apart[other].append(concept)
        if not self.mentioned.keys() <= self.home.keys() or not self.set_apart.keys() <= self.home.keys():
            raise UntraceableError("a concept does not exist")
        self.decoded = lru_cache(KEPT)(self._decode)  # by number
        self.merged = lru_cache(MERGED)(self._merge)  # by concept

    @cached_property
    def places(self) -> frozenset[Place]:
        """What `Knowledge.places` is."""
        return frozenset(
            one.place for one in self.facts if one.chains or len(one.idle) < len(one.concepts) or any(c in self.mentioned for c in one.idle)
        )

    @cached_property
    def whole(self) -> list[bytes]:
        """By number: digests of the line, what mentions its concepts, what these are set apart from, and near topics."""
        return [
            digest(line.sha256, near_among(self.places, *one.place), self._beside(one), self._apart(one))
            for line, one in zip(self.lines, self.facts, strict=True)
        ]

    @cached_property
    def graph(self) -> list[bytes]:
        """By number: a digest of the topic's active ids and triples, and of the topics that mention its concepts."""
        return [digest(one.graph, self._beside(one)) for one in self.facts]

    @cached_property
    def units(self) -> dict[str, bytes]:
        """Discipline → a digest of what its samples can be made from, for the disciplines that have an active chain or link."""
        found: dict[str, list[object]] = defaultdict(list)
        for one in self.facts:
            found[one.discipline].append((one.topic, one.units, self._awake(one)))
        with_chains = {one.discipline for one in self.facts if one.chains}
        return {discipline: digest(parts) for discipline, parts in found.items() if discipline in with_chains}

    def _beside(self, one: Facts) -> list[tuple[str, list[Place]]]:
        return (
            [(c, [self.facts[n].place for n in self.mentioned[c]]) for c in one.concepts if c in self.mentioned] if self.mentioned else []
        )

    def _apart(self, one: Facts) -> list[tuple[str, list[str]]]:
        return [(c, sorted(self.set_apart[c])) for c in one.concepts if c in self.set_apart] if self.set_apart else []

    def _awake(self, one: Facts) -> list[str]:
        """The idle concepts that a statement of another topic mentions."""
        return [c for c in one.idle if c in self.mentioned]

    def concepts_of(self, number: int) -> list[str]:
        """The ids of the topic's concepts that an active statement mentions, sorted."""
        one = self.facts[number]
        idle = {c for c in one.idle if c not in self.mentioned}
        return sorted(c for c in one.concepts if c not in idle)

    def chains_of(self, discipline: str) -> list[Chain]:
        """The active chains and links of a discipline, sorted by id."""
        topics = (self._records(n) for n, one in enumerate(self.facts) if one.discipline == discipline)
        return sorted((c for topic in topics for c in topic.chains if c.status == "active"), key=lambda c: c.id)

    def _decode(self, number: int) -> Decoded:
        return Decoded(self.relations, self._records(number))

    def around(self, concept: str) -> list[int]:
        """The topics that have a statement about a concept, its own topic first. Raises UntraceableError if there is no such concept."""
        if concept not in self.home:
            raise UntraceableError(f"{concept} is no concept")
        return [self.home[concept], *self.mentioned.get(concept, ())]

    def _merge(self, concept: str) -> ConceptViews:
        return ConceptViews(concept, [self.decoded(n) for n in self.around(concept)])

    def _records(self, number: int) -> CompiledTopic:
        line = self.lines[number]
        with (self.folder / line.shard).open("rb") as shard:
            shard.seek(line.start)
            data = shard.read(line.length)
        if hashlib.sha256(data).digest() != line.sha256:
            raise UntraceableError(f"{line.shard} has changed since it was read")
        return _TOPIC.decode(data)


class ConceptViews:
    """The views of one concept over all topics that have a statement about it, in the order that `Knowledge` has."""

    def __init__(self, concept: str, topics: list[Decoded]) -> None:
        alone = [topic.alone for topic in topics]
        self.by_subject = _sorted(s for one in alone for s in one.by_subject.get(concept, ()))
        self.by_object = _sorted(s for one in alone for s in one.by_object.get(concept, ()))
        self.courses = [course for _, course in sorted((p for t in topics for p in t.paths_of.get(concept, ())), key=lambda p: p[0])]
        self.inner = any(concept in one.inner for one in alone)
        self.joined = {other for one in alone for other in one.joined.get(concept, ())}


def _sorted(statements: Iterable[Statement]) -> list[Statement]:
    return sorted(statements, key=lambda s: s.id)


def read_relations(folder: Path) -> tuple[Relation, ...]:
    """Return the relations of the compiled knowledge. Raises NotFoundError if the stage `check` has not run."""
    if not (folder / "relations.json").is_file():
        raise NotFoundError(f"{folder}\n  No compiled knowledge here. Run `dvc repro check` (or `make repro`) first.")
    return msgspec.json.decode((folder / "relations.json").read_bytes(), type=tuple[Relation, ...])


def read_topics(folder: Path, relations: tuple[Relation, ...], known: Mapping[bytes, Facts] = MappingProxyType({})) -> Topics:
    """Read the shards and return their topics; `known` are facts by the SHA-256 of their lines.

    Raises UntraceableError if the knowledge is not as `check` leaves it.
    """
    lines: list[TopicLine] = []
    facts: list[Facts] = []
    for shard in sorted(folder.glob("*.jsonl")):
        start = 0
        with shard.open("rb") as file:
            for data in file:
                if text := data.rstrip(b"\r\n"):
                    line = TopicLine(shard.name, start, len(text), hashlib.sha256(text).digest())
                    lines.append(line)
                    facts.append(known.get(line.sha256) or facts_of(text))
                start += len(data)
    return Topics(folder, relations, tuple(lines), tuple(facts))
