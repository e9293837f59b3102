"""benchmarks/suites/<suite>/validation.yaml: what independent readers answered to a written suite without seeing the key.

    readings = load_readings(Path("."), "everyday")
    write_readings(Path("."), "everyday", merged(readings, "a", [(item, ItemReading("B", 0.3))]), current)

An entry reads as in benchmarks/validation.yaml (proda/store/validation.py, which also says when an item counts as validated or disputed).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from proda.store.files import write_file
from proda.store.validation import ItemReading, Validation, in_brackets
from proda.store.written_suites import FOLDER
from proda.yamlio import load_as

_HEAD = """\
# What independent readers answered to the items of this suite without the key, by content hash of the item. Written by
# `scripts/write_suite.py NAME --collect`; proda/store/validation.py says how an entry reads.
"""


def readings_path(suite: str) -> Path:
    """Where the readings of a suite are, relative to the repository."""
    return FOLDER / suite / "validation.yaml"


def load_readings(root: Path, suite: str) -> Validation:
    """Return the readings; none if the file does not exist. Raises InputError with every fault of the file."""
    path = root / readings_path(suite)
    return load_as(path, Validation, numbers=True, empty={}) if path.is_file() else Validation()


def write_readings(root: Path, suite: str, validation: Validation, current: Collection[str]) -> bool:
    """Write the file, sorted by hash and reader; return whether it changed.

    `current` are the content hashes of the items. Readings of other items are dropped, except those that contest their item: they record
    why an item was changed or removed.
    """
    lines = [_HEAD]
    for item_hash, readings in sorted(validation.readings.items()):
        if item_hash in current or any(reading.contests for reading in readings.values()):
            lines.append(f"  '{item_hash}':\n")
            lines += [f"    {reader}: {{{_fields(reading)}}}\n" for reader, reading in sorted(readings.items())]
    lines.insert(1, "readings:\n" if len(lines) > 1 else "readings: {}\n")
    return write_file(root / readings_path(suite), "".join(lines))


def _fields(reading: ItemReading) -> str:
    parts = {"answer": reading.answer, "key": reading.key, "guess": f"{round(reading.guess, 2):g}", "second": reading.second}
    shown = [f"{name}: {value}" for name, value in parts.items() if value]
    return ", ".join([*shown, *([f"note: {in_brackets(reading.note)}"] if reading.note else [])])
