"""Randomness by name: stable, local, uniform."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proda.stable_hash import by_weight, fraction, seed_of

names = st.lists(st.text(min_size=1, max_size=8), unique=True, min_size=1, max_size=20)


def test_known_values_never_change() -> None:
    # Every split, letter and distractor in git depends on this number, so it must not change.
    assert seed_of(0, "physics/heating", "open", 1) == 14823555256656725690
    assert seed_of("a", "b") != seed_of("ab")


@given(names, st.integers())
def test_ranking_does_not_depend_on_input_order(candidates: list[str], key: int) -> None:
    assert by_weight(candidates, key) == by_weight(reversed(candidates), key)


@given(names, st.lists(st.text(max_size=4)))
def test_the_ranking_is_that_of_the_hash_of_key_and_name(candidates: list[str], key: list[str]) -> None:
    assert by_weight(candidates, *key) == sorted(candidates, key=lambda name: -seed_of(*key, name))


@given(names, st.text(min_size=1, max_size=8), st.integers())
def test_a_new_candidate_moves_nobody_else(candidates: list[str], new: str, key: int) -> None:
    if new not in candidates:
        assert [c for c in by_weight([*candidates, new], key) if c != new] == by_weight(candidates, key)


def test_fractions_are_spread_evenly() -> None:
    drawn = [fraction("sealed", f"physics/chain-{n}") for n in range(4000)]
    for tenth in range(10):
        assert 0.07 < sum(tenth / 10 <= d < (tenth + 1) / 10 for d in drawn) / len(drawn) < 0.13
