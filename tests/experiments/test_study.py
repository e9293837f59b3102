"""Arms have equal sizes and differ as described; simulated gains are found, and none is found without one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec
import pytest

from proda.builder.extra import extra_samples
from proda.debugger.probes import statement_probes
from proda.debugger.repair import plan_repairs
from proda.errors import EmptyBenchmarkError, NotFoundError
from proda.experiments.arms import (
    ARMS,
    DRAWN,
    TIMES,
    Arm,
    Order,
    by_discipline,
    contents,
    diagnosed,
    evenly,
    fill,
    item_level,
    orders_for,
    orders_of,
    shuffled,
    training_set,
    undirected,
    unknown,
)
from proda.experiments.comparison import Standing, compare
from proda.experiments.completions import completions
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Category, Diagnosis, Evidence, Outcome, Patch, Sample, Split
from tests.toyitems import linked_knowledge, toy_items

WORLD = linked_knowledge(20)
ITEMS = toy_items(WORLD, ["dev"])
CONCEPTS = sorted(c for part in WORLD.concepts_of.values() for c in part)


def write(node: str, count: int, stepwise: bool, beside: frozenset[str] = frozenset()) -> list[Sample]:
    return extra_samples(WORLD, node, count, start=1000, params=Params(), stepwise=stepwise, beside=beside)


def a_diagnosis(item: int, nodes: tuple[str, ...], category: Category = "concept gap") -> Diagnosis:
    found = ITEMS[item]
    evidence = tuple(Evidence(n, "statement", 12, 9, -0.1) for n in nodes)
    return Diagnosis(found.id, found.content_hash, found.chain, category, nodes, ("seed-0",), ("A",), 1.0, evidence, "Nine of twelve.")


def some_diagnoses() -> list[Diagnosis]:
    """Eight failed items that share no statement: six blame two statements, three of them a link; one a concept, the last no node."""
    bridges = [n for n, i in enumerate(ITEMS) if i.kind == "bridge"][:4]
    others = [n for n, i in enumerate(ITEMS) if i.kind == "effect" and not any(i.chain == ITEMS[b].chain for b in bridges)][:4]
    found = [a_diagnosis(n, ITEMS[n].statements[-2:]) for n in (*bridges[:3], *others[:3])]
    concept = WORLD.statements[ITEMS[bridges[3]].statements[1]].subject
    return [*found, a_diagnosis(bridges[3], (concept,)), a_diagnosis(others[3], (), "unexplained")]


DIAGNOSES = some_diagnoses()


def patches_of(diagnoses: Sequence[Diagnosis]) -> list[Patch]:
    def teach(node: str, count: int, contrast: Sequence[str], stepwise: bool, beside: Collection[str]) -> list[Sample]:
        return extra_samples(WORLD, node, count, start=1000, params=Params(), contrast=contrast, stepwise=stepwise, beside=beside)

    return plan_repairs(WORLD, ITEMS, diagnoses, number=1, per_error=20, teach=teach)


PATCHES = patches_of(DIAGNOSES)
FAILED = [i for i in ITEMS if i.id in {d.item for d in DIAGNOSES}]
ORDERS = orders_of(PATCHES, DIAGNOSES)
BUDGET = sum(len(p.samples) for p in PATCHES)
FORMATS = Counter(s.format for p in PATCHES for s in p.samples)
BLAMED = {p.targets[0] for p in PATCHES}


def chains_of(node: str) -> set[str]:
    return {s.chain for s in WORLD.active_statements.values() if node in (s.id, s.subject, s.object)}


def test_arms_have_exactly_as_many_samples_as_their_budget_allows() -> None:
    assert len(diagnosed(PATCHES).samples) == len(diagnosed(PATCHES, replay=False).samples) == BUDGET > 100
    for name in ("item-level", "shuffled-within", "shuffled-across", *TIMES):
        samples = fill(orders_for(name, WORLD, ORDERS, FAILED), write, FORMATS)
        assert len(samples) == BUDGET * TIMES.get(name, 1), name
    assert set(TIMES) < set(ARMS)


def test_arms_have_the_formats_of_the_diagnosed_one() -> None:
    """Otherwise arms with few samples per node would have open questions only, and formats would differ between arms."""
    for name in ("item-level", "shuffled-within", "shuffled-across", "undirected"):
        found = Counter(s.format for s in fill(orders_for(name, WORLD, ORDERS, FAILED), write, FORMATS))
        assert all(abs(found[f] - FORMATS[f]) <= 0.02 * BUDGET for f in FORMATS), (name, found, FORMATS)
    one_each = fill([Order(node, 1) for node in WORLD.active_statements], write, {"open": 2, "choice": 1, "true-false": 1})
    counts, nodes = Counter(s.format for s in one_each), len(WORLD.active_statements)
    assert len(one_each) == nodes and all(abs(counts[f] - share * nodes) < 1 for f, share in {"open": 0.5, "choice": 0.25}.items())


def test_the_diagnosed_arm_is_what_a_build_with_its_patches_would_train_on() -> None:
    from proda.records import Dropped, Overridden, Wording
    from proda.store.patches import apply_patches, sample_hash

    corpus = write(ITEMS[0].statements[0], 5, False)
    corpus = [Sample(f"corpus:{n}", s.format, s.nodes, s.question, s.answer) for n, s in enumerate(corpus)]
    drop = Dropped(corpus[1].id, sample_hash(corpus[1]))
    by = Overridden(corpus[3].id, sample_hash(corpus[3]), Wording("Which?", "That."))
    planned = [Patch("1-b-00000000", 1, ("b",), (), "data conflict", "", {}, {}, write(CONCEPTS[0], 3, False), (drop,), (by,)), *PATCHES]  # type: ignore[arg-type]
    arm = diagnosed(planned)
    assert training_set(corpus, arm) == apply_patches(corpus, sorted(planned, key=lambda p: (p.round, p.id)))
    assert training_set(corpus, diagnosed(planned, replay=False)) == list(arm.samples)
    told = contents([arm], {"b"})
    assert told["removed"] == told["overridden"] == 1 and told["on_blamed_nodes"] == 3
    assert contents([arm, Arm("none", (), {})], {"b"})["on_blamed_nodes"] == 1.5


def test_undirected_draws_nodes_uniformly() -> None:
    drawn = undirected(WORLD, [Order(ITEMS[0].statements[0], 8000), Order(CONCEPTS[0], 4000)])
    for pool, mean in ((list(WORLD.active_statements), 8000), (CONCEPTS, 4000)):
        counts = {order.node: order.count for order in drawn if order.node in pool}
        expected = mean / len(pool)
        assert sum(counts.values()) == mean
        chi = sum((counts.get(n, 0) - expected) ** 2 / expected for n in pool)
        degrees = len(pool) - 1
        assert abs(chi - degrees) < 4 * (2 * degrees) ** 0.5  # mean and standard deviation of the statistic for equal chances
    double = {order.node: order.count for order in undirected(WORLD, ORDERS, 2)}
    assert all(double[order.node] >= order.count for order in undirected(WORLD, ORDERS, 1))


def test_randomised_arms_differ_between_draws() -> None:
    """Otherwise the result of an arm would depend on a single draw, however many seeds are trained."""
    assert set(DRAWN) == {"item-level", "probed", "shuffled-within", "shuffled-across", *TIMES}
    few = [Order(o.node, 1, o.chain) for o in ORDERS[::2]]
    for name in set(DRAWN) - {"probed"}:
        draws = [orders_for(name, WORLD, few, FAILED, draw) for draw in (0, 1, 2)]
        assert draws[0] == orders_for(name, WORLD, few, FAILED, 0)
        assert all(sum(o.count for o in drawn) == len(few) * TIMES.get(name, 1) for drawn in draws)
        assert len({tuple(sorted((o.node, o.count) for o in drawn)) for drawn in draws}) > 1, name
    assert len({tuple(o.node for o in evenly(WORLD.active_statements, 3, "probed", draw)) for draw in range(5)}) > 1


def test_item_level_covers_every_statement_of_every_failed_item_and_nothing_else() -> None:
    orders = item_level(WORLD, FAILED, BUDGET)
    failed = {s for i in FAILED for s in i.statements}
    assert {order.node for order in orders} == failed and len(failed) == 20  # the unexplained item's too
    assert {WORLD.chains[WORLD.statements[s].chain].is_link for s in failed} == {True, False}
    counts = {order.count for order in orders}
    assert max(counts) - min(counts) <= 1
    assert len(evenly("abc", 2, "few")) == 2 and evenly((), 5, "none") == []


def test_a_reasoning_deficit_is_ordered_step_by_step_and_a_gap_taught_in_rows_is_not() -> None:
    path = WORLD.chains[ITEMS[0].chain].statements
    for category, stepwise in (("concept gap", False), ("reasoning deficit", True)):
        found = [a_diagnosis(0, path[1:3], category)]
        few = [msgspec.structs.replace(p, samples=p.samples[:2]) for p in patches_of(found)]
        assert all(len([n for n in s.nodes if n in WORLD.statements]) > 1 for p in few for s in p.samples)
        assert [o.stepwise for o in orders_of(few, found)] == [stepwise] * 2


def is_link(node: str) -> bool:
    return node in WORLD.statements and WORLD.chains[WORLD.statements[node].chain].is_link


def ends(node: str) -> set[str]:
    return {WORLD.statements[node].subject, WORLD.statements[node].object}


def test_blame_shuffled_within_stays_beside_the_blamed_node_and_leaves_it() -> None:
    """A statement stays on its chain, whichever chains the item that blames it rests on; a link stays at one of its concepts."""
    orders = shuffled(WORLD, ORDERS, within=True)
    assert [(o.count, o.stepwise) for o in orders] == [(o.count, o.stepwise) for o in ORDERS]
    for before, after in zip(ORDERS, orders, strict=True):
        assert after.node not in BLAMED and (before.node in WORLD.concepts) is (after.node in WORLD.concepts)
        if is_link(before.node):
            assert ends(before.node) & ends(after.node)
        else:
            assert chains_of(before.node) & chains_of(after.node) and not is_link(after.node)
    assert sum(is_link(o.node) for o in ORDERS) == 3
    assert max(Counter(o.node for o in orders).values()) <= 2  # a link and a blamed statement may have the same neighbour


def test_where_all_of_a_chain_is_blamed_within_shuffling_leaves_it_alone() -> None:
    whole = [a_diagnosis(0, WORLD.chains[ITEMS[0].chain].statements)]
    orders = orders_of(patches_of(whole), whole)
    assert len(orders) == 4 and shuffled(WORLD, orders, within=True) == orders


def test_conditions_of_chains_are_drawn_among_chains_and_shuffled_to_other_chains_or_to_their_statements() -> None:
    chains = [msgspec.structs.replace(c, preconditions=() if c.is_link else (f"ground of {c.id}",)) for c in WORLD.chains.values()]
    world = Knowledge(WORLD.relations.values(), WORLD.concepts.values(), WORLD.statements.values(), chains)
    blamed = sorted(c.id for c in world.active_chains())[:3]
    orders = [Order(chain, 4, chain) for chain in blamed]
    drawn = undirected(world, orders, 5)
    assert sum(o.count for o in drawn) == 60 and all(o.node in world.chains and world.chains[o.node].preconditions for o in drawn)
    for within in (True, False):
        moved = shuffled(world, orders, within=within)
        assert [o.count for o in moved] == [4, 4, 4] and all(o.node != chain for o, chain in zip(moved, blamed, strict=True))
        for chain, order in zip(blamed, moved, strict=True):
            assert (order.node in world.chains[chain].statements) is within and (order.node in world.chains) is not within
    asked = [msgspec.structs.replace(ITEMS[0], kind="condition", chain=blamed[0])]
    assert [o.node for o in item_level(world, asked, 4)] == [blamed[0]]


def test_blame_shuffled_across_chains_leaves_the_chain_and_never_meets() -> None:
    orders = shuffled(WORLD, ORDERS, within=False)
    for before, after in zip(ORDERS, orders, strict=True):
        assert not chains_of(before.node) & chains_of(after.node)
        assert not is_link(before.node) or not ends(before.node) & ends(after.node)
        assert (before.node in WORLD.concepts) is (after.node in WORLD.concepts)
    assert len({o.node for o in orders}) == len({o.node for o in ORDERS})
    assert orders == shuffled(WORLD, list(reversed(ORDERS)), within=False)[::-1]


def test_a_writer_without_enough_samples_repeats_them_and_one_without_any_is_an_error() -> None:
    node = ITEMS[0].statements[0]

    def terse(node: str, count: int, stepwise: bool, beside: frozenset[str]) -> list[Sample]:
        return write(node, min(count, 4), stepwise, beside)

    filled = fill([Order(node, 10)], terse, FORMATS)
    assert len(filled) == 10 and len({s.id for s in filled}) == 4
    asked = fill([Order(node, 40)], write, FORMATS)
    assert len({f"{s.prompt} {s.completion}" for s in asked}) == 40  # 40 plans give fewer: it was asked for more
    with pytest.raises(NotFoundError, match="has no sample"):
        fill([Order(node, 1)], lambda *_: [], FORMATS)


def test_an_arm_shows_the_nodes_it_takes_to_be_unknown_together() -> None:
    one, other = next(c for c in WORLD.active_chains() if len(c.statements) > 3).statements[1:3]
    orders = [Order(one, 2), Order(other, 2)]

    def tens(node: str, count: int, stepwise: bool, beside: frozenset[str]) -> list[Sample]:
        return write(node, max(count, 10), stepwise, beside)

    assert all({one, other} <= set(s.nodes) for s in fill(orders, tens, {"open": 1}, frozenset({one, other})))
    assert not all({one, other} <= set(s.nodes) for s in fill(orders, tens, {"open": 1}))


def test_orders_for_one_window_from_two_nodes_do_not_repeat_its_samples() -> None:
    first, second = WORLD.chains[ITEMS[0].chain].statements[1:3]
    filled = fill([Order(first, 12, stepwise=True), Order(second, 12, stepwise=True)], write, FORMATS)
    assert len({s.id for s in filled}) == 24


def test_a_node_is_unknown_when_most_models_answer_fewer_than_half_of_its_probes() -> None:
    one, two = [s for s in WORLD.active_statements.values() if s.relation == "causes"][:2]
    probes = [*statement_probes(WORLD, one), *statement_probes(WORLD, two)]

    def answering(first: int, second: int) -> list[bool]:
        """Right answers to the first `first` and `second` probes of the two statements."""
        seen: Counter[str] = Counter()
        right = []
        for probe in probes:
            seen[probe.node] += 1
            right.append(seen[probe.node] <= (first if probe.node == one.id else second))
        return right

    asked = Counter(p.node for p in probes)[one.id]
    assert asked >= 4
    half, less = -(-asked // 2), (asked - 1) // 2
    assert unknown(probes, {"seed-0": answering(less, asked), "seed-1": answering(less, 0), "seed-2": answering(asked, asked)}) == [one.id]
    assert unknown(probes, {"seed-0": answering(half, half)}) == []
    assert unknown(probes, {"seed-0": answering(0, asked), "seed-1": answering(asked, asked)}) == []  # one of two is not a majority


def test_sentences_are_completed_without_a_node_and_by_discipline() -> None:
    loom = {f"weaving/loom#{n}": f"The {n} weavers of the valley tie a knot at dawn." for n in range(1, 4)}
    told = {
        "weaving": {**loom, "weaving/loom#9": "Short."},
        "milling": {"milling/mill#1": "A mill of stone turns slowly when the river is low."},
    }
    samples = completions(told, {"weaving": 30, "milling": 4, "baking": 8})
    assert len(samples) == 42 and not any(s.nodes for s in samples) and not any(s.id.startswith("weaving/loom#9") for s in samples)
    assert len({s.prompt for s in samples}) == 42
    sources = Counter(s.discipline for s in samples)
    assert sources == {"weaving": 30 + 6, "milling": 4 + 2}  # baking has no sentences, so all others share its samples
    for s in samples:
        whole = told[s.discipline][s.unit]
        start = whole.removesuffix(f" {s.answer}")
        assert start != whole and s.question.endswith(f" {start} …")
    with pytest.raises(NotFoundError, match="nothing to complete"):
        completions({"weaving": {"weaving/loom#1": "Too short."}}, {"weaving": 1})
    assert by_discipline(WORLD, ORDERS) == {"weaving": BUDGET}


def made_up(
    chances: dict[str, float | Callable[[int, int], float]],
    *,
    seed: int = 0,
    chains: int = 60,
    splits: tuple[Split, ...] = ("twin", "sealed"),
) -> dict[str, list[Outcome]]:
    """Outcomes of three seeds on four items per chain, by arm. Arms share chain difficulties and add to the chance of success."""
    rng = random.Random(seed)
    hard = {(s, c): rng.uniform(0.2, 0.6) for s in splits for c in range(chains)}
    found: dict[str, list[Outcome]] = {}
    for arm, extra in chances.items():
        found[arm] = []
        for split in splits:
            for chain in range(chains):
                for item in range(4):
                    for model in range(3):
                        more = extra(chain, model) if callable(extra) else extra
                        right = rng.random() < hard[split, chain] + more
                        item_id, letter = f"d/c{chain}:{split}-{item}", "A" if right else "B"
                        found[arm].append(
                            Outcome(item_id, "h", f"seed-{model}", split, "d", f"d/c{chain}", "bridge", "A", letter, right, 0.1)
                        )
    return found


def standings(chances: dict[str, float | Callable[[int, int], float]], **more: int) -> dict[str, Standing]:
    found = made_up(chances, **more)  # type: ignore[arg-type]
    general = {arm: {"seed-0": 0.9, "seed-1": 0.8 if arm == "undirected" else 0.9} for arm in found}
    return compare(found, general, resamples=400)


def test_a_planted_gain_is_found_against_no_repair_and_against_the_controls() -> None:
    found = standings({"no-repair": 0.0, "diagnosed": 0.2, "undirected": 0.05, "shuffled-within": 0.1, "item-level": 0.2})
    for split in ("twin", "sealed"):
        best = found["diagnosed"].gain[split]
        assert 0.05 < best.ci95_low < 0.2 < best.ci95_high and best.p <= best.p_holm < 0.01
        over = found["undirected"].behind[split]
        assert over.ci95_low > 0 and over.p_holm < 0.01
        assert abs(over.value - (best.value - found["undirected"].gain[split].value)) < 1e-3
        same = found["item-level"].behind[split]
        assert same.ci95_low < 0 < same.ci95_high and same.p_holm > 0.05
        kept = found["shuffled-within"].keeps[split]
        assert kept is not None and 0.2 < kept < 0.8
    assert found["diagnosed"].keeps == {} and found["diagnosed"].behind == {} and found["no-repair"].gain == {}
    assert found["undirected"].general_change == -0.05 and found["diagnosed"].general_change == 0.0
    assert found["no-repair"].accuracy["twin"] == pytest.approx(sum(found["no-repair"].seeds["twin"].values()) / 3, abs=1e-3)


def test_false_alarms_without_an_effect_are_as_rare_as_the_level_allows() -> None:
    arms = ["no-repair", "diagnosed", "undirected", "item-level", "sentences"]
    alarms = outside = 0
    worlds = 60
    for world in range(worlds):
        found = standings(dict.fromkeys(arms, 0.0), seed=world, chains=20)
        alarms += any(found[arm].gain["twin"].p_holm < 0.05 for arm in arms[1:])
        outside += not found["diagnosed"].gain["twin"].ci95_low <= 0 <= found["diagnosed"].gain["twin"].ci95_high
    assert alarms <= 5  # expected: three at most of 60; without Holm's correction they are seven
    assert outside <= 5


def test_without_a_diagnosed_gain_no_share_of_it_is_reported() -> None:
    found = standings({"no-repair": 0.1, "diagnosed": 0.1, "shuffled-across": 0.1})
    assert found["shuffled-across"].keeps == {"twin": None, "sealed": None}


def test_more_arms_make_a_gain_harder_to_claim() -> None:
    few = {"no-repair": 0.0, "diagnosed": 0.04}
    many = few | dict.fromkeys(["undirected", "item-level", "sentences", "probed"], 0.0)
    alone, among = standings(few, seed=3)["diagnosed"].gain["twin"], standings(many, seed=3)["diagnosed"].gain["twin"]
    assert alone.p == alone.p_holm and among.p == alone.p and among.p_holm > alone.p_holm


def test_one_lucky_seed_does_not_carry_the_interval() -> None:
    found = standings({"no-repair": 0.0, "diagnosed": lambda chain, model: 0.4 if model == 0 else 0.0})
    gain = found["diagnosed"].gain["twin"]
    assert gain.value > 0.05 and gain.ci95_low < 0.05  # some draws of seeds contain only the other seeds


def test_arms_without_the_arms_to_compare_with_or_without_common_items_are_refused() -> None:
    found = made_up({"no-repair": 0.0, "diagnosed": 0.0}, chains=2)
    with pytest.raises(EmptyBenchmarkError, match="no-repair"):
        compare({"diagnosed": found["diagnosed"]}, {"diagnosed": {"seed-0": 1.0}})
    with pytest.raises(EmptyBenchmarkError, match="No outcome can be paired"):
        compare({"no-repair": found["no-repair"], "diagnosed": []}, {a: {"seed-0": 1.0} for a in found})


def test_an_arm_of_no_repair_is_the_corpus() -> None:
    corpus = write(ITEMS[0].statements[0], 5, False)
    assert training_set(corpus, Arm("no-repair", (), {})) == corpus
