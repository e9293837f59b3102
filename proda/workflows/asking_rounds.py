"""Questions asked in rounds: a valid reply that a gate refuses is asked for again, with a remark that does not say what it gave away.

    found = ask_in_rounds(ids, ask, gate, settings, root, remark="An earlier text … (Try {number}.)", what="Samples")
    found.accepted                    # question id → the value of a reply that the gate let through
    found.left                        # question id → why there is none

The caps of documents.yaml hold for all rounds together, and each round counts as one of `extract.attempts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.calls.ask import ask_all
from proda.calls.records import Answered, CallRun, Question, Unanswered
from proda.document_settings import DocumentSettings, LlmSettings

GATED = "overlap"  # the reason of a question whose replies the gate refused to the last
Gate = Callable[[Mapping[str, Any]], Collection[str]]
"""Question id → value of a valid reply; returns the ids that are refused."""


class NotAccepted(msgspec.Struct, frozen=True):
    """Why a question has no accepted reply: a key of proda/calls/records.py REASONS, or GATED."""

    reason: str
    detail: str


class Rounds(msgspec.Struct, frozen=True):
    """What came of all rounds."""

    accepted: dict[str, Any]
    left: dict[str, NotAccepted]
    gated: int  # valid replies that the gate refused
    lines: tuple[str, ...]  # calls and cost, for people
    stopped: str = ""  # why the run ended early, and how to go on

    @property
    def unanswered(self) -> dict[str, int]:
        """Reason → questions without an accepted reply, sorted."""
        return dict(sorted(Counter(one.reason for one in self.left.values()).items()))


def ask_in_rounds(
    ids: Sequence[str],
    ask: Callable[[str, Sequence[str]], Question],
    gate: Gate,
    settings: DocumentSettings,
    root: Path,
    *,
    remark: str,
    what: str,
    quiet: bool = False,
) -> Rounds:
    """Ask one question for each id until the gate accepts a reply, `extract.attempts` rounds at most.

    `ask(id, remarks)` returns the question of that id with remarks on earlier replies; `remark` has the place {number}, so that no two
    rounds ask the same. Raises what `ask_all` raises; valid replies are kept in build/replies.
    """
    accepted: dict[str, Any] = {}
    left: dict[str, NotAccepted] = {}
    runs: list[CallRun] = []
    remarks: tuple[str, ...] = ()
    pending, gated = list(ids), 0
    for number in range(2, settings.extract.attempts + 2):
        llm = _rest(settings.llm, runs)
        if not pending or llm is None:
            break
        run = ask_all([ask(name, remarks) for name in pending], llm, root, attempts=settings.extract.attempts, what=what, quiet=quiet)
        runs.append(run)
        values = {name: found.value for name in pending if isinstance(found := run.results[name], Answered)}
        refused = set(gate(values)) if values else set()
        gated += len(refused)
        accepted |= {name: value for name, value in values.items() if name not in refused}
        left |= {n: NotAccepted(r.reason, r.detail) for n in pending if isinstance(r := run.results[n], Unanswered)}
        pending = [name for name in pending if name in refused]
        if run.stopped:
            break
        remarks = (*remarks, remark.format(number=number))
    left |= {name: NotAccepted(GATED, "Each reply gave an item of the benchmark away, or was given away by one.") for name in pending}
    return Rounds(
        accepted,
        left,
        gated,
        tuple(line for run in runs for line in run.tally.lines()),
        next((run.stopped for run in runs if run.stopped), ""),
    )


def _rest(settings: LlmSettings, runs: Sequence[CallRun]) -> LlmSettings | None:
    """The settings with what is left of the caps; None if nothing is left."""
    calls, cost = sum(run.tally.total.requests for run in runs), sum(run.tally.cost_at_most for run in runs)
    if settings.max_calls is not None and calls >= settings.max_calls:
        return None
    if settings.max_cost is not None and cost >= settings.max_cost:
        return None
    return msgspec.structs.replace(
        settings,
        max_calls=None if settings.max_calls is None else settings.max_calls - calls,
        max_cost=None if settings.max_cost is None else settings.max_cost - cost,
    )
