"""Node → probes: closed-book questions that show whether a model knows it, each with one correct answer, given first.

    for probe in statement_probes(knowledge, statement): …
    Probe(node="physics/bimetal-strip-bends.s1", kind="statement", prompt="Question: What does heating cause?\\nAnswer:",
          options=("thermal expansion", "thermal contraction", …), means=("physics/thermal-expansion", "physics/thermal-contraction", …))

- Statement: both ends in two wordings, against easily confused concepts, and the statement against its inversion.
- Concept: the term for the definition, and the definition for the term.
- Step: the next step when the steps before it are given, against its inversion, a shortcut that skips it, and the step after it.
- Between: the concept between two steps. A model that knows both statements does not always find it.
- Condition: what the explanation of a chain presupposes, and which case it does not cover, against conditions of other chains.

Steps run along the statements of a chain, or along those of an item, which may belong to several chains and links. A statement is worded
with its qualifiers, and a wrong option as the right one is: where the statement words an end in its own way, the question is a sentence
with a gap and all options are bare terms.

The paper (§3.4) diagnoses failures by a model's judgement; probes measure a margin. Pure: nothing here loads a model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Literal

import msgspec

from proda.graph import Knowledge
from proda.language.near_topics import near_topics
from proda.language.neighbours import near_concepts
from proda.language.wording import (
    GAP,
    End,
    bare_name,
    clause,
    name,
    object_as,
    object_text,
    path_with_gap,
    question,
    sentence,
    subject_as,
    subject_text,
    turned,
)
from proda.records import Chain, Record, Statement, prompt_text
from proda.stable_hash import by_weight, fraction

RIVALS = 5  # confusable concepts that the correct answer is compared with
WORDINGS = ("{ask}", "A student asks: “{ask}” What do you answer?")
STEPS = ("Say step by step how {a} leads to {c}.", "How does {a} lead to {c}, one step after the other?")
BETWEEN = ("Which concept links {a} to {c}?", "Which concept completes this: “{gap}”?")
CONDITIONS = {  # side of a chain → how it is asked for, by what the chain explains and by one of its steps
    "preconditions": ("What does the explanation of {explains} presuppose?", "What does this step presuppose: {clause}?"),
    "exclusions": ("Which case does the explanation of {explains} not cover?", "Which case does this step not cover: {clause}?"),
}
INVERSION, SKIP, EARLY = "inversion", "skip", "early"  # meanings of options that are not concepts

Kind = Literal["statement", "concept", "step", "between", "condition"]
Again = Literal["context", "elsewhere"]  # a failed item asked again: supplied.py


class Probe(Record, frozen=True):
    """One question; `options[0]` is correct. `means` gives each option's meaning: a concept, a constant of those above, or a letter."""

    node: str  # or the item that is asked again
    kind: Kind | Again
    prompt: str
    options: tuple[str, ...]
    means: tuple[str, ...]
    before: str = ""  # of a step, or of what lies between: the statement before `node` on the path; of a condition: its side of the chain


class Answer(Record, frozen=True):
    """A model's answer to a probe: `margin` is the log-likelihood per character of the correct option minus that of the best other one.

    It is NaN if an option could not be scored, for example because it is too long for the context of the model. Such an answer says nothing
    about what the model knows.
    """

    probe: Probe
    margin: float
    preferred: str  # the meaning of the best other option

    @property
    def right(self) -> bool:
        """Whether the correct option is the most likely one; a tie counts as wrong."""
        return self.margin > 0

    @property
    def scored(self) -> bool:
        """Whether every option could be scored."""
        return not math.isnan(self.margin)


def answers(probes: Sequence[Probe], scores: Sequence[Sequence[float]]) -> list[Answer]:
    """Return answers from scores: for each probe the summed log-likelihood of each option, in their order."""
    found = []
    for probe, totals in zip(probes, scores, strict=True):
        means = [total / len(text) for total, text in zip(totals, probe.options, strict=True)]
        best = max(range(1, len(means)), key=means.__getitem__)
        margin = math.nan if any(map(math.isnan, means)) else means[0] - means[best]
        found.append(Answer(probe, margin, probe.means[best]))
    return found


