"""The stems of the questions. Each kind has two sets, `a` and `b`, so that a twin item never has the stem of its dev item.

Placeholders: {start} and {end} are the first and last concept of the path, {explains} is what the chain explains ("how heating …"),
{shown} a path with a gap ({Shown}: capitalised), {terms} the concepts in another order, {stopped} the concept that is assumed to be
missing, without its article. They are filled by plain replacement, because terms are data and may contain braces.
"""

from __future__ import annotations

from typing import Literal

from proda.records import ItemKind

Variant = Literal["a", "b"]

STEMS: dict[ItemKind, dict[Variant, tuple[str, ...]]] = {
    "path": {
        "a": (
            "Which chain of statements runs from {start} to {end}, each beginning where the last one ends?",
            "Which explanation links {start} to {end}, one step at a time and without a gap?",
        ),
        "b": (
            "Which sequence of steps goes from {start} all the way to {end}?",
            "A teacher asks how one gets from {start} to {end}, step by step. Which answer is right and complete?",
        ),
    },
    "missing-link": {
        "a": (
            "One concept is missing here: {shown}. Which one is it?",
            "Which concept fills the gap? {Shown}.",
        ),
        "b": (
            "A student left one concept out of this explanation: {shown}. What belongs there?",
            "What completes this chain, where the dots stand? {Shown}.",
        ),
    },
    "order": {
        "a": (
            "These concepts belong in one explanation: {terms}. Which version puts them in the right order?",
            "Which version uses these concepts in the right order: {terms}?",
        ),
        "b": (
            "A student has mixed up these concepts: {terms}. Which version puts the explanation right?",
            "Here are the concepts of one explanation: {terms}. In which version does each stand in its right place?",
        ),
    },
    "counterfactual": {
        "a": (
            "Suppose there were no {stopped}. By the explanation of {explains}, what follows?",
            "Take the explanation of {explains}. What changes if there is no {stopped}?",
        ),
        "b": (
            "Imagine that there were no {stopped}. Judging by {explains}, which is true?",
            "Think of {explains}. Which is true where there is no {stopped}?",
        ),
    },
}


def fill(template: str, **places: str) -> str:
    """Replace the placeholders of `template`, in order of the keyword arguments."""
    for key, value in places.items():
        template = template.replace("{" + key + "}", value)
    return template
