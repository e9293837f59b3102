"""Verdicts on patches in simulated rounds with known effects: planted effects are found, others are not, large rounds use groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest

from proda.errors import SealedError
from proda.experiments.contrasts import LeftOut, Trials
from proda.experiments.patch_verdicts import MOST_SINGLE, Attribution, AttributionCase, at_most_later, attribute, first_units, judge, needed
from proda.records import Item, Option, Outcome, Patch
from proda.stable_hash import fraction, seed_of
from proda.statistics import chance

SEEDS = tuple(f"seed-{n}" for n in range(3, 8))
NOISE = 0.03
Right = Callable[[Item, frozenset[str]], bool | None]  # does an item come out right where these patches are taught?


def items(chains: int) -> tuple[Item, ...]:
    """Two dev and two twin items per chain, on both of its statements."""
    options = tuple(Option(text) for text in ("a", "b", "c", "d"))
    return tuple(
        Item(
            f"d/c{n}:{split}-{kind}", split, kind, "d", "t", f"d/c{n}", (f"d/c{n}.s1", f"d/c{n}.s2"),
            (f"d/c{n}", f"d/c{n}.s1", f"d/c{n}.s2"), f"{n} {split} {kind}?", options, "A",
        )
        for n in range(chains)
        for split in ("dev", "twin")
        for kind in ("path", "order")
    )  # type: ignore[arg-type]  # fmt: skip


def patch(name: str, chain: int) -> Patch:
    """A patch on a chain's first statement, written for both of its dev items."""
    return Patch(name, 1, (f"d/c{chain}.s1",), (f"d/c{chain}:dev-order", f"d/c{chain}:dev-path"), "concept gap", "", {})


def round_of(patches: Sequence[Patch], chains: int) -> AttributionCase:
    """The round of these patches; topics are the first letters of their names."""
    return AttributionCase(tuple(patches), items(chains), tuple(p.id for p in patches), {p.id: f"d/{p.id[0]}" for p in patches})


class Bench:
    """Simulated trainings: answers follow `right`, with noise that inverts all items of a chain, or a single item."""

    def __init__(
        self, case: AttributionCase, right: Right, *, draw: int = 0, seeds: int = 5, noise: float = NOISE, most: int = 1000
    ) -> None:
        self.case, self.right, self.draw, self.noise, self.most = case, right, draw, noise, most
        self.seeds = SEEDS[:seeds]
        self.asked: list[LeftOut] = []

    def __call__(self, without: LeftOut) -> list[Outcome] | None:
        if len(self.asked) == self.most:
            return None
        self.asked.append(without)
        taught, found = self.case.every - without, []
        chains = sorted({i.chain for i in self.case.items})
        for seed in self.seeds:
            rng = np.random.default_rng(seed_of(self.draw, "+".join(sorted(without)), seed))
            together = dict(zip(chains, rng.random(len(chains)) < self.noise, strict=True))
            for item, single in zip(self.case.items, rng.random(len(self.case.items)) < self.noise / 2, strict=True):
                correct = self.right(item, taught)
                if correct is not None:
                    correct = bool(correct != (together[item.chain] != single))
                shared = (item.id, item.content_hash, seed, item.split, item.discipline, item.chain, item.kind, item.answer)
                found.append(Outcome(*shared, None if correct is None else "A" if correct else "B", correct, None))
        return found


def number(item: Item) -> int:
    return int(item.chain.removeprefix("d/c"))


PLANT = round_of([patch("necessary", 0), patch("one", 1), patch("other", 1), patch("harmful", 2), patch("useless", 3)], 40)


def planted(item: Item, taught: frozenset[str]) -> bool:
    """Chain 0 needs its patch, chain 1 either of two; chains 2 and 3 always fail; the harmful patch breaks chains 20 to 29."""
    chain = number(item)
    if chain == 0:
        return "necessary" in taught
    if chain == 1:
        return bool({"one", "other"} & taught)
    return chain not in (2, 3) and not (20 <= chain < 30 and "harmful" in taught)


def says(found: Sequence[Attribution]) -> dict[str, str]:
    return {a.patch: a.says for a in found}


def test_what_is_planted_is_found_through_noise() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for draw in range(20):
        counts.update(says(attribute(PLANT, Bench(PLANT, planted, draw=draw))).items())
    wanted = {"necessary": "necessary", "one": "redundant", "other": "redundant", "harmful": "harmful", "useless": "unproven"}
    assert all(counts[patch, verdict] >= 17 for patch, verdict in wanted.items()), counts
    assert counts["useless", "unproven"] == 20


def test_two_patches_that_fix_the_same_items_are_redundant_even_if_both_together_do_a_little_more() -> None:
    """Either patch fixes three of four items, both together fix the fourth: leaving one out loses less than half of the gain."""

    def right(item: Item, taught: frozenset[str]) -> bool:
        both = {"one", "other"} & taught
        return len(both) == 2 if item.id == "d/c1:dev-order" else planted(item, taught)

    found = {a.patch: a for a in attribute(PLANT, Bench(PLANT, right, noise=0.0))}
    for name in ("one", "other"):
        assert found[name].says == "redundant"
        assert found[name].effects["necessary"].adjusted < 0.05 and found[name].effects["necessary"].difference == 0.25
        assert found[name].effects["sufficient"].difference == 0.75
    assert found["necessary"].says == "necessary"


