"""Parallel processes: results by key, one error for all, and no more processes than memory holds."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from proda.runtime.engine import ShareError
from proda.runtime.local_processes import side_by_side
from proda.runtime.parallel import processes, spread
from tests.runtime.tasks import dies, fails_at_two, square


def test_each_key_has_its_result_from_a_process_of_its_own() -> None:
    found = dict(side_by_side(square, [1, 2, 3], threads=1, what="square"))
    assert {key: value for key, (value, _) in found.items()} == {1: 1, 2: 4, 3: 9}
    assert len({pid for _, pid in found.values()} | {os.getpid()}) == 4


def test_a_model_too_large_to_have_twice_works_here_and_in_turn() -> None:
    assert [(key, value) for key, (value, pid) in spread(square, [1, 2], parameters=1 << 60, what="square") if pid == os.getpid()] == [
        (1, 1),
        (2, 4),
    ]


def test_one_failure_ends_the_others_and_says_whose_it_was() -> None:
    with pytest.raises(ShareError, match="count 2: two is no good"):
        list(side_by_side(fails_at_two, [1, 2], threads=1, what="count"))
    assert not multiprocessing.active_children()  # the other would sleep for a minute


def test_a_child_that_is_killed_is_named_with_the_signal() -> None:
    with pytest.raises(ShareError, match=r"count 1: its process was ended by SIGKILL\. The machine may be out of memory"):
        list(side_by_side(dies, [1], threads=1, what="count"))


def test_processes_fit_into_half_of_the_memory() -> None:
    assert processes(3, 1_000_000, cores=2, memory=24 << 30) == (3, 1)
    assert processes(3, 1_000_000_000, cores=8, memory=24 << 30) == (1, 8)
    assert processes(2, 1_000_000, cores=8, memory=24 << 30) == (2, 4)
    assert processes(1, 1, cores=2, memory=24 << 30) == (1, 2)
