"""Items that are short enough for the tiny base."""

from __future__ import annotations

from collections.abc import Sequence

from proda.records import LETTERS, Item, Option
from tests.compiler.tiny import WORDS


def items(count: int, sizes: Sequence[int] = (4,)) -> list[Item]:
    """What a word causes, with other words as distractors. From the thirteenth on, stems repeat with a number.

    `sizes` are numbers of options, which are used in turn.
    """
    made = []
    for n in range(count):
        options = tuple(Option(WORDS[(n + k + 1) % len(WORDS)], "substitution" if k else None) for k in range(sizes[n % len(sizes)]))
        chain = f"words/c{n}"
        again = f" in case {n}" if n >= len(WORDS) else ""
        made.append(
            Item(
                f"{chain}:dev-path",
                "dev",
                "path",
                "words",
                "all",
                chain,
                (),
                (),
                f"What does {WORDS[n % len(WORDS)]} cause{again}?",
                options,
                LETTERS[0],
            )
        )
    return made
