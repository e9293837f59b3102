"""Replies that arrive together are handled one at a time, and the next request leaves after the first of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from proda.calls.asking import Asker
from proda.calls.forms import JSON
from proda.calls.records import Question, Result
from proda.calls.reply_store import EndpointHabits, ReplyStore
from proda.calls.spending import Ledger
from proda.calls.turns import Turns
from tests.calls.colours import NOWHERE, colour_questions, toy_settings


def test_one_task_at_a_time_goes_on_in_the_order_of_asking_and_cancelled_ones_are_passed_over() -> None:
    async def go() -> list[str]:
        turns, seen = Turns(), []

        async def one(n: int) -> None:
            await turns.take()
            seen.append(f"handled {n}")
            asyncio.get_running_loop().call_soon(seen.append, f"sent {n}")

        for _ in range(2):  # the second time after the queue was empty
            tasks = [asyncio.create_task(one(n)) for n in range(4)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)
        return seen

    expected = [f"{what} {n}" for n in (0, 2, 3) for what in ("handled", "sent")]
    assert asyncio.run(go()) == expected * 2


class _Together:
    """In place of a Wire: the first four replies come at the same moment, the others at once."""

    address = NOWHERE

    def __init__(self, events: list[str]) -> None:
        self.events, self.all_here = events, asyncio.Event()

    async def send(self, body: bytes, path: str) -> bytes:
        assert body and path
        self.events.append("sent")
        if self.events.count("sent") == 4:
            asyncio.get_running_loop().call_soon(self.all_here.set)
        await self.all_here.wait()
        await asyncio.sleep(0)
        content = json.dumps({"name": "red", "size": 1})
        return json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}).encode()


def test_a_place_that_a_reply_frees_is_used_before_the_replies_that_came_with_it_are_handled(tmp_path: Path) -> None:
    events: list[str] = []

    async def go() -> None:
        ledger = Ledger(tmp_path)
        settings = toy_settings(NOWHERE, concurrency=8)
        asker = Asker(_Together(events), settings, ReplyStore(tmp_path), ledger, 1, JSON)  # type: ignore[arg-type]
        asker.habits = EndpointHabits("json_schema")

        def done(question: Question, result: Result) -> None:
            events.append("handled")

        await asker.ask_each(colour_questions(12), done)
        ledger.close()

    asyncio.run(go())
    assert events[:4] == ["sent"] * 4 and events[4] == "handled"
    assert "sent" in events[5 : 5 + 3] and events.count("handled") == events.count("sent") == 12
