"""One run: workers take questions, send requests, re-ask invalid replies, and store the valid ones.

    asker = Asker(wire, settings, store, ledger, attempts=3)
    await find_mode(asker)                        # modes.py
    await asker.ask_each(questions, done)         # done(question, result) for each, in the order of completion
    asker.stopped                                 # "llm.max_calls (100) is reached"; empty if all were asked

A request that fails because of the connection, a time-out or an overloaded endpoint is sent again, `retries` times, after a pause that
doubles each time. An invalid reply is shown to the model with what is wrong, and asked for again, up to `attempts` replies.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from proda.calls.parsing import Parsed, at_limit
from proda.calls.records import Answered, OnResult, Question, Result, Spend, Unanswered
from proda.calls.rendering import Message, tokens_at_most
from proda.calls.reply_store import EndpointHabits, ReplyStore, StoredReply
from proda.calls.spending import Budget, BudgetSpentError, Ledger, LedgerLine, cost
from proda.calls.throttle import StoppedError, Throttle
from proda.calls.turns import Turns
from proda.calls.wire import OTHER_LIMIT_NAME, EndpointError, Trouble, Wire, one_line
from proda.document_settings import LlmSettings

FIRST_PAUSE_S = 0.5  # before the first retry; doubles for each further one
LONGEST_PAUSE_S = 30.0
LONGEST_HOLD_S = 300.0  # a Retry-After above this ends the run instead
GIVE_UP = 8  # questions in a row that failed in spite of all retries, with no reply in between: the endpoint is gone
LAST_S = 10.0  # for requests in flight, once the endpoint has turned out to be unusable
FINAL = ("truncated", "refused")  # asking again would bring the same


class Asker:
    """The state of one run against one endpoint."""

    def __init__(
        self,
        wire: Wire,
        settings: LlmSettings,
        store: ReplyStore,
        ledger: Ledger,
        attempts: int,
        form: Any,
        budget: Budget | None = None,
    ) -> None:
        self.wire, self.settings, self.store, self.ledger, self.attempts = wire, settings, store, ledger, attempts
        self.form = form
        self.habits = EndpointHabits("")
        self.budget = budget or Budget(settings)
        self.throttle = Throttle(settings.concurrency)
        self.turns = Turns()
        self.stages: dict[str, Spend] = {}
        self.faults: Counter[str] = Counter()
        self.stopped = ""
        self.probing = False
        self.other_way = False  # a probe has another way of asking to try, if this one fails
        self.unusable: EndpointError | None = None
        self._replies = 0
        self._failed_in_a_row = 0
        self._ending = asyncio.Event()

    async def ask_each(self, questions: Sequence[Question], done: OnResult) -> None:
        """Ask each question once. Raises EndpointError if the endpoint cannot be used; what was answered by then is stored and reported."""
        left = iter(questions)
        # Twice the cap, because a question that pauses before its next try takes no place in the throttle.
        count = min(2 * self.settings.concurrency, len(questions))
        workers = [asyncio.create_task(self._work(left, done)) for _ in range(count)]
        every: asyncio.Future[Any] = asyncio.gather(*workers)
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([every, ending], return_when=asyncio.FIRST_COMPLETED)
            if not every.done():  # the run ends early: requests in flight are paid for, so they may finish
                await asyncio.wait([every], timeout=LAST_S if self.unusable else None)
            if every.done():
                every.result()
        finally:
            for task in (*workers, ending):
                task.cancel()
            await asyncio.gather(*workers, ending, every, return_exceptions=True)
        if self.unusable is not None:
            raise self.unusable

    async def _work(self, left: Iterator[Question], done: OnResult) -> None:
        for question in left:
            done(question, await self.ask(question))

    async def ask(self, question: Question, *, keep: bool = True) -> Result:
        """Ask one question until there is a valid reply, or a reason why there is none. `keep`: store the reply."""
        mode = self.habits.mode
        asked: list[Message] = self.form.messages(question, mode)
        messages = asked
        tries, tokens = 0, (0, 0)
        result: Result = Unanswered("not-asked", self.stopped)
        for _ in range(self.attempts):
            got, sent = await self._send(question, messages, mode)
            tries += sent
            if isinstance(got, Trouble):
                return Unanswered(got.reason, got.detail, tries)
            used = got.usage or (0, 0)
            tokens = tokens[0] + used[0], tokens[1] + used[1]
            if not got.reason:
                if keep:
                    self._store(question, mode, tokens, tries, got.text)
                return Answered(got.value, cached=False, input_tokens=tokens[0], output_tokens=tokens[1], tries=tries)
            result = Unanswered(got.reason, one_line(got.detail), tries)
            if got.reason in FINAL:
                break
            if got.reason != "empty":
                messages = asked + self.form.correction(got.text, got.detail)
        return result

    async def _send(self, question: Question, messages: Sequence[Message], mode: str) -> tuple[Parsed | Trouble, int]:
        """One reply, or the trouble that all retries ran into; and how many requests were sent."""
        pauses = random.Random(question.id)
        trouble = Trouble("not-asked", "")
        sent, attempt = 0, 0
        retries = self.settings.retries
        while attempt <= retries:
            try:
                got = await self._exchange(question, messages, mode)
            except (StoppedError, BudgetSpentError) as stop:
                self._stop(str(stop))
                return Trouble("not-asked", self.stopped), sent
            sent += 1
            if isinstance(got, Parsed):
                return got, sent
            trouble = got
            if trouble.other_limit_name and self.habits.limit_name != OTHER_LIMIT_NAME:
                self.habits = EndpointHabits(self.habits.mode, OTHER_LIMIT_NAME)
                continue
            if self._is_final(trouble):
                return trouble, sent
            unsupported = self.other_way and trouble.reason == "server-error" and not trouble.busy
            if unsupported or (self.probing and trouble.reason == "time-out"):
                # Some servers answer 500 to what they do not support, and a slow one would be waited for `retries` times in each mode.
                retries = min(1, retries)
            attempt += 1
            if attempt <= retries and not await self._pause(attempt, trouble, pauses):
                return Trouble("not-asked", self.stopped), sent
        self._exhausted(trouble)
        return trouble, sent

    async def _exchange(self, question: Question, messages: Sequence[Message], mode: str) -> Parsed | Trouble:
        """Send one request: take a place in the throttle, reserve its cost, count what came back, and give both back."""
        entered = await self.throttle.enter()
        held, usage, charged, busy = None, None, False, None
        try:
            request = self.form.body(question, messages, mode, self.settings, self.habits.limit_name)
            limit = self.form.limit(question, mode, self.settings)
            held = await self.budget.reserve(tokens_at_most(request, len(messages)), limit)
            if self.stopped:
                raise StoppedError
            charged = True  # also if this is cancelled while the endpoint works
            got: bytes | Parsed | Trouble = await self.wire.send(request, self.form.path(mode))
            if isinstance(got, bytes):
                busy = False
                await self.turns.take()
                got = at_limit(self.form.parse(got, question, mode), limit)
                if got.reason == "bad-response":
                    got = Trouble(got.reason, got.detail, retry=True, charged=True)
            if isinstance(got, Trouble):
                charged, busy = got.charged, got.busy or busy
                if got.wait_s is not None:
                    self.throttle.hold(got.wait_s)  # before the place is given back, or the next request would slip through
            else:
                self._replies += 1
                self._failed_in_a_row = 0
                usage = got.usage
            self._count(question, got)
            return got
        finally:
            self.throttle.leave(entered, busy=busy)
            if held is not None:
                self.budget.settle(held, usage, charged=charged)

    def _count(self, question: Question, got: Parsed | Trouble) -> None:
        """Add a request to the totals, and to the ledger if it may have cost something."""
        known = got.usage if isinstance(got, Parsed) else None
        tokens = known or (0, 0)
        self.stages.setdefault(question.stage, Spend()).add(1, *tokens, cost(self.settings, *tokens))
        if got.reason:
            self.faults[got.reason] += 1
        if isinstance(got, Parsed) or got.charged:
            reply = got.id if isinstance(got, Parsed) else ""
            self.ledger.write(LedgerLine(question.stage, question.id, reply, self.settings.model, got.reason, *(known or (None, None))))

    def _is_final(self, trouble: Trouble) -> bool:
        """Whether to leave it at this trouble. Ends the run if no other request will fare better."""
        if trouble.unusable and (not trouble.retry or not self._replies):
            self._end(trouble.detail)
        elif not trouble.retry and trouble.reason == "rejected" and not self._replies and not self.probing:
            self.store.keep_habits(self.wire.address, self.settings.model, None)  # the next run probes again
            self._end(f"It does not accept the requests: {trouble.detail}")
        elif trouble.wait_s is not None and trouble.wait_s > LONGEST_HOLD_S:
            self._end(f"It asks to wait for {trouble.wait_s / 60:,.0f} minutes. {trouble.detail}")
        return not trouble.retry or self.unusable is not None

    async def _pause(self, attempt: int, trouble: Trouble, pauses: random.Random) -> bool:
        """Wait before the next try; False if the run ended meanwhile."""
        seconds = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1)) * pauses.uniform(0.5, 1.0)
        seconds = max(seconds, trouble.wait_s or 0.0)
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return True
        return False

    def _exhausted(self, trouble: Trouble) -> None:
        """Count a question that failed in spite of all retries; end the run if the endpoint seems to be gone."""
        self._failed_in_a_row += 1
        if not self.probing and (trouble.unusable or not self._replies or self._failed_in_a_row >= GIVE_UP):
            self._end(trouble.detail)

    def _end(self, why: str) -> None:
        """The endpoint is unusable."""
        if self.unusable is None:
            self.unusable = EndpointError(
                f"{self.wire.address}\n  The endpoint cannot be used. {why}\n"
                "  Replies received so far are kept in build/replies. Fix the cause and run again to go on."
            )
        self._stop("the endpoint cannot be used")

    def _stop(self, why: str) -> None:
        """Send nothing more. Requests in flight may end."""
        self.stopped = self.stopped or why
        self._ending.set()
        self.throttle.stop()

    def _store(self, question: Question, mode: str, tokens: tuple[int, int], tries: int, text: str) -> None:
        key = self.form.key(question, mode, self.settings)
        tags = (question.tag,) if question.tag else ()
        self.store.put(StoredReply(key, tags, question.stage, question.prompt, self.settings.model, mode, *tokens, tries, text))
