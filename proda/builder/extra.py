"""More samples for one node, beyond those that its allocation gives it: what a repair adds.

    extra_samples(knowledge, "physics/bimetal-strip-bends.s1", 20, start=1000, contrast=("physics/thermal-contraction",), params=params)

The same plan and writer as the corpus, with ordinals from `start` on, so that wordings go on where the corpus left off and no id is taken
twice; concepts in `contrast` come first among the wrong options. Formats keep their proportion, 6 : 3 : 1 by default (paper §3.5).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proda.builder.plan import Plan, Unit, apart, format_pattern, plan_one
from proda.builder.template_writer import write_sample
from proda.errors import NotFoundError
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Sample
from proda.wording import name


def extra_samples(
    knowledge: Knowledge, node: str, count: int, *, start: int, params: Params, contrast: Sequence[str] = (), stepwise: bool = False
) -> list[Sample]:
    """`count` samples that teach a statement or concept. `stepwise` teaches a statement together with its neighbour in the chain.

    Pure. Fewer than `count` only where different plans come out in the same words. Raises NotFoundError for a node that is neither.
    """
    unit, planned = _unit(knowledge, node, stepwise, params.samples.window)
    pattern = format_pattern(params.samples.open_share, params.samples.choice_share)
    samples: dict[str, Sample] = {}
    for number in range(count):
        plan = plan_one(knowledge, unit, planned, start + number, pattern[number % len(pattern)], params.seed, params.samples.window)
        sample = write_sample(knowledge, _contrasting(knowledge, plan, contrast))
        samples.setdefault(f"{sample.prompt} {sample.completion}", sample)
    return list(samples.values())


def _unit(knowledge: Knowledge, node: str, stepwise: bool, window: int) -> tuple[Unit, str]:
    if node in knowledge.concepts:
        return "concept", node
    if node not in knowledge.statements:
        raise NotFoundError(f"'{node}' is no concept or statement of the knowledge base, so no sample can teach it.")
    path = knowledge.chains[knowledge.statements[node].chain].statements
    if not stepwise or len(path) <= window:  # a window never shows a whole chain
        return "statement", node
    first = min(max(0, path.index(node) - window + 1), len(path) - window)
    return "window", f"{path[first]}+{window}"


def _contrasting(knowledge: Knowledge, plan: Plan, contrast: Sequence[str]) -> Plan:
    """The plan with the confused concepts in the place of its last distractors, where they can stand there."""
    if plan.format != "choice" or not plan.distractors:
        return plan
    shown = {c for t in plan.triples for c in (t[0], t[2])} | {c for c in plan.nodes if c in knowledge.concepts}
    course: frozenset[str] = frozenset()
    if plan.unit != "concept":  # another concept of the chain would bring the chain's concepts together
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
    """Whether the concept is a wrong answer to the plan's question, by the measure that distractors are chosen by."""
    if plan.unit == "concept":
        return True
    before = plan.triples[0][0] if plan.ask == "object" else None
    after = plan.triples[-1][2] if plan.ask == "subject" or plan.unit == "window" else None
    return not (before is not None and knowledge.leads(before, concept)) and not (after is not None and knowledge.leads(concept, after))
