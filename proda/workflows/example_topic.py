"""The worked example of a new repository → gone: its topic, its source, and its entries in catalogue, allocation and reading.

    planned = plan_removal(Path("."))
    planned.texts           # {"knowledge/baking/bread-making.yaml": None, "samples/allocation.yaml": "samples: {}\\n", …}

Items and samples of the example are derived, so `dvc repro` removes them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError, NotFoundError
from proda.knowledge.roundtrip import edited
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.records import Record
from proda.store.allocation import ALLOCATION
from proda.store.files import data_files
from proda.store.reading import PATH as READING
from proda.store.reading import load_reading
from proda.workflows.owners import PATH as OWNERS
from proda.yamlio import dump_yaml, load_yaml

DISCIPLINE, TOPIC = "baking", "baking/bread-making"
READERS = (("knowledge", "**/*.yaml"), ("samples/patches", "*.yaml"), ("benchmarks/verdicts", "*.yaml"))  # what may refer to the example
PROPOSED = f"proposals/{TOPIC}.yaml"  # what `proda extract` finds in the example too; it need not be committed
SHOWN = 10


class Removal(Record, frozen=True):
    """The files to write, and those to remove (None). `topics` are left."""

    texts: dict[str, str | None]
    topics: int


def plan_removal(root: Path) -> Removal:
    """Return what the removal of the example changes; writes nothing.

    Raises NotFoundError if the example is not there, InputError if another file refers to it, or if a file cannot be edited.
    """
    topic = f"knowledge/{TOPIC}.yaml"
    if not (root / topic).is_file():
        raise NotFoundError(f"{topic}\n  The example is not there. Nothing was changed.")
    others = [name for name in scan(root).topics if name != topic]
    if users := _users(root, topic):
        raise InputError(
            "\n".join(["These files refer to the example:", *(f"  {name}" for name in users[:SHOWN])])
            + "\n  Nothing was changed. Remove the references (of a repair, `git revert` its commit), then run this again."
        )
    texts: dict[str, str | None] = {topic: None}
    if (root / source_path(TOPIC)).is_file():
        texts[source_path(TOPIC)] = None
    if (root / PROPOSED).is_file():
        texts[PROPOSED] = None
    texts |= _without(root, CATALOGUE, "sources", TOPIC)
    if not any(name.split("/")[1] == DISCIPLINE for name in others):
        texts |= _without(root, ALLOCATION.as_posix(), "samples", DISCIPLINE)
        texts |= _without_owner(root)
    if (root / READING).is_file():
        kept = [reading for reading in load_reading(root / READING) if reading.source != TOPIC]
        texts[READING.as_posix()] = dump_yaml({"sources": msgspec.to_builtins(kept)})
    return Removal(texts, len(others))


def _users(root: Path, topic: str) -> list[str]:
    """Files besides the example's own that name one of its nodes with its discipline."""
    raw = load_yaml(root / topic)
    parts = [raw.get(field) or {} for field in ("concepts", "chains", "links", "cases")] if isinstance(raw, dict) else []
    names = sorted({str(name) for part in parts if isinstance(part, dict) for name in part})
    if not names:
        return []
    pattern = re.compile(rf"\b{DISCIPLINE}/(?:{'|'.join(map(re.escape, names))})\b")
    paths = [path for folder, shape in READERS for path in data_files(root / folder, shape)]
    paths += [path for path in (root / "benchmarks/exceptions.yaml",) if path.is_file()]
    found = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if not line.lstrip().startswith("#")]
        if name not in (topic, CATALOGUE) and any(pattern.search(line) for line in lines):
            found.append(name)
    return found


def _without_owner(root: Path) -> dict[str, str | None]:
    """CODEOWNERS without the line of the example's discipline that waits to be filled in; a line that someone has filled in stays."""
    path = root / OWNERS
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = re.sub(rf"^#[ \t]*/knowledge/{DISCIPLINE}/[ \t].*\n?", "", before, flags=re.MULTILINE)
    return {OWNERS.as_posix(): after} if after != before else {}


def _without(root: Path, name: str, field: str, key: str) -> dict[str, str | None]:
    """The file without one key of one of its mappings; nothing if it is not there."""
    path = root / name
    raw = load_yaml(path) if path.is_file() else {}
    entries = raw.get(field) if isinstance(raw, dict) else None
    if not isinstance(entries, dict) or key not in entries:
        return {}

    def edit(document: Any) -> None:
        del document[field][key]

    text = edited(path.read_text(encoding="utf-8"), raw, edit)
    if text is None:
        raise InputError(f"{name}  {field}.{key}\n  Cannot be removed without losing a comment. Nothing was changed. Remove it by hand.")
    return {name: text}
