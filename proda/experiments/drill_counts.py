"""Counts what the debugger said of planted faults: confusion matrix, precision, recall and F1 by category and for blamed nodes. Pure.

    counts = count(faults, diagnoses, noticed, failed_anyway, lacking_anyway)
    counts.confusion["data conflict"]["concept gap"]     # planted as a data conflict, diagnosed as a concept gap
    counts.macro_f1, counts.nodes.recall
    groups = probed_nodes(knowledge, items, faults)      # probes of planted and of unplanted nodes, for comparison
    flags(groups, answered_of)["unplanted"]["statement"] # Flags(nodes=960, flagged=402)

Each fault counts once, with the category that most of its failed items got. On a tie it gets the unexpected category. A fault without a
failed item counts with what probing or reading noticed on its chains. Samples that were read and contradict the knowledge take precedence
over the diagnoses of items. For every fault, abstaining counts as a miss, as does finding nothing; withholding one format counts as "no
effect" if nothing is detected. A second count, `shown`, covers only the faults that some item shows (mutation testing likewise excludes
mutants that no test kills). Failures on chains without a planted fault, and nodes that models do not know even without faults, are counted
separately.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from proda.debugger.answered import UNKNOWN
from proda.debugger.probes import Answer, Probe, concept_probes, statement_probes, step_probes
from proda.debugger.repair import NOTICED, NOTICED_AS
from proda.experiments.faults import EXPECTED, PlantedFault, chains_of
from proda.records import CATEGORIES, Diagnosis, Evidence, Item, Record
from proda.statistics import most

if TYPE_CHECKING:
    from proda.graph import Knowledge

NOT_NOTICED = "not noticed"
HARMLESS = frozenset({"withheld-format"})  # the other formats may still teach the statement, so there may be nothing to detect
UNPLANTED = "unplanted"
OWN, ONLY_HERE = "fails without faults too", "fails only with faults"
DIGITS = 4


class FaultResult(Record, frozen=True):
    """One planted fault and what the debugger said of it."""

    fault: PlantedFault
    failed: tuple[str, ...]  # items of the fault that most models fail
    failed_chains: tuple[str, ...]  # the chains and links that these items rest on
    anyway: int  # how many of these fail without faults too
    said: str  # a category, or "not noticed"
    blamed: tuple[str, ...]  # nodes blamed by a diagnosis or noticed on the fault's chains, sorted
    found: bool  # the category is the expected one
    at_node: bool  # found, and a faulty node is blamed; equal to `found` for faults without nodes


class Agreement(Record, frozen=True):
    """Precision, recall and F1 of one category, or of blamed nodes. None if the denominator is 0."""

    planted: int
    said: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None


class KindCount(Record, frozen=True):
    """Numbers of faults of one kind."""

    planted: int
    failed: int  # with at least one failed item
    failed_anyway: int  # whose failed items all fail without faults too
    found: int  # with the expected category
    at_node: int


class Flags(Record, frozen=True):
    """Number of nodes probed, and number of nodes that most models do not know."""

    nodes: int
    flagged: int


class ShownCounts(Record, frozen=True):
    """Counts over the faults with at least one failed item. Only nodes on the chains of failed items count as planted."""

    faults: int
    scores: dict[str, Agreement]
    macro_f1: float | None
    nodes: Agreement


class DrillCounts(Record, frozen=True):
    """The result of a drill."""

    rows: tuple[FaultResult, ...]
    kinds: dict[str, KindCount]  # keys: the kind, followed by the way of planting if there are several
    confusion: dict[str, dict[str, int]]  # expected → said → faults
    scores: dict[str, Agreement]  # by planted category
    macro_f1: float | None
    nodes: Agreement  # planted: faulty nodes; said: blamed nodes
    shown: ShownCounts
    unplanted: dict[str, dict[str, int]]  # category → OWN or ONLY_HERE → number of items


def count(
    faults: Iterable[PlantedFault],
    diagnoses: Iterable[Diagnosis],
    noticed: Iterable[Evidence],
    failed_anyway: Collection[str],
    lacking_anyway: Collection[str] = (),
    *,
    chain_of: Mapping[str, str],
    rests_on: Mapping[str, Sequence[str]],
) -> DrillCounts:
    """Compares diagnoses and noticed nodes with the planted faults.

    `failed_anyway` are the items that most models trained without faults fail. `lacking_anyway` are the nodes noticed in those models; they
    are ignored unless a fault was planted in them. `chain_of` maps each statement to its chain or link, `rests_on` each item to its
    statements.
    """
    known = {d.item: d for d in diagnoses}
    on_chain: dict[str, list[Evidence]] = defaultdict(list)
    for found in noticed:
        on_chain[chain_of.get(found.node, "")].append(found)
    rows = []
    for fault in faults:
        there = (e for chain in fault.chains for e in on_chain[chain])
        beside = [e for e in there if e.node in fault.nodes or e.node not in lacking_anyway]
        chains = {i: {chain_of.get(s, "") for s in rests_on[i]} for i in fault.items}
        rows.append(_row(fault, known, beside, frozenset(failed_anyway), chains))
    counted = [r for r in rows if r.said != NOT_NOTICED or r.fault.kind not in HARMLESS]
    confusion = _confusion(counted)
    scores, macro_f1 = _scores(confusion)
    seen = [r for r in rows if r.failed]
    shown = ShownCounts(len(seen), *_scores(_confusion(seen)), _of_nodes(seen, chain_of))
    kinds: dict[str, list[FaultResult]] = defaultdict(list)
    for row in rows:
        kinds[", ".join(filter(None, (row.fault.kind, row.fault.how)))].append(row)
    planted = {i for r in rows for i in r.fault.items}
    unplanted: dict[str, dict[str, int]] = {c: {OWN: 0, ONLY_HERE: 0} for c in CATEGORIES}
    for item, diagnosis in known.items():
        if item not in planted:
            unplanted[diagnosis.category][OWN if item in failed_anyway else ONLY_HERE] += 1
    return DrillCounts(
        tuple(rows),
        {kind: _count(group) for kind, group in kinds.items()},
        confusion,
        scores,
        macro_f1,
        _of_nodes(counted),
        shown,
        unplanted,
    )


def _confusion(rows: Sequence[FaultResult]) -> dict[str, dict[str, int]]:
    """Returns the number of faults by expected category and by category said."""
    found: dict[str, dict[str, int]] = {}
    for category in dict.fromkeys(EXPECTED.values()):
        said = Counter(r.said for r in rows if r.fault.category == category)
        if said:
            found[category] = {name: said[name] for name in (*CATEGORIES, NOT_NOTICED)}
    return found


def _scores(confusion: Mapping[str, Mapping[str, int]]) -> tuple[dict[str, Agreement], float | None]:
    """Returns the score of each expected category and the mean F1."""
    scores = {c: _score(sum(row.values()), sum(r[c] for r in confusion.values()), row[c]) for c, row in confusion.items()}
    f1 = [s.f1 for s in scores.values() if s.f1 is not None]
    return scores, round(sum(f1) / len(f1), DIGITS) if f1 else None


def _row(
    fault: PlantedFault,
    known: Mapping[str, Diagnosis],
    beside: Sequence[Evidence],
    anyway: Collection[str],
    chains: Mapping[str, Collection[str]],
) -> FaultResult:
    """Returns what was said of a fault. `chains` maps its items to the chains and links that they rest on."""
    found = [known[i] for i in fault.items if i in known]
    votes = Counter[str](d.category for d in found)
    probes = [e.probe for e in sorted(beside, key=lambda e: NOTICED.index(e.probe))]
    otherwise = NOTICED_AS[probes[0]] if probes else NOT_NOTICED
    voted = min(votes, key=lambda c: (-votes[c], c == fault.category, c), default=otherwise)
    said = otherwise if probes[:1] == ["data"] else voted
    blamed = tuple(sorted({n for d in found for n in d.nodes} | {e.node for e in beside}))
    right = said == fault.category
    at_node = right and (not fault.nodes or not set(blamed).isdisjoint(fault.nodes))
    failed = tuple(d.item for d in found if d.failed_by)
    shown = tuple(sorted({c for item in failed for c in chains[item]}))
    return FaultResult(fault, failed, shown, sum(i in anyway for i in failed), said, blamed, right, at_node)


def _count(rows: Sequence[FaultResult]) -> KindCount:
    failed = [r for r in rows if r.failed]
    return KindCount(
        len(rows), len(failed), sum(r.anyway == len(r.failed) for r in failed), sum(r.found for r in rows), sum(r.at_node for r in rows)
    )


def _of_nodes(rows: Iterable[FaultResult], chain_of: Mapping[str, str] | None = None) -> Agreement:
    """Returns the score of blamed nodes. With `chain_of`, nodes on chains without a failed item are left out."""
    planted = said = both = 0
    for row in (r for r in rows if r.fault.nodes):
        due, blamed = (
            {n for n in nodes if chain_of is None or chain_of.get(n) in row.failed_chains} for nodes in (row.fault.nodes, row.blamed)
        )
        planted, said, both = planted + len(due), said + len(blamed), both + len(due & blamed)
    return _score(planted, said, both)


def _score(planted: int, said: int, right: int) -> Agreement:
    def share(part: int, whole: int) -> float | None:
        return round(part / whole, DIGITS) if whole else None

    return Agreement(planted, said, right, share(right, said), share(right, planted), share(2 * right, planted + said))


def probed_nodes(knowledge: Knowledge, items: Iterable[Item], faults: Sequence[PlantedFault]) -> dict[str, list[Probe]]:
    """Returns the probes to compare, by group.

    There is a group for each kind of fault, with probes of its faulty nodes. The group "unplanted" has probes of every statement, step and
    concept on the chains and links with items that no fault touches, except concepts that a touched chain names too.
    """
    touched = {c for f in faults for c in f.chains}
    groups: dict[str, list[Probe]] = defaultdict(list)
    for fault in faults:
        if fault.nodes:
            groups[fault.kind] += _probes(knowledge, fault.nodes)
    free = sorted({c for i in items for c in chains_of(knowledge, i)} - touched)
    statements = [s for c in free for s in knowledge.chains[c].statements]
    named = {c for chain in touched for s in knowledge.path(knowledge.chains[chain]) for c in (s.subject, s.object)}
    groups[UNPLANTED] = _probes(knowledge, statements)
    ends = {c for s in statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object)}
    for concept in sorted(ends - named):
        groups[UNPLANTED] += concept_probes(knowledge, concept)
    return dict(groups)


def _probes(knowledge: Knowledge, statements: Iterable[str]) -> list[Probe]:
    """Returns probes of the statements and of the steps that they form."""
    asked = {s: knowledge.statements[s] for s in statements}
    found = [p for s in asked.values() for p in statement_probes(knowledge, s)]
    chains = sorted({s.chain for s in asked.values()})
    return found + [p for c in chains for p in step_probes(knowledge, knowledge.path(knowledge.chains[c])) if p.node in asked]


def flags(groups: Mapping[str, Sequence[Probe]], answered: Mapping[str, Sequence[Answer]]) -> dict[str, dict[str, Flags]]:
    """Returns, by group and kind of probe, how many nodes most models do not know, by the threshold that diagnoses use.

    `answered` maps each model to its answers to all probes of the groups, one group after the other.
    """
    found: dict[str, dict[str, Flags]] = {}
    start = 0
    for group, probes in groups.items():
        lacking: dict[tuple[str, str], int] = dict.fromkeys(((p.kind, p.node) for p in probes), 0)
        for answers in answered.values():
            right: dict[tuple[str, str], list[bool]] = defaultdict(list)
            for answer in answers[start : start + len(probes)]:
                right[answer.probe.kind, answer.probe.node].append(answer.right)
            for node, given in right.items():
                lacking[node] += sum(given) < UNKNOWN * len(given)
        kinds = sorted({kind for kind, _ in lacking})
        of_kind = {kind: [models for (k, _), models in lacking.items() if k == kind] for kind in kinds}
        found[group] = {kind: Flags(len(n), sum(most(models, len(answered)) for models in n)) for kind, n in of_kind.items()}
        start += len(probes)
    return found
