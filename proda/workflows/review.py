"""Review the proposals of one source: each decision is checked, then written at once, or refused with the reasons.

    review = Review(root, "physics/heat-pumps")
    review.accept("a1b2c3d4e5f6")                       # writes proposals/physics/heat-pumps.yaml
    review.accept_chain("heat-pump-warms-a-house")      # … and knowledge/physics/heat-pumps.yaml, samples/allocation.yaml if need be
    review.join(("a1b2c3d4e5f6", "b1b2c3d4e5f6", "c1b2c3d4e5f6"))      # a chain that the extractor did not find
    review.undo()

A chain whose statements are all accepted is written into the knowledge if `proda check` finds no new error in what the knowledge would
be. Otherwise nothing changes, and RefusedDecisionError holds a remark for each finding. What is in the knowledge is no longer a proposal:
removing it is an edit of the topic file. Files that another program changed since they were read raise ChangedOnDiskError.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proda.knowledge.tree import MERGES, source_path
from proda.store.chunks import chunks_there
from proda.store.proposals import Proposals, proposals_path
from proda.workflows import decisions
from proda.workflows.additions import Additions, NewStatement, RefusedAdditionsError, added
from proda.workflows.checked_entries import remarks_alone
from proda.workflows.decisions import ChainEdit, ConceptEdit, RefusedDecisionError, Remark, StatementEdit
from proda.workflows.joining import chain_of, joined
from proda.workflows.merge_decisions import decided_merge
from proda.workflows.review_files import ReviewFiles
from proda.workflows.review_state import topic_path


class Review(ReviewFiles):
    """The review of one source. Not safe for threads: the caller lets one decision end before the next."""

    def __init__(self, root: Path, source: str) -> None:
        super().__init__(root, source)
        self._hints: tuple[str, dict[str, tuple[Remark, ...]]] = ("", {})  # version, remarks by statement

    def accept(self, key: str) -> tuple[Remark, ...]:
        """Accept a statement; writes the chains that it completes, or a link if it is in no chain.

        Returns remarks on chains that are complete and could not be written. Raises RefusedDecisionError.
        """
        self._open(key)
        after = decisions.accepted(self.state.proposals, (key,))
        homes = decisions.homes(after, key)
        if not homes:
            self._require_ends(key)
            self.write(after, (), (key,), f"accept {key} as a link")
            return ()
        due = [name for name in homes if self._due(after, name)]
        if due:
            return self.write_chains(after, due, due[:1], f"accept {key}")
        if errors := tuple(r for r in self.hints(key) if r.severity == "error"):
            raise RefusedDecisionError("The statement was not accepted. `proda check` would refuse it:", errors)
        self.save(after, {}, f"accept {key}")
        return ()

    def accept_chain(self, chain: str) -> tuple[Remark, ...]:
        """Accept what is undecided of a chain and write it, and other chains that are then complete. As `accept` otherwise."""
        self._chain(chain)
        if blocked := decisions.blocking(self.state.proposals, chain):
            runs = decisions.shorter(self.state.proposals, chain)
            advice = "Shorten it to the statements that are left" if runs else "Reject it"
            message = f"The chain cannot be accepted: {_counted(len(blocked), 'statement')} rejected or withdrawn. {advice}."
            raise RefusedDecisionError(message, (Remark(message, chain=chain),))
        keys = self.state.proposals.chains[chain].statements
        after = decisions.accepted(self.state.proposals, [k for k in keys if self.state.proposals.statements[k].status == "proposed"])
        due = [chain, *(name for name in after.chains if name != chain and set(keys) & {*after.chains[name].statements})]
        return self.write_chains(after, [n for n in due if self._due(after, n)], [chain], f"accept the chain {chain}")

    def accept_all(self) -> tuple[Remark, ...]:
        """Accept every undecided chain and link that passes the check; returns why the others do not."""
        before = self.state.proposals
        chains = [n for n, c in before.chains.items() if c.status == "proposed" and not decisions.blocking(before, n)]
        remarks: list[Remark] = []
        if chains:
            keys = dict.fromkeys(k for n in chains for k in before.chains[n].statements if before.statements[k].status == "proposed")
            remarks += self.write_chains(decisions.accepted(before, keys), chains, (), "accept all chains", keep_only_written=True)
        loose = [k for k, s in self.state.proposals.statements.items() if s.status == "proposed" and self.state.is_loose(k)]
        left = self._accept_links([key for key in loose if not self.missing_ends(key)])
        for key in loose:
            remarks += left[key] if key in left else self._without_ends(key)
        return tuple(remarks)

    def _accept_links(self, keys: Sequence[str]) -> dict[str, tuple[Remark, ...]]:
        """Accept statements as links, in one write if the check passes. Returns why others are refused.

        Otherwise each half is written in the same way, so that what is accepted, and each reason, is as if one came after the other.
        """
        if not keys:
            return {}
        try:
            what = f"accept {keys[0]} as a link" if len(keys) == 1 else "accept all links"
            self.write(decisions.accepted(self.state.proposals, keys), (), keys, what)
        except RefusedDecisionError as error:
            if len(keys) == 1:
                return {keys[0]: error.remarks or (Remark(error.message, statement=keys[0]),)}
            half = len(keys) // 2
            return self._accept_links(keys[:half]) | self._accept_links(keys[half:])
        return {}

    def reject(self, key: str, reason: str) -> None:
        """Reject a statement, for a reason in one line. Raises RefusedDecisionError if it is in the knowledge."""
        self._open(key)
        self.save(decisions.rejected(self.state.proposals, (key,), reason), {}, f"reject {key}")

    def reject_chain(self, chain: str, reason: str) -> None:
        """Reject a chain and those of its statements that are undecided and in no other chain."""
        self._chain(chain)
        self.save(decisions.chain_decided(self.state.proposals, chain, "rejected", reason), {}, f"reject the chain {chain}")

    def reopen(self, key: str) -> None:
        """Make a statement, or a rejected chain, undecided again."""
        if key in self.state.proposals.chains:
            self._chain(key, any_status=True)
            self.save(decisions.chain_decided(self.state.proposals, key, "proposed"), {}, f"reopen the chain {key}")
            return
        self._open(key)
        self.save(decisions.reopened(self.state.proposals, (key,)), {}, f"reopen {key}")

    def shorten(self, chain: str, keys: tuple[str, ...]) -> tuple[Remark, ...]:
        """Cut a chain to a run of its statements; writes it if all of them are accepted."""
        self._chain(chain)
        after = decisions.shortened(self.state.proposals, chain, keys)
        if self._due(after, chain):
            return self.write_chains(after, [chain], [chain], f"shorten the chain {chain}")
        self.save(after, {}, f"shorten the chain {chain}")
        return ()

    def join(self, keys: Sequence[str], explains: str = "") -> tuple[str, tuple[Remark, ...]]:
        """Make a chain of statements, in this order, and return its id; writes it if all of them are accepted.

        Returns remarks as `accept` does. Raises RefusedDecisionError with what does not fit.
        """
        after, name = joined(self.state, self.relations, keys, explains)
        what = f"join {name}"
        if not self._due(after, name):
            self.save(after, {}, what)
            return name, ()
        left = self.write_chains(after, [name], [name], what)
        return chain_of(self.state.proposals, keys), left

    def additions(self, entries: Sequence[NewStatement]) -> Additions:
        """What `add` would do; nothing is written. Raises RefusedDecisionError if the source cannot be read."""
        if self.text is None or self.text.text is None:
            why = "There is no such file." if self.text is None else self.text.refusal
            raise RefusedDecisionError(f"{source_path(self.source)}: {why} Mend it first.")
        return added(self.state, self.relations, self.text.text, chunks_there(self.root, self.source), entries)

    def add(self, entries: Sequence[NewStatement]) -> Additions:
        """Propose statements that the extractor did not find. Raises RefusedAdditionsError if one cannot be: then none is written."""
        made = self.additions(entries)
        if made.faults:
            raise RefusedAdditionsError(made.faults)
        self.save(made.proposals, {}, f"add {', '.join(made.keys)}")
        return made

    def edit(self, key: str, statement: StatementEdit | None, concepts: dict[str, ConceptEdit]) -> None:
        """Save what a reviewer typed about a statement and about concepts. What the check says of it is told by `hints`."""
        self._open(key)
        after = self.state.proposals
        if statement is not None:
            after = decisions.edited_statement(after, key, statement, self.relations)
        for name, concept in concepts.items():
            if name not in after.concepts:
                raise RefusedDecisionError(f"There is no proposed concept '{name}'. Reload the page.")
            changed = decisions.edited_concept(after, name, concept)
            if changed != after and self.state.is_written(name):
                raise RefusedDecisionError(_written(f"The concept {name}", self.source), (Remark("It is in the knowledge.", concept=name),))
            after = changed
        self.save(after, {}, f"edit {key}")

    def edit_chain(self, chain: str, edit: ChainEdit) -> None:
        """Save what a reviewer typed about a chain."""
        self._chain(chain)
        self.save(decisions.edited_chain(self.state.proposals, chain, edit), {}, f"edit the chain {chain}")

    def decide_merge(self, index: int, decision: str, keep: str) -> None:
        """Confirm, refuse or reopen a merge of knowledge/merges.yaml. Raises RefusedDecisionError if it would rename knowledge."""
        merge = next((m for m in self.state.merges if m.index == index), None)
        if merge is None or keep not in merge.concepts or decision not in ("proposed", "confirmed", "refused"):
            raise RefusedDecisionError("There is no such merge any more. Reload the page.")
        there = [c for c in merge.concepts if c in self.state.known.concepts]
        if decision == "confirmed" and [c for c in there if c != keep]:
            what = " and ".join(there)
            advice = "Keep that one." if len(there) == 1 else "Replace one of them by hand: edit the topic files, and retire its entry."
            raise RefusedDecisionError(f"{what} {'is' if len(there) == 1 else 'are'} in the knowledge already. {advice}")
        text = (self.root / MERGES).read_text(encoding="utf-8")
        after = decided_merge(text, merge, decision, keep, self.state.discipline)
        self.save(self.state.proposals, {MERGES: after}, f"{decision} merge")

    def hints(self, key: str) -> tuple[Remark, ...]:
        """What `proda check` would say about a statement and its concepts, warnings included; empty if there is nothing to decide."""
        statement = self.state.proposals.statements.get(key)
        if statement is None or statement.status == "withdrawn" or key in self.state.written:
            return ()
        if self._hints[0] != self.state.version:
            self._hints = (self.state.version, {})
        known = self._hints[1]
        if key not in known:
            known[key] = remarks_alone(self.root, self.state, self.text, self.state.proposals, key)
        return known[key]

    def _open(self, key: str) -> None:
        """Raise RefusedDecisionError unless `key` is a statement that can be decided about."""
        if key not in self.state.proposals.statements:
            raise RefusedDecisionError(f"There is no statement '{key}' in {proposals_path(self.source)}. `proda review --list` lists keys.")
        if (node := self.state.written.get(key)) is not None:
            raise RefusedDecisionError(_written(f"The statement {key} ({node})", self.source))
        if self.state.proposals.statements[key].status == "withdrawn":
            raise RefusedDecisionError(f"The statement {key} is withdrawn: its passage is no longer in the source.")

    def _chain(self, chain: str, any_status: bool = False) -> None:
        if chain not in self.state.proposals.chains:
            raise RefusedDecisionError(f"There is no chain '{chain}' in {proposals_path(self.source)}. `proda review --list` lists chains.")
        if chain in self.state.written_chains:
            raise RefusedDecisionError(_written(f"The chain {chain}", self.source))
        status = self.state.proposals.chains[chain].status
        if status in decisions.DEAD and not any_status:
            raise RefusedDecisionError(f"The chain {chain} is {status}. Reopen it first.")

    def _due(self, proposals: Proposals, chain: str) -> bool:
        status = proposals.chains[chain].status
        return status not in decisions.DEAD and chain not in self.state.written_chains and decisions.complete(proposals, chain)

    def _require_ends(self, key: str) -> None:
        if remarks := self._without_ends(key):
            raise RefusedDecisionError("The statement was not accepted.", remarks)

    def _without_ends(self, key: str) -> tuple[Remark, ...]:
        """Why a statement cannot be a link, if no accepted chain names one of its concepts."""
        if not (missing := self.missing_ends(key)):
            return ()
        why = (
            f"{' and '.join(missing)}: in no accepted chain. A statement without a chain can only be a link between accepted chains."
            " Join it with others into a chain, accept a chain with it first, or reject the statement."
        )
        return (Remark(why, statement=key),)

    def missing_ends(self, key: str) -> tuple[str, ...]:
        """The concepts of a statement that no accepted chain names, so that it cannot be a link."""
        statement = self.state.proposals.statements[key]
        nodes = dict.fromkeys(self.state.node(end) for end in (statement.subject, statement.object))
        return tuple(node for node in nodes if node not in self.state.known.in_chains)


def _written(what: str, source: str) -> str:
    return f"{what} is in the knowledge. To change or remove it, edit {topic_path(source)}, as for any other entry; then run `proda check`."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"
