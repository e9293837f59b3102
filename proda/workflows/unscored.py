"""Outcomes → lines that say which items no model could be scored on, and why.

    unscored_lines(outcomes, context=64)       # ["14 of 171 items unscored: longer than the model's 64 tokens"]

For local scoring by log-likelihoods, where an item that some models are scored on and another is not cannot be too long. The scores of that
model are then no numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from proda.errors import counted
from proda.records import Outcome


def unscored_lines(outcomes: Sequence[Outcome], *, context: int, where: str = "") -> list[str]:
    """Return one line for items that are longer than `context` tokens, and one for each model that lacks scores of other items.

    `where` follows the word items, for example " of the general suites".
    """
    models = list(dict.fromkeys(o.model for o in outcomes))
    items = dict.fromkeys(o.item for o in outcomes)
    missing: dict[str, set[str]] = defaultdict(set)
    for o in outcomes:
        if o.correct is None:
            missing[o.item].add(o.model)
    long = {item for item, of in missing.items() if len(of) == len(models)}
    all_items = f"{counted(len(items), 'item')}{where}"
    lines = [f"{len(long):,} of {all_items} unscored: longer than the model's {context:,} tokens"] if long else []
    for model in models:
        if count := sum(model in of for item, of in missing.items() if item not in long):
            lines.append(f"{count:,} of {all_items} unscored for {model}: its scores are not finite numbers. Train it again")
    return lines
