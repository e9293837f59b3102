"""Rows of other tools are read as questions, options, keys and answers, and their faults are found."""

from __future__ import annotations

from typing import Any

import pytest

from proda.exchange.training_rows import RowError, read_row, row_faults, sentence_of

ASKED = "Which of these does wind cause?\n\nA. flour\nB. sail rotation\nC. frost\nD. soot"


def turns(human: str, gpt: str) -> dict[str, Any]:
    return {"conversations": [{"from": "human", "value": human}, {"from": "gpt", "value": gpt}]}


def kinds(row: dict[str, Any]) -> list[str]:
    return [kind for kind, _ in row_faults(read_row(row, "rows"))]


@pytest.mark.parametrize(
    ("reply", "key", "answer", "explanation"),
    [
        ("B", "B", "sail rotation", ""),
        ("B\n\nWind turns sails.", "B", "sail rotation", "Wind turns sails."),
        ("B. sail rotation. Wind turns sails.", "B", "sail rotation", "Wind turns sails."),
        ("(B) sail rotation", "B", "sail rotation", ""),
        ("The answer is B.\nWind turns sails.", "B", "sail rotation", "Wind turns sails."),
        ("sail rotation", "B", "sail rotation", ""),
        ("A, B\n\nBoth hold.", "A,B", "", "Both hold."),
        ("Because it turns", "", "Because it turns", ""),
    ],
)
def test_the_key_is_the_first_letter_or_the_option_that_the_reply_repeats(reply: str, key: str, answer: str, explanation: str) -> None:
    found = read_row(turns(ASKED, reply), "rows")
    assert (found.question, found.options["B"]) == ("Which of these does wind cause?", "sail rotation")
    assert (found.key, found.answer, found.explanation) == (key, answer, explanation)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"conversations": []}, "no-question"),
        ({"conversations": "x"}, "malformed"),
        (turns("q", ""), "no-answer"),
        ({"conversations": [{"from": "human", "value": "q"}]}, "no-answer"),
        ({"conversations": [*turns("a", "b")["conversations"], *turns("c", "d")["conversations"]]}, "several-turns"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}, {"role": "assistant", "content": "x"}]}, "malformed"),
        ({"instruction": "q", "output": 3}, "malformed"),
        ({"text": "q"}, "malformed"),
        ({"question": "q", "answer": None}, "no-answer"),
        ({"question": "", "answer": "x"}, "no-question"),
        ({"question": "q", "options": [1, 2], "answer": "A"}, "malformed"),
    ],
)
def test_a_row_without_question_or_answer_is_refused_with_the_kind_of_fault(row: dict[str, Any], kind: str) -> None:
    with pytest.raises(RowError) as error:
        read_row(row, "rows")
    assert error.value.kind == kind


def test_a_format_that_was_named_is_the_only_one_that_is_read() -> None:
    assert read_row(turns("q?", "a"), "sharegpt").question == "q?"
    with pytest.raises(RowError):
        read_row(turns("q?", "a"), "alpaca")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("Because it turns", "no-key"),  # the public implementation reads the first letter of any word as the key here
        ("E", "letter-mismatch"),
        ("A. sail rotation", "letter-mismatch"),
        ("A\n\nThe correct answer is B, since wind turns sails.", "other-answer"),
        ("B\n\nOption C describes ice.", "letters"),
        ("B\n\nAs stmt-012 says, wind turns sails.", "internal-id"),
        ("B\n\nThe L2 statement says so.", "internal-id"),
    ],
)
def test_each_fault_of_a_choice_is_found(reply: str, fault: str) -> None:
    assert fault in kinds(turns(ASKED, reply))


@pytest.mark.parametrize(
    "reply",
    ["B\n\nWind turns sails.", "B. sail rotation. A wind turns sails.", "sail rotation\nAnswers a need. Option a is not."],
)
def test_a_sound_choice_has_no_fault(reply: str) -> None:
    assert kinds(turns(ASKED, reply)) == []


def test_rows_of_the_public_implementation_are_read_with_their_options() -> None:
    row = {
        "question": "Which?",
        "options": ["A. flour", "B. frost", "c", "d"],
        "answer": "B",
        "explanation": "It is cold.",
    }
    found = read_row(row, "rows")
    assert (found.key, found.answer, found.options["A"]) == ("B", "frost", "flour")
    mapping = {"question": "Which?", "options": {"A": "flour", "B": "frost", "C": "c", "D": "d"}, "answer": ["A", "B"]}
    assert read_row(mapping, "rows").key == "A,B"
    assert read_row({"question": "True?", "answer": "true", "reasoning": "It is."}, "rows").explanation == "It is."


def test_only_a_sentence_that_stands_alone_goes_into_a_source() -> None:
    assert sentence_of(read_row(turns(ASKED, "B\n\nWind turns the sails of a mill"), "rows")) == "Wind turns the sails of a mill."
    assert sentence_of(read_row(turns(ASKED, "B\n\nOption C is wrong since it names frost."), "rows")) == ""
    assert sentence_of(read_row(turns("q?", "yes"), "rows")) == ""
