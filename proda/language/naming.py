"""Which concepts does a text name?

    names = Names({"milling/flour": ("flour",), "milling/flour-dust": ("flour dust", "mill dust")})
    names.found(words("Mill dust may explode."))        # {"milling/flour-dust"}: the longest wording counts, so flour is not named

Texts and wordings are compared word by word, after folding (folding.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from proda.language.folding import words

if TYPE_CHECKING:
    from proda.graph import Knowledge


class Names:
    """The wordings of concepts, prepared for finding them in texts."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """`names` maps concept id → its wordings (term, aliases). Concepts may share a wording."""
        self._concepts: dict[tuple[str, ...], set[str]] = {}  # words of a wording → concepts
        for concept, texts in names.items():
            for text in {*texts}:
                if wording := tuple(words(text)):
                    known = self._concepts.get(wording)
                    if known is None:
                        self._concepts[wording] = {concept}
                    else:
                        known.add(concept)
        # First word → numbers of words of the wordings that begin with it, the largest first.
        lengths: dict[str, set[int]] = defaultdict(set)
        for wording in self._concepts:
            lengths[wording[0]].add(len(wording))
        self._lengths = {first: sorted(each, reverse=True) for first, each in lengths.items()}

    def found(self, tokens: Sequence[str]) -> frozenset[str]:
        """Return the concepts that folded words name, by the longest wording at each place: "flour dust" does not name flour."""
        found: set[str] = set()
        lengths, free = self._lengths, 0  # free: the first place behind the last wording
        for place, token in enumerate(tokens):
            if place >= free and token in lengths:
                for length in lengths[token]:
                    if here := self._concepts.get(tuple(tokens[place : place + length])):
                        found |= here
                        free = place + length
                        break
        return frozenset(found)


_KNOWN: WeakKeyDictionary[Knowledge, Names] = WeakKeyDictionary()


def names_of(knowledge: Knowledge) -> Names:
    """Return the wordings of all concepts: phrase, term and aliases. They are prepared once for each knowledge."""
    if knowledge not in _KNOWN:
        _KNOWN[knowledge] = Names({c.id: (c.text, c.term, *c.aliases) for c in knowledge.concepts.values()})
    return _KNOWN[knowledge]
