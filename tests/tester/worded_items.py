"""Replies of toy endpoints that are asked to word an item. Each function is pure: its reply depends on the task only."""

from __future__ import annotations

import json
from typing import Any

OPENING = "Think about this for a while:"


def good(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A reply that passes every check: the template after an opening, and sequences in words in the place of arrows."""
    return worded(task_of(messages)) if set(schema.get("properties", {})) == {"question", "options"} else None


def worded(task: dict[str, Any]) -> dict[str, Any]:
    """The good reply to a task."""
    question = f"{OPENING} {task['question']}"
    options = [f"first {text.replace(' → ', ', then ')}" if "→" in text else text for text in task["options"]]
    return {"question": question if question.endswith("?") else f"{question} Can you do that?", "options": options}


def corrected(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The template itself, then a reply with another order of options, then a good one."""
    found = good(messages, schema)
    if found is None:
        return None
    task = task_of(messages)
    return [{"question": task["question"], "options": task["options"]}, found | {"options": found["options"][::-1]}, found]


def wrong(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A reply that is never right: it names the first option in the question."""
    found = good(messages, schema)
    return found and found | {"question": f"{found['question'][:-1]}, and is it {found['options'][0]}?"}


def leaking(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A text that prints the key of the case a-hotter-oven. After it is refused as too close: a good one."""
    found = good(messages, schema)
    told = "too close" in messages[-1]["content"]
    return found if found is None or told else found | {"question": f"“The loaf is hard to press.” {found['question']}"}


def task_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The task of a question."""
    task: dict[str, Any] = json.JSONDecoder().raw_decode(messages[-1]["content"])[0]
    return task
