"""Draws faults and plants them in a copy of samples and items, each with the diagnosis it should get. Pure; trains nothing.

    faults = draw_faults(knowledge, samples, items, sites=8, seed=0)
    faults[0]      PlantedFault(kind="withheld", category="concept gap", chains=("physics/bimetal-strip-bends",), nodes=("….s2",), …)
    planted, asked = plant(knowledge, samples, items, faults)

    withheld         all samples that say a statement are removed                       concept gap
    withheld-format  only its open samples are removed                                  concept gap
    composition      samples that show two steps in a row are removed or skip a step    reasoning deficit
    flipped          samples say a statement reversed, or with the opposite relation    data conflict
    swapped          two concepts exchange their names in all samples                   data conflict
    key              another option of an item is marked right                          suspect item
    true-distractor  a wrong option of an item becomes true as well                     suspect item

Ids, nodes and plans do not change, and nothing that is recorded of an option tells a fault. A fault can be detected only in the text and in
the behaviour of models. The withheld statements are those that a wrong option of an item breaks, and where possible the swapped concepts
those in which a wrong option differs from the right one.

A site is a chain or a link that items rest on. An item may rest on several chains and links; it can show the fault of a statement that it
rests on, and no item can show two faults. An item about conditions prints its statements in its stem, so it shows no fault of theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise, zip_longest
from typing import TYPE_CHECKING, Literal

import msgspec

from proda.debugger.probes import junctions
from proda.debugger.suspicion import path_of
from proda.experiments.mutations import another_right, exchange, flip, flipped, forms, leap, rekeyed, reworded, with_another_right
from proda.language.neighbours import near_concepts
from proda.language.read_samples import Reader, asserted
from proda.language.wording import Triple
from proda.records import LETTERS, Category, Chain, Item, Record, Sample, Statement
from proda.stable_hash import by_weight, fraction
from proda.store.training_texts import sample_text

if TYPE_CHECKING:
    from proda.graph import Knowledge

Kind = Literal["withheld", "withheld-format", "composition", "flipped", "swapped", "key", "true-distractor"]

EXPECTED: dict[Kind, Category] = {
    "withheld": "concept gap",
    "withheld-format": "concept gap",
    "composition": "reasoning deficit",
    "flipped": "data conflict",
    "swapped": "data conflict",
    "key": "suspect item",
    "true-distractor": "suspect item",
}
KINDS: tuple[Kind, ...] = tuple(EXPECTED)
# Order in which kinds draw their sites: kinds that fit few chains come first.
TURNS: tuple[Kind, ...] = ("true-distractor", "swapped", "composition", "flipped", "key", "withheld", "withheld-format")
WITHHELD_FORMAT = "open"
NEAREST = 5  # number of near concepts that a swap tries
MAX_TOUCHED = 6  # largest number of chains and links that one swap may touch


class PlantedFault(Record, frozen=True):
    """One fault: where it is planted, and the diagnosis it should get."""

    kind: Kind
    category: Category
    chains: tuple[str, ...]  # chains touched; the first is the site
    nodes: tuple[str, ...]  # statements that should be blamed; empty for a fault of an item
    items: tuple[str, ...]  # items that can show the fault
    how: str = ""  # way of planting: flipped by "turned round" or "opposite", true-distractor by "alias" or "defined"
    concepts: tuple[str, ...] = ()  # swapped: the two concepts
    letter: str = ""  # key, true-distractor: the option that is changed


def draw_faults(knowledge: Knowledge, samples: Iterable[Sample], items: Iterable[Item], *, sites: int, seed: int) -> list[PlantedFault]:
    """Draws `sites` faults of each kind, or fewer if no more chains fit; sorted by kind and site. No chain or item has two faults.

    Chains and links with items are drawn by a hash of their ids and `seed`. Kinds take turns, so that even little knowledge gets some of
    each kind.
    """
    world = _World(knowledge, samples, items)
    ranked = {kind: iter(world.ranked(kind, seed)) for kind in TURNS}
    taken: set[str] = set()
    faults: list[PlantedFault] = []
    for _ in range(sites):
        for kind in TURNS:
            for chain in ranked[kind]:
                found = FINDERS[kind](world, kind, knowledge.chains[chain], ("drill", seed, kind, chain)) if chain not in taken else None
                if found is not None and found.items and not taken.intersection((*found.chains, *found.items)):
                    faults.append(found)
                    taken.update(found.chains, found.items)
                    break
    return sorted(faults, key=_order)


def plant(
    knowledge: Knowledge, samples: Iterable[Sample], items: Iterable[Item], faults: Iterable[PlantedFault]
) -> tuple[list[Sample], list[Item]]:
    """Returns the samples and items with all faults planted, in their order."""
    planted, asked = list(samples), list(items)
    reader = Reader(knowledge)
    for fault in sorted(faults, key=_order):
        if fault.kind in ("withheld", "withheld-format"):
            every = fault.kind == "withheld"
            for statement in (knowledge.statements[n] for n in fault.nodes):
                planted = [s for s in planted if not ((every or s.format == WITHHELD_FORMAT) and states(reader, s, statement))]
        elif fault.kind == "composition":
            steps = knowledge.path(knowledge.chains[fault.chains[0]])
            planted = [kept for s in planted if (kept := _leaping(reader, s, steps)) is not None]
        elif fault.kind == "flipped":
            statement = knowledge.statements[fault.nodes[0]]
            false = flipped(knowledge, statement, fault.how)
            planted = [flip(knowledge, s, statement, false) if statement.id in s.nodes else s for s in planted]
        elif fault.kind == "swapped":
            swap, pair = exchange(knowledge, *(knowledge.concepts[c] for c in fault.concepts)), {*fault.concepts}
            planted = [reworded(s, swap) if pair.intersection(s.nodes) else s for s in planted]
        elif fault.kind == "key":
            asked = [rekeyed(i, fault.letter) if i.id in fault.items else i for i in asked]
        else:
            asked = [with_another_right(knowledge, i, fault.letter) if i.id in fault.items else i for i in asked]
    return planted, asked


def states(reader: Reader, sample: Sample, statement: Statement) -> bool:
    """Returns whether a sample says a statement: by its nodes, by the statement's own sentence, or by a text that can be parsed."""
    if statement.id in sample.nodes:
        return True
    text = sample_text(sample).lower()
    if statement.text.lower() in text:
        return True
    ends = (reader.knowledge.concepts[c] for c in (statement.subject, statement.object))
    if not all(any(form.lower() in text for form in forms(end)) for end in ends):
        return False
    # Parse it as a sample of this statement, so that only the statement's relation and the names of its discipline are searched.
    return statement.triple in asserted(reader, msgspec.structs.replace(sample, nodes=(statement.id, *sample.nodes)))


