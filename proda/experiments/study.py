"""Is it the diagnosis that helps? Arms that teach other things in the same number of samples, and how they compare. Pure.

    orders = orders_of(patches, diagnoses)            # what `proda repair` teaches: nodes, how many samples each, in which chain
    wrong = shuffled(knowledge, orders, within=True)  # the same orders, each beside the node that was blamed
    samples = fill(wrong, write, formats)             # exactly as many samples as were ordered
    found = compare(outcomes, general)                # arm → accuracy, gain over no repair, what diagnosed repair has over it
    found["undirected"].gain["twin"]                  # Difference(value=.021, ci95_low=.004, ci95_high=.039, p=.02, p_holm=.06)

All arms start from the same base, with the same seeds; those of one budget add equally many samples in the same formats. `write` words
them: the command line hands in the builder. Draws are by hash: the same knowledge and diagnoses give the same arms. What an arm in DRAWN
leaves to chance is drawn for each training anew, so that no lucky draw stands for the arm.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count as count_from
from itertools import cycle, islice
from typing import Protocol

import msgspec

from proda.debugger.diagnose import UNKNOWN
from proda.debugger.probes import Probe
from proda.errors import EmptyBenchmarkError, NotFoundError
from proda.experiments.mutations import unit_of
from proda.graph import Knowledge
from proda.records import FORMATS, SPLITS, Diagnosis, Format, Outcome, Patch, Record, Sample, Split, Wording
from proda.stable_hash import by_weight, seed_of
from proda.statistics import by_chain, difference, holm, paired, sign_flip
from proda.store.patches import as_changed, changes

NO_REPAIR, DIAGNOSED = "no-repair", "diagnosed"
TIMES = {"undirected": 1, "undirected-2x": 2, "undirected-5x": 5, "undirected-10x": 10}
ARMS = {
    NO_REPAIR: "the samples as they stand",
    DIAGNOSED: "what `proda repair` would write",
    "undirected": "as many samples of nodes drawn uniformly at random, from the same plan and writer",
    "item-level": "all statements of the failed chains share the samples",
    "probed": "all statements of the base that fail their probes share the samples",
    "shuffled-within": "each blamed node replaced by another of its chain that was not blamed, where there is one",
    "shuffled-across": "the blamed nodes permuted over all nodes of their kind, none staying in its chain",
    "sentences": "sentences of the sources to be completed: no triple, no chain",
    "without-replay": "the diagnosed samples alone, without the corpus",
    "undirected-2x": "undirected, twice as many samples",
    "undirected-5x": "undirected, five times as many",
    "undirected-10x": "undirected, ten times as many",
}
FIXED = (NO_REPAIR, DIAGNOSED, "sentences", "without-replay")
DRAWN = tuple(name for name in ARMS if name not in FIXED)
MOST = 190  # samples of one node that the writer is asked for, within a round's ordinals; then it is taken to have said all it can
PATIENCE = 4  # times as many samples as are needed that are looked through for the right formats, as if at least FEW were
FEW = 5
DIGITS = 4


class Write(Protocol):
    """The builder's part: samples for a node."""

    def __call__(self, node: str, count: int, stepwise: bool, beside: frozenset[str]) -> list[Sample]:
        """The different ones among the first `count` samples that teach `node`, or a few more, in a row with those `beside` it that lack
        as well; always the same for the same count."""


class Order(Record, frozen=True):
    """So many samples for a node."""

    node: str
    count: int
    chain: str = ""  # in which the node was blamed
    stepwise: bool = False


class Arm(Record, frozen=True):
    """What one arm is trained on: the corpus as `changed` has it, unless `replay` is off, then `samples`."""

    name: str
    samples: tuple[Sample, ...]
    nodes: dict[str, int]  # node → how many of the samples were written for it; empty where none was
    changed: Mapping[str, Wording | None] = {}  # id → what it says instead; None where it is removed
    replay: bool = True


