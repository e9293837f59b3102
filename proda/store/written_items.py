"""benchmarks/written/<split>/<discipline>/<topic>.yaml: items worded by a language model, frozen under the hash of each plan.

    written = load_written_items(Path("."))
    written["3f0c9a1e0b2d4c55"].stem      # "A lecturer covers one concept in two sentences. …"

    items:
      - id: physics/bimetal-strip-bends:dev-bridge
        stem: …
        options: {A: heat conduction, B: …, C: …, D: …}
        plan: 3f0c9a1e0b2d4c55
        model: some-model
        prompt: item@1

The plan is what the templates write (proda/tester/worded.py), so an entry applies as long as that stays the same. An entry whose plan no
longer exists is stale: it is not used, and stays until `proda write --items --prune` removes it. The folder is apart from samples/written,
because it holds the questions of sealed items, and because new texts of items must not make the samples stale. Each split has its own
folder, as in benchmarks/items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.records import LETTERS, SPLITS, Record
from proda.store.files import data_files
from proda.yamlio import dump_yaml, load_list

WRITTEN_ITEMS = Path("benchmarks/written")


class WrittenItem(Record, frozen=True):
    """One frozen wording, and which model and prompt it comes from."""

    id: str
    stem: str
    options: tuple[str, ...]  # four, in the order of the letters
    plan: str  # the key: `item_plan` of the item that it words
    model: str
    prompt: str  # name and version, "item@1"


def load_written_items(root: Path) -> dict[str, WrittenItem]:
    """Plan hash → frozen wording, in order of file and entry; empty without files.

    Raises InputError with file and id of a broken entry, or of a plan that occurs twice.
    """
    found: dict[str, WrittenItem] = {}
    for path in written_item_paths(root):
        for one in read_written_items(path, root):
            if one.plan in found:
                raise InputError(
                    f"{path.relative_to(root)}  {one.id}\n  The plan {one.plan} is in another entry as well. Remove one of them."
                )
            found[one.plan] = one
    return found


def written_item_paths(root: Path) -> list[Path]:
    """The files of benchmarks/written, sorted."""
    return [path for split in sorted(SPLITS) for path in data_files(root / WRITTEN_ITEMS / split, "*/*.yaml")]


def read_written_items(path: Path, root: Path) -> list[WrittenItem]:
    """The entries of one file. Raises InputError with file and id of a broken entry."""
    return [_decoded(raw, path.relative_to(root)) for raw in load_list(path, "items")]


def written_items_text(items: Iterable[WrittenItem]) -> str:
    """The text of one file. The order of `items` does not matter; equal items give equal bytes."""
    return dump_yaml({"items": [_encoded(one) for one in sorted(items, key=lambda one: (one.id, one.plan))]})


def written_items_file(split: str, discipline: str, topic: str) -> str:
    """The path of a file, relative to the repository."""
    return f"{WRITTEN_ITEMS.as_posix()}/{split}/{discipline}/{topic}.yaml"


def _encoded(one: WrittenItem) -> dict[str, Any]:
    options = dict(zip(LETTERS, one.options, strict=True))
    return {"id": one.id, "stem": one.stem, "options": options, "plan": one.plan, "model": one.model, "prompt": one.prompt}


def _decoded(raw: Any, name: Path) -> WrittenItem:
    where = raw.get("id", "?") if isinstance(raw, Mapping) else "?"
    try:
        options = dict(raw["options"])
        if tuple(options) != tuple(LETTERS):
            raise ValueError(f"got the options {', '.join(map(str, options)) or 'none'}, expected A, B, C and D in this order")
        one = msgspec.convert({**raw, "options": tuple(options.values())}, WrittenItem)
        if not one.stem.strip() or not all(text.strip() for text in one.options):
            raise ValueError("the stem or an option is empty")
        if len(set(one.options)) < len(LETTERS):
            raise ValueError("two options are the same")
    except (KeyError, TypeError, ValueError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"{name}  {where}\n  Not a written item: {error}. Fix the entry, or remove it.") from None
    return one