def test_false_verdicts_are_rare_in_a_round_without_effects() -> None:
    """Trainings differ by chains, so a test that assumed independent items or chains would give many false verdicts."""
    case = round_of([patch(f"p{n}", n) for n in range(5)], 12)
    calls: Counter[str] = Counter()
    rounds = 0
    for draw in range(100):
        found = attribute(case, Bench(case, lambda item, _: fraction("known", item.chain) < 0.5, draw=draw, noise=0.2))
        called = {a.says for a in found} - {"unproven"}
        rounds += bool(called)
        calls.update(called)
    assert rounds <= 15, calls  # three claims, each at .05
    assert all(calls[claim] <= 9 for claim in ("necessary", "harmful")) and calls["sufficient"] + calls["redundant"] <= 9, calls


def test_the_permutation_p_value_is_exact() -> None:
    odd = np.zeros((4, 5), dtype=np.int64)
    odd[0] = 3
    assert chance(odd) == pytest.approx(1 / 4**5)
    assert chance(odd[:2]) == pytest.approx(1 / 2**5)  # five seeds and two trainings: no effect is below that
    assert chance(odd[1:]) == 1.0
    mixed = np.array([[2, 1], [1, 1], [0, 3]])  # sums of at least 3: 2 + 1, 2 + 1, 2 + 3, 1 + 3, 0 + 3 of nine
    assert chance(mixed) == pytest.approx(5 / 9)


def test_the_p_value_is_valid_for_exchangeable_trainings() -> None:
    rng = np.random.default_rng(1)
    values = [chance(rng.binomial(6, rng.beta(0.5, 0.5, (1, 4)), (4, 4))) for _ in range(2000)]  # a rate for each seed
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(values) <= level) <= level + 2.6 * (level * (1 - level) / 2000) ** 0.5


def test_a_verdict_says_which_items_it_is_proven_of() -> None:
    found = {a.patch: a for a in attribute(PLANT, Bench(PLANT, planted, noise=0.0))}
    own = {f"d/c0:{split}-{kind}" for split in ("dev", "twin") for kind in ("path", "order")}
    assert {x.item: x.shown for x in found["necessary"].items} == dict.fromkeys(own, "necessary and sufficient")
    assert {x.shown for x in found["one"].items} == {"redundant"}
    harmed = {x.item for x in found["harmful"].items if x.shown == "harmed"}
    assert harmed == {i.id for i in PLANT.items if 20 <= number(i) < 30}
    (first, *_) = found["necessary"].items
    assert (first.full, first.without, first.none, first.only) == (5, 0, 0, 5)
    assert found["necessary"].accuracy == {"full": 1.0, "without": 0.0, "none": 0.0, "only": 1.0}
    assert found["harmful"].effects["harmful"].difference == pytest.approx(10 / 40)
    assert {x.shown for x in found["useless"].items} == {""}


def test_fewer_than_five_seeds_prove_nothing() -> None:
    found = attribute(PLANT, Bench(PLANT, planted, noise=0.0, seeds=4))
    assert set(says(found).values()) == {"unproven"} and all("at least 5 seeds" in a.why for a in found)
    assert found[0].effects["necessary"].difference == 1.0 and {x.shown for a in found for x in a.items} == {""}


def test_the_only_patch_of_a_round_needs_two_trials_and_can_be_proven() -> None:
    case = round_of([patch("necessary", 0)], 12)
    bench = Bench(case, planted, noise=0.0)
    (found,) = attribute(case, bench)
    assert bench.asked == [frozenset(), frozenset({"necessary"})]
    assert found.says == "necessary" and found.effects["necessary"].p == found.effects["sufficient"].p == 1 / 32
    assert {x.shown for x in found.items} == {"necessary and sufficient"}


def test_two_patches_need_four_trials() -> None:
    case = round_of([patch("one", 1), patch("other", 1)], 12)
    assert needed(case, {}) == [frozenset(), frozenset({"one", "other"}), frozenset({"one"}), frozenset({"other"})]


def test_one_training_that_fails_is_no_proof_however_many_items_it_fails() -> None:
    def unlucky(without: LeftOut) -> list[Outcome]:
        found = Bench(PLANT, lambda *_: True, noise=0.0)(without)
        lost = without == frozenset({"useless"})
        assert found is not None
        return [msgspec.structs.replace(o, correct=False) if lost and o.model == SEEDS[0] else o for o in found]

    assert says(attribute(PLANT, unlucky))["useless"] == "unproven"


