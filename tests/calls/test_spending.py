"""The spend cap holds for every behaviour of the endpoint, and replies from before it was reached are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proda.calls.ask import ask_all
from proda.calls.records import Unanswered
from proda.calls.spending import Budget, BudgetSpentError, Ledger, LedgerLine, cost, ledger_lines, spent
from proda.document_settings import LlmSettings
from tests.calls.colours import ANSWER, colour_questions, toy_settings, values
from tests.calls.endpoint import Running, endpoint

PRICES = {"input_price": 3.0, "output_price": 15.0}


def test_max_calls_is_never_exceeded_and_the_next_run_goes_on(tmp_path: Path) -> None:
    faults = {"429-ms": 0.1, "500": 0.05, "wrong": 0.1, "reset": 0.05}
    with endpoint(answer=ANSWER, faults=faults, retry_after_s=0.02, latency_s=0.01) as server:
        run = ask_all(colour_questions(100), toy_settings(server.url, max_calls=60, mode="auto"), tmp_path)
        assert run.tally.total.requests == 60 and len(server.requests()) in range(60 - run.tally.faults["connection"], 61)
        left = [r for r in run.results.values() if isinstance(r, Unanswered)]
        assert {r.reason for r in left} == {"not-asked"} and run.tally.unanswered == {"not-asked": len(left)}
        assert f"llm.max_calls (60) is reached. {len(left)} of 100 questions were not asked." in run.stopped
        assert "Raise the cap in documents.yaml and run again to go on." in run.stopped
        rest = ask_all(colour_questions(100), toy_settings(server.url, mode="auto"), tmp_path)
        assert rest.tally.cached == run.tally.answered >= 20 and rest.tally.answered == 100 and not rest.stopped


@pytest.mark.parametrize("concurrency", [1, 16])
def test_max_cost_is_never_exceeded_and_used_to_the_last_request_that_surely_fits(tmp_path: Path, concurrency: int) -> None:
    with endpoint(answer=ANSWER, latency_s=0.01) as server:
        settings = toy_settings(server.url, max_cost=0.03, max_tokens=200, concurrency=concurrency, **PRICES)
        run = ask_all(colour_questions(200), settings, tmp_path)
        rows = server.requests()
    paid = sum(cost(settings, *row["usage"]) for row in rows)
    assert paid == pytest.approx(run.tally.total.cost) and paid <= 0.03
    at_most = 0.03 - paid  # the rest did not cover the highest cost of one more request
    assert at_most < cost(settings, 1200, 200) and len(rows) > 30
    assert "of llm.max_cost (0.03) is spent" in run.stopped
    assert spent(tmp_path, settings)["colours"].cost == pytest.approx(paid)


def test_requests_whose_cost_is_unknown_count_in_full(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, faults={"reset": 1.0}, most=9999) as server:
        good = colour_questions(1, "FAULT=none")
        settings = toy_settings(server.url, max_cost=0.02, max_tokens=200, retries=9, concurrency=1, **PRICES)
        run = ask_all([*good, *colour_questions(9)[1:]], settings, tmp_path)
    worst = cost(settings, 500, 200)  # a request is more than 500 bytes
    assert run.stopped and run.tally.faults["connection"] * worst <= 0.02


def test_a_reservation_waits_while_requests_in_flight_may_give_some_back() -> None:
    async def go() -> None:
        budget = Budget(LlmSettings(max_cost=1.0, input_price=1e6))  # a token costs 1
        budget.settings = LlmSettings(max_cost=10.0, input_price=1e6)
        first = await budget.reserve(7, 0)
        second = asyncio.create_task(budget.reserve(7, 0))
        await asyncio.sleep(0.01)
        assert not second.done()
        budget.settle(first, (2, 0))
        assert await second == 7.0
        third = asyncio.create_task(budget.reserve(7, 0))
        await asyncio.sleep(0.01)
        budget.settle(7.0, (5, 0))
        with pytest.raises(BudgetSpentError, match=r"7\.0000 of llm\.max_cost"):
            await third
        assert (budget.spent, budget.reserved, budget.requests) == (7.0, 0.0, 2)
        free = await budget.reserve(3, 0)
        budget.settle(free, None, charged=False)
        assert budget.spent == 7.0

    asyncio.run(go())


def test_the_totals_are_those_of_the_server_by_stage(server: Running, tmp_path: Path) -> None:
    before = len(server.requests())
    questions = [*colour_questions(3, "one"), *(q for q in colour_questions(9, "FAULT=wrong:1", stage="judge") if q.id > "thing 2")]
    settings = toy_settings(server.url, **PRICES)
    run = ask_all(questions, settings, tmp_path)
    rows = server.requests()[before:]
    for stage, sign in (("colours", "one"), ("judge", "FAULT")):
        mine = [row["usage"] for row in rows if sign in row["text"]]
        spend = run.tally.stages[stage]
        assert [spend.requests, spend.input_tokens, spend.output_tokens] == [len(mine), *(sum(u[n] for u in mine) for n in (0, 1))]
        assert spend == spent(tmp_path, settings)[stage]
    assert run.tally.stages["judge"].requests == 2 * 6
    lines = run.tally.lines()
    assert lines[0] == "9 questions: 9 answered (0 of them from build/replies)" and lines[-1] == "  failed requests: invalid 6"
    assert any(line.startswith("  judge: 12 requests, ") and ", cost 0.0" in line for line in lines)


def test_what_was_answered_before_the_cap_is_right(server: Running, tmp_path: Path) -> None:
    whole = values(ask_all(colour_questions(30), toy_settings(server.url), tmp_path / "a"))
    part = values(ask_all(colour_questions(30), toy_settings(server.url, max_calls=11), tmp_path / "b"))
    assert sum(v != "not-asked" for v in part.values()) == 11
    assert all(v in ("not-asked", whole[name]) for name, v in part.items())


def test_a_ledger_with_a_cut_line_is_read_without_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for n in range(3):
        ledger.write(LedgerLine("s", f"q{n}", f"r{n}", "toy", "", 10, 1))
    ledger.close()
    path = tmp_path / "build/replies/spent.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    assert [line.question for line in ledger_lines(tmp_path)] == ["q0", "q1"]
