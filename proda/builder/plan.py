"""Plans samples before they are worded: the node, the format and the distractors of each. Depends only on knowledge and parameters.

    plan = plan_samples(knowledge, {"physics": 800}, seed=0, window=2)
    plan[("physics", "thermal-expansion")][0]
        Plan(id="physics/bimetal-strip-bends.s1:open-1", format="open", unit="statement", nodes=("physics/bimetal-strip-bends.s1",), …)

A unit is what one sample teaches: a statement, a window (two or more consecutive statements of a chain, never the whole chain) or a
concept. Repairs (builder/extra.py) also use links: rows of two or three statements with one inner concept left out.

A discipline's samples are distributed in rounds: each statement and each window gets one sample per round, each concept one in six rounds.
Adding an entry therefore adds its own samples and removes as many from the end of the last round; all others stay the same.
Wrong options are near concepts (language/neighbours.py). A concept that `distinct_from` sets apart from the right one comes first.
Formats follow a fixed pattern of ten, 6 open : 3 choice : 1 true-false (paper §3.2), starting at a position that depends on the unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.neighbours import near_concepts, taken_for
from proda.language.wording import Triple, clause
from proda.records import Chain, Format, Record
from proda.stable_hash import by_weight, fraction, seed_of

Unit = Literal["statement", "window", "link", "concept"]
Ask = Literal["object", "subject"]

# Rounds between two samples of a unit.
PACE: dict[Unit, float] = {"statement": 1.0, "window": 1.0, "concept": 6.0}
ROW = 3  # statements at most in a link
SHOWN = 0.64  # share of a chain's words at most in a link


class Part(NamedTuple):
    """A part of the knowledge that samples are made from."""

    kind: Unit
    name: str  # Sample.unit: the id of the statement or concept; `….s1+2` for a window, `….s1~3` for a link
    nodes: tuple[str, ...]  # statement ids in order, or the one concept id


def row(kind: Literal["window", "link"], nodes: tuple[str, ...]) -> Part:
    """Return the window or link over consecutive statements. It is named after the first of them and their number."""
    return Part(kind, f"{nodes[0]}{'+' if kind == 'window' else '~'}{len(nodes)}", nodes)


class Plan(Record, frozen=True):
    """One sample to be worded. `triples` are the true statements that it teaches, in order; `distractors` are its wrong answers."""

    id: str
    unit: Unit
    format: Format
    ordinal: int  # number of the sample within its unit, from 0
    nodes: tuple[str, ...]  # statement ids, or one concept id
    triples: tuple[Triple, ...] = ()
    ask: Ask = "object"  # the end of the statement that the question asks for
    distractors: tuple[str, ...] = ()  # concept ids, nearest first
    claim: Triple | None = None  # true-false: the altered statement if the claim is false
    place: int = 0  # index of the right letter


def plan_samples(
    knowledge: Knowledge, allocation: Mapping[str, int], *, seed: int, window: int, shares: tuple[float, float] = (0.6, 0.3)
) -> dict[tuple[str, str], list[Plan]]:
    """Return the plans of each (discipline, topic), sorted by id.

    `allocation` gives each discipline its exact number of samples, `window` the statements in a window, `shares` the proportions of open
    and choice samples. Deterministic. Raises InputError if the allocation does not name exactly the disciplines that have chains.
    """
    units = _units(knowledge, window)
    if set(allocation) != set(units):
        unknown, missing = sorted(set(allocation) - set(units)), sorted(set(units) - set(allocation))
        raise InputError(
            "samples/allocation.yaml\n"
            + (f"  no such discipline: {', '.join(unknown)}. " if unknown else "  ")
            + (f"no number for: {', '.join(missing)}. " if missing else "")
            + "Name each discipline that has a chain once."
        )
    pattern = format_pattern(*shares)
    plans: dict[tuple[str, str], list[Plan]] = defaultdict(list)
    for discipline, count in sorted(allocation.items()):
        for part, topic, ordinal in islice(_rounds(units[discipline], seed), count):
            fmt = pattern[(seed_of(seed, "format", part.name) + ordinal) % len(pattern)]
            plans[(discipline, topic)].append(plan_one(knowledge, part, ordinal, fmt, seed))
    return {key: sorted(group, key=lambda p: p.id) for key, group in sorted(plans.items())}


def format_pattern(open_share: float, choice_share: float) -> tuple[Format, ...]:
    """Return ten formats in the given proportion, evenly spread. The proportion is rounded to tenths."""
    counts: dict[Format, float] = {
        "open": open_share,
        "choice": choice_share,
        "true-false": max(0.0, 1 - open_share - choice_share),
    }
    made: dict[Format, int] = dict.fromkeys(counts, 0)
    pattern: list[Format] = []
    for step in range(1, 11):
        best = max(counts, key=lambda f: counts[f] * step - made[f])
        made[best] += 1
        pattern.append(best)
    return tuple(pattern)


def _units(knowledge: Knowledge, window: int) -> dict[str, list[tuple[Part, str]]]:
    """Discipline → (part, topic)."""
    found: dict[str, list[tuple[Part, str]]] = defaultdict(list)
    for chain in knowledge.active_chains():
        for place, statement in enumerate(chain.statements):
            found[chain.discipline].append((Part("statement", statement, (statement,)), chain.topic))
            if place + window <= len(chain.statements) and window < len(chain.statements):
                found[chain.discipline].append((row("window", chain.statements[place : place + window]), chain.topic))
    for (discipline, topic), concepts in knowledge.concepts_of.items():
        if discipline in found:
            found[discipline] += [(Part("concept", concept, (concept,)), topic) for concept in concepts]
    return dict(found)


def links(knowledge: Knowledge, chain: Chain) -> list[tuple[str, ...]]:
    """Return the rows of a chain's links: for each first statement the longest row allowed, of at most `ROW` statements.

    A link resembles an item, so a row has at most the share `SHOWN` of the chain's words and leaves out at least two statements.
    """
    path = knowledge.path(chain)
    words = [len(clause(knowledge, s.triple).split()) for s in path]
    rows = []
    for first in range(len(path)):
        for length in range(min(ROW, len(path) - 2), 1, -1):
            if first + length <= len(path) and sum(words[first : first + length]) <= SHOWN * sum(words):
                rows.append(tuple(s.id for s in path[first : first + length]))
                break
    return rows


def left_out(nodes: Sequence[str], ordinal: int) -> int:
    """Return the index of the step whose subject is left out of a link. The inner steps alternate with the ordinal."""
    return 1 + (seed_of("gap", nodes[0]) + ordinal) % (len(nodes) - 1)


def _rounds(units: list[tuple[Part, str]], seed: int) -> Iterator[tuple[Part, str, int]]:
    """(part, topic, ordinal) without end, round after round; within a round by a hash of the part's name."""
    order = sorted(units, key=lambda u: (seed_of(seed, "round", u[0].name), u[0].name))
    done = dict.fromkeys((part.name for part, _ in order), 0)
    lap = 0
    while order:
        lap += 1
        for part, topic in order:
            # Without the phase, all concepts would come in the same round.
            phase = fraction(seed, "phase", part.name)
            if int(lap / PACE[part.kind] + phase) > done[part.name]:
                yield part, topic, done[part.name]
                done[part.name] += 1


