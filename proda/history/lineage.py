"""What a thing comes from, and what comes from it: the way from a source passage to a model's answer, and back.

    concept    ← passages, statements                    → statements, chains, samples, items, outcomes
    statement  ← passage, its two concepts               → chain, samples, items, outcomes
    chain      ← passages, statements, concepts          → samples, items, outcomes
    sample     ← nodes                                   → items that rest on those nodes, outcomes
    item       ← chain, statements, concepts, passages, samples that teach its statements      → outcomes

    lineage = Lineage(repo.knowledge, repo.samples, repo.items(), repo.outcomes())
    lineage.trace("physics/bimetal-strip-bends.s1").leads_to

An item *rests on* the statements of its path and on their concepts; a concept that only a distractor names is listed apart.
indexes are built when first asked for and kept, so that tracing many things is cheap.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import nlargest
from typing import Literal, TypeVar

import msgspec

from proda.errors import NotFoundError
from proda.graph import Knowledge
from proda.records import Chain, Concept, Item, Outcome, Sample, Statement

Kind = Literal["concept", "statement", "chain", "sample", "item"]
Thing = Concept | Statement | Chain | Sample | Item
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """One neighbour: its id (a model's name for an outcome), what it says, and a remark; `via` are the nodes that join the two."""

    id: str
    text: str = ""
    note: str = ""
    via: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """Neighbours of one sort: "statements", "samples", …; in a stable order."""

    name: str
    links: tuple[Link, ...]


class Trace(msgspec.Struct, frozen=True):
    """A thing with both directions of its lineage; groups without links are left out."""

    kind: Kind
    thing: Thing
    comes_from: tuple[Group, ...]
    leads_to: tuple[Group, ...]


class Tally(msgspec.Struct, frozen=True):
    """How one model did on some items. `stale` answers were given to another wording and count nowhere else."""

    model: str
    right: int
    wrong: int
    unscored: int
    stale: int

    def __str__(self) -> str:
        parts = [f"{self.right} of {self.right + self.wrong} right"]
        parts += [f"{self.unscored} unscored"] if self.unscored else []
        parts += [f"{self.stale} of an older wording"] if self.stale else []
        return ", ".join(parts)


class Lineage:
    """The indexes over one revision. `files` gives each sample's file, relative to the repository, where that is known."""

    def __init__(
        self,
        knowledge: Knowledge,
        samples: Sequence[Sample] = (),
        items: Sequence[Item] = (),
        outcomes: Sequence[Outcome] = (),
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.knowledge = knowledge
        self.samples = {sample.id: sample for sample in samples}
        self.items = {item.id: item for item in items}
        self.outcomes = outcomes
        self.files = files or {}

    @cached_property
    def statements_of(self) -> dict[str, list[Statement]]:
        """Concept id → statements that mention it, those of retired chains included, sorted by id."""
        return _index((c, s) for _, s in sorted(self.knowledge.statements.items()) for c in dict.fromkeys((s.subject, s.object)))

    @cached_property
    def samples_of(self) -> dict[str, list[Sample]]:
        """Node id → samples that teach it, sorted by id."""
        return _index((node, s) for _, s in sorted(self.samples.items()) for node in s.nodes)

    @cached_property
    def items_of(self) -> dict[str, list[Item]]:
        """Node id → items that rest on it: chain, statements, and the concepts of those statements; sorted by id."""
        return _index((node, i) for _, i in sorted(self.items.items()) for node in (i.chain, *i.statements, *self.path_concepts(i)))

    @cached_property
    def mentions_of(self) -> dict[str, list[Item]]:
        """Concept id → items of which only a distractor names it, sorted by id."""
        pairs = ((node, i) for _, i in sorted(self.items.items()) for node in i.nodes if node in self.knowledge.concepts)
        return _index((node, i) for node, i in pairs if node not in self.path_concepts(i))

    @cached_property
    def outcomes_of(self) -> dict[str, list[Outcome]]:
        """Item id → what each model did on it, base first, then the seeds in order."""
        return _index((o.item, o) for o in sorted(self.outcomes, key=lambda o: (o.item, model_order(o.model))))

    def path_concepts(self, item: Item) -> tuple[str, ...]:
        """Concepts along the path that an item asks for, in order."""
        path = [self.knowledge.statements[s] for s in item.statements if s in self.knowledge.statements]
        return tuple(dict.fromkeys(c for s in path for c in (s.subject, s.object)))

    def fresh(self, outcome: Outcome) -> bool:
        """Whether the item still reads as it did when the model answered."""
        item = self.items.get(outcome.item)
        return item is not None and item.content_hash == outcome.hash

    def tallies(self, items: Iterable[Item]) -> list[Tally]:
        """How each model did on `items`, base first."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for item in items:
            for outcome in self.outcomes_of.get(item.id, ()):
                place = 3 if not self.fresh(outcome) else 2 if outcome.correct is None else 0 if outcome.correct else 1
                counts[outcome.model][place] += 1
        return [Tally(model, *counts[model]) for model in sorted(counts, key=model_order)]

    def kind_of(self, thing_id: str) -> Kind | None:
        """What an id names; None if nothing here has it."""
        tables: dict[Kind, Mapping[str, Thing]] = {
            "concept": self.knowledge.concepts,
            "statement": self.knowledge.statements,
            "chain": self.knowledge.chains,
            "sample": self.samples,
            "item": self.items,
        }
        return next((kind for kind, table in tables.items() if thing_id in table), None)

    def trace(self, thing_id: str) -> Trace:
        """The thing of that id and its lineage. Raises NotFoundError that names the three closest ids."""
        know = self.knowledge
        if thing_id in know.concepts:
            return self._concept(know.concepts[thing_id])
        if thing_id in know.statements:
            return self._statement(know.statements[thing_id])
        if thing_id in know.chains:
            return self._chain(know.chains[thing_id])
        if thing_id in self.samples:
            return self._sample(self.samples[thing_id])
        if thing_id in self.items:
            return self._item(self.items[thing_id])
        close = closest(thing_id, [*know.concepts, *know.statements, *know.chains, *self.samples, *self.items])
        hint = f"Closest: {', '.join(close)}." if close else "There are no nodes, samples or items here yet."
        raise NotFoundError(f"'{thing_id}' is no node, sample or item here.\n  {hint}")

    def _concept(self, concept: Concept) -> Trace:
        statements = self.statements_of.get(concept.id, [])
        chains = [self.knowledge.chains[c] for c in dict.fromkeys(s.chain for s in statements)]
        items = self.items_of.get(concept.id, [])
        leads = [
            Group("statements", tuple(_said(s) for s in statements)),
            Group("chains", tuple(_explained(c) for c in chains)),
            *self._downstream(concept.id, items),
            Group("distractors", tuple(_asked(i) for i in self.mentions_of.get(concept.id, ()))),
            *self._answers(items),
        ]
        return _trace("concept", concept, [_passages(statements)], leads)

    def _statement(self, statement: Statement) -> Trace:
        come = [_passages([statement]), self._concepts((statement.subject, statement.object))]
        items = self.items_of.get(statement.id, [])
        chain = Group("chains", (_explained(self.knowledge.chains[statement.chain]),))
        return _trace("statement", statement, come, [chain, *self._downstream(statement.id, items), *self._answers(items)])

    def _chain(self, chain: Chain) -> Trace:
        path = self.knowledge.path(chain)
        come = [
            _passages(path),
            Group("statements", tuple(_said(s) for s in path)),
            self._concepts(c for s in path for c in (s.subject, s.object)),
        ]
        items = self.items_of.get(chain.id, [])
        taught = _merged((s.id, self.samples_of.get(s.id, ())) for s in path)
        leads = [Group("samples", self._samples(taught)), Group("items", tuple(_asked(i) for i in items)), *self._answers(items)]
        return _trace("chain", chain, come, leads)

    def _sample(self, sample: Sample) -> Trace:
        know = self.knowledge
        come = [
            Group("chains", tuple(_explained(know.chains[n]) for n in sample.nodes if n in know.chains)),
            Group("statements", tuple(_said(know.statements[n]) for n in sample.nodes if n in know.statements)),
            self._concepts(n for n in sample.nodes if n in know.concepts),
            Group("gone", tuple(Link(n, note="no such node any more") for n in sample.nodes if not self._is_node(n))),
        ]
        # A sample about a statement names its concepts too; only items of the statement then rest on it.
        stated = [n for n in sample.nodes if n in know.statements or n in know.chains]
        resting = _merged((n, self.items_of.get(n, ())) for n in stated or sample.nodes)
        links = tuple(Link(i.id, i.stem, f"{i.split}, {i.kind}", tuple(via)) for i, via in resting)
        return _trace("sample", sample, come, [Group("items", links), *self._answers([i for i, _ in resting])])

    def _item(self, item: Item) -> Trace:
        know = self.knowledge
        path = [know.statements[s] for s in item.statements if s in know.statements]
        taught = {s.id: self.samples_of.get(s.id, []) for s in path}
        on_path = self.path_concepts(item)
        aside = [n for n in item.nodes if n in know.concepts and n not in on_path]
        come = [
            Group("chains", (_explained(know.chains[item.chain]),) if item.chain in know.chains else ()),
            Group("statements", tuple(_said(s, f"{len(taught[s.id])} samples teach it") for s in path)),
            self._concepts(on_path),
            Group("distractors", self._concepts(aside).links),
            _passages(path),
            Group("samples", self._samples(_merged(taught.items()))),
        ]
        answers = tuple(Link(o.model, note=self._answer(o)) for o in self.outcomes_of.get(item.id, ()))
        return _trace("item", item, come, [Group("outcomes", answers)])

    def _answer(self, outcome: Outcome) -> str:
        if not self.fresh(outcome):
            return "answered an older wording"
        if outcome.chosen is None:
            return "unscored"
        margin = "" if outcome.margin is None else f", margin {outcome.margin:+.3f}"
        operator = f" ({outcome.operator})" if outcome.operator else ""
        return f"{'right' if outcome.correct else 'wrong'}: chose {outcome.chosen}{operator}{margin}"

    def _is_node(self, node: str) -> bool:
        return any(node in table for table in (self.knowledge.concepts, self.knowledge.statements, self.knowledge.chains))

    def _concepts(self, ids: Iterable[str]) -> Group:
        found = [self.knowledge.concepts[c] for c in dict.fromkeys(ids) if c in self.knowledge.concepts]
        return Group("concepts", tuple(Link(c.id, c.definition) for c in found))

    def _downstream(self, node: str, items: Sequence[Item]) -> list[Group]:
        samples = self._samples([(s, [node]) for s in self.samples_of.get(node, ())])
        return [Group("samples", samples), Group("items", tuple(_asked(i) for i in items))]

    def _samples(self, found: Sequence[tuple[Sample, Sequence[str]]]) -> tuple[Link, ...]:
        notes = {s.id: f"{s.format}, {self.files[s.id]}" if s.id in self.files else s.format for s, _ in found}
        return tuple(Link(s.id, s.question, notes[s.id], tuple(via)) for s, via in found)

    def _answers(self, items: Sequence[Item]) -> list[Group]:
        return [Group("outcomes", tuple(Link(t.model, note=str(t)) for t in self.tallies(items)))]


def model_order(model: str) -> tuple[int, int, str]:
    """Sort key: `base`, then `seed-0`, `seed-1`, … `seed-10`, then other names."""
    number = model.removeprefix("seed-")
    if number != model and number.isdigit():
        return (1, int(number), model)
    return (0 if model == "base" else 2, 0, model)


def closest(wanted: str, ids: Iterable[str], count: int = 3) -> list[str]:
    """The `count` ids most like `wanted`, best first: shared trigrams pick fifty, difflib ranks those."""
    looked_for = _trigrams(wanted)
    likely = nlargest(50, dict.fromkeys(ids), key=lambda i: 2 * len(looked_for & _trigrams(i)) / (len(looked_for) + len(i)))
    return nlargest(count, likely, key=lambda i: difflib.SequenceMatcher(None, wanted, i).ratio())


def _trigrams(text: str) -> set[str]:
    return {text[n : n + 3] for n in range(max(len(text) - 2, 1))}


def _index(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    found: dict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


def _merged(groups: Iterable[tuple[str, Iterable[Value]]]) -> list[tuple[Value, list[str]]]:
    """(node, things) pairs become (thing, its nodes), each thing once, in order of first appearance."""
    found: dict[str, tuple[Value, list[str]]] = {}
    for node, things in groups:
        for thing in things:
            found.setdefault(thing.id, (thing, []))[1].append(node)  # type: ignore[attr-defined]
    return list(found.values())


def _trace(kind: Kind, thing: Thing, comes_from: Iterable[Group], leads_to: Iterable[Group]) -> Trace:
    return Trace(kind, thing, tuple(g for g in comes_from if g.links), tuple(g for g in leads_to if g.links))


def _passages(statements: Iterable[Statement]) -> Group:
    return Group("passages", tuple(_unique(Link(f"{s.span.source}[{s.span.start}:{s.span.end}]", s.quote) for s in statements)))


def _unique(links: Iterable[Link]) -> Iterator[Link]:
    return iter({link.id: link for link in links}.values())


def _said(statement: Statement, note: str = "") -> Link:
    return Link(statement.id, statement.text, note)


def _explained(chain: Chain) -> Link:
    return Link(chain.id, chain.explains, "" if chain.status == "active" else "retired")


def _asked(item: Item) -> Link:
    return Link(item.id, item.stem, f"{item.split}, {item.kind}")
