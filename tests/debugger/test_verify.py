"""Verdicts: gains and harm are recognised, and edits of the benchmark count as neither."""

from __future__ import annotations

import random

import pytest

from proda.debugger.verify import judge
from proda.errors import EmptyBenchmarkError
from proda.records import Outcome

SEEDS = ("seed-0", "seed-1", "seed-2")


def world(right: float, seed: int, *, chains: int = 60, digest: str = "h", weak: str = "") -> list[Outcome]:
    """Outcomes of `chains` chains in four disciplines, three splits; the discipline `weak` always fails."""
    rng, found = random.Random(seed), []
    for chain in range(chains):
        discipline = f"d{chain % 4}"
        for split in ("dev", "twin", "sealed"):
            for number in range(3):
                name = f"{discipline}/c{chain}:{split}-path-{number}"
                for model in SEEDS:
                    correct = discipline != weak and rng.random() < right
                    chosen = "A" if correct else "B"
                    found.append(
                        Outcome(name, digest, model, split, discipline, f"{discipline}/c{chain}", "path", "A", chosen, correct, 0.0)
                    )
    return found


def test_a_clear_gain_helps() -> None:
    verdict = judge(world(0.5, 1), world(0.8, 2), general=(0.99, 0.99), number=1)
    assert verdict.says == "helps" and verdict.splits["twin"].ci95_low > 0.2
    assert verdict.splits["twin"].better > verdict.splits["twin"].worse and verdict.splits["twin"].p < 0.001


@pytest.mark.parametrize("chains", [1, 2, 5, 6])
def test_a_handful_of_chains_proves_nothing_even_if_all_of_their_items_are_mended(chains: int) -> None:
    verdict = judge(world(0.0, 1, chains=chains), world(1.0, 2, chains=chains), general=(0.99, 0.99), number=1)
    assert verdict.splits["twin"].ci95_low == 1.0  # draws of chains that all gain hold nothing else
    assert verdict.says == "unproven" and verdict.splits["twin"].p >= 0.05 and f"p {verdict.splits['twin'].p:.3f}" in verdict.reasons[0]


@pytest.mark.parametrize("general", [(float("nan"), 0.9), (0.9, float("nan"))])
def test_a_general_suite_that_was_not_measured_does_not_pass(general: tuple[float, float]) -> None:
    assert judge(world(0.5, 1), world(0.8, 2), general=general, number=1).says == "hurts"


def test_no_change_is_unproven() -> None:
    same = world(0.6, 1)
    verdict = judge(same, same, general=(0.99, 0.99), number=1)
    assert verdict.says == "unproven" and verdict.splits["twin"].difference == 0 and verdict.splits["twin"].p == 1.0


def test_a_loss_a_ruined_discipline_and_lost_general_ability_hurt() -> None:
    before = world(0.7, 1)
    assert judge(before, world(0.4, 2), general=(0.99, 0.99), number=1).says == "hurts"
    ruined = judge(before, world(0.85, 2, weak="d2"), general=(0.99, 0.99), number=1)
    assert ruined.says == "hurts" and any("d2" in r for r in ruined.reasons)
    forgetful = judge(before, world(0.95, 2), general=(0.99, 0.9), number=1)
    assert forgetful.says == "hurts" and "general" in forgetful.reasons[0]


def test_each_named_general_suite_must_hold_and_is_named_in_the_reason() -> None:
    before, after = world(0.5, 1), world(0.9, 2)
    held = judge(before, after, general=(0.9, 0.9), suites={"suite": (0.99, 0.98), "winds": (0.6, 0.62)}, number=1)
    assert held.says == "helps" and held.suites["winds"] == {"before": 0.6, "after": 0.62, "difference": 0.02}
    lost = judge(before, after, general=(0.9, 0.9), suites={"suite": (0.99, 0.99), "winds": (0.62, 0.58)}, number=1)
    assert lost.says == "hurts" and lost.reasons == ("the general suite winds loses 0.040, more than the margin of 0.02",)
    assert not judge(before, after, general=(0.99, 0.99), number=1).suites


def test_a_round_that_holds_a_patch_shown_to_harm_hurts_and_one_that_does_not_is_not_blamed_for_it() -> None:
    before, after = world(0.5, 1), world(0.9, 2)
    holds = judge(before, after, general=(0.99, 0.99), number=2, patches=("2-a", "2-b"), harmful=("2-b",))
    assert holds.says == "hurts" and len(holds.reasons) == 1 and holds.reasons[0].startswith("2-b was shown to harm")
    assert judge(before, after, general=(0.99, 0.99), number=2, patches=("2-a",), harmful=("1-b",)).says == "helps"


def test_a_reworded_or_retired_item_is_never_a_gain() -> None:
    before = world(0.5, 1)
    edited = [o for o in world(0.5, 1, digest="easier") if "twin" in o.item] + [o for o in before if "twin" not in o.item]
    with pytest.raises(EmptyBenchmarkError, match="twin"):
        judge(before, edited, general=(0.9, 0.9), number=1)
    retired = [o for o in before if not (o.split == "twin" and o.correct is False)]  # the failed ones are dropped
    verdict = judge(before, retired, general=(0.9, 0.9), number=1)
    assert verdict.says == "unproven" and verdict.splits["twin"].difference == 0 and verdict.apart["gone"] > 50


def test_the_base_is_not_part_of_the_comparison() -> None:
    import msgspec

    before = world(0.5, 1)
    base = [msgspec.structs.replace(o, model="base") for o in world(0.0, 3)]
    better = [msgspec.structs.replace(o, model="base") for o in world(1.0, 3)]
    assert judge([*before, *base], [*before, *better], general=(0.9, 0.9), number=1) == judge(before, before, general=(0.9, 0.9), number=1)


def test_items_of_one_chain_that_flip_together_are_one_piece_of_evidence() -> None:
    """Fifty items turn right, but on five chains only: the test counts five changes."""

    def answers(right: range) -> list[Outcome]:
        found = []
        for chain in range(8):
            for number in range(10):
                good = chain in right
                name = f"d/c{chain}:twin-path-{number}"
                found.append(Outcome(name, "h", "seed-0", "twin", "d", f"d/c{chain}", "path", "A", "A" if good else "B", good, 0.0))
        return found

    verdict = judge(answers(range(0)), answers(range(5)), general=(0.99, 0.99), number=1)
    twin = verdict.splits["twin"]
    assert (twin.better, twin.worse) == (50, 0) and twin.p == pytest.approx(2 / 2**5)
