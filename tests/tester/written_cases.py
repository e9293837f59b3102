"""Replies of toy endpoints that are asked for a case. Each function is pure: its reply depends on the task only."""

from __future__ import annotations

import json
from typing import Any

QUESTION = "What do they find out there on the morning after?"
OPTIONS = [
    "There is more of it than on any other day.",
    "There is less of it than on any other day.",
    "Its amount is the same as it ever was.",
    "Its amount swings up and down by the hour.",
]


def good(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A case that passes every check. Its circumstances depend on what is explained, and on the number of earlier cases in the task."""
    return case(task_of(messages)) if "variants" in schema.get("properties", {}) else None


STORIES = [
    "In the upper village, Anna and her two sons want to see with their own eyes {topic}. They {change} all that matters for {n} hours.",
    "At the lower harbour nobody believes {topic}, so three brothers of the guild {change} everything at noon, {n} times over, and wait.",
    "Nine novices of the old convent have read {topic}; on the first of May they {change} what their abbess names, up to {n} pounds.",
    "Far out on the pasture a herdsman of the duke tries {topic} once more. He has his boys {change} it during {n} nights of rain.",
]


def case(task: dict[str, Any]) -> dict[str, Any]:
    """The good reply to a task."""
    number = len(task["earlier"])
    story, topic = STORIES[number], task["explains"]
    return {
        "title": f"Watching in {['the upper village', 'the lower harbour', 'the old convent', 'the far pasture'][number]}: {topic}",
        "question": QUESTION,
        "options": OPTIONS,
        "variants": [
            _variant(story.format(topic=topic, change="double", n=20), "a"),
            _variant(story.format(topic=topic, change="halve", n=20), "b"),
        ],
    }


def _variant(situation: str, answer: str) -> dict[str, Any]:
    wrong = [
        {"option": x, "breaks": "s1" if x < "c" else "s2", "because": "That would need the change to act the other way round."}
        for x in "abcd"
        if x != answer
    ]
    return {"situation": situation, "answer": answer, "because": "What was changed acts on the rest step by step.", "wrong": wrong}


def corrected(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A case whose variants have one answer, then one with an unknown label, then a good one."""
    found = good(messages, schema)
    if found is None:
        return None
    same = found | {"variants": [found["variants"][0], found["variants"][1] | {k: found["variants"][0][k] for k in ("answer", "wrong")}]}
    unknown = json.loads(json.dumps(found).replace('"s2"', '"s9"'))
    return [same, unknown, found]


def wrong(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A case that is never right: its situations hold the right options."""
    found = good(messages, schema)
    if found is None:
        return None
    told = [v | {"situation": f"{v['situation']} {OPTIONS['abcd'.index(v['answer'])]}"} for v in found["variants"]]
    return found | {"variants": told}


def leaking(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """A case that prints the key of the case a-hotter-oven. After it is refused as too close: a good one."""
    found = good(messages, schema)
    told = "too close" in messages[-1]["content"]
    return found if found is None or told else found | {"options": ["The loaf is hard to press, and there is more.", *OPTIONS[1:]]}


def copying(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The reply of the prompt's example, word for word."""
    found = good(messages, schema)
    return found and messages[0]["content"].partition("```json\n")[2].partition("\n```")[0]


def task_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The task of a question."""
    task: dict[str, Any] = json.JSONDecoder().raw_decode(messages[-1]["content"])[0]
    return task
