"""benchmarks/suites/neutral.yaml: short passages on everyday subjects, on which tuning should change nothing.

    neutral_passages(Path("."))      # ["The kitchen window looks out on a small yard …", …]

    passages:
      - The kitchen window looks out on a small yard where the neighbours hang their washing. …

proda/tester/forgetting.py measures a model's loss on them and its divergence from the base.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.errors import EmptyBenchmarkError, NotFoundError
from proda.yamlio import load_as

PATH = Path("benchmarks/suites/neutral.yaml")


class NeutralText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    passages: tuple[str, ...]


def neutral_passages(root: Path) -> list[str]:
    """Return the passages in the order of the file.

    Raises NotFoundError without the file, InputError with every fault of it, and EmptyBenchmarkError if it holds no text.
    """
    path = root / PATH
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There is no neutral text. Write a list of passages under the key `passages`.")
    found = [" ".join(passage.split()) for passage in load_as(path, NeutralText).passages]
    if not any(found):
        raise EmptyBenchmarkError(f"{path}\n  Holds no text, so no loss can be measured. Write some passages under the key `passages`.")
    return [passage for passage in found if passage]