def plan_one(knowledge: Knowledge, part: Part, ordinal: int, fmt: Format, seed: int) -> Plan:
    """Return the plan of sample number `ordinal` (from 0) of a part of the knowledge."""
    unit, node = part.kind, part.name
    key = (seed, "sample", node, ordinal)
    sample_id, place = f"{node}:{fmt}-{ordinal + 1}", seed_of("letter", *key) % 4
    if unit == "concept":
        near = _near(knowledge, None, node, None, frozenset({node}), *key)
        wrong = _distractors(knowledge, near, {node}, frozenset(), 3) if fmt != "open" else ()
        ask: Ask = "object" if ordinal % 2 == 0 else "subject"
        if fmt == "choice" and not wrong:
            fmt, sample_id = "open", f"{node}:open-{ordinal + 1}"
        false = fmt == "true-false" and bool(wrong) and fraction("false", *key) < 0.5
        return Plan(sample_id, unit, fmt, ordinal, (node,), (), ask, wrong[:1] if false else wrong if fmt == "choice" else (), None, place)
    statements = [knowledge.statements[s] for s in part.nodes]
    triples = tuple(s.triple for s in statements)
    nodes = tuple(s.id for s in statements)
    chain = knowledge.chains[statements[0].chain]
    taken = frozenset(c for s in knowledge.path(chain) for c in (s.subject, s.object))
    ask = "object" if unit in ("window", "link") or (ordinal + seed_of("ask", node)) % 2 == 0 else "subject"
    distractors: tuple[str, ...] = ()
    claim: Triple | None = None
    if fmt == "choice" or (fmt == "true-false" and fraction("false", *key) < 0.5):
        first = triples[0]
        if unit == "link":
            gap = left_out(nodes, ordinal)
            near = _near(knowledge, triples[gap - 1][0], triples[gap][0], triples[gap][2], taken, *key)
        elif unit == "window":
            near = _near(knowledge, first[0], first[2], triples[1][2], taken, *key)
        elif ask == "object":
            near = _near(knowledge, first[0], first[2], None, taken, *key)
        else:
            near = _near(knowledge, None, first[0], first[2], taken, *key)
        own = {c for t in triples for c in (t[0], t[2])}
        distractors = _distractors(knowledge, near, own, taken, 3 if fmt == "choice" else 1)
        if fmt == "true-false" and distractors and unit != "link":
            other = distractors[0]
            claim = (other, first[1], first[2]) if unit == "statement" and ask == "subject" else (first[0], first[1], other)
            asymmetric = knowledge.relations[first[1]].asymmetric
            if unit == "statement" and asymmetric and ordinal % 2 and not knowledge.leads(first[2], first[0]):
                claim, distractors = (first[2], first[1], first[0]), ()
    if fmt == "choice" and not distractors:
        fmt, sample_id = "open", f"{node}:open-{ordinal + 1}"
    return Plan(sample_id, unit, fmt, ordinal, nodes, triples, ask, distractors, claim, place)


