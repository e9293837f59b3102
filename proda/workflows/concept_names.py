"""The concepts that a statement of a source can name, by id, by name, and by part of a name.

    names = ConceptNames(state)
    names.exact("ADH")                       # "antidiuretic-hormone": an id, a term or an alias of the discipline
    names.exact("physics/heating")           # a concept of another discipline is named by its full id only
    names.search("hormone", 8)               # concepts whose names hold the words, the nearest first

Those are the concepts of the knowledge and of the source's proposals. One that a confirmed merge drops stands for the one that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.errors import closest
from proda.extraction.names import concept_id, join_key
from proda.records import Concept, Record
from proda.store.proposals import ProposedConcept
from proda.workflows.review_state import ReviewState


class FoundConcept(Record, frozen=True):
    """A concept as a list shows it."""

    id: str  # bare within the discipline
    term: str
    type: str
    definition: str
    topic: str  # of the knowledge; empty if it is proposed


class ConceptNames:
    """Looks concepts up for one state of a review."""

    def __init__(self, state: ReviewState) -> None:
        self._state = state
        own = f"{state.discipline}/"
        self._known = {node.removeprefix(own): c for node, c in state.known.concepts.items() if c.status == "active"}
        self._retired = {n.removeprefix(own): c for n, c in state.known.concepts.items() if c.status != "active" and n.startswith(own)}
        self._proposed = {name: c for name, c in state.proposals.concepts.items() if name not in self._known}
        self._by_key: dict[str, str] = {}
        mine: dict[str, Concept | ProposedConcept] = {n: c for n, c in self._known.items() if "/" not in n}
        mine |= self._proposed
        for name, concept in mine.items():
            self._by_key.setdefault(join_key(concept.term), name)
        for name, concept in mine.items():
            for alias in concept.aliases:
                self._by_key.setdefault(join_key(alias), name)

    def exact(self, text: str) -> str | None:
        """The id of the concept that `text` names: by its id, its term, or an alias; None if there is none. Merges are followed."""
        text = text.strip()
        name = text.removeprefix(f"{self._state.discipline}/")
        if name not in self._known and name not in self._proposed:
            name = self._by_key.get(join_key(text), concept_id(text) if "/" not in text else "")
        if name not in self._known and name not in self._proposed:
            return None
        return self._state.node(name).removeprefix(f"{self._state.discipline}/")

    def retired(self, name: str) -> str | None:
        """Why an id cannot be used again: a retired concept has it; None if no such concept does."""
        if (concept := self._retired.get(name)) is None:
            return None
        instead = f" Use '{concept.replaced_by}', which replaces it." if concept.replaced_by else " Choose another term."
        return f"'{name}' is a retired concept, and ids are never used again.{instead}"

    def rejected(self, name: str) -> str | None:
        """Why a concept cannot be used: a person rejected it; None if nobody did."""
        concept = self._proposed.get(name)
        if concept is None or concept.status != "rejected":
            return None
        return f"The concept '{name}' was rejected: {concept.reason or 'no reason is given'}. Choose another."

    def nearest(self, text: str) -> str | None:
        """The name of a concept of the discipline that `text` may have meant."""
        return closest(join_key(text), self._by_key)

    def search(self, words: str, most: int) -> tuple[FoundConcept, ...]:
        """Up to `most` concepts that have all `words` in one of their names or their id: the nearest names first.

        Names that begin with the text go before others, shorter ones before longer ones, and the discipline's before other disciplines'.
        """
        wanted = words.casefold().split()
        text = " ".join(wanted)
        found = []
        for name, concept in self._every():
            names = [n.casefold() for n in (concept.term, *concept.aliases, name)]
            hits = [n for n in names if all(word in n for word in wanted)]
            if hits:
                rank = min((n != text, not n.startswith(text), len(n)) for n in hits)
                found.append((rank[0], "/" in name, rank[1], rank[2], name))
        return tuple(self._found(name) for *_, name in sorted(found)[:most])

    def _every(self) -> Iterator[tuple[str, Concept | ProposedConcept]]:
        yield from self._known.items()
        for name, concept in self._proposed.items():
            if concept.status in ("proposed", "accepted"):
                yield name, concept

    def _found(self, name: str) -> FoundConcept:
        known = self._known.get(name)
        concept = known or self._proposed[name]
        return FoundConcept(name, concept.term, concept.type, concept.definition, f"{known.discipline}/{known.topic}" if known else "")