def test_unscored_answers_do_not_count_as_wrong() -> None:
    def unread(item: Item, taught: frozenset[str]) -> bool | None:
        return None if number(item) == 3 and "useless" not in taught else number(item) != 2

    found = {a.patch: a for a in attribute(PLANT, Bench(PLANT, unread, noise=0.0))}["useless"]
    assert found.says == "unproven" and found.effects["necessary"].p == 1.0 and found.effects["necessary"].difference == 0.0


def test_own_items_are_the_dev_items_and_the_twins_on_the_same_statements() -> None:
    other = next(i for i in PLANT.items if i.id == "d/c0:twin-path")
    moved = msgspec.structs.replace(other, statements=("d/c0.s3",))
    everything = [moved if i is other else i for i in PLANT.items]
    own = frozenset({"necessary"})
    trials = Trials(PLANT.patches, everything, {LeftOut(): []}, [own])
    assert [trials.items[row].id for row in trials.own(own)] == ["d/c0:dev-order", "d/c0:dev-path", "d/c0:twin-order"]


def test_a_patch_whose_items_are_gone_can_still_be_found_to_harm() -> None:
    without = tuple(i for i in PLANT.items if number(i) != 2)
    case = msgspec.structs.replace(PLANT, items=without)
    found = {a.patch: a for a in attribute(case, Bench(case, planted, noise=0.0))}["harmful"]
    assert found.says == "harmful" and "No item" in found.why and set(found.effects) == {"harmful"}


def test_sealed_items_are_refused() -> None:
    sealed = tuple(msgspec.structs.replace(i, split="sealed") if i.split == "twin" else i for i in PLANT.items)
    case = msgspec.structs.replace(PLANT, items=sealed)
    with pytest.raises(SealedError, match="dev and twin"):
        attribute(case, Bench(case, planted))


def test_when_time_is_up_only_complete_trials_are_judged_and_the_rest_can_follow() -> None:
    whole = Bench(PLANT, planted)
    full = attribute(PLANT, whole)
    assert attribute(PLANT, Bench(PLANT, planted, most=1)) == []
    cut = attribute(PLANT, Bench(PLANT, planted, most=7))
    assert 0 < len(cut) < len(full) and {a.patch for a in cut} < {a.patch for a in full}
    assert attribute(PLANT, Bench(PLANT, planted)) == full
    found = {c: Bench(PLANT, planted)(c) or [] for c in whole.asked}
    assert judge(PLANT, found) == full and needed(PLANT, found) == []


def test_only_what_was_asked_about_is_tried_and_the_rest_stays_in() -> None:
    case = msgspec.structs.replace(PLANT, asked=("necessary",))
    bench = Bench(case, planted, noise=0.0)
    (found,) = attribute(case, bench)
    assert found.says == "necessary" and len(bench.asked) == 4
    assert set(bench.asked) == {frozenset(), PLANT.every, frozenset({"necessary"}), PLANT.every - {"necessary"}}


MANY = round_of([patch(f"{topic}{n}", 4 * k + n % 4) for k, topic in enumerate("abcdef") for n in range(4)], 60)


def one_matters(item: Item, taught: frozenset[str]) -> bool:
    """Of 24 patches in six topics, only b1 has an effect."""
    return "b1" in taught if number(item) == 5 else number(item) >= 24


def test_beyond_twenty_groups_are_tried_and_only_those_that_matter_are_split() -> None:
    assert len(MANY.asked) > MOST_SINGLE and [min(u)[0] for u in first_units(MANY)] == list("abcdef")
    bench = Bench(MANY, one_matters)
    found = {a.patch: a for a in attribute(MANY, bench)}
    assert found["b1"].says == "necessary" and found["b1"].unit == ("b1",)
    assert {p for p, a in found.items() if a.says != "unproven"} == {"b1"}
    assert {a.unit for p, a in found.items() if p[0] == "a"} == {("a0", "a1", "a2", "a3")}
    assert found["a0"].effects["necessary"].difference < 0.2 and "together with 3 more" in found["a0"].why and not found["a0"].items
    assert found["b2"].unit == found["b3"].unit == ("b2", "b3"), "that half does not matter"
    first = needed(MANY, {})
    assert len(first) == 2 + 2 * 6
    assert len(first) < len(bench.asked) <= len(first) + at_most_later(MANY)
    assert len(bench.asked) == len(first) + 4 + 4  # halves of b, then b0 and b1


def test_false_verdicts_are_rare_with_groups_too() -> None:
    calls = 0
    for draw in range(10):
        found = attribute(MANY, Bench(MANY, lambda item, _: number(item) >= 24, draw=draw, noise=0.2))
        assert len(found) == len(MANY.asked)
        calls += any(a.says != "unproven" for a in found)
    assert calls <= 3


def test_a_run_that_stops_while_splitting_a_group_reports_the_numbers_of_the_group() -> None:
    found = {a.patch: a for a in attribute(MANY, Bench(MANY, one_matters, most=16))}
    assert found["b1"].unit == ("b0", "b1") and found["b1"].says == "unproven"
    assert found["b1"].effects["necessary"].difference > 0.3
