"""Checks a case that a language model wrote: its texts, its lengths, and whether anything but knowledge points at the right option.

    checks = CaseChecks(knowledge, prompt, rules)
    checks.faults(brief, proposed)
        [TextFault("echo", "variant 1: the right option shares most words with the situation. Reword …")]

`rules` are the rules of `proda check`, which the caller brings along. The limits are set by the cases written by hand: none of these
contains its key or copies seven words in a row, 6 % have options of very different length, and in 9 % the key echoes the situation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from proda.calls.plain_text import REASONS as TEXT_REASONS
from proda.calls.plain_text import Field, TextFault, example_faults, holds, id_faults, layout_faults, letter_faults, runs
from proda.calls.task_prompts import TaskPrompt
from proda.graph import Knowledge
from proda.language.folding import words
from proda.records import Option
from proda.store.case_proposals import ProposedCase
from proda.tester.case_prompt import CaseBrief
from proda.tester.drafts import stands_out

REASONS = TEXT_REASONS | {
    "question": "the question does not end with a question mark",
    "breaks": "a wrong option names no statement of the task, or no option of a variant names one of the chain",
    "rules": "`proda check` would refuse the case",
    "key-in-stem": "the right option stands in the situation or in the question",
    "echo": "the right option alone shares most words with the situation and the question",
    "length-cue": "the right option is much longer than the others, or the options have very different lengths",
    "copied": "many words in a row are copied from a statement or a passage",
    "earlier": "the case is like an earlier one of its chain",
    "overlap": "an item and the case, or a training sample and the case, would give each other away",
}
SITUATION, QUESTION, OPTION, BECAUSE = (20, 70), (4, 30), (1, 16), (6, 35)  # words
LONGER = 1.25  # the right option may have this many times the characters of the longest other one
SPREAD = 2.0  # the longest option may have this many times the characters of the shortest one
COPIED = 7  # words in a row
NEAR_GRAM, NEAR = 3, 0.5  # share of the word 3-grams of a situation that an earlier case may have

Rules = Callable[[CaseBrief, ProposedCase], Iterable[str]]
"""The messages of `proda check` about a case."""


class CaseChecks:
    """The checks, prepared for one knowledge. No reply may use names or copy words of the prompt's example."""

    def __init__(self, knowledge: Knowledge, prompt: TaskPrompt, rules: Rules) -> None:
        known = {tuple(words(text)) for c in knowledge.concepts.values() for text in (c.term, *c.aliases)}
        self._invented = [parts for text in prompt.invented("concepts") if (parts := tuple(words(text))) not in known]
        self._example = {run for text in prompt.reply_texts() for run in runs(words(text), COPIED)}
        self._ids = {*knowledge.concepts, *knowledge.statements, *knowledge.chains}
        self._rules = rules

    def faults(self, brief: CaseBrief, said: ProposedCase) -> list[TextFault]:
        """Return everything that is wrong with a case; empty if it may be proposed."""
        fields = list(_fields(said))
        if layout := list(layout_faults(fields)):
            return layout  # the other checks would repeat them
        if rules := [TextFault("rules", message) for message in self._rules(brief, said)]:
            return rules  # the other checks need a whole case
        return [
            *_length_faults(said),
            *id_faults(fields, self._ids),
            *_label_faults(brief, fields),
            *letter_faults((name, _with_capital_letters(text)) for name, text in fields),
            *example_faults(fields, self._invented, words),
            *(TextFault("example", f"{name}: must not repeat the example") for name, text in fields if self._repeats(text)),
            *_breaks_faults(brief, said),
            *_cue_faults(said),
            *_copied_faults(brief, said),
            *_earlier_faults(brief, said),
        ]

    def _repeats(self, text: str) -> bool:
        return not self._example.isdisjoint(runs(words(text), COPIED))


def _fields(said: ProposedCase) -> Iterator[Field]:
    yield "question", said.question
    for letter, text in said.options.items():
        yield f"option {letter}", text
    for number, variant in enumerate(said.variants, start=1):
        yield f"variant {number} situation", variant.situation
        yield f"variant {number} because", variant.because
        for letter, wrong in variant.wrong.items():
            yield f"variant {number} wrong {letter} because", wrong.because


