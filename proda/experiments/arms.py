"""The arms of a study: which nodes each arm teaches, in how many samples. Pure.

    orders = orders_of(patches, diagnoses)            # what `proda repair` teaches: nodes, numbers of samples, chains
    wrong = shuffled(knowledge, orders, within=True)  # the same numbers of samples, for unblamed nodes beside the blamed ones
    samples = fill(wrong, write, formats)             # exactly as many samples as the orders ask for

All arms are trained from the same base with the same seeds. Arms of one budget add the same number of samples in the same formats. The
caller passes `write`, which words the samples. Draws are by hash, so the same knowledge and diagnoses give the same arms. Randomised arms
(DRAWN) are resampled for every training run, so that no arm depends on a single draw.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count as count_from
from itertools import cycle, islice
from typing import TYPE_CHECKING, Protocol

import msgspec

from proda.debugger.answered import UNKNOWN
from proda.debugger.probes import Probe
from proda.errors import NotFoundError
from proda.records import FORMATS, Diagnosis, Format, Item, Patch, Record, Sample, Wording
from proda.stable_hash import by_weight, seed_of
from proda.statistics import most
from proda.store.patches import as_changed, changes

if TYPE_CHECKING:
    from proda.graph import Knowledge

NO_REPAIR, DIAGNOSED = "no-repair", "diagnosed"
TIMES = {"undirected": 1, "undirected-2x": 2, "undirected-5x": 5, "undirected-10x": 10}
ARMS = {
    NO_REPAIR: "the current samples, without any addition",
    DIAGNOSED: "what `proda repair` would write",
    "undirected": "the same number of samples, of nodes drawn uniformly at random, by the same writer",
    "item-level": "all statements of the failed items share the samples",
    "probed": "all statements that fail their probes share the samples",
    "shuffled-within": "each blamed node is replaced by an unblamed node of its chain, a link by one that shares a concept with it",
    "shuffled-across": "each blamed node is replaced by a random node of its kind from elsewhere",
    "sentences": "sentences of the sources to complete: no knowledge is used",
    "without-replay": "the diagnosed samples only, without the corpus",
    "undirected-2x": "undirected, with twice as many samples",
    "undirected-5x": "undirected, with five times as many samples",
    "undirected-10x": "undirected, with ten times as many samples",
}
FIXED = (NO_REPAIR, DIAGNOSED, "sentences", "without-replay")
DRAWN = tuple(name for name in ARMS if name not in FIXED)
MOST = 190  # largest number of samples requested for one node; the ordinals of a round allow no more
PATIENCE = 4  # to find the right formats, up to PATIENCE times as many samples are requested as are needed
FEW = 5  # an order of fewer samples is searched as one of FEW


class Write(Protocol):
    """Writes samples for a node. The study passes the builder's function."""

    def __call__(self, node: str, count: int, stepwise: bool, beside: frozenset[str]) -> list[Sample]:
        """Returns the distinct samples among the first `count` (or a few more) that teach `node`.

        `beside` are other nodes taken to be unknown; samples may show them next to `node`. The same arguments give the same samples.
        """


class Order(Record, frozen=True):
    """A number of samples to write for a node."""

    node: str
    count: int
    chain: str = ""  # the first chain of the item that blamed the node
    stepwise: bool = False


class Arm(Record, frozen=True):
    """Training data of one arm: the corpus with the changes in `changed`, then `samples`. Without `replay`, `samples` only."""

    name: str
    samples: tuple[Sample, ...]
    nodes: dict[str, int]  # node → number of samples written for it
    changed: Mapping[str, Wording | None] = {}  # sample id → new wording, or None if the sample is removed
    replay: bool = True


def training_set(corpus: Sequence[Sample], arm: Arm) -> list[Sample]:
    """Returns the samples that an arm is trained on, in order."""
    if not arm.replay:
        return list(arm.samples)
    return [*as_changed(corpus, arm.changed), *arm.samples]