def statement_probes(knowledge: Knowledge, statement: Statement) -> Iterator[Probe]:
    """Yield probes for both ends, in two wordings each, and for the direction if the relation has one."""
    subject, relation, obj = statement.triple
    ends: tuple[tuple[End, str, str | None, str | None], ...] = (("object", obj, subject, None), ("subject", subject, None, obj))
    for end, right, before, after in ends:
        ask = question(knowledge, statement, end)
        near = near_concepts(knowledge, before, right, after, frozenset({subject, obj}), "probe", statement.id, end)
        rivals = list(islice((c for c in near if _fits(knowledge, ask, c)), RIVALS))
        bare = (object_as(statement) if end == "object" else subject_as(statement)) is not None
        for wording in WORDINGS if rivals else ():
            yield _among(knowledge, statement.id, "statement", wording.replace("{ask}", ask), (right, *rivals), bare=bare)
    back = turned(statement)
    if knowledge.relations[relation].asymmetric and not knowledge.holds(*back.triple):
        pair = (subject, obj) if fraction("pair", statement.id) < 0.5 else (obj, subject)  # a fixed order would give it away
        asked = f"How are {name(knowledge, pair[0])} and {name(knowledge, pair[1])} linked?"
        told = (sentence(knowledge, statement), sentence(knowledge, back))
        yield Probe(statement.id, "statement", prompt_text(asked), told, ("", INVERSION))


def all_statement_probes(knowledge: Knowledge) -> list[Probe]:
    """Return the probes of every active statement, in the order of the knowledge."""
    return [probe for statement in knowledge.active_statements.values() for probe in statement_probes(knowledge, statement)]


def _fits(knowledge: Knowledge, asked: str, concept: str) -> bool:
    """Whether the article before a gap, if there is one, fits the concept: "an …" would rule out most terms by their looks."""
    article = re.search(rf"\b(an?) {GAP}", asked, re.IGNORECASE)
    return article is None or (article[1].lower() == "an") is (bare_name(knowledge, concept)[:1].lower() in "aeiou")


def concept_probes(knowledge: Knowledge, concept: str) -> Iterator[Probe]:
    """Yield probes for the term in two wordings, and for the definition."""
    definition = knowledge.concepts[concept].definition
    rivals = list(islice(near_concepts(knowledge, None, concept, None, frozenset({concept}), "probe", concept), RIVALS))
    if not rivals:
        return
    for wording in (f"Which term names {definition}?", f"Name this: {definition}."):
        yield _among(knowledge, concept, "concept", wording, (concept, *rivals))
    verb = "are" if knowledge.concepts[concept].plural else "is"
    options = tuple(knowledge.concepts[c].definition for c in (concept, *rivals))
    yield Probe(concept, "concept", prompt_text(f"What {verb} {name(knowledge, concept)}?"), options, (concept, *rivals))


def condition_probes(knowledge: Knowledge, chain: Chain) -> Iterator[Probe]:
    """Yield probes for each precondition and exclusion of a chain: one names what the chain explains, and one each of two of its steps."""
    steps = by_weight([knowledge.statements[s] for s in chain.statements], "probe", chain.id, name=lambda s: s.id)[:2]
    for side, (whole, by_step) in CONDITIONS.items():
        asked = [whole.replace("{explains}", chain.explains), *(by_step.replace("{clause}", clause(knowledge, s)) for s in steps)]
        for right in getattr(chain, side):
            rivals = list(islice(_other_conditions(knowledge, chain, side, right), RIVALS))
            for ask in asked if rivals else ():
                told, means = (right, *(text for _, text in rivals)), ("", *(of for of, _ in rivals))
                yield Probe(chain.id, "condition", prompt_text(ask), told, means, side)


def _other_conditions(knowledge: Knowledge, chain: Chain, side: str, right: str) -> Iterator[tuple[str, str]]:
    """Yield chains of topics near by that share no concept with the chain, each with a condition of that side and another text."""
    course = knowledge.course(chain)
    near = near_topics(knowledge, chain.discipline, chain.topic)
    there = (c for t in near for c in knowledge.chains_of.get((chain.discipline, t), ()) if course.isdisjoint(knowledge.course(c)))
    for other in by_weight(there, "probe", chain.id, side, right, name=lambda c: c.id):
        if texts := [text for text in getattr(other, side) if text != right]:
            yield other.id, texts[0]


