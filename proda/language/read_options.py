"""What an answer says: the text of an option → the triples it states, so that a wrong choice can be held against the knowledge base.

    told = option_triples(knowledge, item)
    told["B"]      (("physics/heating", "causes", "physics/annealing"), …)       None where the option does not read as a path
    parted(knowledge, item, "B")     the statements of the chain that option B departs from

Options are read with the grammar that wrote them (proda/language/wording.py) over the concepts that the item
mentions. What cannot be read that way, an option worded by hand, is None and blames nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from proda.graph import Knowledge
from proda.language.wording import Triple, clause, name, object_name, verb
from proda.records import LETTERS, Item, Option, Statement

Told = tuple[Triple, ...]


def option_triples(knowledge: Knowledge, item: Item) -> dict[str, Told | None]:
    """Letter → the triples that its option states, in order; None where it cannot be read as a path or as a missing link."""
    concepts = [n for n in item.nodes if n in knowledge.concepts]
    path = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
    relations = sorted({s.relation for s in path})
    if item.kind == "missing-link":
        return {letter: _filled(knowledge, item, option.text, concepts, path) for letter, option in _options(item)}
    if item.kind == "counterfactual":
        return dict.fromkeys(LETTERS)
    clauses = {clause(knowledge, (s, r, o)): (s, r, o) for s in concepts for r in relations for o in concepts if s != o}
    aside = [s.triple for c in concepts for s in knowledge.by_subject.get(c, ()) if s.object in concepts]  # a detour's, of any relation
    clauses |= {clause(knowledge, triple): triple for triple in aside}
    steps = [(s, r, o) for s in concepts for r in relations for o in concepts] + aside
    ends = {f"{verb(knowledge, s, r)} {object_name(knowledge, r, o)}": (r, o) for s, r, o in steps}
    return {letter: _path(option.text, clauses, ends) for letter, option in _options(item)}


def parted(knowledge: Knowledge, item: Item, letter: str) -> tuple[str, ...] | None:
    """Ids of the chain's statements that an option does not state, in order; None if the option cannot be read.

    These are what an examinee who chose the option got wrong; empty for an option that states the whole chain.
    """
    told = option_triples(knowledge, item).get(letter)
    if told is None:
        return None
    return tuple(s for s in item.statements if s in knowledge.statements and knowledge.statements[s].triple not in told)


def unsupported(knowledge: Knowledge, told: Iterable[Triple]) -> list[Triple]:
    """Those of the triples that the base neither states nor implies."""
    return [t for t in told if not knowledge.holds(*t)]


def _options(item: Item) -> Iterable[tuple[str, Option]]:
    return zip(LETTERS, item.options, strict=False)


def _filled(knowledge: Knowledge, item: Item, text: str, concepts: list[str], path: list[Statement]) -> Told | None:
    """The whole path with the option in the gap: the gap is where the right option's concept stands."""
    named = {name(knowledge, c): c for c in concepts}
    chosen, right = named.get(text), named.get(item.options[item.key].text)
    if chosen is None or right is None:
        return None
    swap = {right: chosen}
    return tuple((swap.get(s.subject, s.subject), s.relation, swap.get(s.object, s.object)) for s in path)


def _path(text: str, clauses: dict[str, Triple], ends: dict[str, tuple[str, str]]) -> Told | None:
    told: list[Triple] = []
    for part in text.split("; "):
        first, *rest = part.split(", which ")
        if first not in clauses:
            return None
        told.append(clauses[first])
        for end in rest:
            if end not in ends:
                return None
            relation, obj = ends[end]
            told.append((told[-1][2], relation, obj))
    return tuple(told)
