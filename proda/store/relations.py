"""Read knowledge/relations.yaml as typed relations.

load_relations(Path("knowledge/relations.yaml"))[0].phrase      "causes"
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.records import Relation
from proda.yamlio import load_yaml


def load_relations(path: Path) -> list[Relation]:
    """Relations sorted by id. Raises InputError naming the relation and the field that is wrong."""
    document = load_yaml(path)
    raw = document.get("relations") if isinstance(document, dict) else None
    if not isinstance(raw, dict):
        raise InputError(f"{path}\n  Expected `relations:` with an entry for each relation. Run `proda check`.")
    relations = []
    for name, fields in sorted(raw.items()):
        try:
            relations.append(msgspec.convert({"id": name, **fields}, Relation))
        except (msgspec.ValidationError, TypeError) as error:
            raise InputError(f"{path}  relations.{name}\n  {error}. Run `proda check`.") from None
    return relations
