"""Plans samples before they are worded: the node, the format and the distractors of each. Depends only on knowledge and parameters.

    plan = plan_samples(knowledge, {"physics": 800}, seed=0, window=2)
    plan[("physics", "thermal-expansion")][0]
        Plan(id="physics/bimetal-strip-bends.s1:open-1", format="open", unit="statement", nodes=("physics/bimetal-strip-bends.s1",), …)

A unit is what one sample teaches: a statement (of a chain, or a link), a window (two or more consecutive statements of a chain, never the
whole chain), a concept, or the conditions of a chain. Repairs (builder/extra.py) also use gaps: two statements in a row with the concept
that joins them left out.

A sample of a unit has one of several forms. Most teach the fact itself. One in four samples of a statement asks for its effect, if the
effect has a known sign, and one in four choice samples for its condition, if it has one; one in three samples of a window asks for the
composed effect.

A discipline's samples are distributed in rounds: each statement and each window gets one sample per round, each concept one in six rounds,
the conditions of each chain one in four. Adding an entry therefore adds its own samples and removes as many from the end of the last round;
all others stay the same. Wrong options are chosen in wrong_options.py. A sample words no statements but those of its unit, so none shows
two statements of different chains together. Formats follow a fixed pattern of ten, 6 open : 3 choice : 1 true-false (paper §3.2), starting
at a position that depends on the unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from proda.builder.wrong_options import Asked, asked_of, other_chains, other_conditions, picked
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.neighbours import mentions
from proda.language.signs import composed
from proda.language.wording import altered, clause, conditions, path_with_gap, question, turned
from proda.records import Chain, Format, Record, Statement
from proda.stable_hash import fraction, seed_of, weigher

Unit = Literal["statement", "window", "gap", "concept", "condition"]
Form = Literal["fact", "effect", "condition", "preconditions", "exclusions"]
Ask = Literal["object", "subject"]

# Rounds between two samples of a unit.
PACE: dict[Unit, float] = {"statement": 1.0, "window": 1.0, "concept": 6.0, "condition": 4.0}
ROW = 2  # statements in a gap
SHOWN = 0.64  # share of a chain's words at most in a gap
CONTEXT = 0.5  # share of open questions about a statement or window that say which explanation they are about
LOOSE = ("contrasts-with", "depends-on")  # relations that may hold of almost anything, so that no claim of theirs is false for certain


class Part(NamedTuple):
    """A part of the knowledge that samples are made from."""

    kind: Unit
    name: str  # Sample.unit: the id of the statement, concept or chain; `….s1+2` for a window, `….s1~2` for a gap
    nodes: tuple[str, ...]  # statement ids in order, or the one concept or chain id


def row(kind: Literal["window", "gap"], nodes: tuple[str, ...]) -> Part:
    """Return the window or gap over consecutive statements. It is named after the first of them and their number."""
    return Part(kind, f"{nodes[0]}{'+' if kind == 'window' else '~'}{len(nodes)}", nodes)


class Plan(Record, frozen=True):
    """One sample to be worded."""

    id: str
    unit: Unit
    format: Format
    ordinal: int  # number of the sample within its unit, from 0
    nodes: tuple[str, ...]  # ids of the statements that it teaches, in order, or one concept or chain id
    name: str = ""  # Sample.unit
    form: Form = "fact"
    ask: Ask = "object"  # the end of the statement that the question asks for
    context: bool = False  # whether the question says which explanation, or topic, it is about
    # Wrong answers, nearest first: concepts; for conditions, the statements or chains whose conditions they are.
    distractors: tuple[str, ...] = ()
    claim: tuple[Statement, ...] = ()  # true-false: the altered statements if the claim is false
    false: bool = False  # true-false: whether the claim is false
    rising: bool = True  # effects: whether the first concept increases or decreases
    place: int = 0  # index of the right letter


def plan_samples(
    knowledge: Knowledge, allocation: Mapping[str, int], *, seed: int, window: int, shares: tuple[float, float] = (0.6, 0.3)
) -> dict[tuple[str, str], list[Plan]]:
    """Return the plans of each (discipline, topic), sorted by id.

    `allocation` gives each discipline its exact number of samples, `window` the statements in a window, `shares` the proportions of open
    and choice samples. Deterministic. Raises InputError if the allocation does not name exactly the disciplines that have chains.
    """
    units = units_of(knowledge.active_paths(), knowledge.concepts_of, window)
    refuse_allocation(allocation, units)
    pattern = format_pattern(*shares)
    plans = {
        (discipline, topic): plan_topic(knowledge, parts, pattern, seed)
        for discipline, count in allocation.items()
        for topic, parts in shared_out(units[discipline], count, seed).items()  # topic by topic, so that patterns in caches are used again
    }
    return dict(sorted(plans.items()))


def refuse_allocation(allocation: Collection[str], disciplines: Collection[str]) -> None:
    """Raise InputError if the allocation does not name exactly these disciplines, which have chains."""
    if set(allocation) != set(disciplines):
        unknown, missing = sorted(set(allocation) - set(disciplines)), sorted(set(disciplines) - set(allocation))
        raise InputError(
            "samples/allocation.yaml\n"
            + (f"  no such discipline: {', '.join(unknown)}. " if unknown else "  ")
            + (f"no number for: {', '.join(missing)}. " if missing else "")
            + "Name each discipline that has a chain once."
        )


def shared_out(units: Sequence[tuple[Part, str]], count: int, seed: int) -> dict[str, list[tuple[Part, int]]]:
    """Return which of the `count` samples of a discipline each topic gets: topic → (part, ordinal), in order of topic.

    `units` are all parts of the discipline, each with its topic. A topic without a sample is left out.
    """
    found: dict[str, list[tuple[Part, int]]] = defaultdict(list)
    for part, topic, ordinal in islice(_rounds(units, seed), count):
        found[topic].append((part, ordinal))
    return dict(sorted(found.items()))


def plan_topic(knowledge: Knowledge, parts: Iterable[tuple[Part, int]], pattern: Sequence[Format], seed: int) -> list[Plan]:
    """Return the plans of the samples that `shared_out` gives a topic, sorted by id. `pattern` is that of `format_pattern`."""
    plans = []
    for part, ordinal in parts:
        fmt = pattern[(seed_of(seed, "format", part.name) + ordinal) % len(pattern)]
        plans.append(plan_one(knowledge, part, ordinal, fmt, seed))
    return sorted(plans, key=lambda p: p.id)


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


def units_of(
    chains: Iterable[Chain], concepts_of: Mapping[tuple[str, str], Sequence[str]], window: int
) -> dict[str, list[tuple[Part, str]]]:
    """Return the parts of each discipline that has chains, each with its topic.

    `chains` are the active chains and links, in order of id; `concepts_of` the concepts of each (discipline, topic) that they mention.
    """
    found: dict[str, list[tuple[Part, str]]] = defaultdict(list)
    for chain in chains:
        for place, statement in enumerate(chain.statements):
            found[chain.discipline].append((Part("statement", statement, (statement,)), chain.topic))
            if place + window <= len(chain.statements) and window < len(chain.statements):
                found[chain.discipline].append((row("window", chain.statements[place : place + window]), chain.topic))
        if chain.preconditions or chain.exclusions:
            found[chain.discipline].append((Part("condition", chain.id, (chain.id,)), chain.topic))
    for (discipline, topic), concepts in concepts_of.items():
        if discipline in found:
            found[discipline] += [(Part("concept", concept, (concept,)), topic) for concept in concepts]
    return dict(found)


def gaps(knowledge: Knowledge, chain: Chain) -> list[tuple[str, ...]]:
    """Return the rows of a chain's gaps: two statements in a row each.

    A gap resembles an item, and items rest on three statements in a row, so no gap has three. It has at most the share `SHOWN` of the
    chain's words, and leaves out at least two statements. A row that names a concept beside the dots that stand for it is no gap.
    """
    path = knowledge.path(chain)
    words = [len(clause(knowledge, s).split()) for s in path]
    rows = []
    for first in range(len(path) - 1) if len(path) >= ROW + 2 else ():
        shown = path[first : first + ROW]
        if sum(words[first : first + ROW]) <= SHOWN * sum(words) and not _names_hidden(knowledge, shown):
            rows.append(tuple(s.id for s in shown))
    return rows


def _names_hidden(knowledge: Knowledge, path: Sequence[Statement]) -> bool:
    hidden = ((place, knowledge.concepts[path[place].subject]) for place in range(1, len(path)))
    return any(mentions(path_with_gap(knowledge, path, place), concept) for place, concept in hidden)


def left_out(nodes: Sequence[str], ordinal: int) -> int:
    """Return the index of the step whose subject is left out of a gap. The inner steps alternate with the ordinal."""
    return 1 + (seed_of("gap", nodes[0]) + ordinal) % (len(nodes) - 1)


def _rounds(units: Sequence[tuple[Part, str]], seed: int) -> Iterator[tuple[Part, str, int]]:
    """(part, topic, ordinal) without end, round after round; within a round by a hash of the part's name."""
    weigh, phase = weigher(seed, "round"), weigher(seed, "phase")
    order = sorted(units, key=lambda u: (weigh(u[0].name), u[0].name))
    done = dict.fromkeys((part.name for part, _ in order), 0)
    # Without the phase, all concepts would come in the same round.
    phases = {name: phase(name) / 2**64 for name in done}
    lap = 0
    while order:
        lap += 1
        for part, topic in order:
            if int(lap / PACE[part.kind] + phases[part.name]) > done[part.name]:
                yield part, topic, done[part.name]
                done[part.name] += 1


