"""Concepts and triples → words. Items, samples and probes use these functions, so they share one grammar.

clause(knowledge, ("physics/heating", "causes", "physics/thermal-expansion"))     "heating causes thermal expansion"
path_text(knowledge, triples, style="which")   "heating causes thermal expansion, which produces mismatch strain"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from proda.graph import Knowledge
from proda.records import Triple as Triple  # noqa: PLC0414  named beside the functions that word it

GAP = "…"

PathStyle = Literal["which", "full"]


def name(knowledge: Knowledge, concept: str) -> str:
    """Return the concept as used inside a sentence: "a bimetal strip"."""
    return knowledge.concepts[concept].text


def bare_name(knowledge: Knowledge, concept: str) -> str:
    """Return the concept without its article: "bimetal strip"."""
    return re.sub(r"^(an?|the) ", "", name(knowledge, concept))


def object_name(knowledge: Knowledge, relation: str, obj: str) -> str:
    """Return the object as used after the phrase of the relation: without its article after "is a kind of"."""
    text = name(knowledge, obj)
    return re.sub(r"^(an?|the) ", "", text) if knowledge.relations[relation].bare_object else text


def verb(knowledge: Knowledge, subject: str, relation: str) -> str:
    """Return the phrase of the relation in the number of the subject: "causes", "cause"."""
    kind = knowledge.relations[relation]
    return kind.plural if knowledge.concepts[subject].plural else kind.phrase


def inverse_verb(knowledge: Knowledge, obj: str, relation: str) -> str:
    """Return the inverse phrase of the relation in the number of the object: "is caused by"."""
    kind = knowledge.relations[relation]
    return kind.inverse_plural if knowledge.concepts[obj].plural else kind.inverse


def clause(knowledge: Knowledge, triple: Triple) -> str:
    """Return subject, verb and object: "heating causes thermal expansion"."""
    subject, relation, obj = triple
    return f"{name(knowledge, subject)} {verb(knowledge, subject, relation)} {object_name(knowledge, relation, obj)}"


def inverse_clause(knowledge: Knowledge, triple: Triple) -> str:
    """Return the clause with the object first: "thermal expansion is caused by heating"."""
    subject, relation, obj = triple
    return f"{name(knowledge, obj)} {inverse_verb(knowledge, obj, relation)} {name(knowledge, subject)}"


def path_text(knowledge: Knowledge, triples: Sequence[Triple], style: PathStyle) -> str:
    """Return a path as one sentence without full stop. A step that does not continue the last one starts a new clause."""
    text = clause(knowledge, triples[0])
    for before, step in zip(triples, triples[1:], strict=False):
        subject, relation, obj = step
        linked = before[2] == subject
        if linked and style == "which":
            text += f", which {verb(knowledge, subject, relation)} {object_name(knowledge, relation, obj)}"
        else:
            text += f"; {clause(knowledge, step)}"
    return text


def path_with_gap(knowledge: Knowledge, path: Sequence[Triple], place: int) -> str:
    """Return a connected path as one sentence, with dots in place of the subject of step `place` (from 1)."""
    text = path_text(knowledge, path[:place], "which")
    text = text.removesuffix(object_name(knowledge, path[place - 1][1], path[place][0])) + GAP
    for subject, relation, obj in path[place:]:
        text += f", which {verb(knowledge, subject, relation)} {object_name(knowledge, relation, obj)}"
    return text


def question(knowledge: Knowledge, triple: Triple, ask: Literal["object", "subject"]) -> str:
    """Return the question of the relation about one end of a statement: "What does heating cause?"."""
    subject, relation, obj = triple
    kind = knowledge.relations[relation]
    form = kind.ask_object if ask == "object" else kind.ask_subject
    plural = knowledge.concepts[subject].plural
    filled = form.replace("{does}", "do" if plural else "does").replace("{is}", "are" if plural else "is")
    # Plain replacement instead of str.format, because terms are data and may contain braces.
    return filled.replace("{s}", name(knowledge, subject)).replace("{o}", object_name(knowledge, relation, obj))


def capital(text: str) -> str:
    """Return the text with its first letter in upper case and the rest unchanged."""
    return text[:1].upper() + text[1:]


def listing(parts: Sequence[str], last: str = "and") -> str:
    """Join parts: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
