"""Repeated confusions → edits of knowledge/: two concepts that models confuse at two or more nodes are set apart by `distinct_from`.

    patches = with_distinctions(knowledge, patches, evidence)
    patches[3].edits
        (Edit("knowledge/physics/thermal-expansion.yaml", "physics/thermal-expansion", "physics/thermal-contraction"),)

One node with wrong answers is an unknown fact. The same two concepts at several nodes are a confusion, whichever of the two is correct. The
patch of the first of these nodes brings the edit, `distinct_from` on the concept that is correct there; the builder then prefers the other
concept as a wrong option. Pure; the commit makes the edit (commits.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from proda.graph import Knowledge
from proda.language.neighbours import names
from proda.records import Edit, Evidence, Patch
from proda.statistics import most
from proda.store.patches import named, node_hash

NODES = 2  # nodes that must show the same pair before it counts as a confusion


def with_distinctions(knowledge: Knowledge, patches: Sequence[Patch], evidence: Iterable[Evidence]) -> list[Patch]:
    """Return the patches, with an edit for each confused pair that is not set apart yet, in the first patch that teaches it.

    The edited concept is added to the patch's `expect`. The order of `evidence` does not matter.
    """
    place = {node: number for number, patch in reversed(list(enumerate(patches))) for node in patch.targets}
    wanted: dict[str, list[tuple[int, Edit]]] = defaultdict(list)
    for pair in confused(knowledge, evidence):
        nodes = [(place[node], patches[place[node]].targets.index(node), node) for node in pair if node in place]
        if nodes:
            first = min(nodes)
            edit = _edit(knowledge, *pair[first[2]])
            wanted[edit.concept].append((first[0], edit))
    edits: dict[int, list[Edit]] = defaultdict(list)
    for group in wanted.values():  # edits of one concept change one line, so one commit holds them: two could not be reverted separately
        edits[min(number for number, _ in group)] += (edit for _, edit in group)
    return [_with(knowledge, patch, sorted(edits[n], key=_key)) if n in edits else patch for n, patch in enumerate(patches)]


def confused(knowledge: Knowledge, evidence: Iterable[Evidence]) -> list[dict[str, tuple[str, str]]]:
    """Return for each pair that is confused at two or more nodes, and not set apart: node → (right concept, preferred concept); sorted.

    A node counts if most of its answers are wrong and the other concept is the most frequent wrong answer.
    """
    pairs: dict[frozenset[str], dict[str, tuple[str, str]]] = defaultdict(dict)
    for found in sorted(evidence, key=lambda e: (e.node, e.probe, e.preferred)):
        right = right_concept(knowledge, found) if most(found.failed, found.asked) else None
        if right is not None and _tells_apart(knowledge, right, found.preferred):
            pairs[frozenset((right, found.preferred))].setdefault(found.node, (right, found.preferred))
    return [pairs[pair] for pair in sorted(pairs, key=sorted) if len(pairs[pair]) >= NODES]


def right_concept(knowledge: Knowledge, found: Evidence) -> str | None:
    """Return the concept that was right where another was preferred; None if the answers were not concepts, or not known to be of one."""
    if found.preferred not in knowledge.concepts:
        return None
    if found.probe == "concept":
        return found.node if found.node in knowledge.concepts else None
    asked = found.probe == "statement" and found.node in knowledge.active_statements
    return found.expected if asked and found.expected in knowledge.concepts else None


def before_edits(knowledge: Knowledge, patches: Iterable[Patch]) -> Knowledge:
    """Return the knowledge without the patches' edits, so that a partly committed round is planned as it was at first."""
    undone: dict[str, set[str]] = defaultdict(set)
    for patch in patches:
        for edit in patch.edits:
            undone[edit.concept].add(edit.distinct_from)
    if not undone:
        return knowledge
    concepts = [
        msgspec.structs.replace(c, distinct_from=tuple(o for o in c.distinct_from if o not in undone[c.id])) if c.id in undone else c
        for c in knowledge.concepts.values()
    ]
    return Knowledge(knowledge.relations.values(), concepts, knowledge.statements.values(), knowledge.chains.values(), knowledge.cases)


def _tells_apart(knowledge: Knowledge, one: str, other: str) -> bool:
    """Tell whether an edit is useful: the pair is not recorded yet, and the concepts share no name."""
    recorded = other in knowledge.set_apart.get(one, ())
    return one != other and not recorded and names(knowledge.concepts[one]).isdisjoint(names(knowledge.concepts[other]))


def _edit(knowledge: Knowledge, right: str, preferred: str) -> Edit:
    concept = knowledge.concepts[right]
    return Edit(f"knowledge/{concept.discipline}/{concept.topic}.yaml", right, preferred)


def _with(knowledge: Knowledge, patch: Patch, edits: Sequence[Edit]) -> Patch:
    expect = patch.expect | {e.concept: node_hash(knowledge, e.concept) for e in edits}
    return named(msgspec.structs.replace(patch, edits=tuple(edits), expect=expect))


def _key(edit: Edit) -> tuple[str, str]:
    return edit.concept, edit.distinct_from
