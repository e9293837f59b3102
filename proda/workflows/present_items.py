"""The items in benchmarks/items, for commands that compare texts with them; refused if they are missing or older than the knowledge.

items = present_items(root, knowledge)
"""

from __future__ import annotations

from pathlib import Path

from proda.errors import EmptyBenchmarkError, InputError
from proda.graph import Knowledge
from proda.records import Item
from proda.store.items import load_items


def present_items(root: Path, knowledge: Knowledge) -> list[Item]:
    """Return the items of all splits. Raises EmptyBenchmarkError if there are none, InputError if one rests on what is gone."""
    items = load_items(root)
    if not items:
        raise EmptyBenchmarkError(
            "benchmarks/items\n  There are no items, so nothing shows that a text gives none away. Run `dvc repro benchmark` first."
        )
    lost = next((i for i in items if any(s not in knowledge.statements for s in i.statements)), None)
    if lost is not None:
        raise InputError(f"benchmarks/items  {lost.id}\n  The item rests on a statement that is gone. Run `dvc repro benchmark` first.")
    return items