class Difference(Record, frozen=True):
    """Accuracy of one arm minus another's on the same items under the same seeds.

    The interval draws chains and seeds; p flips the signs of the chains' differences, given these seeds. `p_holm` is adjusted for the
    number of arms that were compared.
    """

    value: float
    ci95_low: float
    ci95_high: float
    p: float
    p_holm: float


class Standing(Record, frozen=True):
    """How an arm came out. Accuracies are means over seeds."""

    accuracy: dict[Split, float]
    seeds: dict[Split, dict[str, float]]  # split → model → accuracy
    general: float
    general_change: float  # against no repair
    gain: dict[Split, Difference]  # over no repair
    behind: dict[Split, Difference]  # what diagnosed repair has over this arm
    keeps: dict[Split, float | None]  # its gain as a share of diagnosed repair's; None where that is not above 0 beyond its interval


def training_set(corpus: Sequence[Sample], arm: Arm) -> list[Sample]:
    """The samples that an arm is trained on, in order."""
    if not arm.replay:
        return list(arm.samples)
    return [*as_changed(corpus, arm.changed), *arm.samples]


def contents(draws: Sequence[Arm], blamed: Collection[str]) -> dict[str, float]:
    """What an arm adds and takes away, in numbers, as means over its draws: samples, different ones, each format, nodes, those for blamed
    nodes, those of the corpus that are removed or overridden.
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
    """The arm that applies the patches, in the order in which training reads them; without replay, their samples alone."""
    ordered = sorted(patches, key=lambda p: (p.round, p.id))
    nodes: Counter[str] = Counter()
    for patch in ordered:
        nodes.update(taught(patch))
    name, changed = (DIAGNOSED, changes(ordered)) if replay else ("without-replay", {})
    return Arm(name, tuple(s for p in ordered for s in p.samples), dict(nodes), changed, replay)


def orders_of(patches: Iterable[Patch], diagnoses: Iterable[Diagnosis]) -> list[Order]:
    """What the patches teach, node by node, in their order. A node's chain is that of the first item which blames it."""
    chains = {d.item: d.chain for d in diagnoses}
    return [
        Order(node, count, chains[p.items[0]] if p.items else "", p.category == "reasoning deficit")
        for p in patches
        for node, count in taught(p).items()
    ]


def taught(patch: Patch) -> dict[str, int]:
    """Target → how many of the samples were written for it. A row that holds several targets counts for the one that has fewest so far."""
    counts = dict.fromkeys(patch.targets, 0)
    rows = [sample for sample in patch.samples if unit_of(sample) not in counts]
    counts.update(Counter(unit_of(sample) for sample in patch.samples if unit_of(sample) in counts))
    for sample in rows:
        shown = [t for t in patch.targets if t in sample.nodes] or patch.targets
        counts[min(shown, key=counts.__getitem__)] += 1
    return {target: count for target, count in counts.items() if count}


def orders_for(name: str, knowledge: Knowledge, orders: Sequence[Order], diagnoses: Iterable[Diagnosis], draw: int = 0) -> list[Order]:
    """What an arm has written that is neither the patches' own samples nor without nodes; `orders` are what diagnosed repair teaches.

    Arms in DRAWN come out otherwise for another `draw`.
    """
    if name in TIMES:
        return undirected(knowledge, orders, TIMES[name], draw)
    if name == "item-level":
        return item_level(knowledge, diagnoses, sum(order.count for order in orders), draw)
    return shuffled(knowledge, orders, within=name == "shuffled-within", draw=draw)


def by_discipline(orders: Iterable[Order]) -> dict[str, int]:
    """Discipline → how many samples are ordered for its nodes."""
    shares: Counter[str] = Counter()
    for order in orders:
        shares[order.node.partition("/")[0]] += order.count
    return dict(sorted(shares.items()))


def undirected(knowledge: Knowledge, orders: Iterable[Order], times: int = 1, draw: int = 0) -> list[Order]:
    """`times` as many samples, each for a node drawn uniformly, with replacement: a statement for a statement's sample, a concept for a
    concept's. What `times` draws, more of it draw too.
    """
    pools = {False: list(knowledge.active_statements), True: sorted(c for part in knowledge.concepts_of.values() for c in part)}
    wanted: Counter[bool] = Counter()
    for order in orders:
        wanted[order.node in knowledge.concepts] += order.count
    drawn: Counter[str] = Counter()
    for concept, pool in pools.items():
        drawn.update(pool[seed_of("undirected", draw, concept, n) % len(pool)] for n in range(times * wanted[concept]))
    return [Order(node, count) for node, count in sorted(drawn.items())]


