"""How many requests may be in flight, and when; and what an endpoint says about waiting."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from itertools import pairwise

import pytest

from proda.calls.throttle import StoppedError, Throttle
from proda.calls.wire import retry_after


def test_the_limit_doubles_in_a_round_trip_until_the_first_cut_and_then_grows_by_one() -> None:
    async def go() -> None:
        throttle = Throttle(128)
        limits = []
        for turn in range(8):
            entered = [await throttle.enter() for _ in range(int(throttle.limit))]
            limits.append(len(entered))
            for n, one in enumerate(entered):
                throttle.leave(one, busy=turn == 1 and n < 9)  # nine of one round: one cut
        assert limits[:3] == [64, 128, 64] and limits[-1] in (68, 69) and all(b - a in (0, 1) for a, b in pairwise(limits[2:]))

    asyncio.run(go())


def test_the_limit_never_falls_below_one_nor_rises_above_the_cap() -> None:
    async def go() -> None:
        throttle = Throttle(3)
        for _ in range(5):
            throttle.leave(await throttle.enter(), busy=True)
        assert throttle.limit == 1.0
        for _ in range(50):
            throttle.leave(await throttle.enter(), busy=False)
        assert throttle.limit == 3.0

    asyncio.run(go())


def test_places_are_given_in_the_order_of_asking_and_none_is_lost_by_a_cancelled_wait() -> None:
    async def go() -> None:
        throttle = Throttle(1)
        order: list[int] = []

        async def one(n: int) -> None:
            entered = await throttle.enter()
            order.append(n)
            await asyncio.sleep(0)
            throttle.leave(entered, busy=None)

        tasks = [asyncio.create_task(one(n)) for n in range(6)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 1, 3, 4, 5] and throttle.in_flight == 0

    asyncio.run(go())


def test_a_place_that_was_given_to_a_wait_cancelled_meanwhile_goes_to_the_next() -> None:
    async def go() -> None:
        throttle = Throttle(1)
        held = await throttle.enter()
        first, second = (asyncio.create_task(throttle.enter()) for _ in range(2))
        await asyncio.sleep(0)
        throttle.leave(held, busy=None)  # gives the place to the first …
        first.cancel()  # … which is cancelled before it runs
        assert await asyncio.wait_for(second, 1) == 0 and throttle.in_flight == 1

    asyncio.run(go())


def test_nobody_enters_while_held_and_all_are_turned_away_once_stopped() -> None:
    async def go() -> None:
        loop, throttle = asyncio.get_running_loop(), Throttle(8)
        start = loop.time()
        throttle.hold(0.2)
        throttle.hold(0.05)  # the longer one counts
        throttle.leave(await throttle.enter(), busy=None)
        assert loop.time() - start >= 0.2
        throttle.hold(60)
        waiting = [asyncio.create_task(throttle.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        throttle.stop()
        assert all(isinstance(r, StoppedError) for r in await asyncio.gather(*waiting, return_exceptions=True))
        with pytest.raises(StoppedError):
            await throttle.enter()
        assert throttle.in_flight == 0

    asyncio.run(go())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": formatdate(1_000_007, usegmt=True)}, 7.0),
        ({"retry-after": formatdate(999_999, usegmt=True)}, None),  # in the past
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "whenever"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_milliseconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 1_000_000.0) == seconds
