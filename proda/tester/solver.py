"""An item → questions to a language model that has to solve it, with the facts at hand and without, and its replies → votes.

    cast = ballots(item, votes=5)                        # ten: five open-book, five closed-book, each with the options in another order
    question = ask_to_solve(knowledge, item, cast[0], prompt)         # for ask_all of proda/calls
    counted_votes(item, {ballot: reply, …}, prompt)      # SolverVotes(key="B", open={"B": 5}, closed={"B": 2, "C": 3}, prompt="solve@1")

A model that favours a letter must not decide a vote, so each option stands at each letter once in four ballots. The orders are drawn by the
content hash of the item: the same item is asked in the same way on every machine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from proda.calls.plain_text import runs
from proda.calls.records import Question
from proda.calls.task_prompts import TaskPrompt, load_task_prompt
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.language.folding import words
from proda.records import LETTERS, Item
from proda.stable_hash import by_weight
from proda.store.solved import Choice, SolverVotes
from proda.store.validation import Letter

PROMPT = Path(__file__).resolve().parent / "prompts/solve.md"
STAGE = "solve"  # under which tokens and cost are counted
MAX_TOKENS = 300  # of a reply
MOST_VOTES = 24  # orders of four options
COPIED = 5  # words in a row of the prompt's examples, which no note may have
NOTE = 200  # characters of a model's reason that are kept
Book = Literal["open", "closed"]
BOOKS: tuple[Book, ...] = ("open", "closed")


class Ballot(msgspec.Struct, frozen=True):
    """One vote to be cast. `order[place]` is the option of the item that stands at the letter of that place."""

    book: Book
    number: int
    order: tuple[int, ...]


class SolverReply(BaseModel):
    """One vote."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=1000)]
    answer: Literal["A", "B", "C", "D", "none"]

    def choice(self, ballot: Ballot) -> Choice:
        """The option that was chosen, by its letter in the item."""
        return "none" if self.answer == "none" else msgspec.convert(LETTERS[ballot.order[LETTERS.index(self.answer)]], Letter)


def load_solver_prompt(path: Path = PROMPT) -> TaskPrompt:
    """Read the prompt. Raises InputError if it has no version or a broken example."""
    return load_task_prompt(path)


def ballots(item: Item, votes: int) -> list[Ballot]:
    """Return `votes` ballots for each book, MOST_VOTES at most, no two of a book with the same order. Deterministic."""
    found = []
    for book in BOOKS:
        key = ("solve", item.content_hash, book)
        # The orders that are rotations of one another stand together: four of them show each option at each letter.
        starts = by_weight([o for o in permutations(range(len(LETTERS))) if o[0] == 0], *key)
        turned = [[(*start[n:], *start[:n]) for n in range(len(LETTERS))] for start in starts]
        orders = [order for group in turned for order in by_weight(group, *key, "turn")]
        found += [Ballot(book, number, order) for number, order in enumerate(orders[:votes], start=1)]
    return found


def ask_to_solve(knowledge: Knowledge, item: Item, ballot: Ballot, prompt: TaskPrompt) -> Question:
    """Return the question that asks for one vote. The model sees neither the key nor what is wrong with an option."""
    task = {
        "discipline": discipline_name(item.discipline),
        "facts": facts(knowledge, item) if ballot.book == "open" else [],
        "question": item.stem,
        "options": {letter: item.options[place].text for letter, place in zip(LETTERS, ballot.order, strict=True)},
    }
    return Question(
        id=ballot_id(item, ballot),
        stage=f"{STAGE}-{ballot.book}",
        messages=[
            {"role": "system", "content": prompt.text},
            {"role": "user", "content": json.dumps(task, ensure_ascii=False, indent=1)},
        ],
        reply=SolverReply,
        prompt=prompt.id,
        max_tokens=MAX_TOKENS,
        tag=f"{item.discipline}/{item.topic}",
    )


def ballot_id(item: Item, ballot: Ballot) -> str:
    """The id of the question of a ballot, unique in a run."""
    return f"{item.id} {ballot.book} {ballot.number}"


def facts(knowledge: Knowledge, item: Item) -> list[str]:
    """What an open-book solver may look up: the statements of the chains and links that the item rests on, and when these chains hold."""
    chains = dict.fromkeys([item.chain, *(knowledge.statements[s].chain for s in item.statements)])
    found: list[str] = []
    for chain in (knowledge.chains[c] for c in chains):
        if not chain.is_link:
            found += [f"The following explanation presupposes: {text}." for text in chain.preconditions]
            found += [f"The following explanation does not cover: {text}." for text in chain.exclusions]
        found += [knowledge.statements[s].text for s in chain.statements]
    return list(dict.fromkeys(found))


def counted_votes(item: Item, replies: Mapping[Ballot, SolverReply], prompt: TaskPrompt) -> SolverVotes:
    """Return the votes of one model on one item. Needs at least one reply for each book.

    If the model does not solve the item, the reason of the first vote for another option is noted, unless it repeats the prompt's examples.
    """
    cast = {ballot: reply.choice(ballot) for ballot, reply in sorted(replies.items(), key=lambda pair: (pair[0].book, pair[0].number))}
    counts = {book: dict(Counter[str](choice for ballot, choice in cast.items() if ballot.book == book)) for book in BOOKS}
    votes = SolverVotes(msgspec.convert(item.answer, Letter), counts["open"], counts["closed"], prompt.id)
    if votes.solves:
        return votes
    against = next(replies[ballot].reason for ballot, choice in cast.items() if ballot.book == "open" and choice != item.answer)
    note = "".join(c if c.isprintable() else " " for c in " ".join(against.split()))
    copied = any(not runs(words(text), COPIED).isdisjoint(runs(words(note), COPIED)) for text in prompt.reply_texts())
    return msgspec.structs.replace(votes, note="" if copied else note if len(note) <= NOTE else f"{note[:NOTE].rstrip()} …")