def evenly(nodes: Iterable[str], count: int, key: str, draw: int = 0) -> list[Order]:
    """`count` samples shared among the nodes, no two of which differ by more than one; who gets one more, or any, goes by hash."""
    ranked = by_weight(nodes, "evenly", key, draw)
    if not ranked:
        return []
    each, more = divmod(count, len(ranked))
    return [Order(node, each + (place < more)) for place, node in enumerate(ranked) if each + (place < more)]


def item_level(knowledge: Knowledge, diagnoses: Iterable[Diagnosis], count: int, draw: int = 0) -> list[Order]:
    """Every statement of every chain with a failed item, whatever its diagnosis."""
    failed = {d.chain for d in diagnoses}
    return evenly((s.id for s in knowledge.active_statements.values() if s.chain in failed), count, "item-level", draw)


def unknown(probes: Sequence[Probe], right: Mapping[str, Sequence[bool]]) -> list[str]:
    """Nodes of which most models answer fewer than half of the probes rightly, in order. `right` has each model's answers to the probes."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, probe in enumerate(probes):
        places[probe.node].append(place)
    return sorted(
        node
        for node, mine in places.items()
        if 2 * sum(sum(answers[n] for n in mine) < UNKNOWN * len(mine) for answers in right.values()) > len(right)
    )


def shuffled(knowledge: Knowledge, orders: Sequence[Order], *, within: bool, draw: int = 0) -> list[Order]:
    """The same orders for other nodes of the same kind: a statement for a statement, a concept for a concept.

    Within: a node of the chain in which the blamed one stands that nobody blames, the least used first. Across: a random permutation over
    all nodes, blamed ones too, in which none comes to stand on a chain of the node it replaces. A node with no such other stays.
    """
    blamed = {order.node for order in orders}
    chains = _chains(knowledge)
    ranked = by_weight(chains, "shuffled", draw, within)
    used: Counter[str] = Counter()
    moved: dict[str, str] = {}
    for order in sorted(orders, key=lambda o: o.node):
        if order.node in moved:
            continue
        concept = order.node in knowledge.concepts
        own = chains.get(order.node, frozenset())
        home = {order.chain} if concept else own
        pool = [
            n
            for n in ranked
            if (n in knowledge.concepts) is concept and (chains[n] & home and n not in blamed if within else not chains[n] & own)
        ]
        moved[order.node] = min(pool, key=used.__getitem__, default=order.node)  # the first of those used least
        used[moved[order.node]] += 1
    return [msgspec.structs.replace(order, node=moved[order.node]) for order in orders]


def _chains(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Statement or concept → the active chains it is on."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in knowledge.active_statements.values():
        for node in (statement.id, statement.subject, statement.object):
            found[node].add(statement.chain)
    return {node: frozenset(chains) for node, chains in found.items()}


def fill(orders: Iterable[Order], write: Write, formats: Mapping[Format, int], beside: frozenset[str] = frozenset()) -> tuple[Sample, ...]:
    """Exactly as many samples as are ordered, all arms in the formats' one proportion as far as the writer has different ones. `beside`
    are the nodes that the arm takes to be lacking.

    Where it has none left of a format, another takes its place; where it has none at all, a node's samples are repeated. Raises
    NotFoundError where the writer has nothing to say of a node.
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
            fresh.sort(key=lambda s: beside.isdisjoint({*s.nodes} - {node}))  # as in a repair, rows that show others come first
            chosen = _in_formats(fresh, need)
            if len(chosen) == count or asked >= MOST or (len(fresh) >= count and asked >= PATIENCE * max(count, FEW)):
                break
            asked = min(2 * asked, MOST)
        if not fresh:
            raise NotFoundError(f"{node}\n  The writer has no sample for it, so the arm cannot have its {count}. Run `proda check`.")
        chosen += [s for s in fresh if s not in chosen][: count - len(chosen)]
        told |= {s.id for s in chosen}
        filled += islice(cycle(chosen), count)
    return tuple(filled)


