"""Checks a text that a language model wrote against the brief that it was written for.

    checks = WordingChecks(knowledge, invented=("brindle kiln",))
    checks.faults(brief, Wording(question="What does heating cause?", answer="rust", explanation="…"))
        [TextFault("answer", "answer: must name “thermal expansion” and no other concept of the task")]

The message goes back to the model, which gets another try; the reason is counted. The checks are by name and by word: they find an answer
that is not the planned one, and they do not understand a sentence. What they cannot tell is in `keep` of the brief, or is left to the
people who review the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from proda.builder.briefs import Brief
from proda.calls.meaning_words import DIRECTION, NEGATIONS
from proda.calls.plain_text import REASONS as TEXT_REASONS
from proda.calls.plain_text import Field, TextFault, example_faults, holds, id_faults, layout_faults, letter_faults
from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.naming import Names
from proda.records import Wording

REASONS = TEXT_REASONS | {
    "question": "the question does not ask what is planned",
    "options": "the options are not the planned ones in their places",
    "answer": "the answer is not the planned one",
    "answer-in-question": "the question names its answer",
    "other-concept": "a concept is named that the plan does not have",
    "overlap": "the text gives a benchmark item away",
}
EXPLANATION = (10, 60)  # words
QUESTION = 60  # words at most, or the templates' words and MORE
MORE = 6  # words that an answer, option or long question may have more than the templates' text


class WordingChecks:
    """The checks, prepared for one knowledge. `invented` are names of the prompt's examples, which no reply may use."""

    def __init__(self, knowledge: Knowledge, invented: Iterable[str] = ()) -> None:
        self._knowledge = knowledge
        every = {c.id: (c.term, *c.aliases) for c in knowledge.concepts.values()}
        self._names = Names(every)
        self._wordings = {concept: {tuple(words(text)) for text in texts} for concept, texts in every.items()}
        known = {wording for wordings in self._wordings.values() for wording in wordings}
        self._invented = [parts for text in invented if (parts := tuple(words(text))) not in known]
        self._ids = {*knowledge.concepts, *knowledge.statements, *knowledge.chains}

    def faults(self, brief: Brief, said: Wording) -> list[TextFault]:
        """Return everything that is wrong with the text, in the order of its fields; empty if it may be used."""
        layout = list(layout_faults(_fields(said)))
        if layout:
            return layout  # the other checks would repeat them
        return [
            *_length_faults(brief, said),
            *self._question_faults(brief, said),
            *self._answer_faults(brief, said),
            *id_faults(_fields(said), self._ids),
            *example_faults(_fields(said), self._invented, words),
            *letter_faults((("question", said.question), ("explanation", said.explanation)), _shown(brief)),
            *self._concept_faults(brief, said),
        ]

    def _found(self, text: str) -> frozenset[str]:
        return self._names.found(words(text))

    def _term(self, concept: str) -> str:
        return self._knowledge.concepts[concept].term

    def _question_faults(self, brief: Brief, said: Wording) -> Iterator[TextFault]:
        asked, plan = brief.sample.question, brief.plan
        if "question" in brief.keep:
            if said.question != asked:
                yield TextFault("question", f"question: must be exactly “{asked}”")
            return
        before, now = self._found(asked) & brief.planned, self._found(said.question) & brief.planned
        if missing := sorted(map(self._term, before - now)):
            yield TextFault("question", f"question: must name {', '.join(missing)}")
        tokens, template = words(said.question), words(asked)
        if plan.format == "true-false":
            wrong = {*plan.distractors} | {c for s in plan.nodes for c in self._ends(s)}
            if extra := sorted(self._term(c) for c in (now - before) & wrong):
                yield TextFault("question", f"question: must not name {', '.join(extra)}")
        elif brief.slots:
            yield from self._slot_faults(brief, now - before)
        if plan.format != "true-false" and holds(tokens, words(brief.sample.answer)) and not holds(template, words(brief.sample.answer)):
            yield TextFault("answer-in-question", "question: must not contain its answer")
        if turned := sorted(NEGATIONS & {*tokens} - {*template}):
            yield TextFault("question", f"question: must not turn what is asked around ({', '.join(turned)})")
        if plan.format == "true-false" and not {"true", "false"} <= {*tokens}:
            yield TextFault("question", "question: must ask whether the claim is true or false")
        if plan.form == "effect":
            yield from self._direction_faults(brief, tokens, template)
        elif opposite := self._opposite(brief, tokens, template):
            yield TextFault("question", f"question: “{opposite}” is the opposite of the planned relation")

    def _slot_faults(self, brief: Brief, extra: frozenset[str]) -> Iterator[TextFault]:
        """Answers and options that the question names and the templates' question does not."""
        options = brief.sample.options
        right = brief.slots[options.index(brief.sample.answer) if options else 0]
        if right in extra:
            yield TextFault("answer-in-question", f"question: must not name its answer, {self._term(right)}")
        if others := sorted(self._term(c) for c in extra & {*brief.slots} - {right}):
            yield TextFault("question", f"question: must not name {', '.join(others)}")

    def _ends(self, node: str) -> tuple[str, ...]:
        statement = self._knowledge.statements.get(node)
        return (statement.subject, statement.object) if statement else ()

    def _direction_faults(self, brief: Brief, tokens: Sequence[str], template: Sequence[str]) -> Iterator[TextFault]:
        names = {word for concept in brief.planned for wording in self._wordings[concept] for word in wording}
        said = {*tokens} - names
        right, wrong = DIRECTION[brief.plan.rising], DIRECTION[not brief.plan.rising]
        if not said & right or said & wrong - {*template}:
            yield TextFault("question", f"question: the first change must be {'an increase' if brief.plan.rising else 'a decrease'}")

    def _opposite(self, brief: Brief, tokens: Sequence[str], template: Sequence[str]) -> str:
        """A phrase of the opposite of a planned relation that the question has and the templates' question has not."""
        for node in brief.plan.nodes:
            statement = self._knowledge.statements.get(node)
            other = self._knowledge.relations[statement.relation].opposite if statement else None
            if other is None:
                continue
            kind = self._knowledge.relations[other]
            for phrase in (kind.phrase, kind.plural, kind.inverse, kind.inverse_plural):
                if holds(tokens, words(phrase)) and not holds(template, words(phrase)):
                    return phrase
        return ""

    def _answer_faults(self, brief: Brief, said: Wording) -> Iterator[TextFault]:
        sample = brief.sample
        if not sample.options:
            if said.options:
                yield TextFault("options", "options: must be empty, since this is no choice question")
            if "answer" in brief.keep:
                if said.answer != sample.answer:
                    yield TextFault("answer", f"answer: must be exactly “{sample.answer}”")
            elif not self._names_only(brief, said.answer, sample.answer, brief.slots[0]):
                yield TextFault("answer", f"answer: must name “{self._term(brief.slots[0])}” and no other concept of the task")
            return
        if len(said.options) != len(sample.options) or len(set(said.options)) != len(said.options):
            yield TextFault("options", f"options: must be {len(sample.options)} different texts in the order of the task")
            return
        if "options" in brief.keep:
            if said.options != sample.options:
                yield TextFault("options", "options: must be exactly those of the task, in the same order")
        else:
            for number, (text, template, concept) in enumerate(zip(said.options, sample.options, brief.slots, strict=True), start=1):
                if not self._names_only(brief, text, template, concept):
                    yield TextFault(
                        "options", f"options: number {number} must name “{self._term(concept)}” and no other concept of the task"
                    )
        right = said.options[sample.options.index(sample.answer)]
        if said.answer != right:
            yield TextFault("answer", f"answer: must be the text of the right option, “{right}”")

    def _names_only(self, brief: Brief, text: str, template: str, concept: str) -> bool:
        """Whether a text is the templates' text, or names the concept, names no other planned one, and negates nothing."""
        if text == template:
            return True
        found = self._found(text)
        alone = not (found & brief.planned) - {concept} - self._found(template)
        return concept in found and alone and not NEGATIONS & {*words(text)} - {*words(template)}

    def _concept_faults(self, brief: Brief, said: Wording) -> Iterator[TextFault]:
        sample = brief.sample
        shown = "\n".join((sample.question, *sample.options, sample.answer, sample.explanation, *brief.facts))
        allowed = brief.planned | self._found(shown)
        same = {wording for concept in allowed for wording in self._wordings[concept]}
        for field, text in _fields(said):
            extra = [c for c in self._found(text) - allowed if self._wordings[c].isdisjoint(same)]
            if extra:
                yield TextFault("other-concept", f"{field}: must not name {', '.join(sorted(map(self._term, extra)))}")


def _shown(brief: Brief) -> str:
    return "\n".join((brief.sample.question, brief.sample.explanation, *brief.sample.options, *brief.facts))


def _fields(said: Wording) -> Iterator[Field]:
    yield "question", said.question
    for number, option in enumerate(said.options, start=1):
        yield f"option {number}", option
    yield "answer", said.answer
    yield "explanation", said.explanation


def _length_faults(brief: Brief, said: Wording) -> Iterator[TextFault]:
    least, most = EXPLANATION
    count = len(said.explanation.split())
    if not least <= count <= most:
        yield TextFault("length", f"explanation: {count} words, expected {least} to {most}")
    sample = brief.sample
    limits = [("question", said.question, max(QUESTION, len(sample.question.split()) + MORE))]
    limits.append(("answer", said.answer, len(sample.answer.split()) + MORE))
    limits += [
        (f"option {n}", t, len(o.split()) + MORE) for n, (t, o) in enumerate(zip(said.options, sample.options, strict=False), start=1)
    ]
    for field, text, limit in limits:
        if len(text.split()) > limit:
            yield TextFault("length", f"{field}: {len(text.split())} words, expected at most {limit}")
