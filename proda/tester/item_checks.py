"""Checks the wording of an item by a language model against the item as the templates word it.

    checks = ItemChecks(knowledge, prompt)
    checks.faults(item, written)
        [TextFault("question", "question: must name tidal friction")]

The checks are by name and by word: the stem names the same concepts in the same order and keeps conditions, direction and what is asked;
each option names the concepts of its template. They do not understand a sentence. What they miss, the solvers' votes
(`proda write --solve`) and the readers find: an item with another text is unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proda.calls.meaning_words import NEGATIONS, directions
from proda.calls.plain_text import REASONS as TEXT_REASONS
from proda.calls.plain_text import Field, TextFault, example_faults, holds, id_faults, layout_faults, letter_faults, runs
from proda.calls.task_prompts import TaskPrompt
from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.naming import Names
from proda.language.wording import bare_name
from proda.records import Item
from proda.store.written_items import WrittenItem
from proda.tester.drafts import stands_out
from proda.tester.item_prompt import INVENTED, KEPT
from proda.tester.shortcuts import giveaways
from proda.tester.what_is_asked import asks_the_same
from proda.tester.worded import reworded_item

REASONS = TEXT_REASONS | {
    "question": "the stem does not name the concepts of its template in their order, or does not end with a question mark",
    "other-concept": "the stem names another concept",
    "option-in-question": "the stem names an option that its template does not name",
    "condition": "the stem leaves out a condition or a qualifier",
    "direction": "the stem names another direction, the opposite relation, or a negation that its template does not have",
    "asked": "the stem does not ask what its template asks",
    "options": "the options are not those of the task in their places",
    "stands-out": "the right option can be told from the others by its length or by the words that it shares with the stem",
    "unchanged": "the stem is that of the template",
    "overlap": "the text would give another item away, or a training sample would give it away",
}
QUESTION = 60  # words at most, or the template's words and MORE
SHORTEST = 6  # words
MORE = 12  # words that a long stem may have more than its template
LONGER = 1.25  # the right option may have this many times the characters of the longest other one, if its template has not
COPIED = 6  # words in a row of the prompt's examples, which no stem may have
ARTICLES = frozenset({"a", "an", "the"})


class ItemChecks:
    """The checks, prepared for one knowledge. No reply may use names or copy words of the prompt's examples."""

    def __init__(self, knowledge: Knowledge, prompt: TaskPrompt) -> None:
        self._knowledge = knowledge
        every = {c.id: (c.text, bare_name(knowledge, c.id), c.term, *c.aliases) for c in knowledge.concepts.values()}
        self._names = Names(every)
        self._wordings = {concept: {tuple(words(text)) for text in texts} for concept, texts in every.items()}
        known = {wording for wordings in self._wordings.values() for wording in wordings}
        self._invented = [parts for text in INVENTED if (parts := tuple(words(text))) not in known]
        self._example = {run for text in prompt.reply_texts() for run in runs(words(text), COPIED)}
        self._ids = {*knowledge.concepts, *knowledge.statements, *knowledge.chains}

    def faults(self, item: Item, said: WrittenItem) -> list[TextFault]:
        """Return everything that is wrong with a wording; empty if it may be used."""
        fields = list(_fields(said))
        if layout := list(layout_faults(fields)):
            return layout  # the other checks would repeat them
        options = list(self._option_faults(item, said))
        return [
            *_length_faults(item, said),
            *id_faults(fields, self._ids),
            *example_faults(fields, self._invented, words),
            *self._copied_faults(said),
            *letter_faults(fields, "\n".join([item.stem, *(o.text for o in item.options)])),
            *self._concept_faults(item, said),
            *self._meaning_faults(item, said),
            *options,
            *([] if options else _cue_faults(item, reworded_item(item, said))),
        ]

    def _copied_faults(self, said: WrittenItem) -> Iterator[TextFault]:
        if copied := sorted(self._example & runs(words(said.stem), COPIED)):
            yield TextFault("example", f"question: must not repeat the example (“{' '.join(copied[0])}”)")

    def _term(self, concept: str) -> str:
        return self._knowledge.concepts[concept].term

    def _named(self, text: str) -> list[str]:
        """The concepts that a text names, in the order in which they are first named."""
        tokens = words(text)
        whole = self._names.found(tokens)
        first: dict[str, int] = {}
        for end in range(len(tokens), 0, -1):  # a name that is found in each longer part as well is no part of a longer name
            here = self._names.found(tokens[:end])
            first |= {c: end for c in here & whole if first.get(c, len(tokens) + 1) in (end + 1, len(tokens) + 1)}
        return sorted(whole, key=lambda c: (first[c], c))

    def _concept_faults(self, item: Item, said: WrittenItem) -> Iterator[TextFault]:
        before, now = self._named(item.stem), self._named(said.stem)
        if missing := [c for c in before if c not in now]:
            yield TextFault("question", f"question: must name {', '.join(map(self._term, missing))}")
        elif [c for c in now if c in before] != before:
            yield TextFault("question", f"question: must name {', '.join(map(self._term, before))} in this order")
        same = {wording for c in before for wording in self._wordings[c]}
        extra = [c for c in now if c not in before and self._wordings[c].isdisjoint(same)]
        offered = {c for option in item.options for c in self._names.found(words(option.text))}
        if told := [c for c in extra if c in offered]:
            yield TextFault("option-in-question", f"question: must not name {', '.join(map(self._term, told))}")
        if others := [c for c in extra if c not in offered]:
            yield TextFault("other-concept", f"question: must not name {', '.join(map(self._term, others))}")
        tokens, template = words(said.stem), words(item.stem)
        for text in (option.text for option in item.options) if not told else ():
            if holds(tokens, words(text)) and not holds(template, words(text)):
                yield TextFault("option-in-question", f"question: must not contain “{text}”")

    def _meaning_faults(self, item: Item, said: WrittenItem) -> Iterator[TextFault]:
        tokens, template = words(said.stem), words(item.stem)
        for text in self._qualifiers(item):
            if holds(template, words(text)) and not holds(tokens, words(text)):
                yield TextFault("condition", f"question: must keep “{text}”")
        rest, template_rest = self._beside_names(said.stem), self._beside_names(item.stem)
        before, now = directions(template_rest), directions(rest)
        if now - before or (item.kind == "effect" and now != before):
            expected = " and ".join("up" if up else "down" for up in sorted(before, reverse=True)) or "neither up nor down"
            yield TextFault("direction", f"question: the direction must be that of the template ({expected})")
        for phrase in self._turned(item):
            if holds(tokens, words(phrase)) and not holds(template, words(phrase)):
                yield TextFault("direction", f"question: “{phrase}” says another relation than the template")
        if item.kind not in ("counterfactual", "condition") and (turned := sorted(NEGATIONS & {*rest} - {*template_rest})):
            yield TextFault("direction", f"question: must not turn what is asked around ({', '.join(turned)})")
        if message := asks_the_same(item.kind, template_rest, rest):
            yield TextFault("asked", f"question: {message}")

    def _qualifiers(self, item: Item) -> Iterator[str]:
        """Conditions, attributions, and how a concept stands in its statement."""
        for statement in (self._knowledge.statements[s] for s in item.statements):
            yield from statement.when
            yield from filter(None, (statement.according_to, statement.subject_as, statement.object_as))

    def _turned(self, item: Item) -> Iterator[str]:
        """The phrases of the item's relations the other way round, and of their opposites."""
        for relation in dict.fromkeys(self._knowledge.statements[s].relation for s in item.statements):
            kind = self._knowledge.relations[relation]
            yield from (kind.inverse, kind.inverse_plural)
            if kind.opposite is not None:
                other = self._knowledge.relations[kind.opposite]
                yield from (other.phrase, other.plural, other.inverse, other.inverse_plural)

    def _option_faults(self, item: Item, said: WrittenItem) -> Iterator[TextFault]:
        if item.kind in KEPT:
            if said.options != tuple(o.text for o in item.options):
                yield TextFault("options", "options: must be exactly those of the task, in the same order")
            return
        if len({text.casefold() for text in said.options}) < len(said.options):
            yield TextFault("options", "options: must be four different texts")
        for number, (text, option) in enumerate(zip(said.options, item.options, strict=True), start=1):
            expected = self._named(option.text)
            if self._named(text) != expected:
                order = " in this order" if len(expected) > 1 else ""
                names = ", ".join(map(self._term, expected))
                yield TextFault("options", f"options: number {number} must name {names}{order}, and no other concept")
        joined = {tuple(word for word in self._beside_names(text) if word not in ARTICLES) for text in said.options}
        if len(joined) > 1:
            yield TextFault("options", "options: must join their concepts in the same words in all four")
        elif NEGATIONS & {word for each in joined for word in each}:
            yield TextFault("options", "options: must not be turned around")

    def _beside_names(self, text: str) -> list[str]:
        """The words of a text that are not in the name of a concept, in order."""
        tokens = words(text)
        named = sorted((w for c in self._names.found(tokens) for w in self._wordings[c]), key=len, reverse=True)
        left: list[str] = []
        place = 0
        while place < len(tokens):
            name = next((w for w in named if tuple(tokens[place : place + len(w)]) == w), None)
            left += [] if name else [tokens[place]]
            place += len(name) if name else 1
        return left


