"""Prepares and runs the leak check: compares items with training texts, for the stage `guard` and for the experiments.

found = leak_check(knowledge, items, training_texts(root, load_samples(root)), params.guard)
found.leaks         # must be empty before training starts
refuse_leaking_samples(knowledge, items, [("my arm", sample)], params.guard, of="my arm", advice="Reword the statement.")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proda.errors import GateError
from proda.graph import Knowledge
from proda.language.wording import bare_name
from proda.params import GuardParams
from proda.records import Item, Sample
from proda.store.training_texts import Text, sample_text
from proda.tester.overlap import Overlap, overlap

SHOWN = 5  # leaks that a message lists


def leak_check(knowledge: Knowledge, items: Sequence[Item], texts: Iterable[Text], params: GuardParams) -> Overlap:
    """Compares every item with every text. Raises EmptyBenchmarkError without items.

    A case has no path: it asks what statements say of particulars, so a text that names their concepts does not give it away.
    """
    paths = {
        item.id: frozenset(c for s in item.statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object))
        if item.kind != "case"
        else frozenset()
        for item in items
    }
    names = {concept: _wordings(knowledge, concept) for concept in knowledge.concepts}
    return overlap(items, texts, paths, names, params)


def _wordings(knowledge: Knowledge, concept: str) -> tuple[str, ...]:
    """How texts name a concept: its term, its aliases, and what it is called within sentences if that holds none of them.

    Without its article, which as a word of the concept would make every text one about it.
    """
    there = knowledge.concepts[concept]
    names, within = (there.term, *there.aliases), bare_name(knowledge, concept)
    return names if any(name.lower() in within.lower() for name in names) else (*names, within)


def refuse_leaking_samples(
    knowledge: Knowledge, items: Sequence[Item], samples: Iterable[tuple[str, Sample]], params: GuardParams, *, of: str, advice: str
) -> None:
    """Raises GateError if the text of a sample gives an item away; the message lists the first leaks, then `advice`.

    `samples` are pairs of a name for messages and a sample; of samples with the same text, only the first is compared. `of` says in the
    message whose samples they are.
    """
    texts: dict[str, str] = {}
    for name, sample in samples:
        texts.setdefault(sample_text(sample), name)
    leaks = leak_check(knowledge, items, [Text(name, text) for text, name in texts.items()], params).leaks
    if not leaks:
        return
    lines = sorted({k.where: f"  {k.where}: {k.how} {k.value:.2f} of {k.item}" for k in reversed(leaks)}.values())
    shown = "\n".join([*lines[:SHOWN], *([f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])])
    many = f"1 sample of {of} gives an item away" if len(lines) == 1 else f"{len(lines)} samples of {of} give items away"
    raise GateError(f"{many}, so nothing is trained:\n{shown}\n{advice}")