def _near(knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object) -> Iterator[str]:
    """Yield concepts that can replace `here` in a wrong answer: first those that `distinct_from` names, in drawn order, then near concepts.

    `distinct_from` changes only samples that ask for one of the two concepts. Items and probes use `near_concepts` alone, so that recording
    a confusion leaves the benchmark as it is.
    """
    first = [
        other
        for other in by_weight(taken_for(knowledge, here), "set apart", *key)
        if other not in taken
        and not (before is not None and knowledge.leads(before, other))
        and not (after is not None and knowledge.leads(other, after))
    ]
    yield from first
    yield from (other for other in near_concepts(knowledge, before, here, after, taken, *key) if other not in first)


def _distractors(knowledge: Knowledge, near: Iterator[str], own: set[str], chain: frozenset[str], count: int) -> tuple[str, ...]:
    """Return the first `count` near concepts with which the sample leaves out at least two concepts of every other chain.

    A sample that names all concepts of a chain would give its items away; the explanation may add one more, hence two. `chain` holds the
    concepts of the unit's own chain, which are no candidates.
    """
    picked: list[str] = []
    for other in near:
        if apart(knowledge, own | {*picked, other}, chain):
            picked.append(other)
        if len(picked) == count:
            break
    return tuple(picked)


def apart(knowledge: Knowledge, named: set[str], chain: frozenset[str]) -> bool:
    """Whether a sample that names these concepts leaves out at least two concepts of every chain other than `chain`, the unit's own."""
    courses = (c for concept in named for c in knowledge.courses.get(concept, ()))
    return all(course == chain or len(course - named) > 1 for course in courses)
