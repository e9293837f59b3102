"""More samples for disciplines with more errors, at least half of the even share for each, and the same number in total."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.debugger.reallocate import error_rates, reallocate, rewrite
from proda.errors import InputError, NotFoundError
from proda.records import Item, Option, Outcome
from proda.yamlio import load_yaml_text

EVEN = {"astronomy": 800, "biology": 800, "chemistry": 800, "physics": 800}


def item(discipline: str, number: int) -> Item:
    options = (Option("a"), Option("b"), Option("c"), Option("d"))
    name = f"{discipline}/c{number}"
    return Item(f"{name}:dev-path", "dev", "path", discipline, "t", name, (f"{name}.s1",), (), f"Which of {number}?", options, "A")


def answers(discipline: str, right: dict[str, list[bool | None]]) -> tuple[list[Item], list[Outcome]]:
    """Items of a discipline, and the outcomes of each model."""
    items = [item(discipline, n) for n in range(len(next(iter(right.values()))))]
    found = []
    for model, row in right.items():
        for i, correct in zip(items, row, strict=True):
            chosen = None if correct is None else "A" if correct else "B"
            found.append(Outcome(i.id, i.content_hash, model, "dev", discipline, i.chain, "path", "A", chosen, correct, 0.0))
    return items, found


def test_errors_are_of_tuned_models_over_scored_answers_by_discipline() -> None:
    some, one = answers("physics", {"base": [False] * 4, "seed-0": [True, True, False, None], "seed-1": [True, False, True, True]})
    more, two = answers("biology", {"base": [True] * 2, "seed-0": [False, False], "seed-1": [False, True]})
    assert error_rates(one + two, some + more, ["physics", "biology"]) == {"biology": 3 / 4, "physics": 2 / 7}


def test_a_discipline_that_dev_does_not_ask_about_gets_the_mean() -> None:
    some, one = answers("physics", {"seed-0": [True, True, False, False]})
    more, two = answers("biology", {"seed-0": [True, True, True, True]})
    assert error_rates(one + two, some + more, EVEN)["astronomy"] == 1 / 4


def test_stale_answers_none_at_all_and_an_unnamed_discipline_are_refused() -> None:
    items, found = answers("physics", {"seed-0": [True, False]})
    with pytest.raises(InputError, match=r"physics/c1:dev-path\n  1 answered item has changed"):
        error_rates(found, [items[0], msgspec.structs.replace(items[1], stem="Reworded?")], EVEN)
    with pytest.raises(InputError, match="2 answered items"):
        error_rates(found, [], EVEN)
    with pytest.raises(NotFoundError, match="No answer of a tuned model"):
        error_rates([msgspec.structs.replace(o, model="base") for o in found], items, EVEN)
    with pytest.raises(InputError, match="no number for: physics"):
        error_rates(found, items, ["biology"])


def test_numbers_are_in_proportion_to_errors() -> None:
    assert reallocate(EVEN, {"astronomy": 0.2, "biology": 0.3, "chemistry": 0.2, "physics": 0.3}) == {
        "astronomy": 640, "biology": 960, "chemistry": 640, "physics": 960,
    }  # fmt: skip


def test_no_discipline_falls_below_half_of_the_even_share_and_the_others_pay_in_proportion() -> None:
    found = reallocate(EVEN, {"astronomy": 0.0, "biology": 0.01, "chemistry": 0.2, "physics": 0.6})
    assert found == {"astronomy": 400, "biology": 400, "chemistry": 600, "physics": 1800}


def test_the_remainder_goes_to_the_largest_fractions_and_ties_to_the_first_name() -> None:
    assert reallocate({"a": 4, "b": 3, "c": 3}, {"a": 0.5, "b": 0.5, "c": 0.5}) == {"a": 4, "b": 3, "c": 3}
    assert reallocate({"a": 3, "b": 3, "c": 4}, {"a": 0.25, "b": 0.5, "c": 0.5}) == {"a": 2, "b": 4, "c": 4}
    assert reallocate({"a": 5, "b": 6}, {"a": 0.25, "b": 0.5}) == {"a": 4, "b": 7}  # 3.67 and 7.33


def test_without_errors_everything_stays() -> None:
    uneven = {"a": 10, "b": 30}
    assert reallocate(uneven, {"a": 0.0, "b": 0.0}) == uneven


RATES = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.floats(0, 1), min_size=1, max_size=16)


@given(RATES, st.lists(st.integers(0, 2000), min_size=16, max_size=16))
def test_the_sum_is_kept_the_floor_holds_order_follows_errors_and_twice_is_once(errors: dict[str, float], counts: list[int]) -> None:
    before = dict(zip(sorted(errors), counts, strict=False))
    total, n = sum(before.values()), len(errors)
    after = reallocate(before, errors)
    assert sum(after.values()) == total and reallocate(after, errors) == after
    if any(errors.values()):
        assert total < n or min(after.values()) >= Fraction(total, 2 * n)
        ranked = sorted(errors, key=errors.__getitem__)
        for less, more in zip(ranked, ranked[1:], strict=False):
            assert after[less] <= after[more] + 1  # a remainder goes to one of two that are nearly the same


def test_a_rewritten_file_differs_in_its_numbers_alone() -> None:
    text = "# How many.\r\n# Evenly at first.\nsamples:\n  # by hand\n  biology: 800   # 800, once\n  physics:  1200\n\n# the end\n"
    assert rewrite(text, {"physics": 7, "biology": 1993}) == text.replace("biology: 800 ", "biology: 1993 ").replace(" 1200", " 7")
    flow = "samples: {biology: 800, physics: 1200} # in one line"
    assert rewrite(flow, {"physics": 7, "biology": 1993}) == "samples: {biology: 1993, physics: 7} # in one line"


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True), st.integers(0, 99999), min_size=1), st.integers(0, 9))
def test_a_rewritten_file_holds_the_numbers(numbers: dict[str, int], more: int) -> None:
    text = "# é🙂\nsamples:\n" + "".join(f"  '{name}': {n}  # {n}\n" for name, n in numbers.items())
    wanted = {name: n * 10 + more for name, n in numbers.items()}
    assert load_yaml_text(rewrite(text, wanted)) == {"samples": wanted}
    assert rewrite(rewrite(text, wanted), numbers) == text
