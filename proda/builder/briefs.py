"""A plan → what a writer other than the templates gets: the facts, what must stay as it is, and the key that its wording is frozen under.

    plan_key(knowledge, plan)                  # "3f0c9a1e0b2d4c55": changes with any content that the sample teaches
    brief = brief_of(knowledge, plan)
    brief.sample.question                      # "What does heating cause?", as the templates word it
    brief.slots                                # ("physics/thermal-expansion",): the concept that the answer names
    brief.keep                                 # frozenset(): nothing has to be repeated word by word

An answer that is the name of a concept can be worded anew and checked. One that says more (a definition, a condition, a path, the direction
of an effect) cannot be checked by names, so it is kept. So is a claim whose truth rests on a relation, a direction or a definition.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from proda.builder.plan import Plan
from proda.builder.template_writer import write_sample
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.wording import bare_name, name
from proda.records import Chain, Concept, Record, Relation, Sample, Statement, content_hash
from proda.store.written import WrittenSample

KEY_VERSION = 1  # raise it when frozen wordings must not be used any more


class Brief(Record, frozen=True):
    """What one sample has to be."""

    key: str
    plan: Plan
    sample: Sample  # as the templates word it
    facts: tuple[str, ...]  # what the explanation may rest on
    planned: frozenset[str]  # ids of the concepts that the plan has, wrong options included
    slots: tuple[str, ...]  # the concept that each option names; of an open question, the concept that its answer names; or empty
    keep: frozenset[str]  # of "question", "options", "answer": what must be as in `sample`


def plan_key(knowledge: Knowledge, plan: Plan) -> str:
    """Sixteen hex digits over the plan and the content of every node that it names. Places in sources do not enter."""
    bare = msgspec.structs.replace(plan, claim=())
    named = [*plan.nodes, *plan.distractors]
    for node in plan.nodes:
        if node in knowledge.statements:
            statement = knowledge.statements[node]
            named += [statement.subject, statement.object, statement.chain]
    claims = [_stated(s) for s in plan.claim]
    return content_hash([KEY_VERSION, bare, claims, [_content(knowledge, n) for n in sorted(set(named))]])


def brief_of(knowledge: Knowledge, plan: Plan) -> Brief:
    """Return the brief of a plan. Deterministic."""
    sample = write_sample(knowledge, plan)
    planned = frozenset(n for n in (*sample.nodes, *plan.distractors) if n in knowledge.concepts)
    slots = _slots(knowledge, plan, sample)
    keep = {"answer"} if plan.format == "true-false" or not slots else set()
    if plan.format == "choice" and not slots:
        keep.add("options")
    if plan.format == "true-false" and not _claims_by_name(plan):
        keep.add("question")
    return Brief(plan_key(knowledge, plan), plan, sample, _facts(knowledge, plan), planned, slots, frozenset(keep))


def reworded(sample: Sample, written: WrittenSample) -> Sample:
    """Return the sample with the frozen text in the place of the templates' text; id, nodes and provenance stay.

    Raises InputError if the text cannot be that of the sample: another format, other places of the options, another truth value.
    """
    said = written.wording
    same = written.format == sample.format and len(said.options) == len(sample.options)
    if same and sample.options:
        same = said.options.index(said.answer) == sample.options.index(sample.answer)
    elif same and sample.format == "true-false":
        same = said.answer == sample.answer
    if not same:
        raise InputError(
            f"samples/written  {written.id}\n  The entry with the plan {written.plan} has another format, number of options or key than the"
            " plan. Restore the committed entry, or remove it and run `proda write`."
        )
    return msgspec.structs.replace(
        sample,
        question=said.question,
        options=said.options,
        answer=said.answer,
        explanation=said.explanation,
        accept=tuple(a for a in sample.accept if a != said.answer),
    )


def frozen_or(sample: Sample, key: str, written: Mapping[str, WrittenSample]) -> Sample:
    """Return the sample as it is frozen under the key, or as it is if nothing is."""
    found = written.get(key)
    return sample if found is None else reworded(sample, found)


def _content(knowledge: Knowledge, node_id: str) -> list[object]:
    node = knowledge.node(node_id)
    if isinstance(node, Concept):
        return [node.id, node.term, node.phrase, node.plural, node.aliases, node.definition, node.type]
    if isinstance(node, Chain):
        return [node.id, node.explains, node.preconditions, node.exclusions]
    return [*_stated(node), *_relation(knowledge.relations[node.relation])]


def _stated(said: Statement) -> list[object]:
    ends = [said.subject, said.relation, said.object, said.subject_as, said.object_as]
    return [said.id, *ends, said.text, said.when, said.according_to, said.tense]


def _relation(kind: Relation) -> list[object]:
    return [kind.phrase, kind.sign]


def _right(knowledge: Knowledge, plan: Plan) -> str | None:
    """The concept that the answer is the name of; None if the answer says more than a name."""
    if plan.form != "fact" or plan.format == "true-false":
        return None
    if plan.unit == "statement":
        statement = knowledge.statements[plan.nodes[0]]
        return statement.object if plan.ask == "object" else statement.subject
    if plan.unit == "window" and plan.format == "choice":
        return knowledge.statements[plan.nodes[0]].object
    return plan.nodes[0] if plan.unit == "concept" and plan.ask == "subject" else None


def _slots(knowledge: Knowledge, plan: Plan, sample: Sample) -> tuple[str, ...]:
    right = _right(knowledge, plan)
    if right is None:
        return ()
    if plan.format == "open":
        return (right,)
    shown: dict[str, set[str]] = {}
    for concept in (right, *plan.distractors):
        for text in (name(knowledge, concept), bare_name(knowledge, concept)):
            shown.setdefault(text, set()).add(concept)
    found = [shown.get(option, set()) for option in sample.options]
    return tuple(next(iter(one)) for one in found) if all(len(one) == 1 for one in found) else ()


def _claims_by_name(plan: Plan) -> bool:
    """Whether the claim of a true-false sample is true or false because of the concepts that it names."""
    return plan.form == "fact" and plan.unit in ("statement", "window") and (not plan.claim or bool(plan.distractors))


def _facts(knowledge: Knowledge, plan: Plan) -> tuple[str, ...]:
    facts: list[str] = []
    for node_id in plan.nodes:
        node = knowledge.node(node_id)
        if isinstance(node, Statement):
            facts.append(node.text)
        elif isinstance(node, Concept):
            facts.append(f"{node.term}: {node.definition}")
        else:
            facts.append(f"explained: {node.explains}")
            facts += [f"presupposed: {text}" for text in node.preconditions]
            facts += [f"not covered: {text}" for text in node.exclusions]
    return tuple(facts)
