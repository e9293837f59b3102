"""Where answers flipped: every flip is found, items are not compared across a rewording, and bisection asks no more than it needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from proda.history.bisect import CommittedFlip, Result, comparable, flips, most_rebuilds, narrow, tally

COMMITS = [f"c{n}" for n in range(64)]


def line(states: str, digest: str = "h") -> list[Result]:
    """R: two of three seeds are right; w: one is; -: none is scored; a blank: the item is not there."""
    right = {"R": (2, 3), "w": (1, 3), "-": (0, 0), " ": (0, 0)}
    return [Result(COMMITS[n], "" if s == " " else digest, *right[s]) for n, s in enumerate(states)]


def found(states: str) -> list[tuple[str, str, bool]]:
    return [(f.last, f.first, f.right) for f in flips(comparable(line(states)).results)]


def test_most_tuned_seeds_decide_and_the_base_and_unscored_answers_do_not() -> None:
    answers = [("base", "h", False), ("seed-0", "h", True), ("seed-1", "h", None), ("seed-2", "h", True), ("seed-3", "h", False)]
    assert tally("c0", answers) == Result("c0", "h", 2, 3) and tally("c0", answers).state is True
    assert tally("c0", [("seed-0", "h", True), ("seed-1", "h", False)]).state is False  # half is not most
    assert tally("c0", [("seed-0", "h", None)]) == Result("c0", "h", 0, 0) and tally("c0", [("seed-0", "h", None)]).state is None
    assert tally("c0", [("base", "h", True)]).hash == ""


def test_a_planted_flip_is_found_and_none_where_there_is_none() -> None:
    assert found("wwwRRR") == [("c2", "c3", True)] and found("RRw") == [("c1", "c2", False)]
    assert found("RRRR") == [] and found("w") == [] and found("") == []


def test_answers_that_go_back_and_forth_give_all_flips() -> None:
    assert found("wRRwR") == [("c0", "c1", True), ("c2", "c3", False), ("c3", "c4", True)]


def test_results_without_the_item_or_a_scored_answer_are_passed_over() -> None:
    assert found(" w- R") == [("c1", "c4", True)]


def test_a_reworded_item_is_another_item() -> None:
    older, newer = line("wRw", "old"), [Result(f"d{n}", r.hash, r.right, r.scored) for n, r in enumerate(line("wwR", "new"))]
    both = comparable(older + newer)
    assert both.reworded == "c2" and flips(both.results) == [CommittedFlip("d1", "d2", True)]
    back = comparable(older + newer + older)  # worded as at first again: answers from before the other wording are still not compared
    assert back.reworded == "d2" and [r.commit for r in back.results] == ["c0", "c1", "c2"]
    assert comparable(older).reworded == ""


@given(st.integers(1, 64), st.data())
def test_one_change_is_left_after_at_most_log2_rebuilds(count: int, data: st.DataObject) -> None:
    guilty, before = data.draw(st.integers(0, count - 1)), data.draw(st.booleans())
    asked = []

    def state(commit: str) -> bool:
        asked.append(commit)
        return (COMMITS.index(commit) >= guilty) != before

    left, times = narrow(COMMITS[:count], before=before, state=state)
    assert left == [COMMITS[guilty]] and times == len(asked) == len(set(asked)) <= most_rebuilds(count)
    assert COMMITS[count - 1] not in asked  # its results are known


@given(st.integers(1, 24), st.data())
def test_what_cannot_be_told_widens_the_answer_and_never_misplaces_it(count: int, data: st.DataObject) -> None:
    guilty, blind = data.draw(st.integers(0, count - 1)), data.draw(st.sets(st.integers(0, count - 2)) if count > 1 else st.just(set()))

    def state(commit: str) -> bool | None:
        place = COMMITS.index(commit)
        return None if place in blind else place >= guilty

    left, _ = narrow(COMMITS[:count], before=False, state=state)
    assert COMMITS[guilty] in left
    # The narrowest possible range: from the last change known to be before the flip to the first known to be after it.
    low = max((n for n in range(guilty) if n not in blind), default=-1)
    high = min((n for n in range(guilty, count - 1) if n not in blind), default=count - 1)
    assert left == COMMITS[low + 1 : high + 1]


def test_the_search_over_a_real_history_finds_the_commit_that_broke_a_file(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q", "-b", "main")
    for number in range(12):
        (tmp_path / "list.txt").write_text("".join(f"{n}\n" for n in range(number + 1) if number < 7 or n != 3))
        git("add", "-A")
        git("commit", "-q", "-m", f"Commit {number}")
    commits = git("rev-list", "--reverse", "HEAD").split()
    left, times = narrow(commits[4:], before=True, state=lambda commit: "3" in git("show", f"{commit}:list.txt").split("\n"))
    assert left == [commits[7]] and times <= most_rebuilds(8) == 3