def _leaping(reader: Reader, sample: Sample, steps: Sequence[Statement]) -> Sample | None:
    """Returns the sample unless it shows two steps in a row; then the sample without the second step, or None if nothing is left."""
    said = [states(reader, sample, s) for s in steps]
    if not any(one and other for one, other in zip(said, said[1:], strict=False)):
        return sample
    return leap(reader.knowledge, sample, steps)


def _order(fault: PlantedFault) -> tuple[int, tuple[str, ...]]:
    return KINDS.index(fault.kind), fault.chains


class _World:
    """The knowledge, samples and items from which sites are drawn."""

    def __init__(self, knowledge: Knowledge, samples: Iterable[Sample], items: Iterable[Item]) -> None:
        self.knowledge = knowledge
        self.items: dict[str, list[Item]] = defaultdict(list)  # chain or link → the items that rest on a statement of it
        for item in items:
            for chain in chains_of(knowledge, item):
                self.items[chain].append(item)
        self.by_node: dict[str, list[Sample]] = defaultdict(list)
        self.taught: set[str] = set()  # what some sample was made for
        for sample in samples:
            self.taught.add(sample.unit)
            for node in sample.nodes:
                self.by_node[node].append(sample)

    def ranked(self, kind: Kind, seed: int) -> list[str]:
        """Returns the chains and links with items in drawn order. For true distractors, those with and without an alias alternate."""
        chains = by_weight(self.items, "drill", seed, kind)
        if kind != "true-distractor":
            return chains
        ways = {c: {another[1] for i in self.items[c] if (another := another_right(self.knowledge, i))} for c in chains}
        named, rest = ([c for c in chains if ("alias" in ways[c]) is has] for has in (True, False))
        return [c for pair in zip_longest(named, rest) for c in pair if c is not None]

    def fault(self, kind: Kind, chains: Sequence[str], nodes: Sequence[str], how: str = "") -> PlantedFault:
        """Returns a fault of the samples, which the items that rest on one of its nodes can show."""
        showing = tuple(sorted({i.id for c in chains for i in self.asking(c) if not set(nodes).isdisjoint(i.statements)}))
        return PlantedFault(kind, EXPECTED[kind], tuple(chains), tuple(nodes), showing, how)

    def alone(self, chain: Chain, *key: object) -> list[Statement]:
        """Returns the statements of a chain that are unique and that some sample was made for, in drawn order."""
        found = (self.knowledge.statements[s] for s in by_weight(chain.statements, *key))
        return [s for s in found if len(self.knowledge.triples[s.triple]) == 1 and s.id in self.taught]

    def asking(self, chain: str) -> list[Item]:
        """Returns the items of a chain or link that do not print their statements."""
        return [i for i in self.items.get(chain, ()) if i.kind != "condition"]

    def tested(self, chain: Chain, *key: object) -> list[Statement]:
        """Returns those of the statements `alone` that an item rests on."""
        asked = {s for item in self.asking(chain.id) for s in item.statements}
        return [s for s in self.alone(chain, *key) if s.id in asked]


