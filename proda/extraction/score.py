"""Proposals against a glossary: how many of its terms were found, how far definitions agree, and whether every quote is in its source.

    scored(glossary, proposals, texts).recall        # 0.36
    token_f1("the transfer of energy", "a transfer of heat")     # 0.67

A term is found if a proposed concept has it as term or alias by the rules of names.py. Agreement of two definitions is the F1 of their
words, articles aside, as in SQuAD; it says whether they share words, not whether one is right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from proda.extraction.acronyms import acronyms
from proda.extraction.names import join_key, singular_keys
from proda.records import Record
from proda.store.proposals import Proposals, ProposedConcept

_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset(("a", "an", "the"))
AGREES = 0.5  # F1 from which two definitions are said to agree


class GlossaryScore(Record, frozen=True):
    """Counts, and what follows from them."""

    terms: int  # of the glossary
    found: int  # that a concept has
    defined: int  # of those found, whose definition stands in the source
    f1: tuple[float, ...]  # agreement of those definitions
    drafted_f1: tuple[float, ...]  # agreement of the definitions that were drafted
    quotes: int  # of statements that are not withdrawn
    located: int  # of these, that stand at their place in the source
    missing: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of the glossary's terms that were found."""
        return self.found / self.terms if self.terms else 0.0

    @property
    def agreement(self) -> float:
        """Mean F1 of the definitions that stand in the source."""
        return sum(self.f1) / len(self.f1) if self.f1 else 0.0

    @property
    def agreeing(self) -> float:
        """Share of these whose F1 is AGREES or more."""
        return sum(value >= AGREES for value in self.f1) / len(self.f1) if self.f1 else 0.0

    def __add__(self, other: GlossaryScore) -> GlossaryScore:
        """The score of two glossaries together."""
        return GlossaryScore(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


def scored(glossary: Mapping[str, str], proposals: Sequence[Proposals], texts: Mapping[str, str]) -> GlossaryScore:
    """The score of the proposals of some sources. `texts` maps source → its NFC text. Rejected and withdrawn proposals do not count."""
    concepts: dict[str, ProposedConcept] = {}
    for one in proposals:
        for concept in one.concepts.values():
            if concept.status in ("proposed", "accepted"):
                for key in keys_of((concept.term, *concept.aliases)):
                    if key not in concepts or (concepts[key].drafted and not concept.drafted):
                        concepts[key] = concept
    found = 0
    f1: list[float] = []
    drafted_f1: list[float] = []
    missing: list[str] = []
    for term, definition in glossary.items():
        concept_ = next((concepts[k] for k in sorted(keys_of((term,))) if k in concepts), None)
        if concept_ is None:
            missing.append(term)
            continue
        found += 1
        (drafted_f1 if concept_.drafted else f1).append(token_f1(concept_.definition, definition))
    quotes = [
        (texts.get(p.source, ""), s.evidence) for p in proposals for s in p.statements.values() if s.status in ("proposed", "accepted")
    ]
    located = sum(text[slice(*evidence.span)] == evidence.quote for text, evidence in quotes)
    return GlossaryScore(len(glossary), found, len(f1), tuple(f1), tuple(drafted_f1), len(quotes), located, tuple(missing))


def keys_of(names: Iterable[str]) -> set[str]:
    """The keys that names are compared by: of each name, of its singular, and of both halves of "long form (SHORT)"."""
    found: set[str] = set()
    for name in names:
        forms = [name, *(form for pair in acronyms(name).items() for form in pair)]
        for form in forms:
            key = join_key(form)
            found |= {key, *singular_keys(key)}
    return found - {""}


def token_f1(one: str, other: str) -> float:
    """The F1 of the words of two texts, in any order, without articles: 1.0 if they have the same words."""
    first, second = (Counter(w for w in _WORD.findall(text.casefold()) if w not in _ARTICLES) for text in (one, other))
    shared = (first & second).total()
    return 2 * shared / (first.total() + second.total()) if shared else 0.0
