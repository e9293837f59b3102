"""What an import found → proposals, compared with the knowledge and with earlier proposals about the same source.

    new = propose(FoundKnowledge(…), source="physics/terms", text=text, backend="import obo", known={"machine": "machine"}, faults=faults)
    merged(old, new, text)      # decisions and edits of reviewers stay; what is not found any more is withdrawn

Nothing is proposed whose quote is not in the source, word for word. A concept that the discipline has already is not proposed again:
statements refer to it by its id.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping

import msgspec

from proda.exchange.faults import Faults
from proda.exchange.found import FoundKnowledge, ImportedConcept, ImportedStatement, one_line, plural_key, slug, term_key
from proda.records import Record
from proda.store.chunks import chunk_id
from proda.store.proposals import (
    ChunkRecord,
    Proposals,
    ProposedChain,
    ProposedConcept,
    ProposedEvidence,
    ProposedStatement,
    placed,
    statement_key,
)

GONE = "The passage is no longer in the imported file."
MAX_QUOTE = 1_000  # characters


class _Lines(Record, frozen=True):
    """The text of a source, and where each of its lines begins."""

    text: str
    ids: dict[int, str]  # start of a line → id of its chunk


def propose(found: FoundKnowledge, *, source: str, text: str, backend: str, known: Mapping[str, str], faults: Faults) -> Proposals:
    """Return the proposals. `known` maps term keys (see found.term_key) of the discipline's concepts and aliases to their ids.

    `text` is the source, NFC, one line a paragraph. What cannot be proposed is a fault.
    """
    lines = _lines(source, text)
    names = dict(known)
    concepts: dict[str, ProposedConcept] = {}
    for concept in found.concepts:
        _add_concept(concept, concepts, names, known, faults)
    plurals = {plural_key(name): name for name in names}
    statements: dict[str, ProposedStatement] = {}
    keys: dict[int, str] = {}
    for n, said in enumerate(found.statements):
        ends = [names.get(term_key(end)) or names.get(plurals.get(plural_key(end), "")) for end in (said.subject, said.object)]
        if ends[0] is None or ends[1] is None:
            missing = said.subject if ends[0] is None else said.object
            faults.add(said.file, said.line, "dangling-parent", f"{said.text} “{missing}” is no concept that can be used.")
            continue
        if ends[0] == ends[1]:
            faults.add(said.file, said.line, "self", said.text)
            continue
        made = _statement(said, (ends[0], ends[1]), lines, source, faults)
        if made is not None:
            keys[n], statements[made[0]] = made[0], made[1]
    chains: dict[str, ProposedChain] = {}
    for chain in found.chains:
        steps = tuple(keys[n] for n in chain.statements if n in keys)
        if len(steps) < len(chain.statements):
            faults.add("", 0, "not-connected", f"“{chain.name}”: {len(chain.statements) - len(steps)} of its statements cannot be used.")
            continue
        name = slug(chain.name) or f"chain-{hashlib.sha256(chain.name.encode()).hexdigest()[:8]}"
        while name in chains:
            name = f"{name}-2"
        chains[name] = ProposedChain(chain.explains, steps, chain.preconditions, chain.exclusions)
    used = {s.subject for s in statements.values()} | {s.object for s in statements.values()}
    for name in [name for name in concepts if name not in used]:
        faults.add("", 0, "orphan", f"“{concepts[name].term}”: no usable statement mentions it. It is proposed all the same.")
    digest = hashlib.sha256(text.encode()).hexdigest()
    chunks = {s.chunk: ChunkRecord("statements") for s in statements.values()}
    concepts = {name: msgspec.structs.replace(c, by=backend) for name, c in concepts.items()}
    statements = {key: msgspec.structs.replace(s, by=backend) for key, s in statements.items()}
    return Proposals(source, digest, backend, chunks, concepts, statements, chains)


def merged(old: Proposals | None, new: Proposals, text: str) -> Proposals:
    """Return the new proposals with the decisions and edits that reviewers have made on the old ones. `text` is the source now, NFC.

    An old statement that was proposed and is not found again is withdrawn; one that was accepted or rejected stays, and one that a
    reviewer added stays while its passage is in the source. The evidence of a statement that was found again points to its new place.
    """
    if old is None:
        return new
    statements: dict[str, ProposedStatement] = {}
    for key, said in old.statements.items():
        again = new.statements.get(key)
        if said.added and said.status != "rejected":
            statements[key] = _added(said, text)
        elif again is not None:
            back = said.status == "withdrawn"
            changes = {"status": "proposed", "reason": ""} if back else {}
            statements[key] = msgspec.structs.replace(said, evidence=again.evidence, chunk=again.chunk, by=again.by, **changes)
        elif said.status == "proposed" and new.backend in (said.by, old.backend):
            statements[key] = msgspec.structs.replace(said, status="withdrawn", reason=GONE)
        else:
            statements[key] = said
    statements |= {key: said for key, said in new.statements.items() if key not in statements}
    concepts = old.concepts | {name: concept for name, concept in new.concepts.items() if name not in old.concepts}
    chains = old.chains | {name: chain for name, chain in new.chains.items() if name not in old.chains}
    backend = old.backend if new.backend in old.backend.split(", ") else f"{old.backend}, {new.backend}"
    return Proposals(new.source, new.sha256, backend, old.chunks | new.chunks, concepts, statements, chains)


def _added(said: ProposedStatement, text: str) -> ProposedStatement:
    evidence = placed(said.evidence, text)
    if evidence is None:
        return msgspec.structs.replace(said, status="withdrawn", reason=GONE)
    back = {"status": "proposed", "reason": ""} if said.status == "withdrawn" else {}
    return msgspec.structs.replace(said, evidence=evidence, **back)


def _lines(source: str, text: str) -> _Lines:
    ids: dict[int, str] = {}
    seen: dict[str, int] = {}
    start = 0
    for line in text.split("\n"):
        ids[start] = chunk_id(source, line, seen.get(line, 0))
        seen[line] = seen.get(line, 0) + 1
        start += len(line) + 1
    return _Lines(text, ids)


def _add_concept(
    concept: ImportedConcept, concepts: dict[str, ProposedConcept], names: dict[str, str], known: Mapping[str, str], faults: Faults
) -> None:
    """Add a concept under an id of its own, unless the discipline has it already."""
    key, name = term_key(concept.term), slug(concept.term)
    if key in known:
        faults.add(concept.file, concept.line, "known", f"“{concept.term}” is {known[key]}.")
        names[key] = known[key]
    elif name in concepts or name in known.values():
        faults.add(concept.file, concept.line, "id-taken", f"“{concept.term}” would be '{name}'.")
        return
    else:
        clear = tuple(a for a in concept.aliases if term_key(a) not in names)
        concepts[name] = ProposedConcept(concept.term, concept.type, concept.definition, aliases=clear, drafted=concept.drafted)
        names[key] = name
    for alias in concept.aliases:
        names.setdefault(term_key(alias), names[key])


def _statement(
    said: ImportedStatement, ends: tuple[str, str], lines: _Lines, source: str, faults: Faults
) -> tuple[str, ProposedStatement] | None:
    """The statement with its key, if its quote is in the source."""
    quote = one_line(unicodedata.normalize("NFC", said.quote))
    place = lines.text.find(quote) if quote else -1
    if place < 0:
        faults.add(said.file, said.line, "quote-not-found", f"{said.text} “{quote}”")
        return None
    if len(quote) > MAX_QUOTE:
        faults.add(said.file, said.line, "too-long", f"{said.text} The quote has {len(quote):,} characters.")
        return None
    key = statement_key(source, quote, (ends[0], said.relation, ends[1]))
    start = lines.text.rfind("\n", 0, place) + 1
    evidence = ProposedEvidence(quote, (place, place + len(quote)))
    return key, ProposedStatement(ends[0], said.relation, ends[1], said.text, evidence, lines.ids[start])
