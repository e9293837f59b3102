"""What a backend found in a source, and the proposals that there were → the proposals now.

    proposals = assemble(reading, found, settled, earlier)

Nothing that people decided is lost: a statement keeps its key while its passage and triple are found, and with the key its wording and its
status. A statement whose passage is gone is withdrawn. One that a reviewer has added or `proda import` has proposed stays while its passage
does. A rejected statement is never proposed again, nor is its triple from another passage of the source. Found again unchanged, the same
source gives the same bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from proda.extraction.acronyms import acronyms
from proda.extraction.canonical import KnownConcept, NamedConcept, Naming, canonical
from proda.extraction.chain_proposals import chains_of
from proda.extraction.concept_proposals import concepts_of
from proda.extraction.found import FoundInChunk, FoundStatement, Mention
from proda.extraction.names import concept_id
from proda.extraction.settled import Settled, SourceReading
from proda.extraction.statement_proposals import LIVE, merged_statements
from proda.extraction.worded import wording_for
from proda.store.proposals import ChunkRecord, Proposals, ProposedChain, ProposedEvidence, ProposedStatement, statement_key

_LOWER_WORD = re.compile(r"(?<![\w'])[a-z][\w'-]+")


def assemble(reading: SourceReading, found: Sequence[FoundInChunk], settled: Settled, earlier: Proposals | None = None) -> Proposals:
    """The proposals of a source. `found` has one entry for each of the reading's chunks; `earlier` are the proposals on disk.

    Deterministic: depends on the arguments only. Concepts of the knowledge are named by their id and not proposed.
    """
    before = earlier or Proposals(reading.source, reading.sha256, reading.backend)
    naming = _naming(reading, found, settled, before)
    placed: list[tuple[str, ProposedStatement]] = []
    keys: dict[tuple[str, int], str] = {}
    for chunk in found:
        for place, statement in enumerate(chunk.statements):
            proposed = _proposed(statement, chunk.chunk, reading, naming, settled)
            if proposed is not None:
                key = _key(statement, reading)
                keys[chunk.chunk, place] = key
                placed.append((key, proposed))
    rejected = frozenset(name for name, concept in before.concepts.items() if concept.status == "rejected")
    statements, dropped = merged_statements(placed, before.statements, reading, settled, rejected)
    definitions = [d for chunk in found for d in chunk.definitions]
    concepts = concepts_of(naming, statements, definitions, before.concepts, settled)
    wordings = {c.id: c.phrase or c.term for c in naming.concepts()}
    taken = frozenset({*concepts, *settled.chain_ids, *(c.id for c in settled.known)})
    chains = chains_of(statements, _given_chains(found, keys), before.chains, wordings, taken, settled)
    chunks = {c.chunk: _outcome(c, statements, chains, dropped, keys) for c in found}
    imports = [name for name in before.backend.split(", ") if name.startswith("import ")]
    return Proposals(reading.source, reading.sha256, ", ".join([reading.backend, *imports]), chunks, concepts, statements, chains)


def withdrawn(proposals: Proposals, reason: str = "its source has been removed") -> Proposals:
    """The proposals with everything that was proposed or accepted withdrawn: those of a source that is no longer in the catalogue."""
    gone = {"status": "withdrawn", "reason": reason}
    replace = msgspec.structs.replace
    return replace(
        proposals,
        chunks={},
        statements={k: replace(s, **gone) if s.status in LIVE else s for k, s in proposals.statements.items()},
        concepts={k: replace(c, **gone) if c.status in LIVE else c for k, c in proposals.concepts.items()},
        chains={k: replace(c, **gone) if c.status in LIVE else c for k, c in proposals.chains.items()},
    )


def _naming(reading: SourceReading, found: Sequence[FoundInChunk], settled: Settled, before: Proposals) -> Naming:
    mentions = [m for chunk in found for s in chunk.statements for m in (s.subject, s.object)]
    mentions += [d.concept for chunk in found for d in chunk.definitions]
    kinds = [s.object.term for chunk in found for s in chunk.statements if s.relation == "is-a" and s.object.plural]
    earlier = [KnownConcept(name, c.term, c.plural, c.phrase, c.aliases) for name, c in before.concepts.items()]
    words = frozenset(_LOWER_WORD.findall(reading.text))
    short_forms = {short: _lowered(long, words) for short, long in acronyms(reading.text).items()}
    return canonical(mentions, short_forms, settled.known, earlier, words, kinds)


def _lowered(name: str, words: frozenset[str]) -> str:
    """A name that begins a sentence as it is written inside one, if the source writes its first word in lower case somewhere."""
    first = name.partition(" ")[0]
    return name[:1].lower() + name[1:] if first[:1].isupper() and first.lower() in words and first[1:].islower() else name


def _key(statement: FoundStatement, reading: SourceReading) -> str:
    """The key of a statement: of the triple as the sentence has it, so that what else the source says does not change it."""
    triple = (concept_id(statement.subject.term), statement.relation, concept_id(statement.object.term))
    return statement_key(reading.source, reading.text[statement.start : statement.end], triple)


def _proposed(statement: FoundStatement, chunk: str, reading: SourceReading, naming: Naming, settled: Settled) -> ProposedStatement | None:
    subject, target = naming.of(statement.subject.term), naming.of(statement.object.term)
    if subject is None or target is None or statement.relation not in settled.relations:
        return None
    quote = reading.text[statement.start : statement.end]
    return ProposedStatement(
        settled.reference(subject.id), statement.relation, settled.reference(target.id), statement.text,
        ProposedEvidence(quote, (statement.start, statement.end)), chunk,
        _wording(statement.subject, subject, settled), _wording(statement.object, target, settled),
        statement.when, statement.according_to, statement.tense,
    )  # fmt: skip


def _wording(mention: Mention, concept: NamedConcept, settled: Settled) -> str | None:
    if settled.reference(concept.id) == concept.id:
        return wording_for(mention, concept)
    term = settled.terms.get(settled.full(settled.reference(concept.id)), "")
    return wording_for(mention, msgspec.structs.replace(concept, term=term, aliases=())) if term else None


def _given_chains(found: Sequence[FoundInChunk], keys: Mapping[tuple[str, int], str]) -> Iterator[ProposedChain]:
    """The chains that the backend ordered itself."""
    for chunk in found:
        for chain in chunk.chains:
            steps = tuple(keys.get((chunk.chunk, place), "") for place in chain.statements)
            yield ProposedChain(chain.explains, steps, chain.preconditions, chain.exclusions)


def _outcome(
    chunk: FoundInChunk, statements: Mapping[str, ProposedStatement], chains: Mapping[str, ProposedChain], dropped: Mapping[str, str],
    keys: Mapping[tuple[str, int], str],
) -> ChunkRecord:  # fmt: skip
    """What became of a chunk: nothing is left without an outcome. What reviewers have added, or an import, is not the chunk's."""
    if chunk.refused:
        return ChunkRecord("set-aside", chunk.refused, chunk.lost)
    mine = [keys[chunk.chunk, place] for place in range(len(chunk.statements)) if (chunk.chunk, place) in keys]
    here = {key: s for key, s in statements.items() if s.chunk == chunk.chunk and s.status != "withdrawn" and not s.added}
    own = {key for key, s in here.items() if not s.by or key in mine}
    if any(key in own for chain in chains.values() if chain.status != "withdrawn" and not chain.added for key in chain.statements):
        return ChunkRecord("chains", refused=chunk.lost)
    if own:
        return ChunkRecord("statements", refused=chunk.lost)
    reasons = Counter(dropped[key] for key in mine if key in dropped)
    if reasons:
        return ChunkRecord(
            "set-aside", "; ".join(f"{n} × {reason}" if n > 1 else reason for reason, n in sorted(reasons.items())), chunk.lost
        )
    defined = len(chunk.definitions)
    return ChunkRecord("nothing", f"{defined} definition{'s' * (defined != 1)} and no statement" if defined else "", chunk.lost)
