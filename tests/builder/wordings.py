"""Replies of toy endpoints that are asked to word a sample. Each function is pure: its reply depends on the task only."""

from __future__ import annotations

import json
from typing import Any

CASE = "Old Marek lays twice the wood under his oven and bakes as long as ever. What does the baker find? The loaf is hard to press."
WHY = "This is what the lesson says about it, in the words of its authors:"


def good(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A reply that passes every check: the question after a few words, an explanation from the first fact."""
    if "explanation" not in schema.get("properties", {}):
        return None
    return worded(_task(messages))


def worded(task: dict[str, Any]) -> dict[str, Any]:
    """The good reply to a task."""
    kept = "question" in task["keep"]
    question = task["question"] if kept else f"Here is one for you. {task['question']}"
    return {"question": question, "options": task["options"], "answer": task["answer"], "explanation": f"{WHY} {task['facts'][0]}"}


def corrected(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A reply with a short explanation and a heading, then a good one."""
    found = good(messages, schema)
    return found and [found | {"explanation": "Too short."}, found | {"explanation": f"## {found['explanation']}"}, found]


def wrong(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """Replies that are never right: another answer, an exchanged option, the other truth value."""
    found = good(messages, schema)
    if found is None:
        return None
    options = found["options"][::-1]
    other = {"true": "false", "false": "true"}.get(found["answer"], "something quite different")
    return found | {"answer": other, "options": options}


def leaking(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A text that passes the checks but gives a benchmark item away. After it is refused: a good one."""
    found = good(messages, schema)
    told = "too close" in messages[-1]["content"]
    return found if found is None or told else found | {"explanation": CASE}


def always_leaking(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The text that gives an item away, again after each refusal."""
    found = good(messages, schema)
    return found and found | {"explanation": CASE}


def _task(messages: list[dict[str, Any]]) -> dict[str, Any]:
    task: dict[str, Any] = json.JSONDecoder().raw_decode(messages[-1]["content"])[0]
    return task
