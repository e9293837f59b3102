"""The second stage: the steps of chains → statements, a window of consecutive steps in each question.

    ask_statements(works, asking, caller, window=3)      # fills `chain.statements`

Each round asks the next window of every chain, with the last statement before it, so that the object of a step is the subject of the next
across windows too. A window whose reply would be too long is halved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proda.extraction.llm.caller import Caller, Given, Got, Missing
from proda.extraction.llm.chain_stage import TOO_LONG
from proda.extraction.llm.checks import Checking
from proda.extraction.llm.questions import Asking
from proda.extraction.llm.replies import CHECKING, StatementReply, good_entries
from proda.extraction.llm.work import ChunkWork, DraftChain

BROKEN = "a statement of the reply broke the chain"
UNSTATED = "the model gave no statement for it"


def ask_statements(works: Sequence[ChunkWork], asking: Asking, caller: Caller, window: int) -> None:
    """Ask for the statements of every chain."""
    for work in works:
        for chain in work.chains:
            chain.width = window
    while True:
        todo = [
            (work, chain, asking.statements(work, place, chain))
            for work in works
            if not work.unasked
            for place, chain in enumerate(work.chains)
            if chain.next_step < len(chain.steps)
        ]
        if not todo:
            return
        got = caller.ask([question for _, _, question in todo], "Statements")
        for work, chain, question in todo:
            _take(work, chain, got[question.id], question.context, window)


def _take(work: ChunkWork, chain: DraftChain, answer: Got, context: Any, window: int) -> None:
    """Add the statements of an answer to the chain, and move on to its next steps."""
    asked = min(chain.width, len(chain.steps) - chain.next_step)
    if isinstance(answer, Missing) and answer.reason in TOO_LONG and asked > 1:
        chain.width = asked // 2
        return
    why: dict[int, str] = {}  # step → fault of its statement
    if isinstance(answer, Given):
        chain.statements |= {entry.step - 1: entry for entry in answer.value.statements}
        otherwise = UNSTATED
    elif answer.raw is not None:
        kept, faults, why = _checked(answer.raw.get("statements"), context[CHECKING])
        work.refusals += faults or ([] if kept else [answer.why])
        otherwise = UNSTATED if kept or faults else answer.why
        for entry in kept:
            chain.statements.setdefault(entry.step - 1, entry)
        if kept and not faults:
            work.refusals.append(BROKEN)
            chain.fault = BROKEN
    else:
        work.missed(answer)
        otherwise = answer.why if isinstance(answer, Missing) else UNSTATED
    for step in range(chain.next_step, chain.next_step + asked):
        if step not in chain.statements:
            chain.refused[step] = why.get(step, otherwise)
    chain.next_step += asked
    chain.width = window


def _checked(items: Any, checking: Checking) -> tuple[list[StatementReply], list[str], dict[int, str]]:
    """The good statements of a reply, why the others were refused, and the same by step (from 0) as far as they name one."""
    kept: list[StatementReply] = []
    faults: list[str] = []
    why: dict[int, str] = {}
    for item in items if isinstance(items, list) else ():
        good, wrong = good_entries(StatementReply, [item], checking)
        kept += good
        faults += wrong
        step = item.get("step") if isinstance(item, dict) else None
        if wrong and type(step) is int:
            why.setdefault(step - 1, wrong[0])
    return kept, faults, why
