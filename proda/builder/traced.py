"""The knowledge as the samples of one topic see it, and a note of every topic that they looked at.

    traced = TracedKnowledge(topics)
    traced.touch(3)
    plan_topic(traced, …); write_sample(traced, …)
    traced.read, traced.linked      # {3, 17}, {40}: numbers of topics

`read` are the topics of which any record or view was handed out, `linked` those of which only the graph was asked (to which concepts
statements lead). What is handed out is a function of the digests `Topics.whole` of the topics in `read`, of the digests `Topics.graph` of
those in `linked`, and of the relations. The note is complete, because planning and wording get the knowledge from here alone, and because
they are deterministic: as long as all answers stay the same, they ask the same questions. What has no trace is refused.

The views behave as those of `Knowledge`, but only single keys can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Self, TypeVar

from proda.builder.topics import ConceptViews, Place, Topics, UntraceableError
from proda.graph import Knowledge
from proda.records import Chain, Concept, Node, Triple

K = TypeVar("K")
V = TypeVar("V")


class TracedKnowledge(Knowledge):
    """See the module. A node is known once its topic was touched."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.read: set[int] = set()
        self.linked: set[int] = set()
        self.relations = {r.id: r for r in topics.relations}
        self.concepts = _View(self._concept)
        self.statements = _View(self._no_statement)
        self.chains = _View(self._no_chain)
        self.by_subject = _View(lambda concept: self._merged(concept).by_subject)
        self.by_object = _View(lambda concept: self._merged(concept).by_object)
        self.courses = _View(lambda concept: self._merged(concept).courses)
        self._inner: _View[str, bool] = _View(lambda concept: self._merged(concept).inner)
        self.inner = _Members(self._inner)
        self.joined = _View(self._joined)
        self.triples = _View(self._stating)
        self.set_apart = _View(self._set_apart)
        self.concepts_of = _View(lambda place: topics.concepts_of(self._visit(place)))
        self.statements_of = _View(lambda place: topics.decoded(self._visit(place)).alone.statements_of.get(place))
        self.chains_of = _View(lambda place: topics.decoded(self._visit(place)).alone.chains_of.get(place))
        self._words = {}
        self._courses = {}

    def touch(self, number: int) -> None:
        """Note that a topic is read, and make its records known."""
        if number in self.read:
            return
        self.read.add(number)
        alone = self._topics.decoded(number).alone
        self.concepts.update(alone.concepts)
        self.statements.update(alone.statements)
        self.chains.update(alone.chains)
        closed = self._closed(alone)
        self.by_subject.update({c: alone.by_subject.get(c, []) for c in closed})
        self.by_object.update({c: alone.by_object.get(c, []) for c in closed})
        self.courses.update({c: alone.courses.get(c, []) for c in closed})
        self._inner.update({c: c in alone.inner for c in closed})

    def _closed(self, alone: Knowledge) -> list[str]:
        """The concepts of a topic that no other topic has a statement about."""
        return [c for c in alone.concepts if c not in self._topics.mentioned]

    def _visit(self, place: Place) -> int:
        number = self._topics.number.get(place)
        if number is None:
            raise UntraceableError(f"{'/'.join(place)} is no topic")
        self.touch(number)
        return number

    def _concept(self, concept: str) -> Concept | None:
        self.touch(self._topics.around(concept)[0])
        return dict.get(self.concepts, concept)

    def _no_statement(self, node: str) -> None:
        """Say that a known concept or chain is no statement."""
        if node in self._topics.home:
            self.touch(self._topics.home[node])
        elif not dict.__contains__(self.chains, node):
            raise UntraceableError(f"{node} was not seen before")

    def _no_chain(self, node: str) -> None:
        """Say that a known statement is no chain."""
        if not dict.__contains__(self.statements, node):
            raise UntraceableError(f"{node} was not seen before")

    def _merged(self, concept: str) -> ConceptViews:
        for number in self._topics.around(concept):
            self.touch(number)
        return self._topics.merged(concept)

    def _joined(self, concept: str) -> set[str]:
        numbers = self._topics.around(concept)
        self.linked.update(numbers)
        if len(numbers) > 1:
            return self._topics.merged(concept).joined
        alone = self._topics.decoded(numbers[0]).alone
        self.joined.update({c: alone.joined.get(c, set()) for c in self._closed(alone)})
        return dict.get(self.joined, concept, set())

    def _stating(self, triple: Triple) -> list[str] | None:
        found = [s for s in self.by_subject[triple[0]] if s.triple == triple]
        return [s.id for s in sorted(found, key=lambda s: (s.chain, self.chains[s.chain].statements.index(s.id)))] or None

    def _set_apart(self, concept: str) -> list[str] | None:
        self.touch(self._topics.around(concept)[0])
        return sorted({*self._topics.set_apart.get(concept, ())}) or None

    def node(self, node_id: str) -> Node:
        """Return the concept, statement or chain with this id."""
        if node_id not in self._topics.home:  # so it is no concept
            return self.statements[node_id] if node_id in self.statements else self.chains[node_id]
        return self.concepts[node_id]

    def course(self, chain: Chain) -> frozenset[str]:
        """Return the ids of the concepts that the statements of a chain join."""
        return self._topics.decoded(self._visit((chain.discipline, chain.topic))).alone.course(chain)

    def words(self, concept: str) -> frozenset[str]:
        """Return the lower-case words of the concept's term that have at least four letters."""
        found = self._words.get(concept)
        if found is None:
            home = self._topics.around(concept)[0]
            self.touch(home)
            found = self._words[concept] = self._topics.decoded(home).alone.words(concept)
        return found

    def places_around(self, discipline: str, topic: str) -> frozenset[Place]:
        """Return all topics, to find what is near a topic."""
        self._visit((discipline, topic))
        return self._topics.places

    cases = active_statements = places = topics_of = property(lambda _: _refuse())

    def active_chains(self) -> NoReturn:
        """Refused."""
        _refuse()

    def active_paths(self) -> NoReturn:
        """Refused."""
        _refuse()


class _View(dict[K, V]):
    """A mapping that asks for what it does not have, and keeps it. What is found to be None is missing. It cannot be listed."""

    def __init__(self, find: Callable[[K], V | None]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: K) -> V:
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        self[key] = found
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> NoReturn:
        _refuse()

    def keys(self) -> NoReturn:
        _refuse()

    def values(self) -> NoReturn:
        _refuse()

    def items(self) -> NoReturn:
        _refuse()


class _Members(frozenset[str]):
    """The keys of a view of truth values, asked with `in` only."""

    _view: _View[str, bool]

    def __new__(cls, view: _View[str, bool]) -> Self:
        made = super().__new__(cls)
        made._view = view
        return made

    def __contains__(self, key: object) -> bool:
        return self._view[str(key)]

    def __iter__(self) -> NoReturn:
        _refuse()


def _refuse() -> NoReturn:
    raise UntraceableError("this view of the knowledge has no trace")