def _length_faults(said: ProposedCase) -> Iterator[TextFault]:
    limits = {"question": QUESTION, "situation": SITUATION, "because": BECAUSE}
    for field, text in _fields(said):
        least, most = limits.get(field.rpartition(" ")[2], OPTION)
        if not least <= (count := len(text.split())) <= most:
            yield TextFault("length", f"{field}: {count} words, expected {least} to {most}")
    if not said.question.endswith("?"):
        yield TextFault("question", "question: must end with a question mark")


def _label_faults(brief: CaseBrief, fields: Iterable[Field]) -> Iterator[TextFault]:
    """Labels of the task in a text: s1, or the name of a link."""
    labels = {label for label in brief.labels if "-" in label or label[1:].isdecimal()}
    for field, text in fields:
        if named := sorted(labels & {word.strip(".,;:()“”") for word in text.split()}):
            yield TextFault("internal-id", f"{field}: must not name the label {named[0]}")


def _with_capital_letters(text: str) -> str:
    """The text with the letters that cases use for options in the form that the check of letters looks for."""
    for small in "abcd":
        text = text.replace(f"option {small} ", f"option {small.upper()} ").replace(f"({small})", f"({small.upper()})")
    return text


def _breaks_faults(brief: CaseBrief, said: ProposedCase) -> Iterator[TextFault]:
    known = set(brief.references.values())
    for number, variant in enumerate(said.variants, start=1):
        named = {letter: wrong.breaks for letter, wrong in variant.wrong.items()}
        for letter, breaks in named.items():
            if breaks not in known:
                yield TextFault("breaks", f"variant {number} wrong {letter} breaks: “{breaks[:60]}” is no label of the task")
        if not any(map(brief.is_own, named.values())):
            yield TextFault("breaks", f"variant {number}: at least one wrong option must deny a step of the explanation (s1, s2, …)")


def _cue_faults(said: ProposedCase) -> Iterator[TextFault]:
    """What points at the right option without any knowledge."""
    sizes = sorted(len(text) for text in said.options.values())
    if sizes[-1] > SPREAD * sizes[0]:
        yield TextFault("length-cue", f"options: the longest has {sizes[-1]} characters and the shortest {sizes[0]}. Make them more alike")
    for number, variant in enumerate(said.variants, start=1):
        stem = f"{variant.situation} {said.question}"
        right = Option(said.options[variant.answer])
        wrongs = [Option(text) for letter, text in said.options.items() if letter != variant.answer]
        if holds(words(stem), words(right.text)):
            yield TextFault("key-in-stem", f"variant {number}: the situation or the question contains the right option")
        elif stands_out(right, wrongs, stem):
            message = f"variant {number}: the right option shares most words with the situation and the question. Reword one of them"
            yield TextFault("echo", message)
        if len(right.text) > LONGER * (longest := max(len(o.text) for o in wrongs)):
            message = f"variant {number}: the right option has {len(right.text)} characters, and the longest other one {longest}"
            yield TextFault("length-cue", f"{message}. Make them more alike")


def _copied_faults(brief: CaseBrief, said: ProposedCase) -> Iterator[TextFault]:
    theirs = {run for text in brief.texts for run in runs(words(text), COPIED)}
    shown = [(field, text) for field, text in _fields(said) if not field.endswith("because")]
    for field, text in shown:
        if copied := sorted(runs(words(text), COPIED) & theirs):
            yield TextFault("copied", f"{field}: copies “{' '.join(copied[0])}” from the task. Use other words")


def _earlier_faults(brief: CaseBrief, said: ProposedCase) -> Iterator[TextFault]:
    earlier = [runs(words(each.case), NEAR_GRAM) for each in brief.earlier]
    for number, variant in enumerate(said.variants, start=1):
        mine = runs(words(variant.situation), NEAR_GRAM)
        if mine and any(len(mine & other) >= NEAR * len(mine) for other in earlier):
            yield TextFault("earlier", f"variant {number} situation: is like an earlier case. Choose other circumstances")
