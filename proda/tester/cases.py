"""Case items: exam questions with particulars, written by hand in the topic files.

The variants of a case share question and options and have different answers. All variants of a case are in one split, so that no item
shows the options of an item of another split. Of a sealed case only the first variant is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.graph import Knowledge
from proda.records import Case, CaseOption, Option
from proda.tester.drafts import Draft


def case_drafts(knowledge: Knowledge) -> Iterator[tuple[Case, Draft, tuple[str, ...]]]:
    """Yield each variant of each case of an active chain, its draft, and the ids of the statements that it rests on."""
    for case in knowledge.cases:
        chain = knowledge.chains.get(case.chain)
        if chain is None or chain.status != "active":
            continue
        options = [_option(knowledge, option) for option in case.options]
        right = options[case.answer]
        wrongs = tuple(o for o in options if o is not right)
        statements = tuple(dict.fromkeys(s for o in wrongs for s in o.breaks)) or chain.statements
        mentioned = {c for s in statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object)}
        yield case, Draft(f"{case.situation} {case.question}", right, wrongs, frozenset(mentioned)), statements


def _option(knowledge: Knowledge, option: CaseOption) -> Option:
    if not option.breaks:
        return Option(option.text)
    return Option(option.text, "authored", wrong_because=option.because, breaks=_known(knowledge, option.breaks))


def _known(knowledge: Knowledge, breaks: str) -> tuple[str, ...]:
    return (breaks,) if breaks in knowledge.statements else ()
