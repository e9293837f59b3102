"""Read benchmarks/general/suite.jsonl, the items of the general suite, one JSON object per line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.errors import InputError, NotFoundError
from proda.records import Item

SUITE = Path("benchmarks/general/suite.jsonl")


def load_suite(root: Path) -> list[Item]:
    """Return the general suite. Raises NotFoundError if there is none, InputError naming file and line."""
    path = root / SUITE
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There is no general suite yet. Run `dvc repro curriculum` (or `make repro`) first.")
    items = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            items.append(msgspec.json.decode(line, type=Item))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}:{number}\n  {error}. Run `dvc repro curriculum`.") from None
    return items
