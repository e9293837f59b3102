"""Failed dev items and the models' answers to probes → diagnoses: which nodes are unknown, confused or contradicted, which items suspect.

    failed = failures(items, outcomes)                         # item id → model → letter; items that most seeds fail
    probes = probes_of(knowledge, items, failed)               # put to each model; answers_of[model] = answers(probes, scores)
    diagnoses, worth, noticed = examine(knowledge, items, failed, answers_of, samples)

Diagnoses are measured on the model. Each wrong option records the statements that it breaks (`Option.breaks`). Those that a model's choice
breaks are suspected, and blamed if the model fails their probes. An option without a record was worded by hand or planted: then all
statements of the item are suspected. The first row that applies decides:

    the knowledge holds what the option states, and it answers the stem             suspect item
    training samples contradict a suspected statement                               data conflict at that statement
    the item asks for a condition of a chain, and probes of it fail                 concept gap at the chain
    the item asks for a condition, and they pass                                    unexplained
    probes of a suspected statement fail                                            concept gap at that statement
    they pass, and those of another statement of the item fail                      concept gap at that one (or data conflict there)
    probes of a concept of a suspected statement fail                               concept gap at that concept
    probes of a step from or to a suspected statement, or of the concept between
    it and the one before, fail                                                     reasoning deficit at the step
    every statement of the item is known, and the option is right for one of them   reasoning deficit at the statement that it breaks
    every statement of the item is known, all seeds choose the same wrong option,
    and having the facts in the question does not help                              suspect item
    otherwise                                                                       unexplained

The statements of an item may lie in several chains and links; steps are those along the item's own statements. Conditions of chains are in
no statement, so they are probed by themselves.

Items of a kind that is failed as often when every statement is known (item_kinds.py) blame no node that is unknown, and count neither as
failed nor as answered where probes are judged.

Each failing seed is diagnosed separately. The diagnosis is the most frequent result, and its confidence is that result's share. Nodes of
items that were answered correctly are probed as a control group (controls.py): a kind of probe that fails about as often there is ignored.
Other statements of the item that are unknown too follow the blamed nodes in the evidence.

Items cover only a part of the knowledge and may be answered correctly for a wrong reason. So all statements and steps are probed, all
samples are compared with the knowledge, and all items are searched for a second correct option. What is found this way is called noticed,
whether or not an item fails.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec

from proda.debugger.answered import Answers, answers_at, by_node, is_known, is_unknown, probed_places, unknown_to_most
from proda.debugger.controls import Discrimination, controls, discrimination
from proda.debugger.item_kinds import item_kinds, shown_by_items
from proda.debugger.probes import (
    Answer,
    Kind,
    Probe,
    all_condition_probes,
    concept_probes,
    junctions,
    statement_probes,
    step_probes,
)
from proda.debugger.reasons import reason, says_nothing, tied
from proda.debugger.supplied import Supplied, context_probes, supplied
from proda.debugger.suspicion import Place, condition_asked, option_of, path_of, right_as_well, suspected, suspected_steps
from proda.graph import Knowledge
from proda.language.read_samples import Reader, contradictions
from proda.records import LETTERS, Category, Diagnosis, Evidence, Item, Outcome, Record, Sample, Statement
from proda.stable_hash import by_weight
from proda.statistics import most

WHOLE = 3000  # statements probed in addition to those on the chains of failed items; controls first, then drawn by hash
FIRST = 100  # concepts of suspected statements, and of controls, that are probed before the others
KINDS: tuple[Kind, ...] = ("statement", "concept", "step", "between", "condition")
COMPOSING: tuple[Kind, ...] = ("step", "between")

Failed = Mapping[str, Mapping[str, str]]
"""Item id → model that failed it → the letter it chose."""

_Against = Callable[[str], Sequence[str]]  # statement id → ids of training samples that contradict it


class Examination(NamedTuple):
    """The result of probing."""

    diagnoses: list[Diagnosis]  # one for each failed item, and one for each other item with a second correct option; sorted by item id
    probes: dict[str, Discrimination | Supplied]  # kind of probe → how reliable it is
    noticed: list[Evidence]  # statements and steps that most models do not know, and statements that samples contradict; by kind and node
    kinds: dict[str, Discrimination]  # kind of item → whether failing it says something about its statements


class _Vote(Record, frozen=True):
    category: Category
    nodes: tuple[str, ...] = ()


def failures(items: Iterable[Item], outcomes: Iterable[Outcome]) -> dict[str, dict[str, str]]:
    """Return the items that more than half of the tuned models fail, with the letter that each chose; sorted by id.

    A model whose answer could not be read counts as one that does not fail. Outcomes of an item with another text than now are ignored.
    """
    hashes = {item.id: item.content_hash for item in items}
    wrong: dict[str, dict[str, str]] = defaultdict(dict)
    asked: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome.model == "base" or hashes.get(outcome.item) != outcome.hash:
            continue
        asked[outcome.item] += 1
        if outcome.correct is False and outcome.chosen is not None:
            wrong[outcome.item][outcome.model] = outcome.chosen
    return {i: dict(sorted(wrong[i].items())) for i in sorted(wrong) if most(len(wrong[i]), asked[i])}


def probes_of(knowledge: Knowledge, items: Iterable[Item], failed: Failed, *, concepts: int | None = None) -> list[Probe]:
    """Return every probe once: of statements and steps, of concepts, and of the failed items with facts in the question.

    Statements: all of failed items, and up to `WHOLE` others. Steps: those to these statements along their chains, and along the statements
    of items. Concepts: those of suspected statements and of controls, of each group at most `concepts` if that is given, drawn by hash.
    """
    items = list(items)
    suspects, called_for = _suspects(knowledge, items, failed), set[str]()
    for item in items:
        called_for.update(s.id for s in path_of(knowledge, item) if item.id in failed)
    called_for.update(suspects)
    asked = {s.id: s for s in controls(knowledge, items, failed, count=WHOLE)}
    others = by_weight([s for s in knowledge.active_statements if s not in called_for and s not in asked], "probed")
    nodes = {*called_for, *asked, *others[: WHOLE - len(asked)]}
    probes = [p for s in sorted(nodes) for p in statement_probes(knowledge, knowledge.statements[s])]
    chains = sorted({knowledge.statements[s].chain for s in nodes})
    paths = [*(knowledge.path(knowledge.chains[c]) for c in chains), *(path_of(knowledge, i) for i in items)]
    walked: set[Place] = set()
    for path in paths:
        there = {(step, before) for step, before in junctions(knowledge, path) if step in nodes} - walked
        probes += (p for p in step_probes(knowledge, path) if (p.node, p.before) in there)
        walked |= there
    probes += all_condition_probes(knowledge)
    probes += context_probes(knowledge, items, failed)
    of_suspects = _concepts(suspects.values())
    limit = len(of_suspects) if concepts is None else concepts
    drawn = {c for part in (of_suspects, _concepts(asked.values())) for c in by_weight(part, "probed")[:limit]}
    for concept in sorted(drawn):
        probes += concept_probes(knowledge, concept)
    return probes


def _suspects(knowledge: Knowledge, items: Iterable[Item], failed: Failed) -> dict[str, Statement]:
    return {s.id: s for item in items for letter in failed.get(item.id, {}).values() for s in suspected(knowledge, item, letter)}


def examine(
    knowledge: Knowledge,
    items: Iterable[Item],
    failed: Failed,
    answered: Mapping[str, Sequence[Answer]],
    samples: Iterable[Sample] = (),
    repaired: Collection[str] = (),
) -> Examination:
    """Return the diagnoses, how reliable each kind of probe is, and what reliable probes noticed.

    `answered` holds each tuned model's answers to the probes, `samples` what the models were trained on, `repaired` the items that patches
    were written for. An item that no model fails gets a diagnosis too if it has a second correct option.
    """
    of_node = {model: by_node(found) for model, found in answered.items()}
    by_statement: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        for node in sample.nodes:
            if node in knowledge.statements:
                by_statement[node].append(sample)
    reader = Reader(knowledge)
    against: dict[str, list[str]] = {}

    def contradicted(statement: str) -> list[str]:
        if statement not in against:
            against[statement] = [s.id for s, _ in contradictions(reader, by_statement[statement], statement)]
        return against[statement]

    items = list(items)
    known = {item.id: item for item in items}
    lacked = {node for node, _ in unknown_to_most(of_node, "statement", probed_places(of_node, "statement"))}
    without = unknown_to_most(of_node, "condition", probed_places(of_node, "condition"))
    kinds = item_kinds(items, failed, {i.id for i in items if _lacks(knowledge, i, lacked, without)}, repaired)
    asked = [item for item in items if _tells(kinds, item)]
    worth: dict[str, Discrimination | Supplied] = {**_discriminations(knowledge, asked, failed, of_node), "context": supplied(answered)}
    if shown_by_items(kinds):
        worth["statement"] = msgspec.structs.replace(worth["statement"], telling=True)
    telling = {kind for kind, found in worth.items() if found.telling}
    trusted = {m: {key: a for key, a in found.items() if key[0] in telling} for m, found in of_node.items()}
    nothing: dict[str, Answers] = {model: {} for model in trusted}
    diagnoses = []
    for i in sorted(failed):
        tells = _tells(kinds, known[i])
        found = _diagnosis(knowledge, known[i], failed[i], trusted if tells else nothing, contradicted)
        if not tells and found.category == "unexplained":
            found = msgspec.structs.replace(found, reason=says_nothing(known[i].kind, kinds[known[i].kind]))
        diagnoses.append(found)
    diagnoses += [_doubtful(item, letter) for item in items if item.id not in failed and (letter := _second(knowledge, item))]
    conflicts = [_conflict(s, contradicted(s)) for s in sorted(by_statement) if contradicted(s)]
    lacking = _lacking(trusted, {e.node for e in conflicts})
    return Examination(sorted(diagnoses, key=lambda d: d.item), worth, conflicts + lacking, kinds)


def _tells(kinds: Mapping[str, Discrimination], item: Item) -> bool:
    return item.kind not in kinds or kinds[item.kind].telling


def _lacks(knowledge: Knowledge, item: Item, lacked: AbstractSet[str], without: AbstractSet[Place]) -> bool:
    """Whether an item asks for something that most models do not know: a condition, or a statement."""
    conditions = condition_asked(knowledge, item)
    return not without.isdisjoint(conditions) if conditions else not lacked.isdisjoint(item.statements)


def _second(knowledge: Knowledge, item: Item) -> str:
    """Return the letter of another option that answers the item correctly; "" if there is none."""
    wrong = (letter for letter in LETTERS[: len(item.options)] if letter != item.answer)
    return next((x for x in wrong if right_as_well(knowledge, item, x)), "")


def _doubtful(item: Item, letter: str) -> Diagnosis:
    reason = f"The knowledge supports option {letter} as well as the key, {item.answer}."
    return Diagnosis(item.id, item.content_hash, item.chain, "suspect item", (), (), (), 1.0, (), reason)


def _lacking(of_node: Mapping[str, Answers], conflicted: AbstractSet[str]) -> list[Evidence]:
    """Return evidence for the nodes that most models do not know.

    Steps are left out if one of their two statements is unknown or contradicted by samples.
    """
    statements = unknown_to_most(of_node, "statement", probed_places(of_node, "statement"))
    spoilt = {node for node, _ in statements} | conflicted
    found: dict[Kind, set[Place]] = {
        "statement": statements,
        "condition": unknown_to_most(of_node, "condition", probed_places(of_node, "condition")),
    }
    for kind in COMPOSING:
        found[kind] = {place for place in unknown_to_most(of_node, kind, probed_places(of_node, kind)) if spoilt.isdisjoint(place)}
    return [
        answers_at(node, [kind], list(of_node), of_node, sorted(before for n, before in places if n == node))
        for kind, places in found.items()
        for node in sorted({n for n, _ in places})
    ]


def _discriminations(
    knowledge: Knowledge, items: Sequence[Item], failed: Failed, of_node: Mapping[str, Answers]
) -> dict[str, Discrimination]:
    """Return kind of probe → whether suspected nodes fail it more often than controls do."""
    suspects = _suspects(knowledge, items, failed)
    asked = {s.id: s for s in controls(knowledge, items, failed, count=WHOLE)}
    steps = {
        place
        for item in items
        for letter in failed.get(item.id, {}).values()
        for place in suspected_steps(knowledge, item, suspected(knowledge, item, letter))
    }
    groups: dict[Kind, tuple[set[Place], set[Place]]] = {
        "statement": ({(s, "") for s in suspects}, {(s, "") for s in asked}),
        "concept": ({(c, "") for c in _concepts(suspects.values())}, {(c, "") for c in _concepts(asked.values())}),
        "condition": (_conditions_of(knowledge, items, failed, True), _conditions_of(knowledge, items, failed, False)),
    }
    found: dict[str, Discrimination] = {}
    for kind in KINDS:
        probed = probed_places(of_node, kind)
        here, there = groups.get(kind, (steps, {place for place in probed if asked.keys() >= {*place}}))
        here, there = here & probed, there & probed
        found[kind] = discrimination(here, there - here, unknown_to_most(of_node, kind, probed))
    return found


def _conditions_of(knowledge: Knowledge, items: Iterable[Item], failed: Failed, wrong: bool) -> set[Place]:
    """The conditions that failed condition items ask for, or those that the others ask for."""
    return {place for item in items if (item.id in failed) is wrong for place in condition_asked(knowledge, item)}


def _diagnosis(
    knowledge: Knowledge, item: Item, chosen: Mapping[str, str], of_node: Mapping[str, Answers], contradicted: _Against
) -> Diagnosis:
    agree = 1 < len(chosen) == len(of_node) and len(set(chosen.values())) == 1
    verdicts = {m: _verdict(knowledge, item, letter, of_node[m], contradicted, agree) for m, letter in chosen.items()}
    votes = Counter(v.category for v in verdicts.values())
    category = _category(votes)
    models = [m for m, v in verdicts.items() if v.category == category]
    blamed = Counter(n for m in models for n in verdicts[m].nodes)
    steps = junctions(knowledge, path_of(knowledge, item))
    found = [_evidence(n, models, of_node, contradicted, category, steps) for n in sorted(blamed) if 2 * blamed[n] >= len(models)]
    evidence = tuple(sorted(found, key=lambda e: (-blamed[e.node], e.margin, e.node)))  # blamed by most seeds first, then lowest margin
    nodes = tuple(e.node for e in evidence)
    if category == "concept gap":
        evidence += tuple(answers_at(s, ("statement",), models, of_node) for s in _beside(knowledge, item, nodes, models, of_node))
    return Diagnosis(
        item.id,
        item.content_hash,
        item.chain,
        category,
        nodes,
        tuple(chosen),
        tuple(chosen.values()),
        round(votes[category] / len(verdicts), 2),
        evidence,
        (tied(votes) if category == "unexplained" and len(votes) > 1 else reason(knowledge, category, evidence, chosen))
        + _cured(item, chosen, of_node),
    )


def _category(votes: Counter[Category]) -> Category:
    """The category that more models indicate than any other; `unexplained` if two or more are tied."""
    (first, count), *others = votes.most_common(2)
    return "unexplained" if others and others[0][1] == count else first


def _verdict(knowledge: Knowledge, item: Item, letter: str, answers: Answers, contradicted: _Against, agree: bool) -> _Vote:
    def unknown(kind: Kind, node: str, before: str = "") -> bool:
        return is_unknown(answers.get((kind, node, before), ()))

    if right_as_well(knowledge, item, letter):
        return _Vote("suspect item")
    if conditions := condition_asked(knowledge, item):
        return _Vote("concept gap", (item.chain,)) if any(unknown("condition", *place) for place in conditions) else _Vote("unexplained")
    broken = suspected(knowledge, item, letter)
    path = path_of(knowledge, item)
    if against := [s.id for s in broken if contradicted(s.id)]:
        return _Vote("data conflict", tuple(against))
    for statements in (broken, path):  # an option that breaks one statement is tempting if another, which rules in the key, is unknown
        if lacking := [s.id for s in statements if unknown("statement", s.id)]:
            against = [s for s in lacking if contradicted(s)]
            return _Vote("data conflict", tuple(against)) if against else _Vote("concept gap", tuple(lacking))
    if concepts := [c for c in _concepts(broken) if unknown("concept", c)]:
        return _Vote("concept gap", tuple(concepts))
    steps = [place for place in suspected_steps(knowledge, item, broken) if any(unknown(kind, *place) for kind in COMPOSING)]
    if steps:
        against = [s.id for s in path if contradicted(s.id) and any(s.id in place for place in steps)]
        return _Vote("data conflict", tuple(against)) if against else _Vote("reasoning deficit", tuple(step for step, _ in steps))
    sure = bool(path) and all(is_known(answers.get(("statement", s.id, ""), ())) for s in path)
    chosen = option_of(item, letter)
    if sure and chosen.breaks and chosen.operator == "half":
        return _Vote("reasoning deficit", tuple(s.id for s in broken))
    cured = any(a.right for a in answers.get(("context", item.id, ""), ()))
    # The condition that an item worded by hand asks for may be in no chain, so knowing all statements does not speak against it.
    return _Vote("suspect item" if agree and sure and not cured and item.kind != "condition" else "unexplained")


def _beside(knowledge: Knowledge, item: Item, nodes: Sequence[str], models: Sequence[str], of_node: Mapping[str, Answers]) -> list[str]:
    """Return the statements of the item that are not blamed for this choice and that most of the failing models do not know."""
    others = [s.id for s in path_of(knowledge, item) if s.id not in nodes]
    return [s for s in others if most(sum(is_unknown(of_node[m].get(("statement", s, ""), ())) for m in models), len(models))]


def _concepts(statements: Iterable[Statement]) -> list[str]:
    return list(dict.fromkeys(c for s in statements for c in (s.subject, s.object)))


def _evidence(
    node: str, models: Sequence[str], of_node: Mapping[str, Answers], contradicted: _Against, category: Category, steps: Iterable[Place]
) -> Evidence:
    """Return what was found of a blamed node; `steps` are those along the statements of the item."""
    if category == "data conflict":
        return _conflict(node, contradicted(node))
    if category == "reasoning deficit":  # the kind of probe that shows it best
        before = [b for step, b in steps if step == node]
        found = [answers_at(node, [kind], models, of_node, before) for kind in COMPOSING]
        worst = max(found, key=lambda e: e.failed / max(1, e.asked))
        if worst.asked:
            return worst
    sides = sorted({b for m in models for k, n, b in of_node[m] if (k, n) == ("condition", node)})
    return answers_at(node, ("statement", "concept", "condition"), models, of_node, ("", *sides))


def _conflict(node: str, against: Sequence[str]) -> Evidence:
    return Evidence(node, "data", len(against), len(against), 0.0, against[0])


def _cured(item: Item, chosen: Iterable[str], of_node: Mapping[str, Answers]) -> str:
    """Say how many of the failing models are right with the facts in the question; empty if that probe is not reliable."""
    found = [answers for m in chosen if (answers := of_node[m].get(("context", item.id, "")))]
    right = sum(a.right for answers in found for a in answers)
    models = "1 failing model is" if len(found) == 1 else f"{len(found)} failing models are"
    return f" With the facts in the question, {right} of {models} right." if found else ""
