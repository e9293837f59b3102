"""Indexes over one revision: which samples teach a node, which items rest on it, what the models answered.

    lineage = Lineage(repo.knowledge, repo.samples, repo.items(), repo.outcomes(), repairs=read_repairs(repo.root))
    lineage.samples_of["physics/bimetal-strip-bends.s1"]        # [Sample(id="physics/bimetal-strip-bends.s1:open-1", …), …]
    lineage.items_of["physics/bimetal-strip-bends"]             # [Item(id="physics/bimetal-strip-bends:dev-bridge", …), …]

An item *rests on* its statements, which may lie in several chains and links, and on their concepts; a concept that only a distractor
names is listed apart. Indexes are built when they are first used. `proda.history.trace` reads them in both directions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from proda.graph import Knowledge
from proda.history.index import index
from proda.history.repairs import Repairs
from proda.records import Item, Outcome, Sample, Statement


class ModelTally(msgspec.Struct, frozen=True):
    """How many of some items one model answered rightly. `stale` answers are to an older wording of their item; they count nowhere else."""

    model: str
    right: int
    wrong: int
    unscored: int
    stale: int

    def __str__(self) -> str:
        parts = [f"{self.right} of {self.right + self.wrong} right"]
        parts += [f"{self.unscored} unscored"] if self.unscored else []
        parts += [f"{self.stale} of an older wording"] if self.stale else []
        return ", ".join(parts)


class Lineage:
    """The indexes over one revision.

    `files` gives each sample's file, relative to the repository, where it is known. `dropped` holds derived samples that a patch removes
    from training. `sealed` allows traces to show what tells the right option of a sealed item.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        samples: Sequence[Sample] = (),
        items: Sequence[Item] = (),
        outcomes: Sequence[Outcome] = (),
        files: Mapping[str, str] | None = None,
        *,
        repairs: Repairs | None = None,
        dropped: Iterable[Sample] = (),
        sealed: bool = False,
    ) -> None:
        self.knowledge = knowledge
        self.samples = {sample.id: sample for sample in samples}
        self.items = {item.id: item for item in items}
        self.outcomes = outcomes
        self.files = files or {}
        self.repairs = repairs or Repairs()
        self.dropped = {sample.id: sample for sample in dropped}
        self.sealed = sealed

    @cached_property
    def statements_of(self) -> dict[str, list[Statement]]:
        """Concept id → statements that mention it, those of retired chains included, sorted by id."""
        return index((c, s) for _, s in sorted(self.knowledge.statements.items()) for c in dict.fromkeys((s.subject, s.object)))

    @cached_property
    def samples_of(self) -> dict[str, list[Sample]]:
        """Node id → samples that teach it, sorted by id."""
        return index((node, s) for _, s in sorted(self.samples.items()) for node in s.nodes)

    @cached_property
    def items_of(self) -> dict[str, list[Item]]:
        """Node id → items that rest on it: chain, statements, and the concepts of those statements; sorted by id."""
        return index((node, i) for _, i in sorted(self.items.items()) for node in (i.chain, *i.statements, *self.path_concepts(i)))

    @cached_property
    def mentions_of(self) -> dict[str, list[Item]]:
        """Concept id → items in which only a distractor names it, sorted by id."""
        pairs = ((node, i) for _, i in sorted(self.items.items()) for node in i.nodes if node in self.knowledge.concepts)
        return index((node, i) for node, i in pairs if node not in self.path_concepts(i))

    @cached_property
    def outcomes_of(self) -> dict[str, list[Outcome]]:
        """Item id → what each model did on it: the base first, then the seeds in order."""
        return index((o.item, o) for o in sorted(self.outcomes, key=lambda o: (o.item, model_order(o.model))))

    def path(self, item: Item) -> list[Statement]:
        """The statements that an item asks about, in order, without those that no longer exist."""
        return [self.knowledge.statements[s] for s in item.statements if s in self.knowledge.statements]

    def path_concepts(self, item: Item) -> tuple[str, ...]:
        """Concepts along the path that an item asks about, in order."""
        return tuple(dict.fromkeys(c for s in self.path(item) for c in (s.subject, s.object)))

    def fresh(self, outcome: Outcome) -> bool:
        """Whether the item reads as it did when the model answered."""
        item = self.items.get(outcome.item)
        return item is not None and item.content_hash == outcome.hash

    def hidden(self, item: Item) -> bool:
        """Whether what tells the right option of the item must not be shown."""
        return item.split == "sealed" and not self.sealed

    def tallies(self, items: Iterable[Item]) -> list[ModelTally]:
        """How each model did on `items`, the base first."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for item in items:
            for outcome in self.outcomes_of.get(item.id, ()):
                place = 3 if not self.fresh(outcome) else 2 if outcome.correct is None else 0 if outcome.correct else 1
                counts[outcome.model][place] += 1
        return [ModelTally(model, *counts[model]) for model in sorted(counts, key=model_order)]


def model_order(model: str) -> tuple[int, int, str]:
    """Sort key: `base`, then `seed-0`, `seed-1`, … `seed-10`, then other names."""
    number = model.removeprefix("seed-")
    if number != model and number.isdigit():
        return (1, int(number), model)
    return (0 if model == "base" else 2, 0, model)
