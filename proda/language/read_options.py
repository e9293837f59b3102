"""The triples that the options of an item state, so that a wrong choice can be compared with the knowledge.

    told = option_triples(knowledge, item)
    told["B"]      (("physics/heating", "causes", "physics/annealing"), …)       None if the option states no path
    parted(knowledge, item, "B")     ids of the statements of the chain that option B departs from

The tester records the triples when it writes an option. An option without recorded triples was worded by a person
(benchmarks/exceptions.yaml), was planted by an experiment, or was written before triples were recorded. Only then is its text parsed,
with the grammar of proda/language/wording.py, over the concepts that the item mentions. A text that does not parse gives None, and no
node is blamed for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from proda.graph import Knowledge
from proda.language.wording import clause, name, object_name, verb
from proda.records import LETTERS, Item, Statement, Triple

Told = tuple[Triple, ...]


def option_triples(knowledge: Knowledge, item: Item) -> dict[str, Told | None]:
    """Return letter → the triples that the option states, in order: recorded ones, or else those read from its text.

    For a missing link these are the whole path with the option in the gap. None for an option that states no path: all options of a
    counterfactual item, and texts that cannot be parsed.
    """
    options = dict(zip(LETTERS, item.options, strict=False))
    if all(option.triples for option in options.values()):
        return {letter: option.triples for letter, option in options.items()}
    read = read_options(knowledge, item)
    return {letter: option.triples or read[letter] for letter, option in options.items()}


def parted(knowledge: Knowledge, item: Item, letter: str) -> tuple[str, ...] | None:
    """Return the ids of the chain's statements that an option does not state, in order; None if the option states no path.

    An examinee who chose the option got these statements wrong. Empty for an option that states the whole chain.
    """
    told = option_triples(knowledge, item).get(letter)
    if told is None:
        return None
    return tuple(s for s in item.statements if s in knowledge.statements and knowledge.statements[s].triple not in told)


def unsupported(knowledge: Knowledge, told: Iterable[Triple]) -> list[Triple]:
    """Return those of the triples that the knowledge neither states nor implies."""
    return [t for t in told if not knowledge.holds(*t)]


def read_options(knowledge: Knowledge, item: Item) -> dict[str, Told | None]:
    """Parse the options of an item: letter → the triples that its text states, None if it cannot be parsed. Ignores recorded triples."""
    concepts = [n for n in item.nodes if n in knowledge.concepts]
    path = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
    relations = sorted({s.relation for s in path})
    texts = {letter: option.text for letter, option in zip(LETTERS, item.options, strict=False)}
    if item.kind == "missing-link":
        return {letter: _filled(knowledge, item, text, concepts, path) for letter, text in texts.items()}
    if item.kind == "counterfactual":
        return dict.fromkeys(texts)
    clauses = {clause(knowledge, (s, r, o)): (s, r, o) for s in concepts for r in relations for o in concepts if s != o}
    # A detour uses statements of any relation.
    aside = [s.triple for c in concepts for s in knowledge.by_subject.get(c, ()) if s.object in concepts]
    clauses |= {clause(knowledge, triple): triple for triple in aside}
    steps = [(s, r, o) for s in concepts for r in relations for o in concepts] + aside
    ends = {f"{verb(knowledge, s, r)} {object_name(knowledge, r, o)}": (r, o) for s, r, o in steps}
    return {letter: _path(text, clauses, ends) for letter, text in texts.items()}


def _filled(knowledge: Knowledge, item: Item, text: str, concepts: list[str], path: list[Statement]) -> Told | None:
    """The whole path with the option in the gap. The gap is where the concept of the right option is."""
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
