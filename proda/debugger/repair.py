"""Diagnoses → patches: one for each blamed node, with samples that fit its evidence. Pure; nothing is written here.

    patches = plan_repairs(knowledge, items, diagnoses, noticed, number=1, per_error=20, teach=teach)

`teach(node, count, contrast, stepwise, beside)` writes the samples; the caller passes the builder's function. What each category gets:

- concept gap: statements, questions, and contrasts with the most frequent wrong answer, in rows with neighbours that are unknown too
- reasoning deficit: steps one by one, over part of the path, never all of it
- data conflict: contradicting samples are removed, or overridden if `reword` finds a wording that does not contradict; the node is taught
- suspect item: no samples; a person decides about the entry proposed for benchmarks/exceptions.yaml
- unexplained: nothing

The budget is `per_error` samples for each failed item that is explained. Each blamed statement or concept gets up to `ENOUGH` samples
first. What is left goes to the other nodes that were noticed, up to `ENOUGH` each, one patch per chain and one for the links of a topic;
the rest goes to all of them evenly (JOURNAL.md has the comparison). Chain conditions always share the budget of noticed nodes. Conditions
of one chain are distractors for other chains, so uneven training would bias the answers. The conditions of a chain count as two nodes if it
both presupposes something and does not cover something. Samples that contradict the knowledge are removed whether or not an item fails. Two
concepts that are confused at several nodes are set apart in knowledge/ by an edit in one of the patches (distinctions.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from proda.debugger.distinctions import with_distinctions
from proda.debugger.reasons import told
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.read_samples import Reader, contradictions
from proda.records import Category, Diagnosis, Dropped, Evidence, Item, Overridden, Patch, Sample, Wording
from proda.store.patches import named, node_hash, sample_hash

TAUGHT: tuple[Category, ...] = ("concept gap", "reasoning deficit", "data conflict")
NOTICED_AS: dict[str, Category] = {
    "data": "data conflict",
    "statement": "concept gap",
    "condition": "concept gap",
    "step": "reasoning deficit",
    "between": "reasoning deficit",
}
NOTICED = tuple(NOTICED_AS)  # kinds of probe; the first one found at a node decides its category
ENOUGH = 4  # samples for one node before other unknown nodes get theirs; for a chain, as many for each side of its conditions
MAX_SAMPLES = 60  # for one node in one round, however many items blame it


class Teach(Protocol):
    """The builder's function that writes samples for a node."""

    def __call__(self, node: str, count: int, contrast: Sequence[str], stepwise: bool, beside: Collection[str]) -> list[Sample]:
        """Return `count` samples that teach `node`. Wrong options come from `contrast` first; `beside` are all unknown nodes."""


_TeachHere = Callable[[str, int, Sequence[str], bool], list[Sample]]


class Reword(Protocol):
    """The builder's function that words a derived sample again."""

    def __call__(self, sample: Sample) -> Sample | None:
        """Return the sample as its plan is worded now, or None if that plan cannot be made."""


def plan_repairs(
    knowledge: Knowledge,
    items: Iterable[Item],
    diagnoses: Iterable[Diagnosis],
    noticed: Iterable[Evidence] = (),
    *,
    number: int,
    per_error: int,
    teach: Teach,
    conflicting: Mapping[str, Sequence[Sample]] | None = None,
    reword: Reword | None = None,
    most: int | None = None,
) -> list[Patch]:
    """Return a patch for each node that a diagnosis blames, then one for each chain, and for the links of a topic, with what was `noticed`.

    Patches that explain more failures come first, then those with a larger share of wrong answers. `conflicting` holds, for nodes in
    conflict, the derived samples to remove, or to override if `reword` finds a wording that does not contradict. `most` limits the number
    of samples. Raises InputError if an item or node of a diagnosis has changed or no longer exists.
    """
    diagnoses, noticed = list(diagnoses), list(noticed)
    known = {item.id: item for item in items}
    cases: dict[str, list[Diagnosis]] = defaultdict(list)
    errors = 0
    for diagnosis in diagnoses:
        if diagnosis.category in TAUGHT:
            errors += 1
            _fresh(knowledge, known, diagnosis)
            for node in _targets(diagnosis):
                cases[node].append(diagnosis)
    ranked = sorted(cases, key=lambda node: (-len(cases[node]), -_lacking(_evidence(cases[node], node)), node))
    weightiest: dict[str, Evidence] = {}
    for found in sorted(noticed, key=lambda e: NOTICED.index(e.probe)):
        weightiest.setdefault(found.node, found)
    others = {node: found for node, found in weightiest.items() if node not in cases}
    budget = per_error * errors if most is None else min(most, per_error * errors)
    facts = {node: _facts(knowledge, node) for node in (*ranked, *others)}
    first = [node for node in ranked if node not in knowledge.chains]
    weights = {node: _lacking([others[node]] if node in others else _evidence(cases[node], node)) for node in facts.keys() - set(first)}
    shares = _shares(budget, first, sorted(weights, key=lambda node: (-weights[node], node)), facts)
    taken_out, lacking = conflicting or {}, frozenset(cases) | frozenset(weightiest)
    teach_here: _TeachHere = partial(teach, beside=lacking)
    patches = [
        _patch(knowledge, known, number, node, cases[node], weightiest.get(node), shares[node], teach_here, taken_out.get(node, ()))
        for node in ranked
        if shares[node] or taken_out.get(node)
    ]
    chains: dict[tuple[str, bool], list[Evidence]] = defaultdict(list)
    for node in sorted(others):
        _there(knowledge, node, "noticed")
        if shares[node] or taken_out.get(node):
            chains[_group(knowledge, node), others[node].probe == "data"].append(others[node])
    patches += [_beyond(knowledge, number, group, shares, teach_here, taken_out) for group in chains.values()]
    patches = _overriding(patches, _wordings(knowledge, taken_out, reword) if reword else {})
    blamed = [e for d in diagnoses if d.category in TAUGHT and d.nodes for e in d.evidence]
    return with_distinctions(knowledge, patches, [*blamed, *noticed])


