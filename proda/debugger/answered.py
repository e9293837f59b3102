"""The models' answers to probes, by what they are about: which nodes are unknown, and the evidence for it.

    of_node = {model: by_node(found) for model, found in answered.items()}
    unknown_to_most(of_node, "statement", probed_places(of_node, "statement"))         {("physics/bimetal-strip-bends.s1", ""), …}

Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from proda.debugger.probes import Again, Answer, Kind
from proda.debugger.suspicion import Place
from proda.records import Evidence
from proda.statistics import most

UNKNOWN = 0.5  # a node is unknown if a smaller share of its probes is answered correctly
KNOWN = 0.8  # a statement is known if at least this share is; required before an item is suspected
MARGIN_DIGITS = 4

Answers = Mapping[tuple[Kind | Again, str, str], Sequence[Answer]]
"""(kind of probe, node, what else the probe is about) → answers of one model; see `Place`."""


def probed_places(of_node: Mapping[str, Answers], kind: Kind) -> set[Place]:
    """Return what a kind of probe was asked about."""
    return {(node, before) for answers in of_node.values() for k, node, before in answers if k == kind}


def unknown_to_most(of_node: Mapping[str, Answers], kind: Kind, places: Iterable[Place]) -> set[Place]:
    """Return the places that more than half of the models do not know."""
    return {p for p in places if most(sum(is_unknown(answers.get((kind, *p), ())) for answers in of_node.values()), len(of_node))}


def by_node(found: Iterable[Answer]) -> Answers:
    """Return one model's answers that are scored, grouped by what they are about."""
    groups: dict[tuple[Kind | Again, str, str], list[Answer]] = defaultdict(list)
    for answer in (a for a in found if a.scored):
        groups[answer.probe.kind, answer.probe.node, answer.probe.before].append(answer)
    return groups


def is_unknown(answers: Sequence[Answer]) -> bool:
    """Whether a model does not know what these answers of it are about."""
    return sum(a.right for a in answers) < UNKNOWN * len(answers)


def is_known(answers: Sequence[Answer]) -> bool:
    """Whether it knows it well; without answers it does not."""
    return bool(answers) and sum(a.right for a in answers) >= KNOWN * len(answers)


def answers_at(
    node: str, kinds: Sequence[Kind], models: Sequence[str], of_node: Mapping[str, Answers], before: Sequence[str] = ("",)
) -> Evidence:
    """Return a summary of the models' answers about a node, or about the steps to it from the statements in `before`."""
    found = [a for m in models for k in kinds for b in before for a in of_node[m].get((k, node, b), ())]
    wrong = Counter(a.preferred for a in found if not a.right)
    preferred = min(wrong, key=lambda p: (-wrong[p], p)) if wrong else ""
    right = {a.probe.means[0] for a in found if not a.right and a.preferred == preferred}
    margin = round(sum(a.margin for a in found) / len(found), MARGIN_DIGITS) if found else 0.0
    kind: Kind = next((k for k in kinds if any((k, node, b) in of_node[m] for m in models for b in before)), "statement")
    expected = right.pop() if len(right) == 1 else ""
    return Evidence(node, kind, len(found), sum(not a.right for a in found), margin, preferred, expected)
