"""Statements that a reviewer joins → a chain of the proposals, or what does not fit. Pure: nothing is read or written.

    after, name = joined(state, relations, ("k1", "k2", "k3"))
    after.chains[name]               # explains "how heating leads to rail buckling", status proposed
    # RefusedDecisionError: k3: It starts at 'insulin', but k2 ends at 'glucose uptake'.

The rules are those of `proda check` (steps, shared-pairs, links), with the confirmed merges applied. A proposed chain whose statements are
all among the new one's, in the same order without a gap, gives way to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from proda.extraction.chains import LEAST, MOST, chain_id, explanation
from proda.knowledge.schema import full_id
from proda.records import Relation, Triple
from proda.store.proposals import Proposals, ProposedChain
from proda.workflows.decisions import DEAD, ChainEdit, RefusedDecisionError, Remark, cleaned, in_place
from proda.workflows.review_state import ReviewState

LENGTHS = (LEAST, MOST)  # statements of a chain


def joined(state: ReviewState, relations: Mapping[str, Relation], keys: Sequence[str], explains: str = "") -> tuple[Proposals, str]:
    """The proposals with a chain of the statements `keys`, in that order, and its id. Without `explains`, a default is worded.

    Raises RefusedDecisionError with a remark for everything that does not fit, which names the statement.
    """
    keys = tuple(keys)
    remarks = [*_of_length(keys), *_of_statements(state, relations, keys), *_of_path(state, keys)]
    within = _within(state, keys)
    remarks += _of_others(state, keys, within) if not remarks else ()
    if remarks:
        raise RefusedDecisionError("The statements were not joined.", tuple(remarks))
    proposals = state.proposals
    first, last = proposals.statements[keys[0]], proposals.statements[keys[-1]]
    name = chain_id(first.subject, last.object, _taken(state))
    if explains.strip():
        said = str(cleaned(ChainEdit(explains), ("explains",), Remark("", chain=name))["explains"])
    else:
        ends = (first.subject_as or _worded(state, first.subject), last.object_as or _worded(state, last.object))
        said = explanation(*ends, [relations[proposals.statements[key].relation] for key in keys])
    for other in within:
        entry = msgspec.structs.replace(proposals.chains[other], status="rejected", reason=f"part of the chain {name}")
        proposals = msgspec.structs.replace(proposals, chains={**proposals.chains, other: entry})
    chains = in_place(proposals.chains, name, ProposedChain(said, keys, added=True), lambda other, _: other)
    return msgspec.structs.replace(proposals, chains=chains), name


def chain_of(proposals: Proposals, keys: Sequence[str]) -> str:
    """The id of the chain that a reviewer joined from `keys`; it may have got another one when it was written into the knowledge."""
    return next(name for name, chain in proposals.chains.items() if chain.statements == tuple(keys) and chain.status not in DEAD)


def _of_length(keys: Sequence[str]) -> Iterator[Remark]:
    if not LEAST <= len(keys) <= MOST:
        yield Remark(f"Got {len(keys)} statement{'s' * (len(keys) != 1)}, expected {LEAST} to {MOST}.")


def _of_statements(state: ReviewState, relations: Mapping[str, Relation], keys: Sequence[str]) -> Iterator[Remark]:
    """What is wrong with each statement alone."""
    for place, key in enumerate(keys):
        if key in keys[:place]:
            yield Remark("It is named twice.", statement=key)
        elif fault := _fault(state, relations, key):
            yield Remark(fault, statement=key)


def _fault(state: ReviewState, relations: Mapping[str, Relation], key: str) -> str:
    """Why a statement cannot be in a chain; empty if it can."""
    statement = state.proposals.statements.get(key)
    if statement is None:
        return "There is no such statement. `proda review SOURCE --list` lists keys."
    if statement.status in DEAD:
        advice = " Reopen it first." if statement.status == "rejected" else ""
        return f"It is {statement.status}: {statement.reason or 'no reason is given'}.{advice}"
    if statement.relation not in relations or not relations[statement.relation].step:
        return f"'{statement.relation}' is no step from one thing to the next, so it cannot be in a chain."
    link = state.written.get(key, "")
    if state.topic is not None and link in state.topic.links:
        return f"It is in the knowledge as the link {link}, and a link states what no chain states. Remove the link first."
    return ""


def _of_path(state: ReviewState, keys: Sequence[str]) -> Iterator[Remark]:
    """Statements that do not start where the one before ends, and concepts that the path passes twice."""
    path = [(key, state.proposals.statements[key]) for key in keys if key in state.proposals.statements]
    for (before, one), (key, other) in pairwise(path):
        if state.node(one.object) != state.node(other.subject):
            message = f"It starts at '{state.term(other.subject)}', but {before} ends at '{state.term(one.object)}'."
            yield Remark(message, statement=key)
    passed = {state.node(path[0][1].subject)} if path else set()
    for key, statement in path:
        if (node := state.node(statement.object)) in passed:
            message = f"It ends at '{state.term(statement.object)}', which the path has passed already. A chain passes no concept twice."
            yield Remark(message, statement=key)
        passed.add(node)


def _within(state: ReviewState, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The undecided chains whose statements are a part of `keys`, in this order and without a gap."""
    runs = {keys[i:j] for i in range(len(keys)) for j in range(i + 1, len(keys) + 1)} - {keys}
    undecided = {n: c for n, c in state.proposals.chains.items() if c.status == "proposed" and n not in state.written_chains}
    return tuple(name for name, chain in undecided.items() if chain.statements in runs)


def _of_others(state: ReviewState, keys: tuple[str, ...], within: Sequence[str]) -> Iterator[Remark]:
    """Chains of the same statements, and chains that share two consecutive statements."""
    for name, chain in state.proposals.chains.items():
        if chain.statements == keys:
            advice = f" It is {chain.status}: reopen it." if chain.status in DEAD else ""
            yield Remark(f"It is the chain of these statements already.{advice}", chain=name)
            return
    pairs: dict[tuple[Triple, Triple], str] = {}
    for name, triples in _standing(state):
        if name not in within:
            for pair in pairwise(triples):
                pairs.setdefault(pair, name)
    triples = [state.triple(state.proposals.statements[key]) for key in keys]
    for key, pair in zip(keys[1:], pairwise(triples), strict=True):
        if pair in pairs:
            message = f"The one before it leads to it in the chain {pairs[pair]} too, and no two chains share two consecutive statements."
            yield Remark(f"{message} Leave one of them out; or reject that chain, and reopen its statements.", statement=key)


def _standing(state: ReviewState) -> Iterator[tuple[str, list[Triple]]]:
    """The chains of the proposals and of the topic file that are in use, with their triples."""
    for name, chain in state.proposals.chains.items():
        if chain.status not in DEAD:
            yield name, [state.triple(state.proposals.statements[key]) for key in chain.statements]
    for name, written in state.topic.chains.items() if state.topic is not None else ():
        if written.status == "active":
            yield name, [(full_id(state.discipline, s.subject), s.relation, full_id(state.discipline, s.object)) for s in written.steps]


def _taken(state: ReviewState) -> set[str]:
    """Ids that a new chain cannot have."""
    own = f"{state.discipline}/"
    known = (node.removeprefix(own) for node in (*state.known.chains, *state.known.concepts) if node.startswith(own))
    return {*known, *state.proposals.chains, *state.proposals.concepts}


def _worded(state: ReviewState, reference: str) -> str:
    """A concept as a sentence names it."""
    concept = state.concept(reference)
    return (concept.phrase or concept.term) if concept else reference
