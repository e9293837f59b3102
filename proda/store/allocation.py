"""samples/allocation.yaml: how many samples each discipline gets. It is data: a re-allocation is a commit.

load_allocation(Path("."))      {"astronomy": 800, "biology": 800, …}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from proda.errors import InputError
from proda.findings import Violation
from proda.yamlio import load_as

ALLOCATION = Path("samples/allocation.yaml")


class AllocationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    samples: dict[str, Annotated[int, Meta(ge=0)]]


def load_allocation(root: Path) -> dict[str, int]:
    """Discipline → number of samples. Raises InputError with every fault of the file."""
    path = root / ALLOCATION
    if not path.is_file():
        raise InputError(f"{ALLOCATION}\n  The file is missing. Add it with `samples:` and a whole number for each discipline.")
    return load_as(path, AllocationFile).samples


def wrong_disciplines(allocation: Collection[str], disciplines: Collection[str]) -> Iterator[Violation]:
    """Disciplines that the allocation names and the knowledge does not have, and the other way round."""
    for name in sorted(set(allocation) - set(disciplines)):
        yield Violation(("samples", name), f"The knowledge has no discipline '{name}'. Fix the name, or remove the line.")
    for name in sorted(set(disciplines) - set(allocation)):
        yield Violation(("samples",), f"There is no number for the discipline '{name}'. Add one (0 is allowed).")
