"""Samples that a repair adds for one node, and the current wording of a sample of the corpus.

    extra_samples(knowledge, "physics/bimetal-strip-bends.s1", 20, start=1000, contrast=("physics/thermal-contraction",), params=params)

Extra samples use the plans and the writer of the corpus, with ordinals from `start` on, so that no sample id occurs twice. Concepts in
`contrast` come first among the wrong options. Formats keep their proportion, 6 : 3 : 1 by default (paper §3.5).

Half of a statement's samples teach it alone. The others teach it in a row with its neighbours: as a window, or as a link (a row with one
concept left out). A model that knows a statement alone does not yet use it in a chain. If neighbours are unknown too, rows with most of
them come first. With `stepwise`, all samples teach the statement together with the one before it. No sample contains a whole chain.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import cast

import msgspec

from proda.builder.plan import Plan, Unit, apart, format_pattern, left_out, links, plan_one
from proda.builder.template_writer import write_sample
from proda.errors import NotFoundError
from proda.graph import Knowledge
from proda.language.wording import name
from proda.params import Params
from proda.records import Format, Sample
from proda.stable_hash import seed_of

REACH = 5  # ordinals between two samples of a row, so that two statements of the row never produce the same sample
NODE = r"(?P<node>(?P<start>[^:+~]+)(?:(?P<row>[+~])(?P<length>[2-9]))?)"
NAME = re.compile(NODE + r":(?P<format>open|choice|true-false)-(?P<number>[1-9][0-9]*)")  # of a sample
ROWS: dict[str | None, Unit] = {None: "statement", "+": "window", "~": "link"}
STRIDE = {1: 1, 2: 3, 4: 7}  # number of units → step through the ten formats per turn, coprime to 10 so that each unit gets all formats


def extra_samples(
    knowledge: Knowledge,
    node: str,
    count: int,
    *,
    start: int,
    params: Params,
    contrast: Sequence[str] = (),
    stepwise: bool = False,
    beside: Collection[str] = (),
) -> list[Sample]:
    """Return `count` samples that teach a statement or a concept.

    `start` is the first ordinal. `contrast` lists concepts to prefer as wrong options. With `stepwise`, a statement is only taught together
    with the one before it; otherwise rows that contain statements of `beside` come first. Deterministic. Returns fewer samples if different
    plans have the same wording. Raises NotFoundError if `node` is neither a statement nor a concept.
    """
    units = _units(knowledge, node, stepwise, params.samples.window, frozenset() if stepwise else frozenset(beside) - {node})
    pattern = format_pattern(params.samples.open_share, params.samples.choice_share)
    first = seed_of(params.seed, "format", node)
    samples: dict[str, Sample] = {}
    for number in range(count):
        turn, place = divmod(number, len(units))
        unit, planned = units[place]
        fmt = pattern[(first + turn * STRIDE[len(units)] + place) % len(pattern)]
        ordinal = number if unit in ("statement", "concept") else turn * REACH + _within(knowledge, planned, node)
        plan = plan_one(knowledge, unit, planned, start + ordinal, fmt, params.seed)
        sample = write_sample(knowledge, _contrasting(knowledge, plan, contrast))
        samples.setdefault(f"{sample.prompt} {sample.completion}", sample)
    return list(samples.values())


def worded_again(knowledge: Knowledge, sample: Sample, params: Params) -> Sample | None:
    """Return a derived sample in the current wording of its plan, or None if the knowledge no longer has such a plan.

    Unit, format, ordinal and parameters stay the same. A repair overrides a sample that contradicts the knowledge by this one.
    Deterministic.
    """
    found = NAME.fullmatch(sample.id)
    unit = found and _unit_of(knowledge, found["start"], found["row"], int(found["length"] or 1))
    if not found or not unit:
        return None
    plan = plan_one(knowledge, unit, found["node"], int(found["number"]) - 1, cast(Format, found["format"]), params.seed)
    made = write_sample(knowledge, plan)
    return made if made.id == sample.id else None


def _unit_of(knowledge: Knowledge, start: str, row: str | None, length: int) -> Unit | None:
    """What a sample of such a name teaches; None if the base holds it no more."""
    if row is None and start in knowledge.concepts:
        return "concept"
    if start not in knowledge.active_statements:
        return None
    path = knowledge.chains[knowledge.statements[start].chain].statements
    return ROWS[row] if path.index(start) + length <= len(path) else None


def _units(knowledge: Knowledge, node: str, stepwise: bool, window: int, beside: frozenset[str]) -> list[tuple[Unit, str]]:
    """The parts that alternate in the samples of a node."""
    if node in knowledge.concepts:
        return [("concept", node)]
    if node not in knowledge.statements:
        raise NotFoundError(
            f"'{node}' is not a concept or statement of the knowledge, so no sample can teach it. Look it up with `proda show`."
        )
    chain = knowledge.chains[knowledge.statements[node].chain]
    path = chain.statements
    place = path.index(node)
    starts = (
        range(max(0, place - window + 1), min(place, len(path) - window) + 1) if window < len(path) else ()
    )  # a window of the whole chain would give its items away
    windows = [path[start : start + window] for start in starts]
    around = sorted((row for row in links(knowledge, chain) if node in row), key=lambda row: abs(2 * row.index(node) + 1 - len(row)))
    kinds: tuple[tuple[Unit, str, Sequence[Sequence[str]]], ...] = (("window", "+", windows), ("link", "~", around))
    best = [(unit, sign, max(there, key=lambda row: len(beside.intersection(row)))) for unit, sign, there in kinds if there]
    rows = [(unit, f"{row[0]}{sign}{len(row)}") for unit, sign, row in best]
    alone: tuple[Unit, str] = ("statement", node)
    if rows and stepwise:
        return rows
    if any(beside.intersection(row) for _, _, row in best):
        return [*rows, *[alone] * len(rows)]
    return [unit for one in rows for unit in (alone, one)] or [alone]


def _within(knowledge: Knowledge, row: str, node: str) -> int:
    """Index of a statement in a row."""
    path = knowledge.chains[knowledge.statements[node].chain].statements
    return path.index(node) - path.index(re.split(r"[+~]", row)[0])


def _contrasting(knowledge: Knowledge, plan: Plan, contrast: Sequence[str]) -> Plan:
    """The plan with concepts of `contrast` first among its distractors, as far as they are valid there."""
    if plan.format != "choice" or not plan.distractors:
        return plan
    shown = {c for t in plan.triples for c in (t[0], t[2])} | {c for c in plan.nodes if c in knowledge.concepts}
    course: frozenset[str] = frozenset()
    if plan.unit != "concept":  # a distractor from the same chain would show too many of its concepts in one sample
        chain = knowledge.chains[knowledge.statements[plan.nodes[0]].chain]
        course = frozenset(c for s in knowledge.path(chain) for c in (s.subject, s.object))
    own = shown | course
    fit = [c for c in contrast if c in knowledge.concepts and c not in own and c not in plan.distractors and _wrong(knowledge, plan, c)]
    fit = [c for c in fit if knowledge.concepts[c].plural == knowledge.concepts[plan.distractors[0]].plural]
    for chosen in (fit[:2], fit[:1], fit[1:2]):
        mixed = (*chosen, *plan.distractors[: len(plan.distractors) - len(chosen)])
        different = len({name(knowledge, c) for c in mixed}) == len(mixed)
        if chosen and different and apart(knowledge, {*shown, *mixed}, course):
            return msgspec.structs.replace(plan, distractors=mixed)
    return plan


def _wrong(knowledge: Knowledge, plan: Plan, concept: str) -> bool:
    """Whether the concept is a wrong answer to the plan's question, by the rule that selects distractors."""
    if plan.unit == "concept":
        return True
    before = plan.triples[0][0] if plan.ask == "object" else None
    after = plan.triples[-1][2] if plan.ask == "subject" or plan.unit == "window" else None
    if plan.unit == "link":
        gap = left_out(plan.nodes, plan.ordinal)
        before, after = plan.triples[gap - 1][0], plan.triples[gap][2]
    return not (before is not None and knowledge.leads(before, concept)) and not (after is not None and knowledge.leads(concept, after))
