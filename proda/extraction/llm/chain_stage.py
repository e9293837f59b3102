"""The first stage: chunks → chains of short claims, each with its quote.

    ask_chains(works, asking, caller, more=1)     # fills `work.chains`

A passage whose reply would be too long is divided in two, and the halves are asked. "Anything missed?" is asked where something was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from proda.extraction.llm.caller import Caller, Given, Got, Missing
from proda.extraction.llm.checks import Checking
from proda.extraction.llm.questions import Asking
from proda.extraction.llm.replies import CHECKING, ChainReply, StepReply, good_entries
from proda.extraction.llm.work import AskedPassage, ChunkWork, DraftChain, DraftStep
from proda.extraction.names import join_key

TOO_LONG = ("truncated", "context-length")


def ask_chains(works: Sequence[ChunkWork], asking: Asking, caller: Caller, more: int) -> None:
    """Ask for the chains of each chunk, and then up to `more` times for those that were missed."""
    todo = [(work, work.whole()) for work in works]
    found: list[tuple[ChunkWork, AskedPassage]] = []
    what = "Chains"
    while todo:
        asked = [(work, piece, asking.chains(work, piece)) for work, piece in todo]
        got = caller.ask([question for _, _, question in asked], what)
        todo = []
        for work, piece, question in asked:
            answer = got[question.id]
            halves = piece.halves() if isinstance(answer, Missing) and answer.reason in TOO_LONG else None
            if halves is not None:
                todo += [(work, half) for half in halves]
            elif _take(work, answer, question.context):
                found.append((work, piece))
        what = "Chains of halves"
    for turn in range(1, more + 1):
        again = [(work, piece, asking.chains(work, piece, _within(work, piece), turn)) for work, piece in found]
        if not again:
            return
        got = caller.ask([question for _, _, question in again], "Chains that were missed")
        found = [(work, piece) for work, piece, question in again if _take(work, got[question.id], question.context, again=True)]


def _within(work: ChunkWork, piece: AskedPassage) -> list[DraftChain]:
    return [chain for chain in work.chains if any(step.quote in piece.text for step in chain.steps)]


def _take(work: ChunkWork, answer: Got, context: Any, *, again: bool = False) -> bool:
    """Add the chains of an answer to the work; returns whether there are new ones."""
    before = len(work.chains)
    if isinstance(answer, Given):
        for entry in answer.value.chains:
            _add(work, _draft(entry, entry.steps, whole=True))
    elif answer.raw is not None:
        checking: Checking = context[CHECKING]
        for item in _dicts(answer.raw.get("chains")):
            for entry, steps, whole, faults in _mended(item, checking):
                work.refusals += faults
                if entry is not None and steps:
                    _add(work, msgspec.structs.replace(_draft(entry, steps, whole=whole), fault=faults[0] if faults else ""))
    elif not (again and answer.reason != "not-asked"):  # a second look that failed takes nothing away from the first
        work.missed(answer)
    return len(work.chains) > before


def _mended(item: dict[str, Any], checking: Checking) -> Iterable[tuple[ChainReply | None, list[StepReply], bool, list[str]]]:
    """A chain of a reply that was never mended: as it is, or with the steps that are good."""
    good, faults = good_entries(ChainReply, [item], checking)
    if good:
        yield good[0], good[0].steps, True, []
        return
    steps, step_faults = good_entries(StepReply, item.get("steps"), checking)
    bare = {**item, "steps": [step.model_dump() for step in steps]}
    kept, rest = good_entries(ChainReply, [bare], checking) if steps else ([], [])
    yield kept[0] if kept else None, steps, False, step_faults or rest or faults


def _draft(entry: ChainReply, steps: Sequence[StepReply], *, whole: bool) -> DraftChain:
    return DraftChain(
        entry.explains, tuple(entry.preconditions), tuple(entry.exclusions), tuple(DraftStep(s.claim, s.quote) for s in steps), whole
    )


def _add(work: ChunkWork, chain: DraftChain) -> None:
    """Add a chain, unless its steps or its explanation are there already."""
    steps = {(join_key(s.claim), s.quote) for s in chain.steps}
    for other in work.chains:
        if steps <= {(join_key(s.claim), s.quote) for s in other.steps} or join_key(other.explains) == join_key(chain.explains):
            return
    work.chains.append(chain)


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
