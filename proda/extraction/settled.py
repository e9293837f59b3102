"""What extraction is given beside the source itself: what the knowledge holds, and what people have decided.

settled = Settled(discipline="physics", known=(KnownConcept("heating", "heating"),), relations={"causes": …})
settled.reference("heating"), settled.reference("rail")        # ids as a statement names them, confirmed merges applied
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from proda.extraction.canonical import KnownConcept
from proda.extraction.names import join_key, singular_keys
from proda.records import Record, Relation, Triple
from proda.store.proposals import ProposedConcept, ProposedStatement


class SourceReading(Record, frozen=True):
    """A source as extraction reads it."""

    source: str  # "physics/heat-pumps"
    text: str  # NFC
    sha256: str
    backend: str
    chunks: tuple[str, ...]  # ids of the kept chunks, in order
    spans: tuple[tuple[int, int], ...] = ()  # of these chunks: code points of the text, half-open

    @property
    def discipline(self) -> str:
        """The discipline of the source, and of its concepts."""
        return self.source.partition("/")[0]

    def chunk_at(self, place: int) -> str | None:
        """The id of the kept chunk that holds a code point of the text; None outside of all of them."""
        return next((name for name, (start, end) in zip(self.chunks, self.spans, strict=False) if start <= place < end), None)

    @property
    def topic(self) -> str:
        """The name of the source within its discipline."""
        return self.source.partition("/")[2]


class Settled(Record, frozen=True):
    """What is known before a source is read."""

    discipline: str
    relations: Mapping[str, Relation]
    known: tuple[KnownConcept, ...] = ()  # the discipline's concepts in the knowledge
    elsewhere: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)  # key of a name → ids in other disciplines
    redirects: Mapping[str, str] = msgspec.field(default_factory=dict)  # dropped id → kept id, both with their discipline
    unconfirmed: frozenset[tuple[str, str]] = frozenset()  # (drop, keep) of merges that are proposed or refused
    others: Mapping[str, ProposedConcept] = msgspec.field(default_factory=dict)  # full id → concept that another source proposes
    terms: Mapping[str, str] = msgspec.field(default_factory=dict)  # full id → term, of the concepts that merges lead to
    stated: frozenset[Triple] = frozenset()  # triples of the knowledge, bare within the discipline
    chain_ids: frozenset[str] = frozenset()  # ids of the discipline's chains and links

    def full(self, reference: str) -> str:
        """A reference with its discipline."""
        return reference if "/" in reference else f"{self.discipline}/{reference}"

    def reference(self, name: str) -> str:
        """A concept's id as statements of the discipline write it, after the confirmed merges."""
        target = self.redirects.get(self.full(name), name)
        return target.removeprefix(f"{self.discipline}/")

    def triple(self, statement: ProposedStatement) -> Triple:
        """The triple of a statement, confirmed merges applied: one that was accepted or added names the concepts that it was given."""
        return self.reference(statement.subject), statement.relation, self.reference(statement.object)

    def homonyms(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Ids of concepts of other disciplines in the knowledge that have one of `names`, sorted."""
        found: set[str] = set()
        for name in names:
            key = join_key(name)
            for form in (key, *singular_keys(key)):
                found.update(self.elsewhere.get(form, ()))
        return tuple(sorted(found))
