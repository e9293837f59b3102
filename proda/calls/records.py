"""A question, what came of it, and the totals of a run.

Question("physics/heat-pumps#3", "statements", messages, Statements, prompt="statements@2", tag="physics/heat-pumps")
Answered(Statements(...), cached=False, input_tokens=812, output_tokens=96, tries=1)
Unanswered("truncated", "The reply reached max_tokens (2048).", tries=1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from proda.errors import counted

if TYPE_CHECKING:
    from pydantic import BaseModel

# Why a question has no answer, or why one try at it failed.
REASONS = {
    "truncated": "the reply reached max_tokens; ask for less, for example about half the text",
    "context-length": "the messages are longer than the model's context",
    "refused": "the model, or the endpoint's filter, refused to answer",
    "empty": "the reply has no content",
    "not-json": "the reply holds no JSON object",
    "invalid": "the reply's JSON breaks the model of the reply",
    "time-out": "no complete reply within timeout_s",
    "connection": "the connection was lost",
    "rate-limit": "429",
    "server-error": "5xx",
    "bad-response": "status 200, but the body is no completion",
    "no-prompt-logprobs": "the reply lacks the log-probabilities of the prompt",
    "rejected": "the endpoint does not accept this request (4xx)",
    "not-asked": "the run stopped first",
}


class Question(msgspec.Struct, frozen=True):
    """One request for one JSON object."""

    id: str  # unique in a run
    stage: str  # tokens and cost are counted by stage: "chains", "judge"
    messages: Sequence[Mapping[str, str]]  # {"role": "system" | "user" | "assistant", "content": "…"}
    reply: type[BaseModel]  # forbids extra fields
    context: Mapping[str, Any] | None = None  # what validators of `reply` get as `info.context`, for example the source text
    prompt: str = ""  # name and version, "chains@3"; a new version asks again
    max_tokens: int | None = None  # of the reply; None: the setting's
    tag: str = ""  # the document or source: `forget` deletes the replies of one tag


class Answered(msgspec.Struct, frozen=True):
    """A valid reply."""

    value: Any  # an instance of the question's `reply`
    cached: bool  # from the store, or from an equal question of this run: it costs nothing now
    input_tokens: int  # what the question cost when it was asked, invalid replies included
    output_tokens: int
    tries: int  # requests that were sent when it was asked


class Unanswered(msgspec.Struct, frozen=True):
    """Why there is no valid reply."""

    reason: str  # a key of REASONS
    detail: str  # one line for people, without the key of the endpoint
    tries: int = 0  # requests that were sent


Result = Answered | Unanswered
OnResult = Callable[[Question, Result], None]


class Spend(msgspec.Struct):
    """What requests cost."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0  # in the currency of the prices

    def add(self, requests: int, input_tokens: int, output_tokens: int, cost: float) -> None:
        """Add to each count."""
        self.requests += requests
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost += cost


class CallTally(msgspec.Struct):
    """The totals of one run."""

    questions: int = 0
    answered: int = 0  # with a valid reply, cached ones included
    cached: int = 0
    unanswered: dict[str, int] = {}  # reason → questions
    faults: dict[str, int] = {}  # reason → requests that failed, whether or not the question was answered later
    stages: dict[str, Spend] = {}  # the probe of the endpoint is a stage of its own, "probe"
    cost_at_most: float = 0.0  # like `total.cost`; requests that may be charged and have no count of tokens are counted at their most
    seconds: float = 0.0  # of asking

    @property
    def total(self) -> Spend:
        """The sum over all stages."""
        whole = Spend()
        for spend in self.stages.values():
            whole.add(spend.requests, spend.input_tokens, spend.output_tokens, spend.cost)
        return whole

    def lines(self) -> list[str]:
        """The totals as text for people: a line for the questions, one for each stage, one for each kind of failure."""
        total = self.total
        lines = [f"{counted(self.questions, 'question')}: {self.answered:,} answered ({self.cached:,} of them from build/replies)"]
        for name, spend in (*sorted(self.stages.items()), *([("total", total)] if len(self.stages) > 1 else [])):
            tokens = f"{spend.input_tokens:,} tokens in, {spend.output_tokens:,} out"
            cost = f", cost {spend.cost:,.4f}" if total.cost else ""
            lines.append(f"  {name}: {counted(spend.requests, 'request')}, {tokens}{cost}")
        for title, counts in (("not answered", self.unanswered), ("failed requests", self.faults)):
            if counts:
                lines.append(f"  {title}: " + ", ".join(f"{reason} {n:,}" for reason, n in sorted(counts.items())))
        return lines


class CallRun(msgspec.Struct, frozen=True):
    """What a run brought."""

    results: dict[str, Result]  # by question id, in the order of the questions; each question has a result
    tally: CallTally
    stopped: str = ""  # why the run ended early (the spend cap), and how to go on


class CallEstimate(msgspec.Struct, frozen=True):
    """What a run would cost."""

    calls: int  # questions that are not in the store
    cached: int
    input_tokens: int  # of those calls: a quarter of the characters
    output_tokens_at_most: int  # if each reply is as long as allowed
    cost_at_most: float  # of these tokens; without requests that fail and replies that are asked for again

    def line(self) -> str:
        """The estimate as text for people."""
        tokens = f"about {self.input_tokens:,} tokens in, at most {self.output_tokens_at_most:,} out"
        cost = f", at most {self.cost_at_most:,.4f} without re-asks" if self.cost_at_most else ""
        return f"{counted(self.calls, 'call')} ({self.cached:,} more in build/replies), {tokens}{cost}"
