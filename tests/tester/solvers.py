"""Replies of toy endpoints that are asked an item of the toy world. Each function is pure: its reply depends on the task only."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from proda.records import Item
from proda.stable_hash import fraction
from proda.tester.items import write_items
from tests.toyworld import knowledge

WHY = "It is what the first of the facts comes to."


@cache
def items() -> dict[str, Item]:
    """The items of the toy repository by stem; toyresults writes the same ones."""
    return {item.stem: item for item in write_items(knowledge(ovens=True), seed=0, sealed_share=0.33)}


def good(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """Right with the facts given; without them, right on about half of the items, and otherwise the first wrong option."""
    if set(schema.get("properties", {})) != {"reason", "answer"}:
        return None
    task = task_of(messages)
    item = items()[task["question"]]
    wrong = next(o.text for n, o in enumerate(item.options) if n != item.key)
    right = bool(task["facts"]) or fraction(item.stem) < 0.5
    return _chosen(task, item.options[item.key].text if right else wrong)


def stubborn(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The same, but conditions are always answered wrongly, and effects with none in three of five votes."""
    found = good(messages, schema)
    if found is None:
        return None
    task = task_of(messages)
    item = items()[task["question"]]
    if item.kind == "condition":
        return _chosen(task, next(o.text for n, o in enumerate(item.options) if n != item.key))
    return found | {"answer": "none"} if item.kind == "effect" and task["options"]["A"] != item.options[item.key].text else found


def favourite(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """Always the first letter."""
    return good(messages, schema) and {"reason": WHY, "answer": "A"}


def unsure(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A letter that does not exist, then a good reply."""
    found = good(messages, schema)
    return found and [found | {"answer": "E"}, found]


def _chosen(task: dict[str, Any], text: str) -> dict[str, str]:
    return {"reason": WHY, "answer": next(letter for letter, option in task["options"].items() if option == text)}


def task_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The task of a question."""
    task: dict[str, Any] = json.loads(messages[-1]["content"])
    return task
