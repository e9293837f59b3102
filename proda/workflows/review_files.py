"""The files of one review: what was read, what a decision writes, and what can be undone.

    files = ReviewFiles(root, "physics/heat-pumps")
    files.write_chains(after, ["heat-pump-warms-a-house"], ["heat-pump-warms-a-house"], "accept the chain heat-pump-warms-a-house")
    files.undo()

Chains and links are written into the knowledge if `proda check` finds no new error in what the knowledge would be; otherwise nothing
changes. Files that another program changed since they were read raise ChangedOnDiskError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from proda.errors import ProdaError
from proda.knowledge.read_topic import read_source
from proda.knowledge.rules.rule import SourceText
from proda.knowledge.tree import MERGES, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.records import Record, Relation
from proda.store.edit_lock import EDITS, PROPOSALS, editing
from proda.store.proposals import Proposals, proposals_path
from proda.workflows import decisions
from proda.workflows.checked_entries import checked
from proda.workflows.decisions import RefusedDecisionError, Remark
from proda.workflows.file_set import write_together
from proda.workflows.known_nodes import KnownNodes, known_nodes
from proda.workflows.merge_decisions import seen_merges
from proda.workflows.proposals_text import ProposalsText
from proda.workflows.review_state import ReviewState, load_state, make_state, topic_path, version_of
from proda.workflows.scaffold import parse_topic

KEPT = 500  # decisions that can be undone


class ChangedOnDiskError(ProdaError):
    """Another tab or program changed a file of the review since it was read. Nothing was written."""


class _Before(Record, frozen=True):
    """What a decision replaced, and the version that it left."""

    texts: dict[str, str | None]
    proposals: Proposals
    left: str
    what: str


class ReviewFiles:
    """The files of the review of one source. Not safe for threads: the caller lets one decision end before the next."""

    def __init__(self, root: Path, source: str) -> None:
        parse_topic(source)
        self.root = root
        self.source = source
        self.text: SourceText | None = None
        self.relations: dict[str, Relation] = {}
        self._done: list[_Before] = []
        self._written = ProposalsText()
        self.reload()

    def reload(self) -> None:
        """Read all files again. Decisions made before cannot be undone afterwards if a file has changed."""
        self.state: ReviewState = load_state(self.root, self.source)
        self.relations = {r.id: r for r in read_vocabulary(self.root).relations or ()}
        self.text = read_source(self.root / source_path(self.source), self.root)

    def require(self, version: str) -> None:
        """Raise ChangedOnDiskError unless the files are those of `version`, which is also the version that was read."""
        if version != self.state.version or version_of(self.root, self.source) != self.state.version:
            raise ChangedOnDiskError(
                "Another tab or program changed the proposals, the topic file or the merges. Nothing was written. Look at the new state,"
                " then decide again."
            )

    @property
    def undoable(self) -> str:
        """What `undo` would take back; empty if it can do nothing."""
        return self._done[-1].what if self._done and self._done[-1].left == self.state.version else ""

    def undo(self) -> str:
        """Take back the last decision of this review, files and all, and return what it was. Raises RefusedDecisionError."""
        if not self._done:
            raise RefusedDecisionError("There is no decision to undo: none was made since this review started.")
        last = self._done[-1]
        if last.left != self.state.version:
            raise RefusedDecisionError("The files have changed since the last decision, so it cannot be undone. Decide it again.")
        with self._lock():
            self.require(self.state.version)
            self._put(last.texts, last.proposals, None if topic_path(self.source) in last.texts else self.state.known)
        self._done.pop()
        return last.what

    def forget(self) -> None:
        """Make the decisions so far final, as a commit does."""
        self._done.clear()

    def write_chains(
        self, after: Proposals, chains: Iterable[str], needed: Iterable[str], what: str, keep_only_written: bool = False
    ) -> tuple[Remark, ...]:
        """Write chains into the knowledge, those that the check refuses left out; raises RefusedDecisionError for a needed one."""
        wanted, needed, left_out = list(chains), set(needed), list[Remark]()
        while wanted:
            try:
                self.write(_only(self.state.proposals, after, wanted) if keep_only_written else after, wanted, (), what)
                return tuple(left_out)
            except RefusedDecisionError as error:
                refused = _blamed(after, error.remarks, wanted)
                if not refused or refused & needed or (len(wanted) == 1 and not keep_only_written):
                    raise
                left_out += error.remarks
                wanted = [name for name in wanted if name not in refused]
        if not keep_only_written:
            self.save(after, {}, what)
        return tuple(left_out)

    def write(self, after: Proposals, chains: Iterable[str], links: Iterable[str], what: str) -> None:
        """Write chains and links into the knowledge together with the proposals. Raises RefusedDecisionError if the check would fail."""
        with self._lock():
            made = checked(self.root, self.state, self.text, after, chains, links)
            self._save(made.proposals, made.texts, what, made.known)

    def save(self, after: Proposals, texts: Mapping[str, str], what: str) -> None:
        """Write the proposals and other files together, and remember what they replace."""
        with self._lock():
            self._save(after, texts, what)

    def _lock(self) -> AbstractContextManager[None]:
        return editing(self.root, f"proda review {self.source}", EDITS, PROPOSALS)

    def _save(self, after: Proposals, texts: Mapping[str, str], what: str, known: KnownNodes | None = None) -> None:
        self.require(self.state.version)
        before = {name: (self.root / name).read_text(encoding="utf-8") if (self.root / name).is_file() else None for name in texts}
        proposals = self.state.proposals
        self._put(texts, after, known or self.state.known)
        self._done = [*self._done, _Before(before, proposals, self.state.version, what)][-KEPT:]

    def _put(self, texts: Mapping[str, str | None], proposals: Proposals, known: KnownNodes | None) -> None:
        # The topic file comes first: if the program is killed between the two, accepting the chain again finds it there.
        write_together(self.root, {**texts, proposals_path(self.source): self._written.of(proposals)})
        text = texts.get(topic_path(self.source), self.state.topic_text) or ""
        merges = seen_merges(self.root, self.state.discipline) if MERGES in texts else self.state.merges
        version = version_of(self.root, self.source)
        self.state = make_state(version, proposals, text, merges, known or known_nodes(self.root))


def _blamed(proposals: Proposals, remarks: Iterable[Remark], chains: Iterable[str]) -> set[str]:
    """The chains that remarks are about, by their own name, a statement of theirs, or a concept that they name."""
    found = set()
    for remark in remarks:
        for name in chains:
            keys = proposals.chains[name].statements
            ends = {end for k in keys for end in (proposals.statements[k].subject, proposals.statements[k].object)}
            if remark.chain == name or (not remark.chain and (remark.statement in keys or (remark.concept and remark.concept in ends))):
                found.add(name)
    return found


def _only(before: Proposals, after: Proposals, chains: Iterable[str]) -> Proposals:
    """`before` with the statements of `chains` accepted, as they are in `after`."""
    keys = [key for name in chains for key in after.chains[name].statements if before.statements[key].status == "proposed"]
    return decisions.accepted(before, keys)
