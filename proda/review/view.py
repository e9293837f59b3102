"""A review → what its page shows, as plain data for JSON.

    view = view_of(review)
    view["statements"]["a1b2c3d4e5f6"]["place"]       # [17, 0, 78]: block of the source, first and last position in UTF-16 units
    changed(before, view)                             # the parts that differ, which is all that a decision sends

The page inserts every text as text. Nothing here is HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from proda.history.anchors import block_at, blocks
from proda.knowledge.schema import ConceptType, full_id
from proda.workflows import decisions
from proda.workflows.acceptance import merged_into
from proda.workflows.concept_names import ConceptNames
from proda.workflows.joining import LENGTHS
from proda.workflows.merge_decisions import SeenMerge
from proda.workflows.review import Review

if TYPE_CHECKING:
    from proda.store.proposals import Proposals, ProposedStatement

SHOWN = 8  # concepts of a list
PARTS = ("statements", "chains", "concepts", "merges")  # of a view, by key


def view_of(review: Review) -> dict[str, Any]:
    """All that the page shows of a review but the source."""
    state = review.state
    proposals = state.proposals
    living, homed = _homes(proposals)
    places = _Places(review)
    merges = {str(merge.index): _merge(merge, state.discipline) for merge in state.merges}
    done, total = decisions.progress(proposals)
    return {
        "version": state.version,
        "statements": {key: _statement(review, key, living.get(key, []), places) for key in proposals.statements},
        "chains": {name: _chain(review, name) for name in proposals.chains},
        "concepts": {name: _concept(review, name) for name in _named(review)},
        "merges": merges,
        "order": list(_order(review, homed)),
        "unnamed": [n for n in decisions.unnamed(proposals) if not state.is_written(n) and state.node(n) == full_id(state.discipline, n)],
        "decided": done + sum(merge["decision"] != "proposed" for merge in merges.values()),
        "total": total + len(merges),
        "undo": review.undoable,
    }


def document_of(review: Review) -> dict[str, Any]:
    """The source, and what the page needs once: relations and types to choose from."""
    text = review.text
    found = blocks(text.text) if text and text.text is not None else ()
    return {
        "source": review.source,
        "backend": review.state.proposals.backend,
        "blocks": [[block.kind, block.shown, block.level] for block in found],
        "fault": "There is no such source any more." if text is None else text.refusal,
        "changed": text is not None and text.sha256 != review.state.proposals.sha256,
        "relations": [[name, relation.phrase, relation.step] for name, relation in sorted(review.relations.items())],
        "lengths": LENGTHS,
        "types": list(get_args(ConceptType)),
    }


def concepts_of(names: ConceptNames, text: str) -> dict[str, Any]:
    """The concept that a reviewer's text names, empty if none is, and those that it may be the start of."""
    found = [{"id": c.id, "term": c.term, "type": c.type, "definition": c.definition, "known": c.topic} for c in names.search(text, SHOWN)]
    return {"exact": names.exact(text) or "", "found": found}


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The view with only those entries that differ; an entry that is gone is None."""
    found = {key: value for key, value in after.items() if key not in PARTS}
    for part in PARTS:
        old, new = before[part], after[part]
        found[part] = {k: v for k, v in new.items() if old.get(k) != v} | dict.fromkeys(old.keys() - new.keys())
    return found


def _homes(proposals: Proposals) -> tuple[dict[str, list[str]], set[str]]:
    """The chains that each statement belongs to, dead ones left out; and the statements that belong to any."""
    living: dict[str, list[str]] = {}
    homed: set[str] = set()
    for name, chain in proposals.chains.items():
        homed.update(chain.statements)
        if chain.status not in decisions.DEAD:
            for key in chain.statements:
                living.setdefault(key, []).append(name)
    return living, homed


def _order(review: Review, homed: set[str]) -> Iterator[list[str]]:
    """What is reviewed, in order: merges, statements of chains, statements in no chain, those of dead chains, withdrawn ones."""
    proposals = review.state.proposals
    chains = list(proposals.chains.values())
    loose = [key for key, statement in proposals.statements.items() if key not in homed and statement.status != "withdrawn"]
    keys = [key for chain in chains if chain.status not in decisions.DEAD for key in chain.statements] + loose
    keys += [key for chain in chains if chain.status in decisions.DEAD for key in chain.statements]
    yield from (["merge", str(merge.index)] for merge in review.state.merges)
    yield from (["statement", key] for key in dict.fromkeys([*keys, *proposals.statements]))


def _statement(review: Review, key: str, homes: list[str], places: _Places) -> dict[str, Any]:
    state = review.state
    statement = state.proposals.statements[key]
    place, anchor = places.of(statement)
    return {
        "subject": _short(review, statement.subject),
        "relation": statement.relation,
        "object": _short(review, statement.object),
        "text": statement.text,
        "subject_as": statement.subject_as or "",
        "object_as": statement.object_as or "",
        "when": list(statement.when),
        "according_to": statement.according_to or "",
        "tense": statement.tense,
        "quote": statement.evidence.quote,
        "place": place,
        "anchor": anchor,
        "status": statement.status,
        "reason": statement.reason,
        "added": statement.added,
        "written": state.written.get(key, ""),
        "link": state.topic is not None and state.written.get(key, "") in state.topic.links,
        "chains": homes,
        "unlinked": [] if homes else [_short(review, node) for node in review.missing_ends(key)],
    }


class _Places:
    """Where quotes stand among the blocks of the source."""

    def __init__(self, review: Review) -> None:
        self.text = review.text.text if review.text else None
        self.blocks = blocks(self.text) if self.text is not None else ()
        self.numbers = {block.start: number for number, block in enumerate(self.blocks)}

    def of(self, statement: ProposedStatement) -> tuple[list[int] | None, str]:
        """[block, first, last] in UTF-16 units, and the anchor in words; None if the quote is not in the source, or there twice."""
        quote, (start, end) = statement.evidence.quote, statement.evidence.span
        if self.text is None or not quote:
            return None, ""
        if self.text[start:end] != quote:
            if self.text.count(quote) != 1:
                return None, ""
            start = self.text.index(quote)
        block = block_at(self.blocks, start)
        if block is None:
            return None, ""
        inside = start - block.start - (block.text.index(block.shown) if block.kind == "heading" else 0)
        if inside < 0 or inside + len(quote) > len(block.shown):
            return None, block.anchor
        first = _units(block.shown[:inside])
        return [self.numbers[block.start], first, first + _units(quote)], block.anchor


def _units(text: str) -> int:
    """The length of a text in JavaScript, which counts UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _chain(review: Review, name: str) -> dict[str, Any]:
    proposals = review.state.proposals
    chain = proposals.chains[name]
    return {
        "explains": chain.explains,
        "statements": list(chain.statements),
        "preconditions": list(chain.preconditions),
        "exclusions": list(chain.exclusions),
        "status": chain.status,
        "reason": chain.reason,
        "added": chain.added,
        "written": name in review.state.written_chains,
        "blocking": list(decisions.blocking(proposals, name)),
        "shorter": [list(run) for run in decisions.shorter(proposals, name)],
    }