def plan_one(knowledge: Knowledge, part: Part, ordinal: int, fmt: Format, seed: int) -> Plan:
    """Return the plan of sample number `ordinal` (from 0) of a part of the knowledge. A choice without a wrong option becomes open."""
    key = (seed, "sample", part.name, ordinal)
    false = fmt == "true-false" and fraction("false", *key) < 0.5
    plan = Plan("", part.kind, fmt, ordinal, part.nodes, part.name, false=false, place=seed_of("letter", *key) % 4)
    plan = PLANNERS[part.kind](knowledge, plan, key)
    if plan.format == "choice" and plan.form != "effect" and not plan.distractors:
        plan = msgspec.structs.replace(plan, format="open")
    return msgspec.structs.replace(plan, id=f"{part.name}:{plan.format}-{ordinal + 1}")


Key = tuple[object, ...]


def _statement(knowledge: Knowledge, plan: Plan, key: Key) -> Plan:
    statement = knowledge.statements[plan.nodes[0]]
    context = plan.format == "open" and fraction("context", *key) < CONTEXT
    turn = (plan.ordinal + seed_of("form", plan.name)) % 4
    # Turns 0 and 3, so that the remaining two ask for different ends.
    if turn == 3 and settled(knowledge, [statement]) is not None:
        return _effect(plan, context)
    if turn == 0 and statement.when and plan.format == "choice":  # without options, several conditions would fit
        return msgspec.structs.replace(plan, form="condition", distractors=other_conditions(knowledge, statement, 3, *key))
    ask = _ask(knowledge, statement, plan.ordinal)
    plan = msgspec.structs.replace(plan, ask=ask, context=context)
    if plan.format == "open" or (plan.format == "true-false" and not plan.false):
        return plan
    if plan.format == "choice":
        return msgspec.structs.replace(plan, distractors=picked(knowledge, asked(knowledge, plan), 3, *key))
    if statement.relation in LOOSE:
        return msgspec.structs.replace(plan, false=False)
    asymmetric = knowledge.relations[statement.relation].asymmetric
    if asymmetric and plan.ordinal % 2 and not knowledge.leads(statement.object, statement.subject):
        return msgspec.structs.replace(plan, claim=(turned(statement),))
    opposite = knowledge.relations[statement.relation].opposite
    if opposite is not None and plan.ordinal % 2 == 0 and not knowledge.holds(statement.subject, opposite, statement.object):
        return msgspec.structs.replace(plan, claim=(msgspec.structs.replace(statement, relation=opposite),))
    wrong = picked(knowledge, asked(knowledge, plan), 1, *key)
    if not wrong:
        return msgspec.structs.replace(plan, false=False)
    claim = altered(knowledge, statement, object=wrong[0]) if ask == "object" else altered(knowledge, statement, subject=wrong[0])
    return msgspec.structs.replace(plan, distractors=wrong, claim=(claim,))


