"""Questions in, a result for each out: from build/replies where it is stored, from the endpoint where it is not.

    run = ask_all(questions, load_document_settings(root).llm, root, what="Chains")
    # on standard error: Chains: 12 calls (988 more in build/replies), about 34,000 tokens in, at most 24,576 out
    run.results[questions[0].id]                  # Answered or Unanswered
    print("\\n".join(run.tally.lines()))

A killed run loses nothing that was stored: run again, and it asks what is missing. Results do not depend on the order of the replies.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from proda.calls.forms import JSON, JsonForm
from proda.calls.records import Answered, CallEstimate, CallRun, CallTally, OnResult, Question, Result, Spend
from proda.calls.reply_store import ReplyStore, StoredReply
from proda.calls.spending import Budget, cost
from proda.document_settings import LlmSettings
from proda.errors import InputError
from proda.progress import Progress


class _Found(msgspec.Struct):
    """The questions of a run, looked up in the store."""

    answered: dict[str, Answered]
    groups: list[list[Question]]  # questions that are missing; those that ask the same stand in one group and are asked once


def ask_all(
    questions: Sequence[Question],
    settings: LlmSettings,
    root: Path,
    *,
    attempts: int = 3,
    on_result: OnResult | None = None,
    what: str = "LLM calls",
    quiet: bool = False,
    form: JsonForm = JSON,
    budget: Budget | None = None,
) -> CallRun:
    """Answer every question, from the store or from the endpoint, and store new valid replies. Blocks until all have a result.

    `attempts` replies of the model to one question at most. `on_result(question, result)` is called as soon as a result is there, stored
    ones first, the others in the order of completion. Estimate and progress go to standard error under the name `what`, unless `quiet`.
    `form` says what the questions are and how they are asked (forms.py). Runs that share a `budget` share its spend cap.

    Stops without an error at the spend cap: the questions left are Unanswered("not-asked"), and `stopped` says how to go on. Raises
    EndpointError if the endpoint cannot be used, and InputError if no model is named; both leave what was stored.
    """
    _refuse(questions, settings, form)
    store = ReplyStore(root)
    store.sweep()
    found = _look_up(questions, settings, store, form)
    tally = CallTally(questions=len(questions))
    results: dict[str, Result] = {}
    unanswered: Counter[str] = Counter()

    def done(question: Question, result: Result) -> None:
        results[question.id] = result
        if isinstance(result, Answered):
            tally.answered += 1
            tally.cached += result.cached
        else:
            unanswered[result.reason] += 1
        if on_result is not None:
            on_result(question, result)

    for question in questions:
        if question.id in found.answered:
            done(question, found.answered[question.id])
    stopped = ""
    if found.groups:
        if not quiet:
            sys.stderr.write(f"{what}: {_estimate(found, settings, form).line()}\n")
        started = time.monotonic()
        stopped = _ask_groups(found.groups, settings, store, root, attempts, done, tally, None if quiet else what, form, budget)
        tally.seconds = time.monotonic() - started
    tally.unanswered = dict(unanswered)
    if stopped:
        left = unanswered["not-asked"]
        stopped = (
            f"{what}: stopped, because {stopped}. {left:,} of {len(questions):,} questions were not asked. What was answered is kept in"
            f" build/replies. Raise the cap in {settings.file()} and run again to go on."
        )
        if not quiet:
            sys.stderr.write(stopped + "\n")
    return CallRun({q.id: results[q.id] for q in questions}, tally, stopped)


def estimate(questions: Sequence[Question], settings: LlmSettings, root: Path, form: JsonForm = JSON) -> CallEstimate:
    """What `ask_all` would cost now. Reads the store and sends nothing."""
    _refuse(questions, settings, form)
    return _estimate(_look_up(questions, settings, ReplyStore(root), form), settings, form)


def _refuse(questions: Sequence[Question], settings: LlmSettings, form: JsonForm) -> None:
    if not settings.model:
        where = f"{settings.file()}  {settings.named('model')}"
        raise InputError(f"{where}\n  Got nothing, expected the name of a model that the endpoint serves.")
    twice = [name for name, count in Counter(q.id for q in questions).items() if count > 1]
    if twice:
        raise ValueError(f"two questions have the id {twice[0]!r}")
    form.refuse(questions)


def _look_up(questions: Sequence[Question], settings: LlmSettings, store: ReplyStore, form: JsonForm) -> _Found:
    modes = form.modes(settings, store)
    found = _Found({}, [])
    groups: dict[str, list[list[Question]]] = {}
    for question in questions:
        answered = None
        for mode in modes:
            reply = store.find(form.key(question, mode, settings))
            answered = _restored(question, reply, form) if reply else None
            if answered is not None and reply is not None:
                store.add_tag(reply, question.tag)
                found.answered[question.id] = answered
                break
        if answered is None:
            alike = groups.setdefault(form.key(question, modes[0], settings), [])
            group = next((g for g in alike if g[0].context == question.context), None)
            if group is None:
                alike.append(group := [])
                found.groups.append(group)
            group.append(question)
    return found


def _restored(question: Question, reply: StoredReply, form: JsonForm) -> Answered | None:
    """A stored reply, validated again: what the validators check, for example the source text, may have changed."""
    try:
        value = form.restored(reply.reply, question)
    except (ValueError, RecursionError):
        return None
    return Answered(value, True, reply.input_tokens, reply.output_tokens, reply.tries)


def _estimate(found: _Found, settings: LlmSettings, form: JsonForm) -> CallEstimate:
    first = [group[0] for group in found.groups]
    mode = "json_schema" if settings.mode == "auto" else settings.mode
    tokens_in = sum(form.tokens_about(question, mode) for question in first)
    tokens_out = sum(form.limit(question, mode, settings) for question in first)
    return CallEstimate(len(first), len(found.answered), tokens_in, tokens_out, cost(settings, tokens_in, tokens_out))


def _ask_groups(
    groups: list[list[Question]],
    settings: LlmSettings,
    store: ReplyStore,
    root: Path,
    attempts: int,
    done: OnResult,
    tally: CallTally,
    what: str | None,
    form: JsonForm,
    budget: Budget | None,
) -> str:
    """Ask the first question of each group, and give its result to the rest. Returns why the run stopped early, if it did."""
    import asyncio
    import io

    from proda.calls.asking import Asker
    from proda.calls.spending import Ledger
    from proda.calls.wire import connected

    rest = {group[0].id: group[1:] for group in groups}

    async def ask() -> str:
        ledger = Ledger(root)
        try:
            async with connected(settings) as wire:
                asker = Asker(wire, settings, store, ledger, attempts, form, budget)
                tally.stages, tally.faults = asker.stages, asker.faults

                def each(question: Question, result: Result) -> None:
                    done(question, result)
                    again = msgspec.structs.replace(result, cached=True) if isinstance(result, Answered) else result
                    for other in rest[question.id]:
                        done(other, again)
                        reply = store.find(form.key(other, asker.habits.mode, settings)) if other.tag else None
                        if reply is not None:
                            store.add_tag(reply, other.tag)
                    progress.advance(1, _note(tally))

                await form.prepare(asker)
                await asker.ask_each([group[0] for group in groups], each)
                tally.cost_at_most = asker.budget.spent
                return asker.stopped
        finally:
            ledger.close()

    with Progress(what or "", len(groups), "calls", stream=io.StringIO() if what is None else None) as progress:
        return asyncio.run(ask())


def _note(tally: CallTally) -> str:
    """What progress shows at its end: the cost so far, and failed requests by reason."""
    spend: Spend = tally.total
    parts = [f"cost {spend.cost:,.2f}"] if spend.cost else []
    parts += [f"{reason} {count:,}" for reason, count in sorted(tally.faults.items())]
    return ", ".join(parts)
