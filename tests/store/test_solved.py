"""benchmarks/solved.yaml: the file, which items a model does not solve, what is dropped, what is counted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError
from proda.store.files import write_file
from proda.store.solved import (
    PATH,
    Solved,
    SolverVotes,
    load_solved,
    needed_votes,
    solved_counts,
    solved_text,
    unsolved,
    with_votes,
)
from tests.store.test_validation import FROST, GRAIN, ITEMS, WIND

RIGHT = SolverVotes("B", {"B": 5}, {"B": 2, "C": 3}, "solve@1")
WRONG = SolverVotes("C", {"A": 2, "C": 2, "none": 1}, {"C": 5}, "solve@1", "A: it follows, [too]")
SOLVED = Solved({WIND.content_hash: {"small/model:1": RIGHT}, FROST.content_hash: {"small/model:1": WRONG, "large": WRONG}})


def test_the_file_reads_back_as_written_and_equal_votes_give_equal_bytes(tmp_path: Path) -> None:
    write_file(tmp_path / PATH, solved_text(SOLVED))
    assert load_solved(tmp_path) == SOLVED and load_solved(tmp_path / "elsewhere") == Solved()
    turned = Solved({h: dict(reversed(found.items())) for h, found in reversed(SOLVED.votes.items())})
    assert solved_text(turned) == (tmp_path / PATH).read_text()
    assert "small/model:1: {key: B, open: {B: 5}, closed: {B: 2, C: 3}, prompt: solve@1}" in solved_text(SOLVED).replace("'", "")
    write_file(tmp_path / PATH, solved_text(Solved()))
    assert load_solved(tmp_path) == Solved()


def test_more_than_half_of_the_open_book_votes_must_pick_the_key() -> None:
    assert RIGHT.solves and not WRONG.solves and (RIGHT.closed_share, WRONG.closed_share) == (0.4, 1.0)
    half = msgspec.structs.replace(RIGHT, open={"B": 2, "A": 2})
    assert not half.solves and msgspec.structs.replace(RIGHT, open={"B": 3, "A": 2}).solves
    told = unsolved(ITEMS, SOLVED)
    assert list(told) == [FROST.id]
    one = "picks A in 2 of 5 votes with the facts given, the key is C (A: it follows, [too])"
    assert told[FROST.id] == f"large {one}; small/model:1 {one}"
    none = Solved({WIND.content_hash: {"m": msgspec.structs.replace(RIGHT, open={"B": 2, "none": 3})}})
    assert "picks no option in 3 of 5 votes" in unsolved(ITEMS, none)[WIND.id]


def test_an_item_with_another_text_has_no_votes() -> None:
    mended = msgspec.structs.replace(FROST, stem="What does frost do at last?")
    assert unsolved([mended], SOLVED) == {}


def test_votes_that_withhold_an_item_stay_when_the_item_has_left() -> None:
    kept = needed_votes(SOLVED, {GRAIN.content_hash})
    assert set(kept.votes) == {FROST.content_hash} and needed_votes(SOLVED, {WIND.content_hash}) == SOLVED


def test_a_model_that_votes_again_replaces_its_own_votes() -> None:
    after = with_votes(SOLVED, "large", {WIND.content_hash: WRONG, FROST.content_hash: RIGHT})
    assert after.votes[WIND.content_hash] == {"small/model:1": RIGHT, "large": WRONG}
    assert after.votes[FROST.content_hash] == {"small/model:1": WRONG, "large": RIGHT}
    assert SOLVED.votes[WIND.content_hash] == {"small/model:1": RIGHT}


def test_shares_include_what_is_withheld() -> None:
    counts = solved_counts([WIND, GRAIN], SOLVED)
    assert (counts.voted, counts.withheld, counts.models) == (1, 1, ("large", "small/model:1"))
    assert counts.open == pytest.approx((1 + 0.4 + 0.4) / 3) and counts.closed == pytest.approx((0.4 + 1 + 1) / 3)
    none = solved_counts(ITEMS, Solved())
    assert (none.voted, none.withheld, none.open, none.closed) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("votes: {abc: {m: {key: B, open: {B: 1}, closed: {B: 1}, prompt: p}}}", "sixteen hex digits"),
        (f"votes: {{'{'0' * 16}': {{m: {{key: B, open: {{}}, closed: {{B: 1}}, prompt: p}}}}}}", "expected one or more"),
        (f"votes: {{'{'0' * 16}': {{m: {{key: B, open: {{B: 0}}, closed: {{B: 1}}, prompt: p}}}}}}", "1"),
        (f"votes: {{'{'0' * 16}': {{m: {{key: E, open: {{B: 1}}, closed: {{B: 1}}, prompt: p}}}}}}", "E"),
        (f"votes: {{'{'0' * 16}': {{m: {{key: B, open: {{E: 1}}, closed: {{B: 1}}, prompt: p}}}}}}", "Got 'E'"),
        (f"votes: {{'{'0' * 16}': {{'': {{key: B, open: {{B: 1}}, closed: {{B: 1}}, prompt: p}}}}}}", "name of a model"),
        ("vote: {}", "vote"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        load_solved(tmp_path)
