"""A case has four different options, and at least two variants, which have different answers and say why each other option is wrong.

Because the variants share question and options, the options alone do not tell which one is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.findings import KeyPath
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import CaseEntry, TopicFile

LETTERS = ("a", "b", "c", "d")


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Cases whose options or variants are incomplete."""
    for name, case in topic.cases.items():
        where = ("cases", name)
        if tuple(sorted(case.options)) != LETTERS:
            yield Violation((*where, "options"), f"Got the options {', '.join(sorted(case.options)) or 'none'}, expected a, b, c and d.")
            continue
        if len({text.casefold().strip(" .") for text in case.options.values()}) < len(LETTERS):
            yield Violation((*where, "options"), "Two options are the same. Give four different ones.")
        if len(case.variants) < 2:
            yield Violation((*where, "variants"), "Got one variant, expected two or more with different answers. Add a situation.")
        elif len({v.answer for v in case.variants}) < len(case.variants):
            yield Violation((*where, "variants"), "Two variants have the same answer. Change a situation, so that the answers differ.")
        if len({v.situation for v in case.variants}) < len(case.variants):
            yield Violation((*where, "variants"), "Two variants have the same situation. Change one of them.")
        yield from _wrong(where, case, topic)


def _wrong(where: KeyPath, case: CaseEntry, topic: TopicFile) -> Iterator[Violation]:
    for index, variant in enumerate(case.variants):
        expected = [letter for letter in LETTERS if letter != variant.answer]
        if sorted(variant.wrong) != expected:
            message = f"Got {', '.join(sorted(variant.wrong)) or 'none'}, expected {', '.join(expected)}: say why each of them is wrong."
            yield Violation((*where, "variants", index, "wrong"), message)
        for letter, wrong in variant.wrong.items():
            if wrong.breaks in topic.chains:  # it would be read as the statement of a link of that name
                message = f"'{wrong.breaks}' is a chain. Name its statement, as '{wrong.breaks}.s1'."
                yield Violation((*where, "variants", index, "wrong", letter, "breaks"), message)


RULE = Rule(name="cases", description="Cases have four options and variants with different answers.", check_topic=check)
