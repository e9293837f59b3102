"""What the writers of the item kinds share: sites, drafts, and checks that a distractor is wrong.

A *site* is what an item can be written about: its statements, in the order in which the answer needs them. A writer turns a site into a
*draft*, or into nothing if it finds no three distractors that the knowledge shows to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from proda.graph import Knowledge
from proda.language.wording import bare_name, capital, conditions, listing
from proda.records import ItemKind, Operator, Option, Statement, Triple

Variant = Literal["a", "b"]  # the wordings of a dev item (or the one sealed item) and of its twin
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
    """How items of one kind are written. `sites` yields the places, `write` an item about one of them."""

    name: ItemKind
    sites: Callable[[Knowledge], Iterator[Site]]
    write: Callable[[Knowledge, Site, Variant, frozenset[str], tuple[object, ...]], Draft | None]


def concept_option(
    knowledge: Knowledge, concept: str, operator: Operator | None, because: str, breaks: Sequence[str], triples: Sequence[Triple]
) -> Option:
    """Return an option that names a concept by its bare term. `operator` is None for the right one."""
    return Option(bare_name(knowledge, concept), operator, None, because, tuple(triples), tuple(breaks))


def chosen(options: Iterable[Option], right: Option, barred: frozenset[str]) -> tuple[Option, ...] | None:
    """Return the first three options whose texts differ from one another, from the right one and from `barred`; None if there are fewer."""
    picked: list[Option] = []
    texts = {right.text.casefold(), *(text.casefold() for text in barred)}
    for option in options:
        if option.text.casefold() not in texts:
            picked.append(option)
            texts.add(option.text.casefold())
        if len(picked) == 3:
            return tuple(picked)
    return None


def owner_of(knowledge: Knowledge, statements: Sequence[Statement]) -> str:
    """Return the chain of the first statement that is not a link, or else the first link."""
    return next((s.chain for s in statements if not knowledge.chains[s.chain].is_link), statements[0].chain)


def apart(statements: Sequence[Statement]) -> bool:
    """Return whether no two neighbours are of one chain, so that no window of a chain shows both."""
    return all(one.chain != two.chain for one, two in zip(statements, statements[1:], strict=False))


def given(statements: Iterable[Statement]) -> str:
    """Return the conditions of the statements as an opening sentence, "The following holds during cold working."; empty without any."""
    found = [c for c in dict.fromkeys(conditions(s) for s in statements) if c]
    return f"{capital(listing(found))}: " if found else ""


def fill(template: str, **places: str) -> str:
    """Replace the placeholders of `template` by plain replacement, because terms are data and may contain braces."""
    for key, value in places.items():
        template = template.replace("{" + key + "}", value)
    return template
