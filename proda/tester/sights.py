"""What the training texts of a window or a link are bound to name, so that no item asks for exactly that.

    sights = Sights(knowledge)
    sights.show(statements)       # whether one window names every concept that these statements join

Samples show two consecutive statements of a chain together, in the authors' sentences and in the
context of what the chain explains, which may name more concepts than the triples do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.naming import names_of
from proda.language.wording import sentence
from proda.records import Chain, Statement
from proda.runtime.forked import forked

BATCH = 100  # chains that a process reads at a time


class Sights:
    """The concepts that each window names."""

    def __init__(self, knowledge: Knowledge, *, jobs: int | None = None) -> None:
        """Read every pair of consecutive statements of a chain, and every link, in `jobs` processes (see `proda.runtime.forked`)."""
        names_of(knowledge)  # before there are several processes
        chains = list(knowledge.active_paths())
        batches = [chains[start : start + BATCH] for start in range(0, len(chains), BATCH)]
        found = forked(lambda batch: _windows(knowledge, batch), batches, "reading windows", jobs=jobs)
        self._holding: dict[str, list[frozenset[str]]] = defaultdict(list)  # concept → windows that name it
        for named in (window for windows in found for window in windows):
            for concept in named:
                self._holding[concept].append(named)

    def show(self, statements: Sequence[Statement]) -> bool:
        """Return whether one window names every concept of the statements."""
        concepts = {c for s in statements for c in (s.subject, s.object)}
        return any(concepts <= window for window in self._holding.get(min(concepts), ()))


def _windows(knowledge: Knowledge, chains: Iterable[Chain]) -> list[frozenset[str]]:
    """The concepts that each window of the chains names."""
    names = names_of(knowledge)
    found: list[frozenset[str]] = []
    for chain in chains:
        path = knowledge.path(chain)
        context = words(chain.explains)
        told = {s.id: words(f"{s.text} {sentence(knowledge, s)}") for s in path}
        windows: list[tuple[Statement, ...]] = [*zip(path, path[1:], strict=False)]
        for window in windows or [tuple(path)]:
            tokens = [*context, *(word for s in window for word in told[s.id])]
            found.append(names.found(tokens) | {c for s in window for c in (s.subject, s.object)})
    return found