def chains_of(knowledge: Knowledge, item: Item) -> list[str]:
    """Returns the chains and links that an item rests on, in the order of its statements."""
    return list(dict.fromkeys(s.chain for s in path_of(knowledge, item)))


Finder = Callable[[_World, Kind, Chain, tuple[object, ...]], PlantedFault | None]


def _withheld(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    """Withholds the statements that a wrong option breaks, as few as any does; for a format, any statement that an item rests on."""
    alone = [s.id for s in world.tested(chain, *key)]
    if kind == "withheld-format":
        open_ones = (s for s in alone if any(x.format == WITHHELD_FORMAT for x in world.by_node[s]))
        return next((world.fault(kind, (chain.id,), (s,)) for s in open_ones), None)
    broken = {o.breaks for item in world.asking(chain.id) for o in item.options if o.breaks}
    ranked = sorted(by_weight(broken, *key), key=len)
    return next((world.fault(kind, (chain.id,), d) for d in ranked if set(d) <= set(alone)), None)


def _composition(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    """Skips steps of a chain whose statements are all taught in samples of their own too. The nodes to blame are the skipped steps.

    Items that take one of these steps can show it; one that joins a skipped statement to another chain does not.
    """
    steps = world.knowledge.path(chain)
    left_out = {
        other.id: one.id
        for one, other in pairwise(steps)
        if any(other.id in s.nodes and leap(world.knowledge, s, steps) for s in world.by_node[one.id])
    }
    if not left_out or len(world.alone(chain, *key)) < len(steps):
        return None
    taking = {
        i.id for i in world.items[chain.id] if not left_out.items().isdisjoint(junctions(world.knowledge, path_of(world.knowledge, i)))
    }
    found = world.fault(kind, (chain.id,), tuple(left_out))
    return msgspec.structs.replace(found, items=tuple(i for i in found.items if i in taking))


def _flipped(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    for statement in world.tested(chain, *key):
        ways = [how for how in ("turned round", "opposite") if _can_flip(world.knowledge, statement, how)]
        if ways:
            return world.fault(kind, (chain.id,), (statement.id,), how=ways[int(fraction(*key, statement.id) * len(ways))])
    return None


def _can_flip(knowledge: Knowledge, statement: Statement, how: str) -> bool:
    relation = knowledge.relations[statement.relation]
    fits = relation.asymmetric if how == "turned round" else relation.opposite is not None
    return fits and not knowledge.holds(*flipped(knowledge, statement, how).triple)


def _swapped(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    """Swaps two concepts that a wrong option exchanges, or else an inner concept and a near one.

    The nodes to blame are the statements about either concept that samples teach and that become false.
    """
    knowledge = world.knowledge
    for here, other in (*_exchanged(world, chain, key), *nearest(knowledge, chain, key)):
        touched = {s for c in (here, other) for s in (*knowledge.by_subject.get(c, ()), *knowledge.by_object.get(c, ()))}
        chains = {s.chain for s in touched}
        spoilt = sorted(s.id for s in touched if s.id in world.taught and not knowledge.holds(*_renamed(s.triple, here, other)))
        alike = knowledge.concepts[here].discipline == knowledge.concepts[other].discipline
        if alike and len(chains) <= MAX_TOUCHED and set(spoilt).intersection(chain.statements):
            found = world.fault(kind, (chain.id, *sorted(chains - {chain.id})), spoilt)
            if not found.items:
                continue
            return msgspec.structs.replace(found, concepts=(here, other))
    return None


def _exchanged(world: _World, chain: Chain, key: tuple[object, ...]) -> list[tuple[str, str]]:
    """Returns the pairs of concepts whose exchange turns the right option of an item into a wrong one, in drawn order.

    Only options that state as many triples as the item has statements are looked at, and only concepts of this chain.
    """
    pairs = set()
    here = {c for s in world.knowledge.path(chain) for c in (s.subject, s.object)}
    for item in world.items[chain.id]:
        path = [s.triple for s in path_of(world.knowledge, item)]
        for told in (o.triples for o in item.options if o.operator):
            if len(told) == len(path):
                ends = [end for t, u in zip(path, told, strict=True) for end in ((t[0], u[0]), (t[2], u[2]))]
                pairs |= {(a, b) for a, b in ends if a in here and _same(path, told, a, b)}
    return by_weight(pairs, *key)


def _same(path: Sequence[Triple], told: Sequence[Triple], one: str, other: str) -> bool:
    return one != other and [_renamed(t, one, other) for t in path] == list(told)


def nearest(knowledge: Knowledge, chain: Chain, key: tuple[object, ...]) -> Iterator[tuple[str, str]]:
    """Yields inner concepts of the chain in drawn order, each with the concepts that it may be confused with."""
    path = [s.triple for s in knowledge.path(chain)]
    concepts = [path[0][0], *(t[2] for t in path)]
    for place in by_weight(range(1, len(path)), *key):
        before, here, after = concepts[place - 1 : place + 2]
        for other in islice(near_concepts(knowledge, before, here, after, frozenset(concepts), *key, place), NEAREST):
            yield here, other


def _renamed(triple: Triple, one: str, other: str) -> Triple:
    swap = {one: other, other: one}
    return (swap.get(triple[0], triple[0]), triple[1], swap.get(triple[2], triple[2]))


def _key(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    item = by_weight(world.items[chain.id], *key, name=lambda i: i.id)[0]
    return _of_item(world, kind, item, "", key)


def _true_distractor(world: _World, kind: Kind, chain: Chain, key: tuple[object, ...]) -> PlantedFault | None:
    found = [(i, a[1]) for i in by_weight(world.items[chain.id], *key, name=lambda i: i.id) if (a := another_right(world.knowledge, i))]
    item, how = min(found, key=lambda f: f[1] != "alias", default=(None, ""))
    return _of_item(world, kind, item, how, key) if item else None


def _of_item(world: _World, kind: Kind, item: Item, how: str, key: tuple[object, ...]) -> PlantedFault:
    letter = by_weight((x for x in LETTERS if x != item.answer), *key, item.id)[0]
    return PlantedFault(kind, EXPECTED[kind], tuple(chains_of(world.knowledge, item)), (), (item.id,), how, letter=letter)


FINDERS: dict[Kind, Finder] = {
    "withheld": _withheld,
    "withheld-format": _withheld,
    "composition": _composition,
    "flipped": _flipped,
    "swapped": _swapped,
    "key": _key,
    "true-distractor": _true_distractor,
}
