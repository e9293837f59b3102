"""The verb of an import → a relation of the knowledge.

names = relation_names(load_relations(path), {"leads to": "causes"})
names["is caused by"]      # NamedRelation("causes", turned=True): subject and object change places
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from proda.errors import UsageError, closest
from proda.records import Record, Relation


class NamedRelation(Record, frozen=True):
    """A relation, and whether the verb says it from the object's side."""

    relation: str
    turned: bool = False


def verb_key(text: str) -> str:
    """Return a verb as it is compared: lower case, hyphens and underscores as blanks, `are`, `was` and `were` as `is`."""
    words = re.sub(r"[-_\s]+", " ", text.casefold()).strip(" .").split()
    return " ".join("is" if word in ("are", "was", "were") else word for word in words)


def relation_names(relations: Iterable[Relation], given: Mapping[str, str]) -> dict[str, NamedRelation]:
    """Return verb → relation: every form of every relation, its id, and the verbs that the user gave.

    A verb that two relations share (`contains`) belongs to none of them. Raises UsageError if `given` names an unknown relation.
    """
    known = {relation.id: relation for relation in relations}
    found: dict[str, set[NamedRelation]] = {}
    for relation in known.values():
        forward = (relation.id, relation.phrase, relation.plural, relation.past, relation.past_plural)
        back = (relation.inverse, relation.inverse_plural, relation.inverse_past, relation.inverse_past_plural)
        for form in filter(None, forward):
            found.setdefault(verb_key(form), set()).add(NamedRelation(relation.id))
        for form in filter(None, back):
            found.setdefault(verb_key(form), set()).add(NamedRelation(relation.id, turned=not relation.symmetric))
    names = {verb: next(iter(those)) for verb, those in found.items() if len(those) == 1}
    for verb, relation_id in given.items():
        if relation_id not in known:
            close = closest(relation_id, known)
            hint = f"Did you mean '{close}'?" if close else f"Relations: {', '.join(sorted(known))}."
            raise UsageError(f"--relation: '{relation_id[:60]}' is no relation of knowledge/relations.yaml. {hint}")
        names[verb_key(verb)] = NamedRelation(relation_id)
    return names
