"""proda/extraction/prompts/<name>.md → prompts, with the version in their first line and the worked examples in their text.

    prompts = load_prompts()
    prompts["chains"].id                          # "chains@1", from the line "prompt: chains@1"
    prompts["chains"].examples[0].passage         # "When a sarn lamp is lit, …"

A prompt is Markdown. An example is a section `## Example` with fenced blocks: `passage`, `json` (the reply), and what else the question
holds. The names in examples are invented, so a reply that uses one has copied it (`Invented`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from proda.errors import InputError
from proda.extraction.names import join_key
from proda.records import Record

FOLDER = Path(__file__).resolve().parent.parent / "prompts"
NAMES = ("chains", "statements", "concepts")
_FIRST = re.compile(r"prompt: ([a-z-]+@[0-9]+)\n")
_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


class WorkedExample(Record, frozen=True):
    """One example of a prompt: its fenced blocks by name, and the reply."""

    blocks: Mapping[str, str]
    reply: Any  # the block `json`, decoded

    @property
    def passage(self) -> str:
        """The text that the example is about."""
        return self.blocks["passage"]


class PromptFile(Record, frozen=True):
    """One prompt."""

    id: str  # "chains@1"; part of the key of each reply
    text: str  # without the first line
    examples: tuple[WorkedExample, ...]


class Invented(Record, frozen=True):
    """What the examples say, as keys for comparing: none of it may stand in a proposal."""

    terms: frozenset[str]
    texts: frozenset[str]


def load_prompts(folder: Path = FOLDER) -> dict[str, PromptFile]:
    """The prompts of extraction by name. Raises InputError for a file without a version or with a broken example."""
    return {name: load_prompt(name, folder) for name in NAMES}


def load_prompt(name: str, folder: Path = FOLDER) -> PromptFile:
    """One prompt. Raises InputError as `load_prompts` does."""
    return _prompt(folder / f"{name}.md")


def invented(prompts: Iterable[PromptFile]) -> Invented:
    """The terms, aliases, texts, claims, definitions and quotes of all examples."""
    terms: set[str] = set()
    texts: set[str] = set()
    for prompt in prompts:
        for example in prompt.examples:
            for field, value in _fields(example.reply):
                key = join_key(value)
                if key and field in ("subject", "object", "term", "aliases"):
                    terms.add(key)
                elif key and field in ("text", "claim", "definition", "quote", "explains"):
                    texts.add(key)
    return Invented(frozenset(terms), frozenset(texts))


def _prompt(path: Path) -> PromptFile:
    text = path.read_text(encoding="utf-8")
    first = _FIRST.match(text)
    if first is None or first[1].partition("@")[0] != path.stem:
        raise InputError(f"{path}\n  The first line must be `prompt: {path.stem}@VERSION`, with a number as the version.")
    try:
        examples = tuple(_example(section) for section in text.split("\n## Example\n")[1:])
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}\n  An example is broken: {error}. It needs the blocks `passage` and `json`.") from None
    return PromptFile(first[1], text[first.end() :].strip(), examples)


def _example(section: str) -> WorkedExample:
    blocks = dict(_BLOCK.findall(section))
    reply = json.loads(blocks.pop("json"))
    return WorkedExample({"passage": blocks.pop("passage"), **blocks}, reply)


def _fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each string in a reply with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, key)