def _fields(said: WrittenItem) -> Iterator[Field]:
    yield "question", said.stem
    for number, text in enumerate(said.options, start=1):
        yield f"option {number}", text


def _length_faults(item: Item, said: WrittenItem) -> Iterator[TextFault]:
    count, most = len(said.stem.split()), max(QUESTION, len(item.stem.split()) + MORE)
    if not SHORTEST <= count <= most:
        yield TextFault("length", f"question: {count} words, expected {SHORTEST} to {most}")
    if not said.stem.endswith("?"):
        yield TextFault("question", "question: must end with a question mark")
    if words(said.stem) == words(item.stem):
        yield TextFault("unchanged", "question: is that of the template. Word it anew")


def _cue_faults(item: Item, worded: Item) -> Iterator[TextFault]:
    """What points at the right option in the wording and not in the template. The message does not say which option that is."""
    if _echoes(worded) and not _echoes(item):
        yield TextFault("stands-out", "question: shares more words with one option than with any other. Use other words")
    if (giveaways([worded]) and not giveaways([item])) or (_longer(worded) and not _longer(item)):
        yield TextFault("stands-out", "options: one is much longer than the others. Make them alike")


def _echoes(item: Item) -> bool:
    return stands_out(item.options[item.key], [o for n, o in enumerate(item.options) if n != item.key], item.stem)


def _longer(item: Item) -> bool:
    sizes: Sequence[int] = [len(o.text) for o in item.options]
    return sizes[item.key] > LONGER * max(size for n, size in enumerate(sizes) if n != item.key)