def all_condition_probes(knowledge: Knowledge) -> list[Probe]:
    """Return the probes of the conditions of every active chain, in the order of the knowledge."""
    return [probe for chain in knowledge.active_chains() for probe in condition_probes(knowledge, chain)]


def step_probes(knowledge: Knowledge, path: Sequence[Statement]) -> Iterator[Probe]:
    """Yield probes for every step of a path that follows another: which step comes next, and what lies between the two; two wordings each.

    `path` are statements in order, of one chain or of several. Only relations that are steps are walked along (`Relation.step`): nothing
    comes of a contrast or of a requirement. A single statement has no such probe.
    """
    for run in runs(knowledge, path):
        course = frozenset(c for s in run for c in (s.subject, s.object))
        asked = {"{a}": subject_text(knowledge, run[0]), "{c}": object_text(knowledge, run[-1])}
        for place in range(1, len(run)):
            given = " ".join(f"{sentence(knowledge, s)};" for s in run[:place])
            wrong = list(_instead(knowledge, run, place))
            told = (sentence(knowledge, run[place]), *(sentence(knowledge, s) for s, _ in wrong))
            for wording in STEPS if wrong else ():
                prompt = f"{prompt_text(_filled(wording, asked))} {given}"
                yield Probe(run[place].id, "step", prompt, told, ("", *(what for _, what in wrong)), run[place - 1].id)
            yield from _between(knowledge, run[place - 1], run[place], course)


def runs(knowledge: Knowledge, path: Sequence[Statement]) -> list[list[Statement]]:
    """Return the parts of a path, of two statements or more, in which each is a step and goes on where the one before it ended."""
    found: list[list[Statement]] = []
    for step in path:
        if not knowledge.relations[step.relation].step:
            found.append([])
        elif found and found[-1] and found[-1][-1].object == step.subject:
            found[-1].append(step)
        else:
            found.append([step])
    return [run for run in found if len(run) > 1]


def junctions(knowledge: Knowledge, path: Sequence[Statement]) -> list[tuple[str, str]]:
    """Return (id of the step, id of the statement before it) for each step of a path that follows another, in order."""
    return [(step.id, before.id) for run in runs(knowledge, path) for before, step in pairwise(run)]


def _instead(knowledge: Knowledge, run: Sequence[Statement], place: int) -> Iterator[tuple[Statement, str]]:
    """Yield wrong next steps, each with what it means."""
    step = run[place]
    after = run[place + 1] if place + 1 < len(run) else None
    skip = after and msgspec.structs.replace(after, subject=step.subject, subject_as=step.subject_as)
    for wrong, what in ((turned(step), INVERSION), (skip, SKIP)):
        if wrong is not None and not knowledge.holds(*wrong.triple):
            yield wrong, what
    if after is not None:
        yield after, EARLY


def _between(knowledge: Knowledge, before: Statement, step: Statement, course: frozenset[str]) -> Iterator[Probe]:
    gap = path_with_gap(knowledge, (before, step), 1)
    near = near_concepts(knowledge, before.subject, step.subject, step.object, course, "probe", step.id, "between", before.id)
    rivals = list(islice((c for c in near if _fits(knowledge, gap, c)), RIVALS))
    places = {"{a}": subject_text(knowledge, before), "{c}": object_text(knowledge, step), "{gap}": gap}
    for wording, bare in zip(BETWEEN, (False, True), strict=True) if rivals else ():
        yield _among(knowledge, step.id, "between", _filled(wording, places), (step.subject, *rivals), bare=bare, before=before.id)


def _filled(wording: str, places: dict[str, str]) -> str:
    return re.sub(r"{\w+}", lambda place: places[place[0]], wording)  # in one pass, since terms may contain braces


def _among(
    knowledge: Knowledge, node: str, kind: Kind, asked: str, concepts: Sequence[str], *, bare: bool = False, before: str = ""
) -> Probe:
    worded = bare_name if bare else name
    return Probe(node, kind, prompt_text(asked), tuple(worded(knowledge, c) for c in concepts), tuple(concepts), before)
