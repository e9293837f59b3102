"""Items on disk: `benchmarks/items/<split>/<discipline>/<topic>.yaml`. Each split has its own folder and can be read without the others.

items = load_items(Path("."), ("dev",))          # the debugger may read dev only
write_items_tree(Path("."), items)

items:
  - id: physics/bimetal-strip-bends:dev-bridge
    kind: bridge
    chain: physics/bimetal-strip-bends
    stem: 'One concept completes both statements: “Heating causes …” and “… increases the line resistance”. Which one?'
    options:
      A:
        text: heat conduction
        operator: half
        wrong_because: …
        triples: [[physics/heating, causes, physics/heat-conduction], …]
        breaks: [physics/warm-lines-resist.s1]
    answer: C
    statements: […]
    nodes: […]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError, SealedError
from proda.records import LETTERS, SPLITS, Item, Option, Split
from proda.store.files import data_files, write_tree
from proda.yamlio import Flow, dump_yaml, load_list

ITEMS = Path("benchmarks/items")


def load_items(root: Path, splits: Sequence[Split] = SPLITS, *, only: frozenset[Split] = frozenset(SPLITS)) -> list[Item]:
    """Read the items of the splits, sorted by id.

    `only` are the splits that the caller is allowed to read; the debugger passes {"dev"}. Raises SealedError, before any file is
    opened, if `splits` holds another one, and InputError for a malformed file.
    """
    if refused := [s for s in splits if s not in only]:
        raise SealedError(f"Got a request for items of {', '.join(refused)}; expected {', '.join(sorted(only))} only.")
    items: list[Item] = []
    for split in splits:
        for path in data_files(root / ITEMS / split, "*/*.yaml"):
            items += [decode_item(raw, path, split) for raw in load_list(path, "items")]
    return sorted(items, key=lambda item: item.id)


def write_items_tree(
    root: Path, items: Iterable[Item], *, apply: Callable[[Callable[[list[Item]], str], list[list[Item]]], Iterable[str]] = map
) -> int:
    """Write `items` and delete all other item files. Returns the number of files that changed.

    `apply` gives the text of each file, as `map` does; a function that uses several processes is faster.
    """
    files: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        files[f"{item.split}/{item.discipline}/{item.topic}.yaml"].append(item)
    return write_tree(root / ITEMS, dict(zip(files, apply(_text, list(files.values())), strict=True)), ".yaml")


def _text(items: list[Item]) -> str:
    """The content of a file of items."""
    return dump_yaml({"items": [_encode(item) for item in sorted(items, key=lambda i: i.id)]})


def _encode(item: Item) -> dict[str, Any]:
    options: dict[str, dict[str, Any]] = {}
    for letter, option in zip(LETTERS, item.options, strict=True):
        options[letter] = {"text": option.text}
        if option.operator:
            options[letter]["operator"] = option.operator
        if option.also:
            options[letter]["also"] = option.also
        if option.wrong_because:
            options[letter]["wrong_because"] = option.wrong_because
        if option.triples:
            options[letter]["triples"] = Flow(option.triples)
        if option.breaks:
            options[letter]["breaks"] = Flow(option.breaks)
    return {
        "id": item.id,
        "kind": item.kind,
        "chain": item.chain,
        "stem": item.stem,
        "options": options,
        "answer": item.answer,
        "hash": item.content_hash,
        "statements": list(item.statements),
        "nodes": list(item.nodes),
    }


def decode_item(raw: Mapping[str, Any], path: Path, split: Split) -> Item:
    """Return the item of one YAML entry. Raises InputError if it is malformed, or if its text does not match its hash."""
    fields = {k: v for k, v in raw.items() if k not in ("options", "hash")}
    try:
        if set(raw["options"]) != set(LETTERS):
            raise TypeError(f"got the options {', '.join(map(str, raw['options'])) or 'none'}, expected A, B, C and D")
        options = tuple(msgspec.convert(raw["options"][letter], Option) for letter in LETTERS)
        item = msgspec.convert({**fields, "split": split, "discipline": path.parent.name, "topic": path.stem, "options": options}, Item)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise InputError(
            f"{path}  {raw.get('id', '?')}\n  Not an item: {error}. Items are derived: rebuild them with `dvc repro benchmark`."
        ) from None
    if item.content_hash != raw.get("hash"):
        raise InputError(
            f"{path}  {item.id}\n  The text has hash {item.content_hash}, expected {raw.get('hash')}: it was edited by hand. Items are"
            " derived. Amend the item in benchmarks/exceptions.yaml instead, then run `dvc repro benchmark`."
        )
    return item
