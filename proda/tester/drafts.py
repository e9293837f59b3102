"""What the writers of the item kinds share: sites, drafts, and checks that a distractor is wrong.

A *site* is what an item can be written about: its statements, in the order in which the answer needs them. A writer turns a site into a
*draft*, or into nothing if it finds no three distractors that the knowledge shows to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple, TypeVar

from proda.graph import Knowledge
from proda.language.word_stems import stems
from proda.language.wording import bare_name, conditions
from proda.records import ItemKind, Operator, Option, Statement, Triple
from proda.stable_hash import fraction

Variant = Literal["a", "b"]  # the wordings of a dev item (or the one sealed item) and of its twin
T = TypeVar("T")
REACH = 3  # a distractor may not lead to what is asked for, or follow from it, in this many statements


class Site(NamedTuple):
    """The statements that an item rests on. `owner` is the chain or link that the item is counted with; `extra` is the kind's own."""

    owner: str
    statements: tuple[str, ...]
    extra: str = ""

    def path(self, knowledge: Knowledge) -> list[Statement]:
        """Return the statements."""
        return [knowledge.statements[s] for s in self.statements]


class Draft(NamedTuple):
    """What a writer decides about an item. `mentioned` are the concepts that the stem or an option names."""

    stem: str
    right: Option
    wrongs: tuple[Option, ...]  # three
    mentioned: frozenset[str]


class Kind(NamedTuple):
    """How items of one kind are written. `sites` yields the places, `write` an item about one of them.

    `write` gets the texts that no option may have. With `same_key`, a twin may ask for the same concept as its dev item.
    """

    name: ItemKind
    sites: Callable[[Knowledge], Iterator[Site]]
    write: Callable[[Knowledge, Site, Variant, frozenset[str], tuple[object, ...]], Draft | None]
    same_key: bool = False


def concept_option(
    knowledge: Knowledge, concept: str, operator: Operator | None, because: str, breaks: Sequence[str], triples: Sequence[Triple]
) -> Option:
    """Return an option that names a concept by its bare term. `operator` is None for the right one."""
    return Option(bare_name(knowledge, concept), operator, None, because, tuple(triples), tuple(breaks))


# Group of kinds → the part of the owners that get items of it, by kind: an owner is drawn by a number in [0, 1), the same for a group.
# The kinds of a group exclude each other, because their items would print each other's keys.
PARTS: dict[str, dict[ItemKind, tuple[float, float]]] = {
    "bridge": {"bridge": (0.0, 0.57)},
    "sequence": {"mechanism": (0.0, 0.6), "order": (0.6, 1.0)},
    "effect": {"effect": (0.0, 1.0)},
    "counterfactual": {"counterfactual": (0.0, 1.0)},
    "condition": {"condition": (0.0, 0.75)},
}
GROUPS = {kind: group for group, parts in PARTS.items() for kind in parts}


def is_asked(kind: ItemKind, owner: str) -> bool:
    """Return whether items of the kind are written for this chain or link."""
    group = GROUPS[kind]
    start, stop = PARTS[group][kind]
    return start <= fraction("share", group, owner) < stop


def chosen(options: Iterable[Option], right: Option, barred: frozenset[str]) -> tuple[Option, ...] | None:
    """Return the first three options whose texts differ from one another, from the right one and from `barred`.

    Returns None if there are fewer, or if the right one is barred.
    """
    picked: list[Option] = []
    if right.text in barred:
        return None
    texts = {right.text.casefold(), *(text.casefold() for text in barred)}
    for option in options:
        if option.text.casefold() not in texts:
            picked.append(option)
            texts.add(option.text.casefold())
        if len(picked) == 3:
            return tuple(picked)
    return None


def alike(candidates: Iterable[T], text: Callable[[T], str], right: str, stem: str) -> list[T]:
    """Return the candidates with those first that share a word with the stem if the right option does, and none if it does not.

    Otherwise the right option would often be the one that echoes the stem. The order is kept within both groups.
    """
    shown = stems(stem)
    echoes = not shown.isdisjoint(stems(right))
    return sorted(candidates, key=lambda c: shown.isdisjoint(stems(text(c))) is echoes)


def preferred(tiers: Iterable[Iterable[T]], text: Callable[[T], str], right: str, stem: str) -> Iterator[T]:
    """Yield the candidates of all tiers in the order of `alike`. A tier is read only when those before it have no more to prefer."""
    shown = stems(stem)
    echoes = not shown.isdisjoint(stems(right))
    rest: list[T] = []
    for tier in tiers:
        for candidate in tier:
            if shown.isdisjoint(stems(text(candidate))) is echoes:
                rest.append(candidate)
            else:
                yield candidate
    yield from rest


def stands_out(right: Option, wrongs: Iterable[Option], stem: str) -> bool:
    """Return whether the right option shares more words with the stem than any other option does."""
    shown = stems(stem)
    return len(shown & stems(right.text)) > max(len(shown & stems(o.text)) for o in wrongs)


def by_turns(first: Iterable[T], second: Iterable[T]) -> Iterator[T]:
    """Yield from both by turns, then what is left of the longer one."""
    for pair in zip_longest(first, second):
        yield from (each for each in pair if each is not None)


def owner_of(knowledge: Knowledge, statements: Sequence[Statement]) -> str:
    """Return the chain of the first statement that is not a link, or else the first link."""
    return next((s.chain for s in statements if not knowledge.chains[s.chain].is_link), statements[0].chain)


def apart(statements: Sequence[Statement]) -> bool:
    """Return whether no two neighbours are of one chain, so that no window of a chain shows both."""
    return all(one.chain != two.chain for one, two in zip(statements, statements[1:], strict=False))


def given(statements: Iterable[Statement]) -> str:
    """Return the conditions of the statements as an opening, "Conditions: during cold working. "; empty without any."""
    found = [c for c in dict.fromkeys(conditions(s) for s in statements) if c]
    return f"Conditions: {'; '.join(found)}. " if found else ""


def fill(template: str, **places: str) -> str:
    """Replace the placeholders of `template` by plain replacement, because terms are data and may contain braces."""
    for key, value in places.items():
        template = template.replace("{" + key + "}", value)
    return template
