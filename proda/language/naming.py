"""Which concepts does a text name?

    names = Names({"milling/flour": ("flour",), "milling/flour-dust": ("flour dust", "mill dust")})
    names.found(words("Mill dust may explode."))        # {"milling/flour-dust"}: the longest wording counts, so flour is not named

Texts and wordings are compared word by word, after folding (folding.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from weakref import WeakKeyDictionary

from proda.graph import Knowledge
from proda.language.folding import words


class Names:
    """The wordings of concepts, prepared for finding them in texts."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """`names` maps concept id → its wordings (term, aliases). Concepts may share a wording."""
        self._concepts: dict[tuple[str, ...], set[str]] = {}  # words of a wording → concepts
        self._lengths: dict[str, list[int]] = {}  # first word → numbers of words of the wordings that begin with it, the largest first
        for concept, texts in names.items():
            for wording in {tuple(words(text)) for text in {*texts}} - {()}:
                self._concepts.setdefault(wording, set()).add(concept)
        for first, length in sorted({(wording[0], -len(wording)) for wording in self._concepts}):
            self._lengths.setdefault(first, []).append(-length)

    def found(self, tokens: Sequence[str]) -> frozenset[str]:
        """Return the concepts that folded words name, by the longest wording at each place: "flour dust" does not name flour."""
        found: set[str] = set()
        place = 0
        while place < len(tokens):
            for length in self._lengths.get(tokens[place], ()):
                if here := self._concepts.get(tuple(tokens[place : place + length])):
                    found |= here
                    place += length
                    break
            else:
                place += 1
        return frozenset(found)


_KNOWN: WeakKeyDictionary[Knowledge, Names] = WeakKeyDictionary()


def names_of(knowledge: Knowledge) -> Names:
    """Return the wordings of all concepts: phrase, term and aliases. They are prepared once for each knowledge."""
    if knowledge not in _KNOWN:
        _KNOWN[knowledge] = Names({c.id: (c.text, c.term, *c.aliases) for c in knowledge.concepts.values()})
    return _KNOWN[knowledge]
