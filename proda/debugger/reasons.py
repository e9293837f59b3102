"""The evidence of a diagnosis in a sentence or two, which reviewers of the repair read.

told(knowledge, "concept gap", evidence)
    9 of 12 probe answers about “heating causes thermal expansion” are wrong. Most frequent wrong answer: thermal contraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proda.debugger.controls import Discrimination
from proda.debugger.probes import EARLY, INVERSION, SKIP
from proda.graph import Knowledge
from proda.language.wording import name, sentence
from proda.records import Category, Evidence
from proda.statistics import most

INSTEAD = {INVERSION: "its inversion", SKIP: "a shortcut that skips it", EARLY: "the step after it"}


def reason(knowledge: Knowledge, category: Category, evidence: Sequence[Evidence], chosen: Mapping[str, str]) -> str:
    """Return the reason for a diagnosis. `evidence` is in order of blame, `chosen` the letter that each failing model chose."""
    if category == "suspect item":
        letters = ", ".join(sorted(set(chosen.values())))
        models = "1 model" if len(chosen) == 1 else f"{len(chosen)} models"
        return f"{models} chose {letters}. The knowledge supports this option, or the models know every statement that it contradicts."
    if not evidence:
        return "No reliable probe failed. Cause unknown; no node is blamed."
    first = evidence[0]
    if category == "reasoning deficit" and not most(first.failed, first.asked) and first.node in knowledge.statements:
        said = sentence(knowledge, knowledge.statements[first.node])
        return f"Every statement of the item is known, but the models chose an option that contradicts “{said}” and fits another of them."
    return told(knowledge, category, first)


def says_nothing(kind: str, found: Discrimination) -> str:
    """Return the reason why an item of a kind that says nothing about statements blames none."""
    return (
        f"These models fail {found.controls_unknown} of {found.controls} {kind} items of which they know every statement, and"
        f" {found.unknown} of {found.suspected} others. So failing one says nothing about its statements, and no node is blamed."
    )


def tied(votes: Mapping[Category, int]) -> str:
    """Return the reason where as many models indicate one category as another."""
    counts = ", ".join(f"{count} {category}" for category, count in sorted(votes.items()))
    return f"The models disagree about the category ({counts}); no node is blamed."


def told(knowledge: Knowledge, category: Category, first: Evidence) -> str:
    """Return a sentence or two that state the evidence for one node."""
    said = _said(knowledge, first.node)
    if category == "data conflict":
        samples = "1 training sample contradicts" if first.failed == 1 else f"{first.failed} training samples contradict"
        return f"{samples} {said}{':' if first.failed == 1 else ', for example'} {first.preferred}."
    what = {"step": "the step ", "between": "what leads to ", "condition": "the conditions of "}.get(first.probe, "")
    answers = "1 probe answer" if first.asked == 1 else f"{first.asked} probe answers"
    found = f"{first.failed} of {answers} about {what}{said} {'is' if first.failed == 1 else 'are'} wrong."
    if not first.preferred:
        return found
    instead = name(knowledge, first.preferred) if first.preferred in knowledge.concepts else first.preferred
    if first.preferred in knowledge.chains:
        instead = f"a condition of {_said(knowledge, first.preferred)}"
    return f"{found} Most frequent wrong answer: {INSTEAD.get(first.preferred, instead)}."


def _said(knowledge: Knowledge, node: str) -> str:
    """A statement as a sentence and a concept by its name, in quotation marks; a chain by what it explains."""
    if node in knowledge.chains:
        return f"the explanation of {knowledge.chains[node].explains}"
    return f"“{sentence(knowledge, knowledge.statements[node]) if node in knowledge.statements else name(knowledge, node)}”"
