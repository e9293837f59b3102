"""Questions to a real server on loopback: each ends with a result, and no reply is paid for twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from proda.calls.ask import ask_all, estimate
from proda.calls.records import Answered, Question, Result
from proda.errors import InputError
from tests.calls.colours import NOWHERE, colour_question, colour_questions, toy_settings, values
from tests.calls.endpoint import ROOT, Running


def test_each_question_is_asked_once_and_never_again(server: Running, tmp_path: Path) -> None:
    before = len(server.requests())
    questions = colour_questions(40)
    seen: list[str] = []
    first = ask_all(questions, toy_settings(server.url), tmp_path, on_result=lambda q, r: seen.append(q.id))
    rows = server.requests()[before:]
    assert sorted(row["text"] for row in rows) == sorted(q.messages[-1]["content"] for q in questions)
    assert sorted(seen) == sorted(q.id for q in questions) and list(first.results) == [q.id for q in questions]
    assert len({str(v) for v in values(first).values()}) > 20  # the answers differ, so a mix-up would show
    total = first.tally.total
    assert [total.requests, total.input_tokens, total.output_tokens] == [40, *(sum(row["usage"][n] for row in rows) for n in (0, 1))]
    # Nothing listens here: stored answers need no endpoint.
    again = ask_all(questions, toy_settings(NOWHERE), tmp_path)
    assert values(again) == values(first) and again.tally.cached == 40 and again.tally.total.requests == 0
    assert [r.input_tokens for r in again.results.values()] == [r.input_tokens for r in first.results.values()]  # type: ignore[union-attr]


def test_equal_questions_are_asked_once_together(server: Running, tmp_path: Path) -> None:
    before = len(server.requests())
    one, other = colour_question("twin", tag="a"), colour_question("twin", tag="b")
    other = Question("other", other.stage, other.messages, other.reply, prompt=other.prompt, tag="b")
    run = ask_all([one, other], toy_settings(server.url), tmp_path)
    assert len(server.requests()[before:]) == 1 and run.tally.answered == 2 and run.tally.cached == 1
    assert run.results["other"].value == run.results["thing twin"].value  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json"])
def test_an_invalid_reply_is_asked_again_with_what_was_wrong(server: Running, tmp_path: Path, mode: Any) -> None:
    before = len(server.requests())
    replies = [{"name": "red", "size": 1, "quote": "it is red"}, {"name": "red", "size": 1, "quote": "a red thing"}]
    question = colour_question(f"quoted {mode}", f"ANSWERS={json.dumps(replies)}", context={"source": "There is a red thing."})
    run = ask_all([question], toy_settings(server.url, mode=mode), tmp_path)
    result = run.results[question.id]
    assert isinstance(result, Answered) and result.value.quote == "a red thing" and result.tries == 2
    rows = server.requests()[before:]
    assert [row["mode"] for row in rows] == [mode, mode] and [row["rounds"] for row in rows] == [2, 4]
    assert "quote: Value error, the quote 'it is red' is not in the source" in rows[1]["last"]
    assert [result.input_tokens, result.output_tokens] == [sum(row["usage"][n] for row in rows) for n in (0, 1)]


def test_an_edited_question_and_a_new_prompt_version_are_asked_again_and_nothing_else(server: Running, tmp_path: Path) -> None:
    ask_all(colour_questions(10), toy_settings(server.url), tmp_path)
    before = len(server.requests())
    questions = colour_questions(10)
    questions[3] = colour_question(3, "And why?")
    questions[7] = colour_question(7, prompt="colours@2")
    assert ask_all(questions, toy_settings(server.url), tmp_path).tally.cached == 8
    assert sorted(row["text"][:23] for row in server.requests()[before:]) == ["What colour is thing 3?", "What colour is thing 7?"]


def test_a_stored_reply_that_the_context_no_longer_allows_is_asked_again(server: Running, tmp_path: Path) -> None:
    replies = 'ANSWERS=[{"name": "red", "size": 1, "quote": "red"}]'
    assert (
        ask_all([colour_question("x", replies, context={"source": "a red thing"})], toy_settings(server.url), tmp_path).tally.answered == 1
    )
    run = ask_all([colour_question("x", replies, context={"source": "a blue thing"})], toy_settings(server.url), tmp_path)
    assert run.tally.cached == 0 and run.tally.unanswered == {"invalid": 1}


def test_the_estimate_counts_what_is_missing_and_sends_nothing(server: Running, tmp_path: Path) -> None:
    settings = toy_settings(server.url, input_price=2.0, output_price=8.0, max_tokens=100)
    ask_all(colour_questions(5), settings, tmp_path)
    before = len(server.requests())
    found = estimate(colour_questions(12), settings, tmp_path)
    assert (found.calls, found.cached, found.output_tokens_at_most) == (7, 5, 700)
    run = ask_all(colour_questions(12), settings, tmp_path)
    rows = server.requests()[before:]
    assert len(rows) == 7 and found.input_tokens == pytest.approx(run.tally.total.input_tokens, rel=0.02)
    assert run.tally.total.cost <= found.cost_at_most == (found.input_tokens * 2.0 + 700 * 8.0) / 1e6


def test_the_estimate_is_printed_before_the_first_call(server: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask_all(colour_questions(3), toy_settings(server.url), tmp_path, what="Colours")
    assert capsys.readouterr().err.startswith("Colours: 3 calls (0 more in build/replies), about ")
    ask_all(colour_questions(4), toy_settings(server.url), tmp_path, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_an_error_in_the_callers_code_is_raised_and_what_was_answered_is_kept(server: Running, tmp_path: Path) -> None:
    def fail(question: Question, result: Result) -> None:
        raise RuntimeError("the caller's own fault")

    with pytest.raises(RuntimeError, match="own fault"):
        ask_all(colour_questions(3), toy_settings(server.url), tmp_path, on_result=fail)
    assert ask_all(colour_questions(3), toy_settings(server.url), tmp_path).tally.cached >= 1


def test_questions_that_cannot_be_asked_are_refused(server: Running, tmp_path: Path) -> None:
    class Loose(BaseModel):
        name: str

    with pytest.raises(InputError, match=r"llm\.model"):
        ask_all(colour_questions(1), toy_settings(server.url, model=""), tmp_path)
    with pytest.raises(ValueError, match="two questions have the id"):
        ask_all([*colour_questions(1), *colour_questions(1)], toy_settings(server.url), tmp_path)
    with pytest.raises(ValueError, match="must forbid extra fields"):
        ask_all(colour_questions(1, reply=Loose), toy_settings(server.url), tmp_path)


def test_stored_answers_need_neither_openai_nor_aiohttp(server: Running, tmp_path: Path) -> None:
    ask_all(colour_questions(2), toy_settings(server.url), tmp_path)
    settings = json.dumps({"endpoint": server.url, "model": "toy", "mode": "json_schema", "timeout_s": 20.0})
    code = (
        "import sys; import proda.calls.ask; heavy = ('openai', 'aiohttp', 'instructor', 'pydantic')\n"
        "assert not [h for h in heavy if h in sys.modules]\n"
        f"sys.argv = ['', {str(tmp_path)!r}, {settings!r}, '2']\n"
        "from tests.calls.colours import main; main(); assert not [h for h in heavy[:3] if h in sys.modules]"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tally"]["cached"] == 2


def test_a_question_is_sent_as_it_is_whatever_its_text_looks_like(server: Running, tmp_path: Path) -> None:
    before = len(server.requests())
    text = "{{ 6*7 }} {% x \\frac{1}{2} <script> </think> ```json {} \u2028 $(id) ' \" –"
    question = colour_question("x", text, context={"source": text})
    assert ask_all([question], toy_settings(server.url), tmp_path).tally.answered == 1
    assert [row["text"] for row in server.requests()[before:]] == [question.messages[-1]["content"]]
