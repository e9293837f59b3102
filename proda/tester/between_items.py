"""A gate: no item prints the key of another item that it must not help.

Two items are compared if they rest on statements of a common chain (or link), and are in different splits, or are both sealed. The other
item then prints the key of the first in one of three ways, by what kind of text the key is. Texts are compared word by word, after folding
(proda/language/folding.py).

    answer     The key is the bare name of one of the concepts that the item rests on, as in a bridge. Such a name may stand anywhere; the
               answer is printed if one text, the other stem or one of the other options, names that concept together with every other
               concept of the item's statements that the item's stem names (if the stem names none: with every other concept of them).
    option     The key is generic: it has fewer than `CONTENT` words besides articles, prepositions and the like ("it grows"), or is an
               option in items of more than `COMMON` chains. The answer is printed if both items rest on the same statements, and
               one of the other options is the key, word for word.
    text       Any other key. The answer is printed if the other stem, or one of the other options, contains the key as a run of words.

In one case a match says nothing: if the other item offers all options of the item, as where the options are all combinations of "rises"
and "falls", and its own key is another of them.

    leaks_between(knowledge, items)[0].message
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import permutations
from typing import Literal

from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.naming import Names, names_of
from proda.language.word_stems import MINOR
from proda.language.wording import listing
from proda.records import LETTERS, Item, Record

CONTENT = 3  # words
COMMON = 3  # chains
FUNCTION_WORDS = MINOR | {
    *(
        "it",
        "its",
        "they",
        "their",
        "this",
        "that",
        "these",
        "there",
        "be",
        "are",
        "was",
        "were",
        "will",
        "would",
        "not",
        "no",
        "as",
        "than",
    ),
    *("then", "but", "if", "while", "which", "when", "where", "has", "have", "do", "does", "both", "each", "all", "more", "less"),
}


class ItemLeak(Record, frozen=True):
    """`where` prints the key of `item`. `text` is the stem or option of `where` that holds it."""

    item: str
    where: str
    how: Literal["answer", "option", "text"]
    place: str  # "stem", or "option B"
    key: str
    text: str
    beside: tuple[str, ...] = ()  # `answer` only: terms of the concepts that stand beside the key

    @property
    def message(self) -> str:
        """One sentence for whoever has to reword or remove one of the two items."""
        verb = {"answer": "names", "option": "is", "text": "contains"}[self.how]
        beside = f" together with {listing(self.beside)}" if self.beside else ""
        return f"{self.where}: its {self.place} {verb} the key of {self.item}, “{self.key}”{beside}: “{self.text}”."


def leaks_between(knowledge: Knowledge, items: Sequence[Item]) -> list[ItemLeak]:
    """Return at most one leak for each ordered pair of items, sorted by item and place; see the top of the module.

    Empty if no item prints the key of another. Does not depend on the order of `items`.
    """
    names = names_of(knowledge)
    printed = [_Printed(knowledge, names, item) for item in sorted(items, key=lambda item: item.id)]
    offered: dict[str, set[str]] = defaultdict(set)  # option text → chains of the items that offer it
    on_chain: dict[str, list[_Printed]] = defaultdict(list)
    for each in printed:
        for option in each.options:
            offered[option].add(each.item.chain)
        for chain in sorted(each.chains):
            on_chain[chain].append(each)
    found: dict[tuple[str, str], ItemLeak] = {}
    for group in on_chain.values():
        for one, other in permutations(group, 2):
            pair = (one.item.id, other.item.id)
            if pair not in found and _must_not_help(one.item, other.item):
                generic = len(offered[one.key]) > COMMON or one.content < CONTENT
                if (leak := _leak(knowledge, one, other, generic=generic)) is not None:
                    found[pair] = leak
    return [found[pair] for pair in sorted(found)]


class _Printed:
    """An item and its folded texts. A text is a run of words with a blank at either end, so that only whole words are found in it."""

    def __init__(self, knowledge: Knowledge, names: Names, item: Item) -> None:
        self.item = item
        self.names = names
        self.stem = _run(item.stem)
        self.options = [_run(option.text) for option in item.options]
        statements = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
        self.chains = {item.chain, *(s.chain for s in statements)}
        self.concepts = frozenset(c for s in statements for c in (s.subject, s.object))
        named = {c for c in self.concepts for text in _names_of(knowledge, c) if _run(text) == _run(item.options[item.key].text)}
        self.asked_for = min(named, default="")  # the concept that is the key; empty if the key is no bare name

    @property
    def key(self) -> str:
        return self.options[self.item.key]

    @cached_property
    def content(self) -> int:
        """How many of the key's words are not function words."""
        return sum(word not in FUNCTION_WORDS for word in self.key.split())

    @cached_property
    def beside(self) -> frozenset[str]:
        """The concepts that the key has to stand beside for the answer to be printed."""
        others = self.concepts - {self.asked_for}
        return others & self.names.found(self.stem.split()) or others

    @cached_property
    def texts(self) -> list[tuple[str, str, str, frozenset[str]]]:
        """(place, folded text, text, concepts that it names) of the stem and of each option."""
        shown = [("stem", self.stem, self.item.stem)]
        shown += [(f"option {x}", run, o.text) for x, run, o in zip(LETTERS, self.options, self.item.options, strict=False)]
        return [(place, run, text, self.names.found(run.split())) for place, run, text in shown]


def _leak(knowledge: Knowledge, one: _Printed, other: _Printed, *, generic: bool) -> ItemLeak | None:
    """How `other` prints the key of `one`; None if it does not."""
    how: Literal["answer", "option", "text"] = "answer" if one.asked_for else "option" if generic else "text"
    if how == "option" and set(one.item.statements) != set(other.item.statements):
        return None
    alike = other.key != one.key and set(one.options) <= set(other.options)
    for place, run, text, named in other.texts:
        if how == "answer":
            holds = one.asked_for in named and one.beside <= named
        elif place == "stem":
            holds = how == "text" and one.key in run
        else:
            holds = not alike and (run == one.key if how == "option" else one.key in run)
        if holds:
            beside = tuple(knowledge.concepts[c].term for c in sorted(one.beside)) if how == "answer" else ()
            return ItemLeak(one.item.id, other.item.id, how, place, one.item.options[one.item.key].text, text, beside)
    return None


def _must_not_help(one: Item, other: Item) -> bool:
    return one.split != other.split or one.split == "sealed"


def _run(text: str) -> str:
    return f" {' '.join(words(text))} "


def _names_of(knowledge: Knowledge, concept: str) -> Iterator[str]:
    """The names of a concept, each with an article and without."""
    found = knowledge.concepts[concept]
    for name in (found.text, found.term, *found.aliases):
        bare = name.partition(" ")[2] if name.lower().startswith(("a ", "an ", "the ")) else name
        yield from (name, bare, f"a {bare}", f"an {bare}", f"the {bare}")
