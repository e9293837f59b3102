"""How an endpoint is asked for JSON: the mode is probed once and stored, and a stored reply belongs to its mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proda.calls.ask import ask_all
from proda.calls.rendering import MODES
from proda.calls.spending import ledger_lines
from proda.calls.wire import EndpointError
from tests.calls.colours import ANSWER, NOWHERE, colour_question, colour_questions, toy_settings, values
from tests.calls.endpoint import endpoint


@pytest.mark.parametrize("mode", MODES)
def test_the_first_mode_that_works_is_found_once(tmp_path: Path, mode: str) -> None:
    with endpoint(answer=ANSWER, modes=(mode,)) as server:
        settings = toy_settings(server.url, mode="auto")
        run = ask_all(colour_questions(5), settings, tmp_path)
        assert run.tally.answered == 5
        tried = MODES[: MODES.index(mode) + 1]
        assert [row["mode"] for row in server.requests()] == [*tried, *[mode] * 5]
        assert run.tally.stages["probe"].requests == len(tried)
        before = len(server.requests())
        ask_all(colour_questions(8), settings, tmp_path)
        assert [row["mode"] for row in server.requests()[before:]] == [mode] * 3


def test_a_mode_that_brings_invalid_json_is_passed_over(tmp_path: Path) -> None:
    with endpoint(answer="tests.calls.test_modes:only_tools") as server:
        run = ask_all(colour_questions(2), toy_settings(server.url, mode="auto"), tmp_path)
        assert run.tally.answered == 2 and {row["mode"] for row in server.requests()[-2:]} == {"tools"}


def only_tools(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """Prose if the system message holds a schema, which it does in every mode but `tools`."""
    return "I think that it is red." if "JSON Schema" in messages[0]["content"] else None


def test_an_endpoint_without_any_mode_is_named_with_the_reasons(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, modes=()) as server:
        with pytest.raises(EndpointError, match=r"(?s)in any mode.*json_schema: rejected.*tools: rejected.*text: rejected"):
            ask_all(colour_questions(100), toy_settings(server.url, mode="auto"), tmp_path)
        assert len(server.requests()) == len(MODES)


@pytest.mark.parametrize("mode", ["auto", "tools"])
def test_an_endpoint_may_call_the_token_limit_by_its_newer_name(tmp_path: Path, mode: Any) -> None:
    with endpoint(answer=ANSWER, limit_name="max_completion_tokens") as server:
        settings = toy_settings(server.url, mode=mode, max_tokens=77, concurrency=4)
        assert ask_all(colour_questions(6), settings, tmp_path).tally.answered == 6
        rows = server.requests()
        assert [row["limit"] for row in rows if row["status"] == 200] == [77] * (7 if mode == "auto" else 6)
        assert len([row for row in rows if row["status"] == 400]) <= 2
        before = len(rows)
        assert ask_all(colour_questions(9), settings, tmp_path).tally.cached == 6
        assert all(row["status"] == 200 for row in server.requests()[before:]) or mode != "auto"


def test_a_stored_reply_belongs_to_its_mode_unless_the_mode_is_auto(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER) as server:
        first = ask_all(colour_questions(4), toy_settings(server.url, mode="tools"), tmp_path)
        assert ask_all(colour_questions(4), toy_settings(server.url, mode="json"), tmp_path).tally.cached == 0
    # There is no endpoint to probe, and none is needed.
    found = ask_all(colour_questions(4), toy_settings(NOWHERE, mode="auto"), tmp_path)
    assert found.tally.cached == 4 and values(found) == values(first)


def test_the_schema_is_in_the_prompt_of_every_mode_but_tools(tmp_path: Path) -> None:
    with endpoint(answer="tests.calls.test_modes:echo") as server:
        for mode in ("json_schema", "json", "tools"):
            run = ask_all(colour_questions(1), toy_settings(server.url, mode=mode), tmp_path)
            assert run.results["thing 0"].value.size == (0 if mode == "tools" else 1)  # type: ignore[union-attr]


def echo(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """How many messages hold the schema, as `size`."""
    return {"name": "x", "size": sum('"additionalProperties":false' in m["content"] for m in messages)}


def test_a_server_that_no_longer_takes_its_mode_is_probed_again_by_the_next_run(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER) as server:
        port = int(server.url.split(":")[2].partition("/")[0])
        settings = toy_settings(server.url, mode="auto")
        ask_all(colour_questions(1), settings, tmp_path)
    with endpoint(answer=ANSWER, modes=("tools",), port=port) as server:
        with pytest.raises(EndpointError, match="json_schema"):
            ask_all(colour_questions(2), settings, tmp_path)
        assert ask_all(colour_questions(2), settings, tmp_path).tally.answered == 2


def test_a_server_that_is_too_slow_for_the_probe_is_asked_twice_in_each_mode_and_the_message_names_the_settings(tmp_path: Path) -> None:
    """What a local server on a busy machine did: no reply within the time-out, which says nothing about the mode."""
    named = r"time-out\. No complete reply within 0\.3 s\. Raise llm\.timeout_s or lower llm\.concurrency"
    with endpoint(answer=ANSWER, faults={"hang": 1.0}, most=9999) as server, pytest.raises(EndpointError, match=named):
        ask_all(colour_questions(5), toy_settings(server.url, mode="auto", timeout_s=0.3, retries=5), tmp_path)
    assert [line.reason for line in ledger_lines(tmp_path)] == ["time-out"] * 2 * len(MODES)


def test_a_server_that_loads_its_model_at_the_first_request_keeps_its_best_mode(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, faults={"hang": 1.0}, most=1) as server:
        settings = toy_settings(server.url, mode="auto", timeout_s=4.0, retries=5)
        assert ask_all(colour_questions(1), settings, tmp_path).tally.stages["probe"].requests == 2
        assert server.requests()[-1]["mode"] == MODES[0]


def test_a_server_that_refuses_json_schema_with_500_and_renders_no_tool_calls_is_worked_with(tmp_path: Path) -> None:
    """The server of llama-cpp-python does this if the model's chat template does not support tools."""
    faults = enumerate(("", "", "FAULT=wrong:1", "FAULT=malformed:1", "FAULT=length"))
    asked = [colour_question(n, fault) for n, fault in faults]
    with endpoint(answer=ANSWER, llama_cpp=True) as server:
        run = ask_all(asked, toy_settings(server.url, mode="auto"), tmp_path)
        rows = server.requests()
    assert run.tally.answered == 4 and run.tally.unanswered == {"truncated": 1}
    assert [(row["mode"], row["status"]) for row in rows[:3]] == [("json_schema", 500), ("json_schema", 500), ("tools", 200)]
    assert [row["status"] for row in rows[3:]] == [200] * 7  # two replies are corrected, and the one that was cut is not asked for again
    assert len([row for row in rows if row["rounds"] > 2]) == 2
