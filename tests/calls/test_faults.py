"""An endpoint with faults: each fault has its own reason, and an endpoint that cannot be used ends the run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from proda.calls.ask import ask_all
from proda.calls.records import REASONS, Answered, Question, Result, Unanswered
from proda.calls.wire import EndpointError
from tests.calls.colours import ANSWER, NOWHERE, colour_question, colour_questions, toy_settings, values
from tests.calls.endpoint import Running, endpoint

# Fault → its reason in the results, and the number of requests with two retries and two attempts.
LASTING = {
    "length": ("truncated", 1),
    "refusal": ("refused", 1),
    "filter": ("refused", 1),
    "context": ("context-length", 1),
    "empty": ("empty", 2),
    "malformed": ("not-json", 2),
    "cut": ("not-json", 2),
    "wrong": ("invalid", 2),
    "400": ("rejected", 1),
    "hang": ("time-out", 3),
    "drip": ("time-out", 3),
    "reset": ("connection", 3),
    "cut-body": ("connection", 3),
    "429-ms": ("rate-limit", 3),
    "500": ("server-error", 3),
    "503": ("server-error", 3),
    "bad-body": ("bad-response", 3),
    "no-choices": ("bad-response", 3),
}


def test_each_lasting_fault_has_a_reason_of_its_own_and_a_bounded_number_of_requests(server: Running, tmp_path: Path) -> None:
    before = len(server.requests())
    questions = [colour_question("first")]
    for name in LASTING:
        questions += [colour_question(name, f"FAULT={name}"), *(colour_question(f"after {name} {n}") for n in range(3))]
    settings = toy_settings(server.url, retries=2, timeout_s=0.7, concurrency=4)
    run = ask_all(questions, settings, tmp_path, attempts=2)
    found = {name: run.results[f"thing {name}"] for name in LASTING}
    assert {name: r.reason for name, r in found.items() if isinstance(r, Unanswered)} == {n: reason for n, (reason, _) in LASTING.items()}
    assert {name: r.tries for name, r in found.items()} == {n: count for n, (_, count) in LASTING.items()}
    assert run.tally.answered == 1 + 3 * len(LASTING)
    assert set(run.tally.unanswered) == {reason for reason, _ in LASTING.values()} <= set(REASONS)
    assert sum(run.tally.faults.values()) == sum(count for _, count in LASTING.values())
    assert run.tally.total.requests == 1 + 3 * len(LASTING) + sum(count for _, count in LASTING.values())
    hung = sum(LASTING[name][1] for name in ("hang", "drip"))  # their handlers may not have ended yet
    assert run.tally.total.requests - hung <= len(server.requests()[before:]) <= run.tally.total.requests


def test_a_fault_that_passes_costs_a_try_and_no_answer(server: Running, tmp_path: Path) -> None:
    names = ["429", "429-ms", "429-date", "500", "503", "reset", "cut-body", "bad-body", "no-choices", "wrong", "malformed", "empty", "cut"]
    questions = [colour_question(f"{name} once", f"FAULT={name}:1") for name in names]
    run = ask_all(questions, toy_settings(server.url), tmp_path)
    plain = ask_all(questions, toy_settings(server.url, temperature=0.5), tmp_path)  # other parameters: asked again, without faults
    assert values(run) == values(plain) and run.tally.answered == len(names)
    assert all(r.tries == 2 for r in run.results.values()), run.results
    assert sum(run.tally.faults.values()) == len(names) and not plain.tally.faults


def test_text_around_the_json_costs_nothing(server: Running, tmp_path: Path) -> None:
    questions = [colour_question(f"{name} {n}", f"FAULT={name}") for n, name in enumerate(("fences", "think", "prose", "no-usage", "slow"))]
    run = ask_all(questions, toy_settings(server.url), tmp_path)
    assert run.tally.answered == len(questions) == run.tally.total.requests and not run.tally.faults


@pytest.mark.parametrize("fault", ["429", "429-ms", "429-date"])
def test_nothing_is_sent_before_the_time_the_endpoint_asks_for(tmp_path: Path, fault: str) -> None:
    with endpoint(answer=ANSWER, retry_after_s=1.2) as server:
        questions = [colour_question("limited", f"FAULT={fault}:1"), *colour_questions(3)]
        assert ask_all(questions, toy_settings(server.url, concurrency=1), tmp_path).tally.answered == 4
        rows = server.requests()
    limited = next(row for row in rows if row["fault"])
    pause = min(row["at"] for row in rows if row["at"] > limited["at"]) - limited["at"]
    assert 1.2 <= pause < 4.0, pause


def test_a_wait_of_hours_ends_the_run_with_a_message(server: Running, tmp_path: Path) -> None:
    questions = [*colour_questions(2), colour_question("later", "FAULT=429-long")]
    with pytest.raises(EndpointError, match="asks to wait for 120 minutes"):
        ask_all(questions, toy_settings(server.url), tmp_path)


def test_a_server_that_lets_through_few_requests_still_answers_all(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, per_second=60) as server:
        run = ask_all(colour_questions(150), toy_settings(server.url, concurrency=64), tmp_path)
        assert run.tally.answered == 150 and run.tally.faults["rate-limit"] >= 5, run.tally
        assert len(server.requests()) < 450


def test_no_more_requests_are_in_flight_than_allowed_and_fewer_at_first(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, latency_s=1.0) as server:  # long enough for a busy machine to fill all places within it
        assert ask_all(colour_questions(60), toy_settings(server.url, concurrency=20), tmp_path).tally.answered == 60
        rows = server.requests()
    assert max(row["in_flight"] for row in rows) == 20
    assert max(row["in_flight"] for row in rows if row["at"] < rows[0]["at"] + 0.9) <= 10


@pytest.mark.parametrize(
    ("config", "settings", "message", "most"),  # at most so many requests: half of `concurrency`, or one for each mode
    [
        ({"key": "right-key"}, {}, "401: Incorrect API key", 4),
        ({"model": "another"}, {}, "404: The model `toy` does not exist", 4),
        ({"faults": {"400": 1.0}, "most": 9999}, {}, "400: unknown parameter", 4),
        ({"faults": {"quota": 1.0}, "most": 9999}, {}, "You exceeded your current quota", 4),
        ({"faults": {"503": 1.0}, "most": 9999}, {"retries": 1}, "503: overloaded", 32),
        ({"faults": {"hang": 1.0}, "most": 9999}, {"retries": 1, "timeout_s": 0.5}, r"Raise llm\.timeout_s", 32),
    ],
)
@pytest.mark.parametrize("mode", ["auto", "json_schema"])
def test_an_unusable_endpoint_ends_the_run_with_one_message(
    tmp_path: Path, config: dict[str, Any], settings: dict[str, Any], message: str, most: int, mode: Any
) -> None:
    with endpoint(answer=ANSWER, **config) as server:
        with pytest.raises(EndpointError, match=message) as caught:
            ask_all(colour_questions(1000), toy_settings(server.url, concurrency=8, mode=mode, **settings), tmp_path)
        assert len(server.requests()) <= most
    assert server.url in str(caught.value)


@pytest.mark.parametrize("mode", ["auto", "json_schema"])
def test_a_refused_connection_ends_the_run_at_once(tmp_path: Path, mode: Any) -> None:
    start = time.monotonic()
    with pytest.raises(EndpointError, match=r"127\.0\.0\.1:9/v1\n.*No connection"):
        ask_all(colour_questions(1000), toy_settings(NOWHERE, mode=mode), tmp_path)
    assert time.monotonic() - start < 10


def test_an_endpoint_that_dies_leaves_what_was_answered(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, latency_s=0.02) as server:
        answered = []

        def kill(question: Question, result: Result) -> None:
            answered.append(result)
            if len(answered) == 30:
                server.process.kill()

        with pytest.raises(EndpointError, match="No connection"):
            ask_all(colour_questions(200), toy_settings(server.url, concurrency=8, retries=2), tmp_path, on_result=kill)
    stored = sum(isinstance(r, Answered) for r in answered)
    assert 30 <= stored < 200
    with endpoint(answer=ANSWER) as server:
        run = ask_all(colour_questions(200), toy_settings(server.url), tmp_path)
        assert run.tally.answered == 200 and run.tally.cached == stored and len(server.requests()) == 200 - stored