def _ask(knowledge: Knowledge, statement: Statement, ordinal: int) -> Ask:
    """The end to ask for: the two alternate, unless the question about one of them names its answer."""
    ask: Ask = "object" if (ordinal + seed_of("ask", statement.id)) % 2 == 0 else "subject"
    other: Ask = "subject" if ask == "object" else "object"
    return other if _echoes(knowledge, statement, ask) and not _echoes(knowledge, statement, other) else ask


def _echoes(knowledge: Knowledge, statement: Statement, ask: Ask) -> bool:
    answer = knowledge.concepts[statement.object if ask == "object" else statement.subject]
    return mentions(question(knowledge, statement, ask), answer)


def settled(knowledge: Knowledge, path: Sequence[Statement]) -> Literal[1, -1] | None:
    """Return the sign of the effect along the path; None if it has none, or if the knowledge also holds the opposite effect.

    The opposite may be stated, or follow from two statements. A proportionality has a sign but does not say which side acts on the other,
    so it has no effect here; neither has a path whose statements hold under different conditions.
    """
    sign = composed(knowledge, path)
    steps = all(knowledge.relations[s.relation].step for s in path)
    first, last = path[0].subject, path[-1].object
    if sign is None or not steps or first == last or len({c for s in path if (c := conditions(s))}) > 1:
        return None
    for step in knowledge.by_subject.get(first, ()):
        ways = [[step]] if step.object == last else [[step, s] for s in knowledge.by_subject.get(step.object, ()) if s.object == last]
        if any(composed(knowledge, way) == -sign for way in ways):
            return None
    return sign


