"""Items → votes of a language model, open-book and closed-book, in benchmarks/solved.yaml; `proda write --solve` and nothing else calls it.

    task = plan_solving(root, knowledge, ["physics/thermal-expansion"], settings, votes=5)
    outcome = solve_items(root, knowledge, task, settings)
    write_together(root, outcome.texts)           # benchmarks/solved.yaml

The items are those in benchmarks/items, with whatever wording they have there. An item on which the model has voted is not asked again, as
long as its text, the model and the prompt are the same. An item is recorded when all its votes are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from proda.calls.ask import ask_all, estimate
from proda.calls.records import Answered, CallEstimate, Question, Unanswered
from proda.document_settings import DocumentSettings
from proda.graph import Knowledge
from proda.records import Item
from proda.store.solved import PATH, Solved, SolverVotes, load_solved, needed_votes, solved_text, with_votes
from proda.tester.solver import ask_to_solve, ballot_id, ballots, counted_votes, load_solver_prompt
from proda.workflows.chosen_topics import chosen_topics
from proda.workflows.present_items import present_items

WEAK = 0.8  # a model that solves a smaller share of the items with the facts at hand says little about the rest


class SolvingTask(msgspec.Struct, frozen=True):
    """What `proda write --solve` would do. The counts are of items."""

    items: int  # of the chosen topics
    voted: int  # of them, those on which the model has voted
    sealed: int  # of the rest, those that are sealed, and not asked without `--sealed`
    left: int  # of the rest, those beyond the limit
    asked: tuple[Item, ...]
    votes: int  # for each item and each book
    solved: Solved
    stale: int  # items with votes that are gone, and that no vote withholds


class SolvingOutcome(msgspec.Struct, frozen=True):
    """What came of it, and the file that holds it."""

    texts: dict[str, str | None]  # path → content
    votes: dict[str, SolverVotes]  # item id → what was voted now
    unsolved: dict[str, SolverVotes]  # of these, the items that are withheld
    unanswered: dict[str, int]  # reason → items that are not recorded, because votes are missing
    lines: tuple[str, ...]  # calls and cost, for people
    stopped: str = ""  # why the run ended early, and how to go on


def plan_solving(
    root: Path,
    knowledge: Knowledge,
    topics: Sequence[str],
    settings: DocumentSettings,
    limit: int | None = None,
    *,
    votes: int,
    sealed: bool = False,
) -> SolvingTask:
    """Compare the items with the votes. `topics` are ids like physics/optics; all topics without any. Items are in order of id.

    Raises NotFoundError for a topic without items, EmptyBenchmarkError without any, InputError if they are older than the knowledge.
    """
    every = present_items(root, knowledge)
    wanted = set(chosen_topics({f"{item.discipline}/{item.topic}" for item in every}, topics, "items"))
    chosen = [item for item in every if f"{item.discipline}/{item.topic}" in wanted]
    solved, prompt, model = load_solved(root), load_solver_prompt().id, settings.llm.model
    open_ones = [item for item in chosen if not _has_voted(solved, item, model, prompt)]
    free = [item for item in open_ones if sealed or item.split != "sealed"]
    asked = free if limit is None else free[:limit]
    return SolvingTask(
        items=len(chosen),
        voted=len(chosen) - len(open_ones),
        sealed=len(open_ones) - len(free),
        left=len(free) - len(asked),
        asked=tuple(asked),
        votes=votes,
        solved=solved,
        stale=len(solved.votes) - len(needed_votes(solved, {item.content_hash for item in every}).votes),
    )


def solving_estimate(root: Path, knowledge: Knowledge, task: SolvingTask, settings: DocumentSettings) -> CallEstimate:
    """What asking would cost. Sends nothing. Raises InputError if no model is named."""
    return estimate(_questions(knowledge, task), settings.llm, root)


def solve_items(root: Path, knowledge: Knowledge, task: SolvingTask, settings: DocumentSettings, *, quiet: bool = False) -> SolvingOutcome:
    """Ask for the votes. Writes no file but build/replies.

    Raises InputError if no model is named, and EndpointError if the endpoint cannot be used; valid replies are kept in build/replies and
    cost nothing the next time.
    """
    prompt, model = load_solver_prompt(), settings.llm.model
    run = ask_all(_questions(knowledge, task), settings.llm, root, attempts=settings.extract.attempts, what="Votes", quiet=quiet)
    found: dict[str, SolverVotes] = {}
    unanswered: Counter[str] = Counter()
    for item in task.asked:
        results = {ballot: run.results[ballot_id(item, ballot)] for ballot in ballots(item, task.votes)}
        missing = next((r.reason for r in results.values() if isinstance(r, Unanswered)), None)
        if missing is not None:
            unanswered[missing] += 1
            continue
        replies = {ballot: result.value for ballot, result in results.items() if isinstance(result, Answered)}
        found[item.id] = counted_votes(item, replies, prompt)
    after = with_votes(task.solved, model, {item.content_hash: found[item.id] for item in task.asked if item.id in found})
    return SolvingOutcome(
        texts={PATH.as_posix(): solved_text(after)} if after != task.solved else {},
        votes=found,
        unsolved={item: votes for item, votes in found.items() if not votes.solves},
        unanswered=dict(sorted(unanswered.items())),
        lines=tuple(run.tally.lines()),
        stopped=run.stopped,
    )


def pruned_votes(root: Path, knowledge: Knowledge) -> dict[str, str | None]:
    """The file without votes on items that are gone: path → content; empty if it stays as it is."""
    before = load_solved(root)
    after = needed_votes(before, {item.content_hash for item in present_items(root, knowledge)})
    return {} if after == before else {PATH.as_posix(): solved_text(after)}


def _has_voted(solved: Solved, item: Item, model: str, prompt: str) -> bool:
    """Whether the model has voted with the present prompt; without a model, whether any has."""
    found = solved.votes.get(item.content_hash, {})
    return any(votes.prompt == prompt for name, votes in found.items() if model in ("", name))


def _questions(knowledge: Knowledge, task: SolvingTask) -> list[Question]:
    """The questions in the order of the items, so that a run which stops early leaves few items half asked."""
    prompt = load_solver_prompt()
    return [ask_to_solve(knowledge, item, ballot, prompt) for item in task.asked for ballot in ballots(item, task.votes)]
