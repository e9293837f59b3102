"""Which proposed cases an item or a training text would give away, or would give an item away.

    leaks = CaseLeaks(root, knowledge)
    leaks.found({"a-line": proposed}, {"a-line": "physics"})         # frozenset({"a-line"}): it leaks

The stage `benchmark` would leave such an item out, and the stage `guard` would stop the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from proda.graph import Knowledge
from proda.params import load_params
from proda.records import Item
from proda.store.case_proposals import ProposedCase
from proda.store.patches import load_samples
from proda.store.training_texts import Text, training_texts
from proda.tester.between_items import leaks_between
from proda.tester.proposed_items import case_items
from proda.workflows.leak_check import leak_check
from proda.workflows.present_items import present_items


class CaseLeaks:
    """Items and training texts of a repository, read once."""

    def __init__(self, root: Path, knowledge: Knowledge) -> None:
        """Raises EmptyBenchmarkError without items, InputError if they are older than the knowledge."""
        self._root, self._knowledge = root, knowledge
        self._items = present_items(root, knowledge)
        self._params = load_params(root / "params.yaml")

    @cached_property
    def _texts(self) -> list[Text]:
        return list(training_texts(self._root, load_samples(self._root)))

    def found(self, proposed: Mapping[str, ProposedCase], discipline_of: Mapping[str, str]) -> frozenset[str]:
        """Return those of the keys of `proposed` whose cases leak."""
        seed, share = self._params.seed, self._params.items.sealed_share
        of_item: dict[str, str] = {}
        new: list[Item] = []
        for number, (key, case) in enumerate(proposed.items(), start=1):
            made = case_items(self._knowledge, {f"proposed-{number}": case}, discipline_of[key], seed=seed, sealed_share=share)
            of_item |= {item.id: key for item in made}
            new += made
        if not new:
            return frozenset()
        between = leaks_between(self._knowledge, [*self._items, *new])
        leaking = {item for leak in between for item in (leak.item, leak.where)} & of_item.keys()
        leaking |= {leak.item for leak in leak_check(self._knowledge, new, self._texts, self._params.guard).leaks}
        return frozenset(of_item[item] for item in leaking)