def contents(draws: Sequence[Arm], blamed: Collection[str]) -> dict[str, float]:
    """Counts what an arm adds and removes, as means over its draws.

    Keys: samples, different samples, samples of each format, nodes, samples on blamed nodes, removed and overridden corpus samples.
    """
    each = [_contents(arm, blamed) for arm in draws]
    sums = {name: sum(one[name] for one in each) for name in each[0]}
    return {name: total / len(each) if total % len(each) else total // len(each) for name, total in sums.items()}


def _contents(arm: Arm, blamed: Collection[str]) -> dict[str, int]:
    return {
        "samples": len(arm.samples),
        "different": len({(s.prompt, s.completion) for s in arm.samples}),
        **{f: sum(s.format == f for s in arm.samples) for f in FORMATS},
        "nodes": len(arm.nodes),
        "on_blamed_nodes": sum(count for node, count in arm.nodes.items() if node in blamed),
        "removed": sum(by is None for by in arm.changed.values()),
        "overridden": sum(by is not None for by in arm.changed.values()),
    }


def diagnosed(patches: Iterable[Patch], *, replay: bool = True) -> Arm:
    """Returns the arm that applies the patches, in the order in which training reads them. Without replay it has their samples only."""
    ordered = sorted(patches, key=lambda p: (p.round, p.id))
    nodes: Counter[str] = Counter()
    for patch in ordered:
        nodes.update(taught(patch))
    name, changed = (DIAGNOSED, changes(ordered)) if replay else ("without-replay", {})
    return Arm(name, tuple(s for p in ordered for s in p.samples), dict(nodes), changed, replay)


def orders_of(patches: Iterable[Patch], diagnoses: Iterable[Diagnosis]) -> list[Order]:
    """Returns what the patches teach, node by node, in their order. A node's chain is the first of the first item that blames it."""
    chains = {d.item: d.chain for d in diagnoses}
    return [
        Order(node, count, chains[p.items[0]] if p.items else "", p.category == "reasoning deficit")
        for p in patches
        for node, count in taught(p).items()
    ]


def taught(patch: Patch) -> dict[str, int]:
    """Returns the number of samples written for each target of a patch.

    A sample that shows several targets in a row counts for the target with the fewest samples so far.
    """
    counts = dict.fromkeys(patch.targets, 0)
    rows = [sample for sample in patch.samples if sample.unit not in counts]
    counts.update(Counter(sample.unit for sample in patch.samples if sample.unit in counts))
    for sample in rows:
        shown = [t for t in patch.targets if t in sample.nodes] or patch.targets
        counts[min(shown, key=counts.__getitem__)] += 1
    return {target: count for target, count in counts.items() if count}


def orders_for(name: str, knowledge: Knowledge, orders: Sequence[Order], failed: Iterable[Item], draw: int = 0) -> list[Order]:
    """Returns the orders of an arm for which samples are written: a multiple of `undirected`, `item-level`, or one of the shuffled arms.

    `orders` are those of diagnosed repair, `failed` the items that were diagnosed. Each `draw` of a randomised arm is different.
    """
    if name in TIMES:
        return undirected(knowledge, orders, TIMES[name], draw)
    if name == "item-level":
        return item_level(knowledge, failed, sum(order.count for order in orders), draw)
    return shuffled(knowledge, orders, within=name == "shuffled-within", draw=draw)


def by_discipline(knowledge: Knowledge, orders: Iterable[Order]) -> dict[str, int]:
    """Returns the number of samples ordered for the nodes of each discipline."""
    shares: Counter[str] = Counter()
    for order in orders:
        shares[knowledge.node(order.node).discipline] += order.count
    return dict(sorted(shares.items()))


def undirected(knowledge: Knowledge, orders: Iterable[Order], times: int = 1, draw: int = 0) -> list[Order]:
    """Returns orders for `times` as many samples, each of a node drawn uniformly with replacement.

    Samples of statements go to statements, samples of concepts to concepts, those of conditions to chains. Draws are nested: the 2× arm
    contains the 1× arm.
    """
    pools = {
        "statement": list(knowledge.active_statements),
        "concept": sorted(c for part in knowledge.concepts_of.values() for c in part),
        "chain": conditional(knowledge),
    }
    wanted: Counter[str] = Counter()
    for order in orders:
        wanted[_kind(knowledge, order.node)] += order.count
    drawn: Counter[str] = Counter()
    for kind, pool in pools.items():
        drawn.update(pool[seed_of("undirected", draw, kind, n) % len(pool)] for n in range(times * wanted[kind]))
    return [Order(node, count) for node, count in sorted(drawn.items())]


def conditional(knowledge: Knowledge) -> list[str]:
    """Returns the chains that presuppose something or do not cover something, sorted."""
    return [chain.id for chain in knowledge.active_chains() if chain.preconditions or chain.exclusions]


def _kind(knowledge: Knowledge, node: str) -> str:
    return "concept" if node in knowledge.concepts else "chain" if node in knowledge.chains else "statement"


def evenly(nodes: Iterable[str], count: int, key: str, draw: int = 0) -> list[Order]:
    """Shares `count` samples evenly among the nodes. Numbers differ by at most one; a hash decides which nodes get one more."""
    ranked = by_weight(nodes, "evenly", key, draw)
    if not ranked:
        return []
    each, more = divmod(count, len(ranked))
    return [Order(node, each + (place < more)) for place, node in enumerate(ranked) if each + (place < more)]


def item_level(knowledge: Knowledge, failed: Iterable[Item], count: int, draw: int = 0) -> list[Order]:
    """Returns orders for every statement that a failed item rests on, or for the chain of a condition item, whatever the diagnosis."""
    nodes = {node for item in failed for node in ((item.chain,) if item.kind == "condition" else item.statements)}
    return evenly((n for n in (*knowledge.active_statements, *conditional(knowledge)) if n in nodes), count, "item-level", draw)


def unknown(probes: Sequence[Probe], right: Mapping[str, Sequence[bool]]) -> list[str]:
    """Returns the nodes that most models do not know (less than half of the probes right), sorted.

    `right` maps each model to whether it answered each probe correctly, in the order of `probes`.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, probe in enumerate(probes):
        places[probe.node].append(place)
    return sorted(
        node
        for node, mine in places.items()
        if most(sum(sum(answers[n] for n in mine) < UNKNOWN * len(mine) for answers in right.values()), len(right))
    )


def shuffled(knowledge: Knowledge, orders: Sequence[Order], *, within: bool, draw: int = 0) -> list[Order]:
    """Returns the same orders with each node replaced by another of its kind (statement, concept, or chain for its conditions).

    With `within`, the replacement is an unblamed node beside it, the least used first: one of the same chain or, for a link, a link or a
    statement that shares a concept with it; for a chain, a statement of it. Otherwise it is drawn at random from all nodes that are not
    beside it. A node without a possible replacement stays.
    """
    blamed = {order.node for order in orders}
    chains = _chains(knowledge)
    ranked = by_weight(chains, "shuffled", draw, within)
    used: Counter[str] = Counter()
    moved: dict[str, str] = {}
    for order in sorted(orders, key=lambda o: o.node):
        if order.node in moved:
            continue
        kind = _kind(knowledge, order.node)
        concept, wanted = kind == "concept", "statement" if within and kind == "chain" else kind
        own = chains.get(order.node, frozenset())
        home = own & {order.chain} or own if concept else own
        near = _sharing(knowledge, order.node)
        others = [n for n in ranked if _kind(knowledge, n) == wanted and n != order.node]
        if within:
            pool = [n for n in others if n not in blamed and (n in near if near else chains[n] & home)]
        else:
            pool = [n for n in others if n not in near and not chains[n] & own]
        moved[order.node] = min(pool, key=used.__getitem__, default=order.node)  # the least used; on a tie the first in drawn order
        used[moved[order.node]] += 1
    return [msgspec.structs.replace(order, node=moved[order.node]) for order in orders]


def _sharing(knowledge: Knowledge, node: str) -> frozenset[str]:
    """Returns the other statements, of chains and of links, that share a concept with a link; nothing for any other node."""
    link = knowledge.active_statements.get(node)
    if link is None or not knowledge.chains[link.chain].is_link:
        return frozenset()
    ends = (link.subject, link.object)
    return frozenset(s.id for c in ends for s in (*knowledge.by_subject.get(c, ()), *knowledge.by_object.get(c, ()))) - {node}


def _chains(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Maps each statement and concept to the active chains and links that it is on, and each chain with conditions to itself."""
    found: dict[str, set[str]] = defaultdict(set)
    for chain in conditional(knowledge):
        found[chain].add(chain)
    for statement in knowledge.active_statements.values():
        for node in (statement.id, statement.subject, statement.object):
            found[node].add(statement.chain)
    return {node: frozenset(chains) for node, chains in found.items()}


def fill(orders: Iterable[Order], write: Write, formats: Mapping[Format, int], beside: frozenset[str] = frozenset()) -> tuple[Sample, ...]:
    """Returns exactly as many samples as are ordered, in the proportions of `formats` as far as the writer has distinct samples.

    `beside` are the nodes that the arm takes to be unknown. If the writer runs out of one format, another replaces it; if it runs out of
    samples for a node, the node's samples are repeated. Raises NotFoundError if the writer has no sample for a node.
    """
    wanted: Counter[tuple[str, bool]] = Counter()
    for order in orders:
        wanted[order.node, order.stepwise] += order.count
    due = _spread(formats)
    filled: list[Sample] = []
    told: set[str] = set()
    for (node, stepwise), count in wanted.items():
        need, asked = Counter(islice(due, count)), count
        while True:
            fresh = [s for s in write(node, asked, stepwise, beside) if s.id not in told]
            fresh.sort(key=lambda s: beside.isdisjoint({*s.nodes} - {node}))  # as in a repair, samples that show others come first
            chosen = _in_formats(fresh, need)
            if len(chosen) == count or asked >= MOST or (len(fresh) >= count and asked >= PATIENCE * max(count, FEW)):
                break
            asked = min(2 * asked, MOST)
        if not fresh:
            raise NotFoundError(f"{node}\n  The writer has no sample for this node; the arm needs {count}. Run `proda check`.")
        chosen += [s for s in fresh if s not in chosen][: count - len(chosen)]
        told |= {s.id for s in chosen}
        filled += islice(cycle(chosen), count)
    return tuple(filled)


def _spread(shares: Mapping[Format, int]) -> Iterator[Format]:
    """Yields formats endlessly, so that the counts stay as close to the shares as possible."""
    total, made = sum(shares.values()), Counter[Format]()
    for step in count_from(1):
        due = max(sorted(shares), key=lambda f: shares[f] * step / total - made[f])
        made[due] += 1
        yield due


def _in_formats(samples: Iterable[Sample], need: Mapping[Format, int]) -> list[Sample]:
    """Returns the first samples of each format, up to the number needed."""
    left, chosen = dict(need), []
    for sample in samples:
        if left.get(sample.format, 0):
            left[sample.format] -= 1
            chosen.append(sample)
    return chosen