def _named(review: Review) -> list[str]:
    """Every concept that the page names: those of the proposals, and those that a statement or a merge refers to."""
    state = review.state
    proposals = state.proposals
    ends = (end for s in proposals.statements.values() for end in (s.subject, s.object))
    merged = (c.removeprefix(f"{state.discipline}/") for m in state.merges for c in m.concepts)
    return list(dict.fromkeys([*proposals.concepts, *(_short(review, end) for end in ends), *merged]))


def _concept(review: Review, name: str) -> dict[str, Any]:
    state = review.state
    known, proposed = state.known.concepts.get(full_id(state.discipline, name)), state.proposals.concepts.get(name)
    concept = known or proposed
    if concept is None:
        return {"term": name.rpartition("/")[2].replace("-", " "), "missing": True}
    return {
        "term": concept.term,
        "type": concept.type,
        "definition": concept.definition,
        "phrase": concept.phrase or "",
        "plural": concept.plural,
        "aliases": list(concept.aliases),
        "distinct_from": [other.removeprefix(f"{state.discipline}/") for other in concept.distinct_from],
        "drafted": proposed is not None and known is None and proposed.drafted,
        "known": f"{known.discipline}/{known.topic}" if known else "",
    }


def _merge(merge: SeenMerge, discipline: str) -> dict[str, Any]:
    short = [c.removeprefix(f"{discipline}/") for c in merge.concepts]
    says = [merge.says.get(c, "") for c in merge.concepts]
    return {"concepts": short, "ids": list(merge.concepts), "keep": merge.keep, "decision": merge.decision, "why": merge.why, "says": says}


def _short(review: Review, reference: str) -> str:
    return merged_into(reference, review.state.discipline, review.state.merged)
