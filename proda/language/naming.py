"""Which concepts does a text name?

    names = Names({"milling/flour": ("flour",), "milling/flour-dust": ("flour dust", "mill dust")})
    names.found(words("Mill dust may explode."))        # {"milling/flour-dust"}: the longest wording counts, so flour is not named

Texts and wordings are compared word by word, after folding (folding.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from proda.language.folding import words


class Names:
    """The wordings of concepts, prepared for finding them in texts."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """`names` maps concept id → its wordings (term, aliases). Concepts may share a wording."""
        self._first: dict[str, list[tuple[tuple[str, ...], str]]] = {}  # first word of a wording → (its words, concept)
        for concept, texts in names.items():
            for wording in sorted({tuple(words(text)) for text in texts}):
                if wording:
                    self._first.setdefault(wording[0], []).append((wording, concept))

    def found(self, tokens: Sequence[str]) -> frozenset[str]:
        """Return the concepts that folded words name, by the longest wording at each place: "flour dust" does not name flour."""
        found: set[str] = set()
        place = 0
        while place < len(tokens):
            longest = 1
            here: set[str] = set()
            for wording, concept in self._first.get(tokens[place], ()):
                if len(wording) >= longest and tuple(tokens[place : place + len(wording)]) == wording:
                    here = {*here, concept} if len(wording) == longest else {concept}
                    longest = len(wording)
            found |= here
            place += longest
        return frozenset(found)
