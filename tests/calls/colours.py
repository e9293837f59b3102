"""Toy questions: what colour is thing 17? With the model of the reply, and the function that a toy endpoint answers with.

python -m tests.calls.colours ROOT SETTINGS COUNT        # asks COUNT questions and prints results and totals as JSON
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from proda.calls.ask import ask_all
from proda.calls.records import Answered, Question
from proda.document_settings import LlmSettings

ANSWER = "tests.calls.colours:answer"
NOWHERE = "http://127.0.0.1:9/v1"  # no server listens on this port


class Colour(BaseModel):
    """The colour of a thing."""

    model_config = ConfigDict(extra="forbid")
    name: str
    size: int
    quote: str = ""

    @field_validator("quote")
    @classmethod
    def _in_source(cls, quote: str, info: ValidationInfo) -> str:
        if info.context and quote not in info.context["source"]:
            raise ValueError(f"the quote {quote!r} is not in the source")
        return quote


def answer(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The colour of the thing in the last message. `ANSWERS=[…]` in it holds the replies themselves."""
    said = messages[-1]["content"]
    if given := re.search(r"ANSWERS=(\[.*\])", said):
        return json.loads(given[1])
    if "name" not in schema.get("properties", {}):
        return None
    draw = hashlib.sha256(said.encode()).digest()
    return {"name": ("red", "grün", "blue")[draw[0] % 3], "size": draw[1]}


def colour_question(name: object, more: str = "", **fields: Any) -> Question:
    """A question with id "thing NAME"; `more` is added to its text."""
    said = f"What colour is thing {name}? {more}".strip()
    messages = [{"role": "system", "content": "You name colours."}, {"role": "user", "content": said}]
    return Question(f"thing {name}", **{"stage": "colours", "messages": messages, "reply": Colour, "prompt": "colours@1"} | fields)


def colour_questions(count: int, more: str = "", **fields: Any) -> list[Question]:
    """Questions about things 0, 1, …"""
    return [colour_question(n, more, **fields) for n in range(count)]


def toy_settings(url: str, **fields: Any) -> LlmSettings:
    """Settings for an endpoint, without a probe."""
    return LlmSettings(**{"endpoint": url, "model": "toy", "mode": "json_schema", "timeout_s": 20.0} | fields)


def values(run: Any) -> dict[str, Any]:
    """What was answered, by question, in plain types."""
    return {name: r.value.model_dump() if isinstance(r, Answered) else r.reason for name, r in run.results.items()}


def main() -> None:
    """Ask the questions and print results and totals."""
    root, settings, count = Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=LlmSettings), int(sys.argv[3])
    run = ask_all([colour_question(n, tag=f"document {n % 7}") for n in range(count)], settings, root, attempts=4)
    print(json.dumps({"values": values(run), "tally": msgspec.to_builtins(run.tally), "stopped": run.stopped}))


if __name__ == "__main__":
    main()
