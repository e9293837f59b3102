"""Compiled knowledge: nodes by id, and what is stated or implied.

    knowledge = Knowledge.load(Path("build/knowledge"))
    knowledge.statements["physics/bimetal-strip-bends.s1"].triple
    knowledge.holds("physics/heating", "causes", "physics/bending")   # stated, or implied by transitivity or symmetry

`build/knowledge` holds one `<discipline>.jsonl` per discipline (a line per topic file) and `relations.json`. `proda check` and the
stage `check` write them; this module only reads.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError, NotFoundError
from proda.records import Case, Chain, Concept, Node, Relation, Statement


class CompiledTopic(msgspec.Struct, frozen=True):
    """A line of a compiled shard: the content of one topic file."""

    discipline: str
    topic: str
    source: str
    concepts: tuple[Concept, ...]
    chains: tuple[Chain, ...]
    statements: tuple[Statement, ...]
    cases: tuple[Case, ...] = ()


class Knowledge:
    """Nodes by id, in the order of the shards. Retired concepts and chains are included, with their status."""

    def __init__(
        self,
        relations: Iterable[Relation],
        concepts: Iterable[Concept],
        statements: Iterable[Statement],
        chains: Iterable[Chain],
        cases: Iterable[Case] = (),
    ) -> None:
        self.relations = {r.id: r for r in relations}
        self.concepts = {c.id: c for c in concepts}
        self.statements = {s.id: s for s in statements}
        self.chains = {c.id: c for c in chains}
        self.cases = tuple(cases)

    @classmethod
    def load(cls, folder: Path) -> Knowledge:
        """Read the compiled knowledge. Raises NotFoundError if the stage `check` has not run, InputError if a file is damaged."""
        shards = sorted(folder.glob("*.jsonl"))
        if not (folder / "relations.json").is_file():
            raise NotFoundError(f"{folder}\n  No compiled knowledge here. Run `dvc repro check` (or `make repro`) first.")
        decoder = msgspec.json.Decoder(CompiledTopic)
        try:
            topics = [decoder.decode(line) for shard in shards for line in shard.read_bytes().splitlines() if line]
            relations = msgspec.json.decode((folder / "relations.json").read_bytes(), type=list[Relation])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InputError(f"{folder}\n  The compiled knowledge is damaged. Remove the folder, then run `dvc repro check`.") from None
        return cls(
            relations,
            (c for t in topics for c in t.concepts),
            (s for t in topics for s in t.statements),
            (c for t in topics for c in t.chains),
            (c for t in topics for c in t.cases),
        )

    def node(self, node_id: str) -> Node:
        """Return the concept, statement or chain with this id. Raises NotFoundError."""
        for kind in (self.concepts, self.statements, self.chains):
            if node_id in kind:
                return kind[node_id]
        raise NotFoundError(f"'{node_id}' is not a node of the knowledge: expected the id of a concept, statement or chain.")

    def active_chains(self) -> Iterator[Chain]:
        """Yield the chains that are not retired, without links, in order of id."""
        return (chain for chain in self.active_paths() if not chain.is_link)

    def active_paths(self) -> Iterator[Chain]:
        """Yield the chains and links that are not retired, in order of id."""
        return (self.chains[c] for c in sorted(self.chains) if self.chains[c].status == "active")

    def path(self, chain: Chain) -> list[Statement]:
        """Return the statements of a chain, in order."""
        return [self.statements[s] for s in chain.statements]

    def course(self, chain: Chain) -> frozenset[str]:
        """Return the ids of the concepts that the statements of a chain join."""
        found = self._courses.get(chain.id)
        if found is None:
            found = self._courses[chain.id] = frozenset(c for s in self.path(chain) for c in (s.subject, s.object))
        return found

    @cached_property
    def _courses(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def active_statements(self) -> dict[str, Statement]:
        """Statements of active chains and links, by id, in order of id."""
        return {s: self.statements[s] for chain in self.active_paths() for s in chain.statements}

    @cached_property
    def triples(self) -> dict[tuple[str, str, str], list[str]]:
        """Triple → ids of the active statements that state it."""
        found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for statement in self.active_statements.values():
            found[statement.triple].append(statement.id)
        return dict(found)

    @cached_property
    def by_subject(self) -> dict[str, list[Statement]]:
        """Concept id → active statements that start from it, sorted by id."""
        return _group((s.subject, s) for s in self.active_statements.values())

    @cached_property
    def by_object(self) -> dict[str, list[Statement]]:
        """Concept id → active statements that end at it, sorted by id."""
        return _group((s.object, s) for s in self.active_statements.values())

    @cached_property
    def joined(self) -> dict[str, set[str]]:
        """Concept id → concepts that an active statement leads to from it; in both directions if its relation is symmetric."""
        found: dict[str, set[str]] = defaultdict(set)
        for subject, relation, obj in self.triples:
            found[subject].add(obj)
            if self.relations[relation].symmetric:
                found[obj].add(subject)
        return dict(found)

    def holds(self, subject: str, relation: str, obj: str) -> bool:
        """Whether the triple is stated, or implied by the symmetry or the transitivity of its relation."""
        if (subject, relation, obj) in self.triples:
            return True
        kind = self.relations[relation]
        if kind.symmetric and (obj, relation, subject) in self.triples:
            return True
        return kind.transitive and obj in self._closure(subject, relation)

    def _closure(self, start: str, relation: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for statement in self.by_subject.get(todo.pop(), ()):
                if statement.relation == relation and statement.object not in seen:
                    seen.add(statement.object)
                    todo.append(statement.object)
        return seen

    def leads(self, start: str, end: str, limit: int = 6) -> bool:
        """Whether a path of at most `limit` statements, of any relations, leads from `start` to `end`."""
        frontier, seen = {start}, {start}
        for _ in range(limit):
            frontier = {n for node in frontier for n in self.joined.get(node, ()) if n not in seen}
            if end in frontier:
                return True
            if not frontier:
                return False
            seen |= frontier
        return False

    def words(self, concept: str) -> frozenset[str]:
        """Return the lower-case words of the concept's term that have at least four letters."""
        found = self._words.get(concept)
        if found is None:
            term = self.concepts[concept].term.lower()
            found = self._words[concept] = frozenset(w for w in re.findall(r"[^\W\d_]+", term) if len(w) >= 4)
        return found

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def courses(self) -> dict[str, list[frozenset[str]]]:
        """Concept id → the concepts of each active chain that it is on."""
        found: dict[str, list[frozenset[str]]] = defaultdict(list)
        for chain in self.active_chains():
            course = self.course(chain)
            for concept in course:
                found[concept].append(course)
        return dict(found)

    @cached_property
    def inner(self) -> frozenset[str]:
        """Ids of the concepts that join two statements of an active chain."""
        return frozenset(s.object for chain in self.active_chains() for s in self.path(chain)[:-1])

    @cached_property
    def concepts_of(self) -> dict[tuple[str, str], list[str]]:
        """(discipline, topic) → ids of its concepts that an active statement mentions, sorted."""
        mentioned = {c for s in self.active_statements.values() for c in (s.subject, s.object)}
        return _group(((c.discipline, c.topic), c.id) for c in self.concepts.values() if c.id in mentioned)

    @cached_property
    def statements_of(self) -> dict[tuple[str, str], list[Statement]]:
        """(discipline, topic) → its active statements, sorted by id."""
        return _group(((s.discipline, s.topic), s) for s in self.active_statements.values())

    @cached_property
    def chains_of(self) -> dict[tuple[str, str], list[Chain]]:
        """(discipline, topic) → its active chains, without links, sorted by id."""
        return _group(((c.discipline, c.topic), c) for c in self.active_chains())

    @cached_property
    def set_apart(self) -> dict[str, list[str]]:
        """Concept id → concepts that it is distinct from, by the `distinct_from` of either of the two; sorted."""
        pairs = {(c.id, other) for c in self.concepts.values() for other in c.distinct_from}
        return _group(sorted(pairs | {(other, one) for one, other in pairs}))

    @cached_property
    def places(self) -> frozenset[tuple[str, str]]:
        """(discipline, topic) of every topic that has an active statement, or a concept that one mentions."""
        return frozenset({*self.concepts_of, *self.statements_of})

    def places_around(self, discipline: str, topic: str) -> frozenset[tuple[str, str]]:  # noqa: ARG002  a traced knowledge notes the topic
        """Return `places`, to find what is near a topic."""
        return self.places

    @cached_property
    def topics_of(self) -> dict[str, list[str]]:
        """Discipline → its topics, sorted."""
        return _group((d, t) for d, t in self.concepts_of)


def _group(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    for values in (each for each in found.values() if len(each) > 1):
        values.sort(key=lambda v: getattr(v, "id", v))
    return dict(found)
