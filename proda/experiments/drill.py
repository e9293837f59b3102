"""What the debugger said of planted faults, counted: confusion matrix, precision, recall and F1 by category, and of the nodes it blamed.

    tally = count(faults, diagnoses, noticed, failed_anyway, lacking_anyway)
    tally.confusion["data conflict"]["concept gap"]      planted as a conflict, and taken for a gap
    tally.macro_f1, tally.nodes.recall
    groups = probed_nodes(knowledge, items, faults)      # planted, and not: how often do the same probes flag either?
    flags(groups, answered_of)["unplanted"]["statement"] Flags(nodes=960, flagged=402)

A fault counts once, with the category that most of its failed items got; where two are as many, with the one that was not expected. One
of which no item fails counts with what was noticed on its chains all the same, by reading or by probing; samples that contradict the
base count before any vote, since they are read and not inferred. An abstention, or nothing, is a miss. The second count, `shown`, is
over those that some item shows, as mutation testing sets mutants apart that no test kills. Failures that nobody planted are counted
apart, and so is what models lack without any fault. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from proda.debugger.diagnose import UNKNOWN
from proda.debugger.probes import Answer, Probe, concept_probes, statement_probes, step_probes
from proda.debugger.repair import NOTICED, NOTICED_AS
from proda.experiments.faults import EXPECTED, Fault
from proda.graph import Knowledge
from proda.records import CATEGORIES, Diagnosis, Evidence, Item, Record

NOT_NOTICED = "not noticed"
HARMLESS = frozenset({"withheld-format"})  # what other formats still teach may be known: no failure, no fault to be found
UNPLANTED = "unplanted"
OWN, ONLY_HERE = "fails without faults too", "fails only beside the faults"
DIGITS = 4


class Row(Record, frozen=True):
    """One planted fault, and what was said of it."""

    fault: Fault
    failed: tuple[str, ...]  # its items that most seeds fail
    anyway: int  # how many of those fail without any fault too
    said: str  # a category, or "not noticed"
    blamed: tuple[str, ...]  # nodes that any of their diagnoses blames, or that were noticed on the fault's chains, sorted
    found: bool  # said what was expected
    at_node: bool  # and blamed a node that it ought to; where none ought to be blamed, found


class Score(Record, frozen=True):
    """How well one category is told. A share is None where nothing is there to take it of."""

    planted: int
    said: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None


class Count(Record, frozen=True):
    """Faults of one kind: how many, and of how many each was true."""

    planted: int
    failed: int
    failed_anyway: int  # fail in every failed item without the fault too
    found: int
    at_node: int


class Flags(Record, frozen=True):
    """How many of so many nodes most models answer wrongly about."""

    nodes: int
    flagged: int


class Shown(Record, frozen=True):
    """The count over faults of which some item fails. Nodes that ought to be blamed are those on the chains of items that fail."""

    faults: int
    scores: dict[str, Score]
    macro_f1: float | None
    nodes: Score


class Tally(Record, frozen=True):
    """All of it."""

    rows: tuple[Row, ...]
    kinds: dict[str, Count]  # kind, with how where there is more than one way
    confusion: dict[str, dict[str, int]]  # expected → said → faults
    scores: dict[str, Score]  # of the categories planted
    macro_f1: float | None
    nodes: Score  # planted: nodes that ought to be blamed; said: nodes that are
    shown: Shown
    unplanted: dict[str, dict[str, int]]  # category → whether it fails without faults → items


def count(
    faults: Iterable[Fault],
    diagnoses: Iterable[Diagnosis],
    noticed: Iterable[Evidence],
    failed_anyway: Collection[str],
    lacking_anyway: Collection[str] = (),
) -> Tally:
    """Hold diagnoses, and what was noticed beside them, against what was planted.

    `failed_anyway`: items that most models of a training without faults fail; `lacking_anyway`: nodes that are noticed there too, which
    are held against nobody unless they are planted.
    """
    known = {d.item: d for d in diagnoses}
    on_chain: dict[str, list[Evidence]] = defaultdict(list)
    for found in noticed:
        on_chain[found.node.rpartition(".")[0]].append(found)
    rows = []
    for fault in faults:
        there = (e for chain in fault.chains for e in on_chain[chain])
        beside = [e for e in there if e.node in fault.nodes or e.node not in lacking_anyway]
        rows.append(_row(fault, known, beside, frozenset(failed_anyway)))
    counted = [r for r in rows if r.said != NOT_NOTICED or r.fault.kind not in HARMLESS]
    confusion = _confusion(counted)
    scores, macro_f1 = _scores(confusion)
    seen = [r for r in rows if r.failed]
    shown = Shown(len(seen), *_scores(_confusion(seen)), _of_nodes(seen, seen_only=True))
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        kinds[", ".join(filter(None, (row.fault.kind, row.fault.how)))].append(row)
    planted = {i for r in rows for i in r.fault.items}
    unplanted: dict[str, dict[str, int]] = {c: {OWN: 0, ONLY_HERE: 0} for c in CATEGORIES}
    for item, diagnosis in known.items():
        if item not in planted:
            unplanted[diagnosis.category][OWN if item in failed_anyway else ONLY_HERE] += 1
    return Tally(
        tuple(rows),
        {kind: _count(group) for kind, group in kinds.items()},
        confusion,
        scores,
        macro_f1,
        _of_nodes(counted),
        shown,
        unplanted,
    )


def _confusion(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Expected → said → faults."""
    found: dict[str, dict[str, int]] = {}
    for category in dict.fromkeys(EXPECTED.values()):
        said = Counter(r.said for r in rows if r.fault.category == category)
        if said:
            found[category] = {name: said[name] for name in (*CATEGORIES, NOT_NOTICED)}
    return found