def _effect(plan: Plan, context: bool) -> Plan:
    rising = (plan.ordinal // 4 + seed_of("rising", plan.name)) % 2 == 0
    return msgspec.structs.replace(plan, form="effect", rising=rising, context=context)


def _window(knowledge: Knowledge, plan: Plan, key: Key) -> Plan:
    path = [knowledge.statements[s] for s in plan.nodes]
    context = plan.format == "open" and fraction("context", *key) < CONTEXT
    if (plan.ordinal + seed_of("form", plan.name)) % 3 == 2 and settled(knowledge, path) is not None:
        return _effect(plan, context)
    plan = msgspec.structs.replace(plan, context=context)
    if plan.format == "open" or (plan.format == "true-false" and not plan.false):
        return plan
    first, second = path[0], path[1]
    wrong = picked(knowledge, asked(knowledge, plan), 3 if plan.format == "choice" else 1, *key)
    if plan.format == "choice":
        return msgspec.structs.replace(plan, distractors=wrong)
    if not wrong or {first.relation, second.relation} <= {*LOOSE}:
        return msgspec.structs.replace(plan, false=False)
    claim = (altered(knowledge, first, object=wrong[0]), altered(knowledge, second, subject=wrong[0]), *path[2:])
    return msgspec.structs.replace(plan, distractors=wrong, claim=claim)


def _gap(knowledge: Knowledge, plan: Plan, key: Key) -> Plan:
    if plan.format == "open" or (plan.format == "true-false" and not plan.false):
        return plan
    wrong = picked(knowledge, asked(knowledge, plan), 3 if plan.format == "choice" else 1, *key)
    return msgspec.structs.replace(plan, distractors=wrong, false=plan.false and bool(wrong))


def _concept(knowledge: Knowledge, plan: Plan, key: Key) -> Plan:
    ask: Ask = "object" if plan.ordinal % 2 == 0 else "subject"
    plan = msgspec.structs.replace(plan, ask=ask)
    against = plan.format == "open" and ask == "object"
    count = 3 if plan.format == "choice" else 1 if plan.false or against else 0
    wrong = picked(knowledge, asked(knowledge, plan), count, *key) if count else ()
    if against:  # a concept of another topic or type is too far away to be set against
        here = knowledge.concepts[plan.nodes[0]]
        wrong = tuple(c for c in wrong if (knowledge.concepts[c].topic, knowledge.concepts[c].type) == (here.topic, here.type))
    return msgspec.structs.replace(plan, distractors=wrong, false=plan.false and bool(wrong))


def _condition(knowledge: Knowledge, plan: Plan, key: Key) -> Plan:
    chain = knowledge.chains[plan.nodes[0]]
    sides: list[Literal["preconditions", "exclusions"]] = []
    if chain.preconditions:
        sides.append("preconditions")
    if chain.exclusions:
        sides.append("exclusions")
    side = sides[(plan.ordinal + seed_of("side", plan.name)) % len(sides)]
    plan = msgspec.structs.replace(plan, form=side)
    if plan.format == "open" or (plan.format == "true-false" and not plan.false):
        return plan
    # What belongs to the other side is wrong for certain; the rest comes from other chains.
    own = (chain.id,) if len(sides) == 2 else ()
    wrong = (*own, *other_chains(knowledge, chain, side, 3 - len(own), *key))[: 3 if plan.format == "choice" else 1]
    return msgspec.structs.replace(plan, distractors=wrong, false=plan.false and bool(wrong))


def asked(knowledge: Knowledge, plan: Plan) -> Asked:
    """Return what the question of a plan asks for, in the form "fact"."""
    if plan.unit == "concept":
        own = frozenset(plan.nodes)
        return Asked(None, plan.nodes[0], None, own, own)
    path = [knowledge.statements[s] for s in plan.nodes]
    first = path[0]
    if plan.unit == "gap":
        gap = left_out(plan.nodes, plan.ordinal)
        return asked_of(knowledge, path, path[gap - 1].subject, path[gap].subject, path[gap].object)
    if plan.unit == "window":
        return asked_of(knowledge, path, first.subject, first.object, path[1].object)
    if plan.ask == "object":
        return asked_of(knowledge, path, first.subject, first.object, None)
    return asked_of(knowledge, path, None, first.subject, first.object)


PLANNERS: dict[Unit, Callable[[Knowledge, Plan, Key], Plan]] = {
    "statement": _statement,
    "window": _window,
    "gap": _gap,
    "concept": _concept,
    "condition": _condition,
}