def _group(knowledge: Knowledge, node: str) -> str:
    """The chain of a statement, or a chain itself; for a link, which is alone, its topic. No chain is named as a topic is."""
    if node in knowledge.chains:
        return node
    statement = knowledge.statements[node]
    return f"links of {statement.discipline}/{statement.topic}" if knowledge.chains[statement.chain].is_link else statement.chain


def _wordings(knowledge: Knowledge, conflicting: Mapping[str, Sequence[Sample]], reword: Reword) -> dict[str, Wording]:
    """Return sample → a wording that does not contradict the knowledge about its nodes, for the samples that have one."""
    reader = Reader(knowledge)
    found = {}
    for sample in {s.id: s for group in conflicting.values() for s in group}.values():
        made = reword(sample)
        if made is None or (made.id, made.format, made.nodes) != (sample.id, sample.format, sample.nodes):
            continue
        statements = (node for node in made.nodes if node in knowledge.statements)
        if not any(True for s in statements for _ in contradictions(reader, [made], s)):
            found[sample.id] = Wording(made.question, made.answer, made.explanation, made.options)
    return found


def _overriding(patches: Iterable[Patch], wordings: Mapping[str, Wording]) -> list[Patch]:
    """Return the patches, which override samples that have a wording instead of removing them; the first patch with a sample does."""
    done: set[str] = set()
    found = []
    for patch in patches:
        if all(d.sample not in wordings for d in patch.remove):
            found.append(patch)
            continue
        worded = tuple(Overridden(d.sample, d.hash, wordings[d.sample]) for d in patch.remove if d.sample in wordings.keys() - done)
        left = tuple(d for d in patch.remove if d.sample not in wordings)
        done.update(o.sample for o in worded)
        if patch.samples or left or worded:  # otherwise another patch does all that this one would do
            found.append(named(msgspec.structs.replace(patch, remove=left, override=worded)))
    return found


def _facts(knowledge: Knowledge, node: str) -> int:
    """How many things a node teaches: 2 for a chain that presupposes something and does not cover something, else 1."""
    chain = knowledge.chains.get(node)
    return 1 if chain is None else bool(chain.preconditions) + bool(chain.exclusions)


def _shares(budget: int, called: Sequence[str], others: Sequence[str], facts: Mapping[str, int]) -> dict[str, int]:
    """Return node → number of samples, as many for each fact of it. Nodes that come first in their list get the remainder."""
    shares = dict.fromkeys((*called, *others), 0)
    enough = {node: ENOUGH * count for node, count in facts.items()}
    most, left = dict.fromkeys(shares, MAX_SAMPLES), budget
    for nodes, limit in ((called, enough), (others, enough), ((*called, *others), most)):
        while left and (open_to := [node for node in nodes for _ in range(facts[node]) if shares[node] < limit[node]]):
            each, more = divmod(left, len(open_to))
            for place, node in enumerate(open_to):
                given = min(each + (place < more), limit[node] - shares[node])
                shares[node] += given
                left -= given
    return shares


