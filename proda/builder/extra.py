"""Samples that a repair adds for one node, and the current wording of a sample of the corpus.

    extra_samples(knowledge, "physics/bimetal-strip-bends.s1", 20, start=1000, contrast=("physics/thermal-contraction",), params=params)

Extra samples use the plans and the writer of the corpus, with ordinals from `start` on, so that no sample id occurs twice. Concepts in
`contrast` come first among the wrong options. Formats keep their proportion, 6 : 3 : 1 by default (paper §3.5).

Half of a statement's samples teach it alone. The others teach it in a row with its neighbours: as a window, or as a gap (a row with one
concept left out). A model that knows a statement alone does not yet use it in a chain. If neighbours are unknown too, rows with most of
them come first. With `stepwise`, all samples teach the statement together with the one before it. No sample contains a whole chain. A link
has no neighbours, so all its samples teach it alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from proda.builder.plan import Part, Plan, asked, format_pattern, gaps, plan_one, row
from proda.builder.template_writer import write_sample
from proda.builder.wrong_options import apart, is_wrong
from proda.errors import NotFoundError
from proda.graph import Knowledge
from proda.language.wording import name
from proda.params import Params
from proda.records import Sample
from proda.stable_hash import seed_of

REACH = 5  # ordinals between two samples of a row, so that two statements of the row never produce the same sample
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
    """Return `count` samples that teach a statement, a concept, or the conditions of a chain.

    `start` is the first ordinal. `contrast` lists concepts to prefer as wrong options. With `stepwise`, a statement is only taught together
    with the one before it; otherwise rows that contain statements of `beside` come first. Deterministic. Returns fewer samples if different
    plans have the same wording. Raises NotFoundError if `node` is none of these.
    """
    units = _units(knowledge, node, stepwise, params.samples.window, frozenset() if stepwise else frozenset(beside) - {node})
    pattern = format_pattern(params.samples.open_share, params.samples.choice_share)
    first = seed_of(params.seed, "format", node)
    samples: dict[str, Sample] = {}
    for number in range(count):
        turn, place = divmod(number, len(units))
        part = units[place]
        fmt = pattern[(first + turn * STRIDE[len(units)] + place) % len(pattern)]
        ordinal = number if part.kind in ("statement", "concept", "condition") else turn * REACH + _within(knowledge, part, node)
        plan = plan_one(knowledge, part, start + ordinal, fmt, params.seed)
        sample = write_sample(knowledge, _contrasting(knowledge, plan, contrast))
        samples.setdefault(f"{sample.prompt} {sample.completion}", sample)
    return list(samples.values())


def worded_again(knowledge: Knowledge, sample: Sample, params: Params) -> Sample | None:
    """Return a derived sample in the current wording of its plan, or None if the knowledge no longer has such a plan.

    Unit, format, ordinal and parameters stay the same. A repair overrides a sample that contradicts the knowledge by this one.
    Deterministic.
    """
    part = _part(knowledge, sample)
    if part is None or sample.number < 1:
        return None
    made = write_sample(knowledge, plan_one(knowledge, part, sample.number - 1, sample.format, params.seed))
    return made if made.id == sample.id else None


def _part(knowledge: Knowledge, sample: Sample) -> Part | None:
    """The part of the knowledge that a sample was made from; None if the knowledge no longer has it."""
    if sample.unit in knowledge.concepts:
        return Part("concept", sample.unit, (sample.unit,))
    chain = knowledge.chains.get(sample.chain)
    if chain is None or chain.status != "active":
        return None
    if sample.unit == chain.id:
        return Part("condition", chain.id, (chain.id,)) if chain.preconditions or chain.exclusions else None
    path = chain.statements
    rows = [path[start:end] for start in range(len(path)) for end in range(start + 2, len(path) + 1)]
    kinds: tuple[Literal["window", "gap"], ...] = ("window", "gap")
    parts = [*(Part("statement", s, (s,)) for s in path), *(row(kind, nodes) for kind in kinds for nodes in rows)]
    return next((part for part in parts if part.name == sample.unit), None)


def _units(knowledge: Knowledge, node: str, stepwise: bool, window: int, beside: frozenset[str]) -> list[Part]:
    """The parts that alternate in the samples of a node."""
    if node in knowledge.concepts:
        return [Part("concept", node, (node,))]
    if node in knowledge.chains and (knowledge.chains[node].preconditions or knowledge.chains[node].exclusions):
        return [Part("condition", node, (node,))]
    if node not in knowledge.statements:
        raise NotFoundError(
            f"'{node}' is no concept or statement of the knowledge, and no chain with conditions, so no sample can teach it."
            " Look it up with `proda show`."
        )
    chain = knowledge.chains[knowledge.statements[node].chain]
    path = chain.statements
    place = path.index(node)
    starts = (
        range(max(0, place - window + 1), min(place, len(path) - window) + 1) if window < len(path) else ()
    )  # a window of the whole chain would give its items away
    windows = [path[start : start + window] for start in starts]
    around = sorted(
        (shown for shown in gaps(knowledge, chain) if node in shown), key=lambda shown: abs(2 * shown.index(node) + 1 - len(shown))
    )
    kinds: tuple[tuple[Literal["window", "gap"], Sequence[tuple[str, ...]]], ...] = (("window", windows), ("gap", around))
    rows = [row(kind, max(there, key=lambda shown: len(beside.intersection(shown)))) for kind, there in kinds if there]
    alone = Part("statement", node, (node,))
    if rows and stepwise:
        return rows
    if any(beside.intersection(part.nodes) for part in rows):
        return [*rows, *[alone] * len(rows)]
    return [unit for one in rows for unit in (alone, one)] or [alone]


def _within(knowledge: Knowledge, part: Part, node: str) -> int:
    """Index of a statement in a row."""
    path = knowledge.chains[knowledge.statements[node].chain].statements
    return path.index(node) - path.index(part.nodes[0])


def _contrasting(knowledge: Knowledge, plan: Plan, contrast: Sequence[str]) -> Plan:
    """The plan with concepts of `contrast` first among its distractors, as far as they are valid there."""
    if plan.format != "choice" or plan.form != "fact" or not plan.distractors:
        return plan
    question = asked(knowledge, plan)
    fit = [c for c in contrast if c in knowledge.concepts and c not in question.own and c not in plan.distractors]
    fit = [c for c in fit if is_wrong(knowledge, question, c)]
    fit = [c for c in fit if knowledge.concepts[c].plural == knowledge.concepts[plan.distractors[0]].plural]
    for chosen in (fit[:2], fit[:1], fit[1:2]):
        mixed = (*chosen, *plan.distractors[: len(plan.distractors) - len(chosen)])
        different = len({name(knowledge, c) for c in mixed}) == len(mixed)
        if chosen and different and apart(knowledge, {*question.own, *mixed}, question.course):
            return msgspec.structs.replace(plan, distractors=mixed)
    return plan