def _scores(confusion: Mapping[str, Mapping[str, int]]) -> tuple[dict[str, Score], float | None]:
    """Each expected category's score, and the mean of their F1."""
    scores = {c: _score(sum(row.values()), sum(r[c] for r in confusion.values()), row[c]) for c, row in confusion.items()}
    f1 = [s.f1 for s in scores.values() if s.f1 is not None]
    return scores, round(sum(f1) / len(f1), DIGITS) if f1 else None


def _row(fault: Fault, known: Mapping[str, Diagnosis], beside: Sequence[Evidence], anyway: Collection[str]) -> Row:
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
    return Row(fault, failed, sum(i in anyway for i in failed), said, blamed, right, at_node)


def _count(rows: Sequence[Row]) -> Count:
    failed = [r for r in rows if r.failed]
    return Count(
        len(rows), len(failed), sum(r.anyway == len(r.failed) for r in failed), sum(r.found for r in rows), sum(r.at_node for r in rows)
    )


def _of_nodes(rows: Iterable[Row], *, seen_only: bool = False) -> Score:
    """`seen_only` leaves out nodes on chains of which no item failed: nobody was asked about them."""
    planted = said = both = 0
    for row in (r for r in rows if r.fault.nodes):
        chains = {i.partition(":")[0] for i in row.failed}
        due, blamed = ({n for n in nodes if not seen_only or n.rpartition(".")[0] in chains} for nodes in (row.fault.nodes, row.blamed))
        planted, said, both = planted + len(due), said + len(blamed), both + len(due & blamed)
    return _score(planted, said, both)


def _score(planted: int, said: int, right: int) -> Score:
    def share(part: int, whole: int) -> float | None:
        return round(part / whole, DIGITS) if whole else None

    return Score(planted, said, right, share(right, said), share(right, planted), share(2 * right, planted + said))


def probed_nodes(knowledge: Knowledge, items: Iterable[Item], faults: Sequence[Fault]) -> dict[str, list[Probe]]:
    """What to ask for comparison: kind of fault → probes of the nodes that ought to be blamed; "unplanted" → probes of every statement,
    step and concept on those chains with items that no fault touches. Concepts that a touched chain names too are left out.
    """
    touched = {c for f in faults for c in f.chains}
    groups: dict[str, list[Probe]] = defaultdict(list)
    for fault in faults:
        if fault.nodes:
            groups[fault.kind] += _probes(knowledge, fault.nodes)
    free = sorted({i.chain for i in items} - touched)
    statements = [s for c in free for s in knowledge.chains[c].statements]
    named = {c for chain in touched for s in knowledge.path(knowledge.chains[chain]) for c in (s.subject, s.object)}
    groups[UNPLANTED] = _probes(knowledge, statements)
    ends = {c for s in statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object)}
    for concept in sorted(ends - named):
        groups[UNPLANTED] += concept_probes(knowledge, concept)
    return dict(groups)


def _probes(knowledge: Knowledge, statements: Iterable[str]) -> list[Probe]:
    """Probes of the statements, and of the steps that they are."""
    asked = {s: knowledge.statements[s] for s in statements}
    found = [p for s in asked.values() for p in statement_probes(knowledge, s)]
    chains = sorted({s.chain for s in asked.values()})
    return found + [p for c in chains for p in step_probes(knowledge, knowledge.chains[c]) if p.node in asked]


def flags(groups: Mapping[str, Sequence[Probe]], answered: Mapping[str, Sequence[Answer]]) -> dict[str, dict[str, Flags]]:
    """Group → kind of probe → how many nodes more than half of the models do not know, by the measure that diagnoses use.

    `answered` holds each model's answers to all probes of the groups, one group after the other.
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
        found[group] = {kind: Flags(len(n), sum(2 * models > len(answered) for models in n)) for kind, n in of_kind.items()}
        start += len(probes)
    return found
