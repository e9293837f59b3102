"""What the page may ask for: one JSON object for each decision.

    {"type": "reject", "source": "physics/heat-pumps", "version": "3f0c…", "key": "a1b2c3d4e5f6", "reason": "not stated in the source"}

An object of another form is refused before anything is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from proda.workflows.additions import NewStatement
from proda.workflows.decisions import ChainEdit, ConceptEdit, RefusedDecisionError, Remark, StatementEdit, said
from proda.workflows.review import Review
from proda.workflows.review_commit import commit_review

Name = Annotated[str, Meta(max_length=250)]
LongText = Annotated[str, Meta(max_length=20_000)]


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """An action on one source, decided on what `version` of its files showed."""

    source: Name
    version: Name


class AcceptAction(_Action, frozen=True, tag="accept"):
    """Accept a statement."""

    key: Name


class AcceptChainAction(_Action, frozen=True, tag="accept-chain"):
    """Accept a whole chain."""

    chain: Name


class RejectAction(_Action, frozen=True, tag="reject"):
    """Reject a statement."""

    key: Name
    reason: LongText


class RejectChainAction(_Action, frozen=True, tag="reject-chain"):
    """Reject a chain and its undecided statements."""

    chain: Name
    reason: LongText


class ReopenAction(_Action, frozen=True, tag="reopen"):
    """Make a statement or a rejected chain undecided again."""

    key: Name


class EditAction(_Action, frozen=True, tag="edit"):
    """Change a statement and the concepts that it names; with `accept`, accept it afterwards."""

    key: Name
    statement: StatementEdit | None = None
    concepts: dict[Name, ConceptEdit] = msgspec.field(default_factory=dict)
    accept: bool = False


class EditChainAction(_Action, frozen=True, tag="edit-chain"):
    """Change what a chain explains."""

    chain: Name
    edit: ChainEdit


class ShortenAction(_Action, frozen=True, tag="shorten"):
    """Cut a chain to some of its statements."""

    chain: Name
    keys: tuple[Name, ...]


class JoinAction(_Action, frozen=True, tag="join"):
    """Make a chain of statements, in this order; without `explains`, what it explains is worded from its ends."""

    keys: Annotated[tuple[Name, ...], Meta(max_length=100)]
    explains: LongText = ""


class AddAction(_Action, frozen=True, tag="add"):
    """Propose a statement that the reviewer has taken from the source."""

    statement: NewStatement


class MergeAction(_Action, frozen=True, tag="merge"):
    """Decide about a merge."""

    index: int
    decision: Name
    keep: Name


class UndoAction(_Action, frozen=True, tag="undo"):
    """Take back the last decision."""


class CommitAction(_Action, frozen=True, tag="commit"):
    """Commit the review of the source."""


Action = (
    AcceptAction
    | AcceptChainAction
    | RejectAction
    | RejectChainAction
    | ReopenAction
    | EditAction
    | EditChainAction
    | ShortenAction
    | JoinAction
    | AddAction
    | MergeAction
    | UndoAction
    | CommitAction
)


def carry_out(root: Path, review: Review, action: Action) -> str:
    """Carry out an action and return what to tell the reviewer, often nothing.

    Raises ChangedOnDiskError, RefusedDecisionError, GitError or InputError. Nothing is written on error, with one exception: `edit` with
    `accept=True` keeps the edit if accepting fails.
    """
    review.require(action.version)
    match action:
        case AcceptAction():
            return _left_out(review.accept(action.key))
        case AcceptChainAction():
            return _left_out(review.accept_chain(action.chain))
        case RejectAction():
            review.reject(action.key, action.reason)
        case RejectChainAction():
            review.reject_chain(action.chain, action.reason)
        case ReopenAction():
            review.reopen(action.key)
        case EditAction():
            review.edit(action.key, action.statement, action.concepts)
            return _left_out(_accepted_after_edit(review, action.key)) if action.accept else ""
        case EditChainAction():
            review.edit_chain(action.chain, action.edit)
        case ShortenAction():
            return _left_out(review.shorten(action.chain, action.keys))
        case JoinAction() | AddAction():
            return _made(review, action)
        case MergeAction():
            review.decide_merge(action.index, action.decision, action.keep)
        case UndoAction():
            return f"Undone: {review.undo()}."
        case CommitAction():
            made = commit_review(root, action.source)
            review.forget()
            return f"Committed {made.id[:9]}: {made.subject}." if made else "Nothing to commit: all decisions are committed already."
    return ""


def _made(review: Review, action: JoinAction | AddAction) -> str:
    if isinstance(action, AddAction):
        return " ".join(("Added. It is reviewed like any other statement.", *review.add((action.statement,)).notes))
    name, left = review.join(action.keys, action.explains)
    said = f"New chain {name}: {review.state.proposals.chains[name].explains}."
    return f"{said} {_left_out(left)}".strip()


def _accepted_after_edit(review: Review, key: str) -> tuple[Remark, ...]:
    try:
        return review.accept(key)
    except RefusedDecisionError as error:
        raise RefusedDecisionError(f"The edit is saved. {error.message}", error.remarks) from None


def _left_out(remarks: Sequence[Remark]) -> str:
    if not remarks:
        return ""
    return "Another chain is complete, and was not written: " + " ".join(said(remark) for remark in remarks[:3])
