"""A Markdown file → a prompt whose user message is one JSON task, with its version and its worked examples.

    prompt = load_task_prompt(Path("proda/tester/prompts/case.md"))
    prompt.id                         # "case@1", from the first line, `prompt: case@1`
    prompt.examples[0].task           # a task, decoded
    prompt.examples[0].reply          # the reply to it, as JSON text

An example is a section `## Example` with a block `task` and a block `json`. Names in examples are invented, so a reply that uses one has
copied it (proda/calls/plain_text.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError

_FIRST = re.compile(r"prompt: ([a-z-]+)(@[0-9]+)\n")
_BLOCK = re.compile(r"^```(task|json)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


class WorkedTask(msgspec.Struct, frozen=True):
    """One example of a prompt: what the model would get, and what it replies."""

    task: dict[str, Any]
    reply: str


class TaskPrompt(msgspec.Struct, frozen=True):
    """A prompt."""

    id: str  # "case@1"; part of the key of each stored reply
    text: str  # without the first line
    examples: tuple[WorkedTask, ...]

    def reply_texts(self) -> tuple[str, ...]:
        """Return every text in the replies of the examples, in order."""
        return tuple(text for example in self.examples for text in _texts(json.loads(example.reply)))

    def invented(self, *fields: str) -> tuple[str, ...]:
        """Return the names in `fields` of the examples' tasks, sorted, without articles: keys of mappings, entries of lists."""
        found = {name for example in self.examples for field in fields for name in example.task[field]}
        return tuple(sorted({re.sub(r"^(?:an?|the) ", "", name) for name in found}))


def load_task_prompt(path: Path) -> TaskPrompt:
    """Read a prompt. Raises InputError without a name and a version in the first line, or for an example that is broken."""
    text = path.read_text(encoding="utf-8")
    first = _FIRST.match(text)
    if first is None or first[1] != path.stem:
        raise InputError(f"{path}\n  The first line must be `prompt: {path.stem}@VERSION`, with a number as the version.")
    examples = []
    for section in text.split("\n## Example\n")[1:]:
        blocks = dict(_BLOCK.findall(section))
        try:
            task = json.loads(blocks["task"])
            json.loads(blocks["json"])
        except (KeyError, ValueError) as error:
            raise InputError(f"{path}\n  An example is broken: {error}. It needs the blocks `task` and `json`.") from None
        examples.append(WorkedTask(task, blocks["json"]))
    return TaskPrompt(first[1] + first[2], text[first.end() :].strip(), tuple(examples))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
