"""Definitions that fit the knowledge: what was found, made to fit, or else drafted from a statement.

    fitted("the transfer of energy.", "heating")                 "the transfer of energy"
    drafted("heating", relation, "expansion", end="subject")     "what causes expansion"

A drafted definition says little, and is marked as drafted: reviewers replace it.
"""

from __future__ import annotations

import re

from proda.extraction.concept_types import type_of
from proda.records import Relation

LONGEST = 30  # words
_NO_START = re.compile(r"(?i)(?:it|they|this|that|these|when|where|if|is|are|means|refers)\b")
_KINDS = {
    "process": ("the process", "the processes"), "event": ("the event", "the events"), "state": ("the state", "the states"),
    "phenomenon": ("the phenomenon", "the phenomena"), "property": ("the property", "the properties"),
    "quantity": ("the quantity", "the quantities"), "law": ("the law", "the laws"), "theory": ("the theory", "the theories"),
    "method": ("the method", "the methods"), "substance": ("the substance", "the substances"),
    "structure": ("the structure", "the structures"), "organism": ("the organism", "the organisms"),
}  # fmt: skip


def fitted(definition: str, term: str) -> str | None:
    """A definition as `proda check` accepts it: one line, without its full stop; None if it cannot be one, or uses its own term."""
    text = " ".join(definition.split()).strip(" .,;:")
    if not text or len(text.split()) < 2 or len(text.split()) > LONGEST or _NO_START.match(text) or uses(text, term):
        return None
    return text


def uses(text: str, term: str) -> bool:
    """Whether a text names a term, as whole words and in any case."""
    return re.search(rf"(?<!\w){re.escape(term.casefold())}(?!\w)", text.casefold()) is not None


def drafted(term: str, relation: Relation, other: str, *, end: str, plural: bool, other_plural: bool) -> str:
    """A definition of one end of a triple from the other end: "the process that causes wear", "what heating causes".

    `end` says which end `term` is: "subject" or "object".
    """
    kind = _KINDS.get(type_of(term))
    start = "what" if kind is None else f"{kind[plural]} that"
    if end == "object" and relation.bare_object:
        text = f"a class of which {other} {'are' if other_plural else 'is'} one kind"
    elif end == "subject":
        text = f"{start} {relation.plural if plural and kind else relation.phrase} {other}"
    else:
        text = f"{start} {relation.inverse_plural if plural and kind else relation.inverse} {other}"
    if not uses(text, term):
        return text
    return "a concept of the source, to be defined"