def _spread(shares: Mapping[Format, int]) -> Iterator[Format]:
    """Formats without end, at every place as near to their shares as can be."""
    total, made = sum(shares.values()), Counter[Format]()
    for step in count_from(1):
        due = max(sorted(shares), key=lambda f: shares[f] * step / total - made[f])
        made[due] += 1
        yield due


def _in_formats(samples: Iterable[Sample], need: Mapping[Format, int]) -> list[Sample]:
    """The first samples of each format, as many as are needed."""
    left, chosen = dict(need), []
    for sample in samples:
        if left.get(sample.format, 0):
            left[sample.format] -= 1
            chosen.append(sample)
    return chosen


def compare(
    outcomes: Mapping[str, Sequence[Outcome]], general: Mapping[str, Mapping[str, float]], *, resamples: int = 2000
) -> dict[str, Standing]:
    """Arm → how it came out, in the order of `outcomes`, which must hold no repair and diagnosed repair.

    `general` is each arm's accuracy on the general suite by model. Each split is compared by itself; Holm's correction is over the arms.
    Deterministic. Raises EmptyBenchmarkError where two arms were not asked the same items.
    """
    if missing := {NO_REPAIR, DIAGNOSED} - set(outcomes):
        raise EmptyBenchmarkError(f"No outcomes of {' or '.join(sorted(missing))}: the other arms have nothing to be compared with.")
    splits = [s for s in SPLITS if any(o.split == s for o in outcomes[NO_REPAIR])]
    by_split = {s: {arm: [o for o in found if o.split == s] for arm, found in outcomes.items()} for s in splits}
    gains, behind = {}, {}
    for split, found in by_split.items():
        gains[split] = _family({arm: (found[NO_REPAIR], mine) for arm, mine in found.items() if arm != NO_REPAIR}, resamples)
        others = {arm: (mine, found[DIAGNOSED]) for arm, mine in found.items() if arm not in (NO_REPAIR, DIAGNOSED)}
        behind[split] = _family(others, resamples)
    means = {arm: sum(values.values()) / len(values) for arm, values in general.items()}
    standings = {}
    for arm in outcomes:
        seeds = {s: _by_model(by_split[s][arm]) for s in splits}
        standings[arm] = Standing(
            {s: round(sum(each.values()) / len(each), DIGITS) for s, each in seeds.items()},
            {s: {model: round(value, DIGITS) for model, value in each.items()} for s, each in seeds.items()},
            round(means[arm], DIGITS),
            round(means[arm] - means[NO_REPAIR], DIGITS),
            {s: gains[s][arm] for s in splits if arm in gains[s]},
            {s: behind[s][arm] for s in splits if arm in behind[s]},
            {s: _kept(gains[s][arm], gains[s][DIAGNOSED]) for s in splits if arm in behind[s]},
        )
    return standings


def _family(sides: Mapping[str, tuple[Sequence[Outcome], Sequence[Outcome]]], resamples: int) -> dict[str, Difference]:
    """Name → after minus before, with p adjusted for all of them."""
    pairs = {name: paired(before, after)[0] for name, (before, after) in sides.items()}
    raw = {name: sign_flip(by_chain(mine)) for name, mine in pairs.items()}
    adjusted = holm(raw)
    return {
        name: Difference(*(round(v, DIGITS) for v in (*difference(mine, resamples=resamples), raw[name], adjusted[name])))
        for name, mine in pairs.items()
    }


def _by_model(outcomes: Iterable[Outcome]) -> dict[str, float]:
    right: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.correct is not None:
            right[outcome.model].append(outcome.correct)
    return {model: sum(found) / len(found) for model, found in right.items()}


def _kept(gain: Difference, whole: Difference) -> float | None:
    return round(gain.value / whole.value, 2) if whole.ci95_low > 0 else None
