"""Questions → answers, from the store or the endpoint. What the model could not answer is remembered too, so it is paid for once.

    caller = Caller(settings, attempts=3, root=root)
    got = caller.ask(questions, "Chains")
    got[question.id]                              # Given(entries=[…], faults=[]), or Missing("truncated", "The reply reached …")
    caller.stopped                                # why the spend cap ended the run; empty if it did not

A question that the model answered wrongly to the last has the good entries of its last reply, and why the others were refused. Its record
lies in build/replies beside the replies, under the tag of its source. Troubles of the connection are not recorded: they are asked again.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proda.calls.ask import ask_all, estimate
from proda.calls.records import REASONS, Answered, CallTally, Question, Result, Unanswered
from proda.calls.rendering import reply_key
from proda.calls.reply_store import ReplyStore, StoredReply
from proda.extraction.llm.replies import LAST

if TYPE_CHECKING:
    from proda.document_settings import LlmSettings

LASTING = ("truncated", "context-length", "refused", "empty", "not-json", "invalid")  # the model would do the same again


class Given(msgspec.Struct, frozen=True):
    """A valid reply."""

    value: Any  # an instance of the question's model


class Missing(msgspec.Struct, frozen=True):
    """No valid reply, and why. `raw` is the last reply that had entries, not yet checked."""

    reason: str  # a key of REASONS
    detail: str
    raw: dict[str, Any] | None = None

    @property
    def why(self) -> str:
        """The reason in words, for reviewers."""
        return REASONS[self.reason].partition(";")[0]


Got = Given | Missing


class _Mark(msgspec.Struct, frozen=True):
    """The record of a question that was not answered."""

    reason: str
    detail: str
    raw: dict[str, Any] | None = None


class Caller:
    """Asks for one run of a command, within one spend cap. With `send=False`, only the store answers, and estimates are printed."""

    def __init__(self, settings: LlmSettings, attempts: int, root: Path, *, send: bool = True) -> None:
        self.settings, self.attempts, self.root, self.send = settings, attempts, root, send
        self.stopped = ""
        self.tally = CallTally()
        self._store = ReplyStore(root)

    def ask(self, questions: Sequence[Question], what: str) -> dict[str, Got]:
        """One entry for each question. Raises EndpointError if the endpoint cannot be used; what was answered is stored by then."""
        found: dict[str, Got] = {}
        open_ones: list[Question] = []
        for question in questions:
            mark = self._mark(question)
            if mark is None:
                open_ones.append(question)
            else:
                found[question.id] = Missing(mark.reason, mark.detail, mark.raw)
        self.tally.questions += len(found)
        if found:
            self.tally.unanswered = _sum(self.tally.unanswered, [m.reason for m in found.values() if isinstance(m, Missing)])
        if open_ones:
            left = self._left()
            if not self.send and (cost := estimate(open_ones, self.settings, self.root)).calls:
                sys.stderr.write(f"{what}: {cost.line()}\n")
            spent = left.max_calls == 0 or left.max_cost == 0.0
            run = ask_all(open_ones, left, self.root, attempts=self.attempts, on_result=self._remember, what=what, quiet=spent)
            if run.stopped:
                self.stopped = self._cap()
            self._add(run.tally)
            for question in open_ones:
                found[question.id] = self._got(run.results[question.id], question)
        return {question.id: found[question.id] for question in questions}

    def _left(self) -> LlmSettings:
        """The settings with what is left of the cap: it holds for the whole run of the command."""
        calls, spend = self.settings.max_calls if self.send else 0, self.settings.max_cost
        tally = self.tally
        return msgspec.structs.replace(
            self.settings,
            max_calls=None if calls is None else 0 if self.stopped else max(0, calls - tally.total.requests),
            max_cost=None if spend is None else 0.0 if self.stopped else max(0.0, spend - tally.cost_at_most),
        )

    def _cap(self) -> str:
        calls, spend = self.settings.max_calls, self.settings.max_cost
        if not self.send:
            return "nothing is sent in a dry run"
        caps = [] if calls is None else [f"llm.max_calls ({calls:,})"]
        caps += [] if spend is None else [f"llm.max_cost ({spend:g})"]
        return f"{' or '.join(caps)} is reached"

    def _remember(self, question: Question, result: Result) -> None:
        if isinstance(result, Unanswered) and result.reason in LASTING and self._mark(question) is None:
            mark = _Mark(result.reason, result.detail, (question.context or {})[LAST].raw)
            try:
                text = msgspec.json.encode(mark).decode()
            except (UnicodeEncodeError, RecursionError):  # half of a surrogate pair, which no file can hold
                text = msgspec.json.encode(_Mark(result.reason, result.detail)).decode()
            tags = (question.tag,) if question.tag else ()
            mode, model = self.settings.mode, self.settings.model
            self._store.put(StoredReply(self._key(question), tags, question.stage, question.prompt, model, mode, 0, 0, result.tries, text))

    def _got(self, result: Result, question: Question) -> Got:
        if isinstance(result, Answered):
            return Given(result.value)
        mark = self._mark(question)  # of an equal question too, which was asked for this one
        return Missing(result.reason, result.detail) if mark is None else Missing(mark.reason, mark.detail, mark.raw)

    def _mark(self, question: Question) -> _Mark | None:
        stored = self._store.find(self._key(question))
        if stored is None:
            return None
        try:
            return msgspec.json.decode(stored.reply, type=_Mark)
        except msgspec.MsgspecError:
            return None

    def _key(self, question: Question) -> str:
        """The key of the record: of everything that shapes the reply, and of the number of tries."""
        asked = reply_key(question, "json_schema", self.settings)
        return hashlib.sha256(f"unanswered\0{self.attempts}\0{asked}".encode()).hexdigest()

    def _add(self, tally: CallTally) -> None:
        mine = self.tally
        mine.questions += tally.questions
        mine.answered += tally.answered
        mine.cached += tally.cached
        mine.cost_at_most += tally.cost_at_most
        mine.seconds += tally.seconds
        mine.unanswered = _sum(mine.unanswered, [r for r, n in tally.unanswered.items() for _ in range(n)])
        mine.faults = _sum(mine.faults, [r for r, n in tally.faults.items() for _ in range(n)])
        for stage, spend in tally.stages.items():
            had = mine.stages.get(stage)
            if had is None:
                mine.stages = {**mine.stages, stage: msgspec.structs.replace(spend)}
            else:
                had.add(spend.requests, spend.input_tokens, spend.output_tokens, spend.cost)


def _sum(counts: dict[str, int], more: Sequence[str]) -> dict[str, int]:
    found = dict(counts)
    for name in more:
        found[name] = found.get(name, 0) + 1
    return found
