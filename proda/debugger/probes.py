"""Node → probes: closed-book questions that show whether a model knows it, each with one correct answer, given first.

    for probe in statement_probes(knowledge, statement): …
    Probe(node="physics/bimetal-strip-bends.s1", kind="statement", prompt="Question: What does heating cause?\\nAnswer:",
          options=("thermal expansion", "thermal contraction", …), means=("physics/thermal-expansion", "physics/thermal-contraction", …))

- Statement: both ends in two wordings, against easily confused concepts, and the statement against its inversion.
- Concept: the term for the definition, and the definition for the term.
- Step: the next step when the steps before it are given, against its inversion, a shortcut that skips it, and the step after it.
- Link: the concept between two steps. A model that knows both statements does not always find it.

The paper (§3.4) diagnoses failures by a model's judgement; probes measure a margin. Pure: nothing here loads a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.wording import Triple, clause, name, question, verb
from proda.records import Chain, Record, Statement, prompt_text
from proda.stable_hash import fraction

RIVALS = 5  # confusable concepts that the correct answer is compared with
WORDINGS = ("{ask}", "A student asks: “{ask}” What do you answer?")
STEPS = ("Say step by step how {a} leads to {c}.", "How does {a} lead to {c}, one step after the other?")
LINKS = ("Which concept links {a} to {c}?", "What is missing: {a} {verb} …, which {verb2} {c}?")
INVERSION, SKIP, EARLY = "inversion", "skip", "early"  # meanings of options that are not concepts

Kind = Literal["statement", "concept", "step", "link"]
Again = Literal["context", "elsewhere"]  # a failed item asked again: supplied.py


class Probe(Record, frozen=True):
    """One question; `options[0]` is correct. `means` gives each option's meaning: a concept, a constant of those above, or a letter."""

    node: str  # or the item that is asked again
    kind: Kind | Again
    prompt: str
    options: tuple[str, ...]
    means: tuple[str, ...]


class Answer(Record, frozen=True):
    """A model's answer to a probe: `margin` is the log-likelihood per character of the correct option minus that of the best other one."""

    probe: Probe
    margin: float
    preferred: str  # the meaning of the best other option

    @property
    def right(self) -> bool:
        """Whether the correct option is the most likely one; a tie counts as wrong."""
        return self.margin > 0


def answers(probes: Sequence[Probe], scores: Sequence[Sequence[float]]) -> list[Answer]:
    """Return answers from scores: for each probe the summed log-likelihood of each option, in their order."""
    found = []
    for probe, totals in zip(probes, scores, strict=True):
        means = [total / len(text) for total, text in zip(totals, probe.options, strict=True)]
        best = max(range(1, len(means)), key=means.__getitem__)
        found.append(Answer(probe, means[0] - means[best], probe.means[best]))
    return found


def statement_probes(knowledge: Knowledge, statement: Statement) -> Iterator[Probe]:
    """Yield probes for both ends, in two wordings each, and for the direction if the relation has one."""
    subject, relation, obj = statement.triple
    ends: tuple[tuple[Literal["object", "subject"], str, str | None, str | None], ...] = (
        ("object", obj, subject, None),
        ("subject", subject, None, obj),
    )
    for end, right, before, after in ends:
        near = near_concepts(knowledge, before, right, after, frozenset({subject, obj}), "probe", statement.id, end)
        rivals = list(islice(near, RIVALS))
        if rivals:
            ask = question(knowledge, statement.triple, end)
            for wording in WORDINGS:
                yield _among(knowledge, statement.id, "statement", wording.replace("{ask}", ask), (right, *rivals))
    if knowledge.relations[relation].asymmetric and not knowledge.holds(obj, relation, subject):
        pair = (subject, obj) if fraction("pair", statement.id) < 0.5 else (obj, subject)  # a fixed order would give it away
        asked = f"How are {name(knowledge, pair[0])} and {name(knowledge, pair[1])} linked?"
        told = (clause(knowledge, statement.triple), clause(knowledge, (obj, relation, subject)))
        yield Probe(statement.id, "statement", prompt_text(asked), told, ("", INVERSION))


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


def step_probes(knowledge: Knowledge, chain: Chain) -> Iterator[Probe]:
    """Yield probes for every step but the first: which step comes next, in two wordings; and in chains of three or more, the link to it."""
    path = [s.triple for s in knowledge.path(chain)]
    course = frozenset(c for t in path for c in (t[0], t[2]))
    start, end = name(knowledge, path[0][0]), name(knowledge, path[-1][2])
    for place in range(1, len(path)):
        given = " ".join(f"{clause(knowledge, t)};" for t in path[:place])
        step = path[place]
        rivals: list[tuple[Triple, str]] = [((step[2], step[1], step[0]), INVERSION)]
        if place + 1 < len(path):
            rivals.append(((step[0], path[place + 1][1], path[place + 1][2]), SKIP))
        wrong = [(t, what) for t, what in rivals if not knowledge.holds(*t)]
        if place + 1 < len(path) and step[0] != path[place + 1][0]:
            wrong.append((path[place + 1], EARLY))
        told = (clause(knowledge, step), *(clause(knowledge, t) for t, _ in wrong))
        for wording in STEPS if wrong else ():
            asked = prompt_text(wording.replace("{a}", start).replace("{c}", end))
            yield Probe(chain.statements[place], "step", f"{asked} {given}", told, ("", *(what for _, what in wrong)))
        if len(path) > 2:
            yield from _links(knowledge, chain.statements[place], path[place - 1], step, course)


def _links(knowledge: Knowledge, node: str, before: Triple, step: Triple, course: frozenset[str]) -> Iterator[Probe]:
    a, b, c = before[0], before[2], step[2]
    rivals = list(islice(near_concepts(knowledge, a, b, c, course, "probe", node, "link"), RIVALS))
    places = {"{a}": name(knowledge, a), "{c}": name(knowledge, c)}
    places |= {"{verb}": verb(knowledge, a, before[1]), "{verb2}": verb(knowledge, b, step[1])}
    for wording in LINKS if rivals else ():
        asked = re.sub(r"{\w+}", lambda place: places[place[0]], wording)  # in one pass, since terms may contain braces
        yield _among(knowledge, node, "link", asked, (b, *rivals))


def _among(knowledge: Knowledge, node: str, kind: Kind, asked: str, concepts: Sequence[str]) -> Probe:
    return Probe(node, kind, prompt_text(asked), tuple(name(knowledge, c) for c in concepts), tuple(concepts))
