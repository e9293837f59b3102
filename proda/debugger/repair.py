"""Diagnoses → patches: one for each blamed node, with the samples that its evidence calls for. Pure; nothing is written here.

    patches = plan_repairs(knowledge, items, diagnoses, number=1, per_error=20, teach=teach)

`teach(node, count, contrast, stepwise)` words the samples: the command line hands in the builder. A concept gap is taught by stating,
asking and contrasting with what was taken for the right answer; a reasoning deficit step by step, over part of the path, never all of
it; a data conflict by taking the contradicting samples out and teaching the statement. A suspect item gets no samples: it goes to
people, as a proposal for benchmarks/exceptions.yaml. What is unexplained is left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from proda.debugger.diagnose import told
from proda.errors import InputError
from proda.graph import Knowledge
from proda.patches import named, node_hash, sample_hash
from proda.records import Category, Diagnosis, Dropped, Evidence, Item, Patch, Sample

TAUGHT: tuple[Category, ...] = ("concept gap", "reasoning deficit", "data conflict")
MAX_SAMPLES = 60  # for one node in one round, however many items blame it


class Teach(Protocol):
    """The builder's part: samples for a node."""

    def __call__(self, node: str, count: int, contrast: Sequence[str], stepwise: bool) -> list[Sample]:
        """`count` samples that teach `node`, wrong options drawn from `contrast` first."""


def plan_repairs(
    knowledge: Knowledge,
    items: Iterable[Item],
    diagnoses: Iterable[Diagnosis],
    *,
    number: int,
    per_error: int,
    teach: Teach,
    conflicting: Mapping[str, Sequence[Sample]] | None = None,
) -> list[Patch]:
    """A patch for each node that a diagnosis blames: those first that explain most failures, then those that probes find most unknown.

    Each failed item has `per_error` samples to give, shared evenly among the nodes it blames and those found unknown beside them.
    `conflicting` holds, for nodes in conflict, the derived samples to take out. Raises InputError if a diagnosis speaks of an item
    or node that has changed since, or is gone.
    """
    known = {item.id: item for item in items}
    blamed: dict[tuple[str, Category], list[Diagnosis]] = defaultdict(list)
    for diagnosis in diagnoses:
        if diagnosis.category in TAUGHT:
            _fresh(knowledge, known, diagnosis)
            for node in _targets(diagnosis):
                blamed[node, diagnosis.category].append(diagnosis)
    patches = []
    for (node, category), cases in sorted(blamed.items(), key=lambda pair: (-len(pair[1]), -_unknown(*pair), pair[0])):
        count = min(MAX_SAMPLES, max(1, sum(-(-per_error // len(_targets(case))) for case in cases)))
        evidence = [e for case in cases for e in case.evidence if e.node == node]
        confusions = _confusions(knowledge, evidence)
        failing = tuple(sorted(case.item for case in cases))
        remove = tuple(Dropped(s.id, sample_hash(s)) for s in (conflicting or {}).get(node, ())) if category == "data conflict" else ()
        patch = Patch(
            "",
            number,
            (node,),
            failing,
            category,
            told(knowledge, category, evidence[0]) if evidence and node != cases[0].nodes[0] else cases[0].reason,
            {node: node_hash(knowledge, node), **{i: known[i].content_hash for i in failing}},
            {node: confusions[0]} if confusions else {},
            tuple(teach(node, count, confusions, category == "reasoning deficit")),
            remove,
        )
        patches.append(named(patch))
    return patches


def proposals(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """The suspect items: for a person to mend or retire in benchmarks/exceptions.yaml."""
    return [d for d in diagnoses if d.category == "suspect item"]


def _targets(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The blamed nodes, then what the evidence finds unknown beside them. Nobody blamed, nothing taught."""
    return tuple(dict.fromkeys((*diagnosis.nodes, *(e.node for e in diagnosis.evidence)))) if diagnosis.nodes else ()


def _unknown(blamed: tuple[str, Category], cases: Sequence[Diagnosis]) -> float:
    """The share of its probes that models answered wrongly."""
    evidence = [e for case in cases for e in case.evidence if e.node == blamed[0]]
    return sum(e.failed for e in evidence) / max(1, sum(e.asked for e in evidence))


def _confusions(knowledge: Knowledge, evidence: Sequence[Evidence]) -> list[str]:
    """Concepts that were preferred to the right one, the commonest first."""
    counts = Counter(e.preferred for e in evidence if e.preferred in knowledge.concepts)
    return sorted(counts, key=lambda c: (-counts[c], c))


def _fresh(knowledge: Knowledge, items: Mapping[str, Item], diagnosis: Diagnosis) -> None:
    item = items.get(diagnosis.item)
    if item is None or item.content_hash != diagnosis.hash:
        raise InputError(
            f"benchmarks/results/diagnosis.yaml  {diagnosis.item}\n  The item {'is gone' if item is None else 'reads differently now'}:"
            " the diagnosis is stale. Run `dvc repro`, then repair."
        )
    for node in _targets(diagnosis):
        if node not in knowledge.statements and node not in knowledge.concepts:
            raise InputError(
                f"benchmarks/results/diagnosis.yaml  {diagnosis.item}\n  The node '{node}' in it is gone: the diagnosis is stale."
                " Run `dvc repro`, then repair."
            )
