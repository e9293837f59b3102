"""Proposals → what the knowledge would be with them, checked before anything is written.

remarks_alone(root, state, source, proposals, "a1b2c3d4e5f6")                 # what the check says of one statement and its concepts
made = checked(root, state, source, proposals, ("heat-pump-warms-a-house",), ())
made.texts                # {"knowledge/physics/heat-pumps.yaml": …, "samples/allocation.yaml": …}
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from proda.knowledge.compile import check_knowledge
from proda.knowledge.rules.rule import SourceText
from proda.records import Record
from proda.store.proposals import Proposals
from proda.workflows.acceptance import Added, entries_of, remarks_of
from proda.workflows.decisions import RefusedDecisionError, Remark, chain_decided, renamed_chain
from proda.workflows.discipline_share import with_share
from proda.workflows.known_nodes import KnownNodes, known_nodes
from proda.workflows.review_state import ReviewState, topic_path
from proda.workflows.topic_entries import plain_with_entries, with_entries
from proda.workflows.would_be import new_errors, would_be


class CheckedEntries(Record, frozen=True):
    """Texts that the check has passed, the proposals that go with them, and the nodes that the knowledge then has."""

    texts: dict[str, str]
    proposals: Proposals
    known: KnownNodes


def checked(
    root: Path, state: ReviewState, source: SourceText | None, proposals: Proposals, chains: Iterable[str], links: Iterable[str]
) -> CheckedEntries:
    """The texts that hold `chains` and `links` too. Raises RefusedDecisionError with what the check would newly find in them."""
    added = _entries(state, source, proposals, chains, links)
    name = proposals.source
    texts = {topic_path(name): with_entries(state.topic_text, name, added.entries, added.aliases)}
    with would_be(root, texts) as tree:
        texts |= with_share(root, tree, state.discipline)
        errors, report = new_errors(root, tree)
        if errors:
            raise RefusedDecisionError("Nothing was written. `proda check` would find:", remarks_of(errors, added, name))
        known = known_nodes(tree, report)
    for proposed, node in added.chains.items():
        proposals = chain_decided(renamed_chain(proposals, proposed, node), node, "accepted")
    return CheckedEntries(texts, proposals, known)


def remarks_alone(root: Path, state: ReviewState, source: SourceText | None, proposals: Proposals, key: str) -> tuple[Remark, ...]:
    """Remarks on a statement and its concepts, warnings too, as if it were a link: there, no rule is about its neighbours in a chain."""
    added = _entries(state, source, proposals, (), (key,))
    text = plain_with_entries(state.topic_text, proposals.source, added.entries)
    with would_be(root, {topic_path(proposals.source): text}) as tree:
        found = [f for f in check_knowledge(tree).findings if f.rule not in ("links", "referenced")]
    told = [f for f in found if f.severity == "error" or f.file == topic_path(proposals.source)]
    return tuple(r for r in remarks_of(told, added, proposals.source) if r.statement == key or r.concept)


def _entries(state: ReviewState, source: SourceText | None, proposals: Proposals, chains: Iterable[str], links: Iterable[str]) -> Added:
    return entries_of(_placed(proposals, source), chains, links, state.known, state.merged, state.topic)


def _placed(proposals: Proposals, source: SourceText | None) -> Proposals:
    """`proposals` with spans where the quotes stand now, as far as a quote occurs exactly once."""
    text = source.text if source else None
    if text is None:
        return proposals
    moved = {}
    for key, statement in proposals.statements.items():
        quote, (start, end) = statement.evidence.quote, statement.evidence.span
        if text[start:end] != quote and text.count(quote) == 1:
            found = text.index(quote)
            evidence = msgspec.structs.replace(statement.evidence, span=(found, found + len(quote)))
            moved[key] = msgspec.structs.replace(statement, evidence=evidence)
    return msgspec.structs.replace(proposals, statements={**proposals.statements, **moved}) if moved else proposals