def _patch(
    knowledge: Knowledge,
    items: Mapping[str, Item],
    number: int,
    node: str,
    cases: Sequence[Diagnosis],
    noticed: Evidence | None,
    count: int,
    teach: _TeachHere,
    conflicting: Sequence[Sample],
) -> Patch:
    said = Counter(case.category for case in cases)
    evidence = _evidence(cases, node)
    category: Category = "data conflict" if "data conflict" in said else max(said, key=lambda c: (said[c], c == "concept gap"))
    reason = told(knowledge, category, evidence[0]) if evidence and node != cases[0].nodes[0] else cases[0].reason
    if noticed is not None and noticed.probe == "data":  # contradicting samples are removed, whatever else was found
        category, reason = "data conflict", told(knowledge, "data conflict", noticed)
    confusions = _confusions(knowledge, evidence)
    failing = tuple(sorted(case.item for case in cases))
    patch = Patch(
        "",
        number,
        (node,),
        failing,
        category,
        reason,
        {node: node_hash(knowledge, node), **{i: items[i].content_hash for i in failing}},
        {node: confusions[0]} if confusions else {},
        tuple(teach(node, count, confusions, category == "reasoning deficit")),
        tuple(Dropped(s.id, sample_hash(s)) for s in conflicting) if category == "data conflict" else (),
    )
    return named(patch)


def _beyond(
    knowledge: Knowledge,
    number: int,
    found: Sequence[Evidence],
    shares: Mapping[str, int],
    teach: _TeachHere,
    conflicting: Mapping[str, Sequence[Sample]],
) -> Patch:
    """Return the patch for the nodes of one chain that were noticed without being blamed for a failed item."""
    first = max(found, key=lambda e: (-NOTICED.index(e.probe), _lacking([e])))
    category = NOTICED_AS[first.probe]
    confused = {e.node: _confusions(knowledge, [e]) for e in found}
    dropped = {s.id: s for e in found for s in conflicting.get(e.node, ()) if e.probe == "data"}
    patch = Patch(
        "",
        number,
        tuple(e.node for e in found),
        (),
        category,
        f"Noticed by probing or by comparing samples; no failed item is blamed on it. {told(knowledge, category, first)}",
        {e.node: node_hash(knowledge, e.node) for e in found},
        {node: names[0] for node, names in confused.items() if names},
        tuple(s for e in found for s in teach(e.node, shares[e.node], confused[e.node], NOTICED_AS[e.probe] == "reasoning deficit")),
        tuple(Dropped(s.id, sample_hash(s)) for s in dropped.values()),
    )
    return named(patch)


def proposals(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Return the suspect items, which a person amends or retires in benchmarks/exceptions.yaml."""
    return [d for d in diagnoses if d.category == "suspect item"]


def _targets(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the blamed nodes, then the other nodes of the evidence; nothing if no node is blamed."""
    return tuple(dict.fromkeys((*diagnosis.nodes, *(e.node for e in diagnosis.evidence)))) if diagnosis.nodes else ()


def _evidence(cases: Sequence[Diagnosis], node: str) -> list[Evidence]:
    return [e for case in cases for e in case.evidence if e.node == node]


def _lacking(evidence: Sequence[Evidence]) -> float:
    """Return the share of wrong answers to the probes."""
    return sum(e.failed for e in evidence) / max(1, sum(e.asked for e in evidence))


def _confusions(knowledge: Knowledge, evidence: Sequence[Evidence]) -> list[str]:
    """Return the concepts that were preferred to the correct one, the most frequent first."""
    counts = Counter(e.preferred for e in evidence if e.preferred in knowledge.concepts)
    return sorted(counts, key=lambda c: (-counts[c], c))


def _fresh(knowledge: Knowledge, items: Mapping[str, Item], diagnosis: Diagnosis) -> None:
    item = items.get(diagnosis.item)
    if item is None or item.content_hash != diagnosis.hash:
        what = "no longer exists" if item is None else "has another text now"
        raise InputError(
            f"benchmarks/results/diagnosis.yaml  {diagnosis.item}\n  The item {what}: the diagnosis is stale."
            " Run `dvc repro`, then run repair again."
        )
    for node in _targets(diagnosis):
        _there(knowledge, node, diagnosis.item)


def _there(knowledge: Knowledge, node: str, where: str) -> None:
    if node not in knowledge.statements and node not in knowledge.concepts and node not in knowledge.chains:
        raise InputError(
            f"benchmarks/results/diagnosis.yaml  {where}\n  The node '{node}' no longer exists: the diagnosis is stale."
            " Run `dvc repro`, then run repair again."
        )
