"""What the questions say. Each kind has two sets of stems, `a` and `b`; a twin never shares a stem with its dev item.

Places: {start} and {end} are the path's first and last concept, {explains} what the chain explains ("how heating …"), {steps} the
number of statements in words, {shown} a path with a gap, {terms} concepts out of order, {stopped} the concept that is prevented.
Filled by plain replacement, because terms are data and may hold braces.
"""

from __future__ import annotations

from typing import Literal

from proda.records import ItemKind

Variant = Literal["a", "b"]

STEMS: dict[ItemKind, dict[Variant, tuple[str, ...]]] = {
    "path": {
        "a": (
            "Which explanation leads all the way from {start} to {end}, one step at a time?",
            "Which account connects {start} to {end} without a gap?",
        ),
        "b": (
            "By what sequence of steps is {start} connected, from first to last, with {end}?",
            "A teacher wants the complete link from {start} through to {end}. Which answer gives it?",
        ),
    },
    "missing-link": {
        "a": (
            "One link is missing: {shown}. What belongs in the gap?",
            "Fill the gap marked by dots: {shown}.",
        ),
        "b": (
            "A student left one concept out of this explanation: {shown}. Which concept is it?",
            "Complete the chain where the dots stand: {shown}.",
        ),
    },
    "order": {
        "a": (
            "These concepts belong in one explanation: {terms}. Which version puts them in the right order?",
            "Put {terms} in order. Which version is right?",
        ),
        "b": (
            "A student shuffled the concepts {terms}. Which version restores the explanation?",
            "In which version do {terms} stand where they belong?",
        ),
    },
    "counterfactual": {
        "a": (
            "Suppose {stopped} {is} prevented. By the explanation of {explains}, what follows?",
            "Take the explanation of {explains}. What changes if {stopped} {is} prevented?",
        ),
        "b": (
            "Imagine that {stopped} {is} blocked. Judging by {explains}, which is true?",
            "Without {stopped}, what becomes of the explanation of {explains}?",
        ),
    },
}

GAP = "…"


def fill(template: str, **places: str) -> str:
    """The template with its places filled, in order of the keyword arguments."""
    for key, value in places.items():
        template = template.replace("{" + key + "}", value)
    return template
