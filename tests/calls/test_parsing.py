"""The body of a reply: an object that the model allows, or one reason why there is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from proda.calls.parsing import parse_completion, validated
from tests.calls.colours import Colour

GOOD = '{"name": "red", "size": 3}'


class Box(BaseModel):
    """A box that may hold a box."""

    model_config = ConfigDict(extra="forbid")
    label: str
    inner: Box | None = None


def _body(content: object, finish: str = "stop", **message: object) -> bytes:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content} | message}
    return json.dumps({"id": "r1", "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"  \n{GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nThat is all {{really}}.",
        f'<think>maybe {{}} or {{"name": "blue", "size": 1}}</think>{GOOD}',
        f"the server cut the opening tag</think>\n{GOOD}",
        f'The document says {{"name": "blue", "size": 1}}, so:\n{GOOD}',
        f"{GOOD}\nNothing is left in {{}}.",
        [{"type": "text", "text": GOOD}],
    ],
)
def test_the_object_is_found_in_what_models_write_around_it(content: object) -> None:
    parsed = parse_completion(_body(content), Colour, None)
    assert (parsed.reason, parsed.value, parsed.usage, parsed.id) == ("", Colour(name="red", size=3), (5, 2), "r1")
    assert validated(parsed.text, Colour, None) == parsed.value  # what is stored reads back the same


@pytest.mark.parametrize("arguments", [GOOD, json.loads(GOOD)])
def test_a_tool_call_is_read_whether_its_arguments_are_text_or_an_object(arguments: object) -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "Colour", "arguments": arguments}}]
    parsed = parse_completion(_body(None, "tool_calls", tool_calls=calls), Colour, None)
    assert parsed.value == Colour(name="red", size=3)


def test_line_breaks_inside_strings_are_let_pass() -> None:
    text = '{"name": "dark\nred\t", "size": 3}'
    assert parse_completion(_body(text), Colour, None).value.name == "dark\nred\t" == validated(text, Colour, None).name


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (_body('{"label": "a", "inner": {"label": "b"}', "length"), "truncated"),
        (_body(None, refusal="No."), "refused"),
        (_body("", "content_filter"), "refused"),
        (_body("  \n"), "empty"),
        (_body(None), "empty"),
        (_body("red, I think"), "not-json"),
        (_body('{"label": "a", "inner": {"label": "b"}'), "not-json"),  # the inner box is valid, but it is not the answer
        (_body('["a"]'), "not-json"),
        (_body('{"label": "a", "more": 1}'), "invalid"),
        (b'{"choices": []}', "bad-response"),
        (b'{"choices": [{"message": null}]}', "bad-response"),
        (b"<html>", "bad-response"),
        (b"\xff\xfe", "bad-response"),
        (b"[" * 100_000, "bad-response"),
        (_body("{" * 50_000), "not-json"),
        (_body('{"label": ' * 5_000), "not-json"),
    ],
)
def test_what_is_no_answer_has_a_reason(body: bytes, reason: str) -> None:
    parsed = parse_completion(body, Box, None)
    assert (parsed.reason, parsed.value) == (reason, None) and parsed.detail


def test_a_whole_object_at_the_limit_is_an_answer() -> None:
    """Servers that follow a grammar may write white space until the limit."""
    assert parse_completion(_body(GOOD + " \n" * 99, "length"), Colour, None).value == Colour(name="red", size=3)


def test_faults_are_listed_by_path_without_the_reply() -> None:
    parsed = parse_completion(_body('{"name": "a secret", "size": "big", "extra": 1}'), Colour, None)
    assert parsed.detail.splitlines() == [
        "size: Input should be a valid integer, unable to parse string as an integer",
        "extra: Extra inputs are not permitted",
    ]


@given(st.binary() | st.text().map(_body) | st.text(alphabet='{}[]":,a1 \\').map(_body))
def test_no_body_raises(body: bytes) -> None:
    parsed = parse_completion(body, Colour, None)
    assert bool(parsed.reason) != (parsed.value is not None)


@given(
    st.text(),
    st.integers(),
    st.text(alphabet=st.characters(exclude_characters="{", exclude_categories=["Cs"])),
    st.text(alphabet=st.characters(exclude_characters="{", exclude_categories=["Cs"])),
)
def test_an_object_is_found_in_any_prose(name: str, size: int, before: str, after: str) -> None:
    text = json.dumps({"name": name, "size": size})
    if "</think>" not in text + after:
        assert parse_completion(_body(before + text + after), Colour, None).value == Colour(name=name, size=size)


def test_json_that_is_no_object_is_no_valid_text() -> None:
    with pytest.raises((ValidationError, ValueError)):
        validated("nothing", Colour, None)
