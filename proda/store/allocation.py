"""samples/allocation.yaml: how many samples each discipline gets. Data too: a re-allocation is a commit.

load_allocation(Path("."))      {"astronomy": 800, "biology": 800, …}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from proda.errors import InputError
from proda.yamlio import load_yaml

ALLOCATION = Path("samples/allocation.yaml")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    samples: dict[str, Annotated[int, Meta(ge=0)]]


def load_allocation(root: Path) -> dict[str, int]:
    """Discipline → number of samples. Raises InputError naming what is wrong."""
    path = root / ALLOCATION
    if not path.is_file():
        raise InputError(f"{ALLOCATION}\n  Missing. It holds `samples:` with a number for each discipline.")
    try:
        return msgspec.convert(load_yaml(path), _File).samples
    except msgspec.ValidationError as error:
        raise InputError(f"{ALLOCATION}  {error}\n  Expected `samples:` with a whole number, 0 or more, for each discipline.") from None
