"""Statements that a reviewer adds from the source → proposals, or what does not fit. Pure: nothing is read or written.

    entry = NewStatement("Insulin lowers blood glucose.", "insulin", "decreases", "blood glucose", "Insulin decreases blood glucose.")
    made = added(state, relations, text, chunks, (entry,))
    made.keys                        # ("a1b2c3d4e5f6",): proposed, and then reviewed like any other statement
    made.faults                      # (0, Remark("The quote is not in the source. …", field="quote")), …: then nothing is to be written

Subject and object are ids, terms or aliases of concepts; an entry describes the concepts that are new. One whose name or id the discipline
has already is that concept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from proda.extraction.names import concept_id
from proda.extraction.quotes import near_miss
from proda.records import Record, Relation, Tense
from proda.store.chunks import Chunk, chunk_id
from proda.store.proposals import Proposals, ProposedConcept, ProposedEvidence, ProposedStatement, statement_key
from proda.workflows.concept_names import ConceptNames
from proda.workflows.decisions import DEAD, ConceptEdit, RefusedDecisionError, Remark, StatementEdit, cleaned, in_place
from proda.workflows.review_state import ReviewState

FEWEST_WORDS, MAX_QUOTE = 3, 1000  # words, characters


class NewStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement as a reviewer writes it, with the concepts that it needs and that there are not yet."""

    quote: str
    subject: str
    relation: str
    object: str
    text: str
    subject_as: str | None = None
    object_as: str | None = None
    when: tuple[str, ...] = ()
    according_to: str | None = None
    tense: Tense = "present"
    concepts: tuple[ConceptEdit, ...] = ()


class Additions(Record, frozen=True):
    """The proposals with the new statements; with faults, they are to be thrown away."""

    proposals: Proposals
    keys: tuple[str, ...]  # of the new statements, in the order of the entries
    faults: tuple[tuple[int, Remark], ...]  # place of the entry, and what is wrong with it
    notes: tuple[str, ...]  # what a reviewer may not expect


class RefusedAdditionsError(RefusedDecisionError):
    """Entries that cannot be added. Nothing was written; `faults` hold the place of each entry."""

    def __init__(self, faults: tuple[tuple[int, Remark], ...]) -> None:
        super().__init__("Nothing was added.", tuple(remark for _, remark in faults))
        self.faults = faults


def added(
    state: ReviewState, relations: Mapping[str, Relation], text: str, chunks: Sequence[Chunk], entries: Sequence[NewStatement]
) -> Additions:
    """The proposals with `entries`. `text` is the source, NFC; `chunks` are its chunks, none if it has not been curated."""
    faults: list[tuple[int, Remark]] = []
    notes: list[str] = []
    concepts = _concepts(state, entries, faults, notes)
    proposals = state.proposals
    for name, concept in concepts.items():
        proposals = msgspec.structs.replace(proposals, concepts=in_place(proposals.concepts, name, concept, lambda other, _: other))
    state = msgspec.structs.replace(state, proposals=proposals)
    names = ConceptNames(state)
    keys: list[str] = []
    for place, entry in enumerate(entries):
        found = list(_faults(names, relations, text, entry))
        faults += [(place, remark) for remark in found]
        if found:
            continue
        key, statement = _statement(state, names, text, chunks, entry)
        if remark := _stated(state, key, statement):
            faults.append((place, remark))
            continue
        keys.append(key)
        state = _with(state, key, statement)
    if not faults:
        named = {names.exact(end) for s in state.proposals.statements.values() for end in (s.subject, s.object)}
        unnamed = [(place, c) for place, entry in enumerate(entries) for c in entry.concepts if names.exact(c.term) not in named]
        faults += [(place, Remark(f"No statement names the new concept '{c.term}'.", field="concepts")) for place, c in unnamed]
    return Additions(state.proposals, tuple(keys), tuple(sorted(faults, key=lambda fault: fault[0])), tuple(dict.fromkeys(notes)))


def _concepts(
    state: ReviewState, entries: Sequence[NewStatement], faults: list[tuple[int, Remark]], notes: list[str]
) -> dict[str, ProposedConcept]:
    """The concepts that entries describe and that the discipline does not have, by id."""
    names = ConceptNames(state)
    found: dict[str, ProposedConcept] = {}
    for place, entry in enumerate(entries):
        for described in entry.concepts:
            try:
                fields = cleaned(described, ("term", "type", "definition"), Remark("", concept=concept_id(described.term)))
            except RefusedDecisionError as error:
                faults += [(place, remark) for remark in error.remarks]
                continue
            name, concept = concept_id(fields["term"]), ProposedConcept(**fields)
            if (there := names.exact(fields["term"])) is not None:
                notes.append(f"'{fields['term']}' is the concept {there} already; what you wrote about it was not needed.")
            elif unusable := names.retired(name) or _no_id(name, fields["term"]):
                faults.append((place, Remark(unusable, concept=name, field="term")))
            elif found.setdefault(name, concept) != concept:
                faults.append((place, Remark(f"Another entry describes the concept '{name}' otherwise. Describe it once.", concept=name)))
    return found


def _no_id(name: str, term: str) -> str:
    return "" if name else f"The term '{term}' gives no id. Write it with at least one Latin letter or digit."


def _faults(names: ConceptNames, relations: Mapping[str, Relation], text: str, entry: NewStatement) -> Iterator[Remark]:
    """Everything that is wrong with the fields of an entry."""
    if fault := quote_fault(entry.quote, text):
        yield Remark(fault, field="quote")
    described = {concept_id(c.term) for c in entry.concepts}
    ends = {"subject": names.exact(entry.subject), "object": names.exact(entry.object)}
    for field, end in ends.items():
        given = str(getattr(entry, field)).strip()
        if not given:
            yield Remark("Empty, expected a concept.", field=field)
        elif end is None and concept_id(given) not in described:  # a concept that is described and wrong has its own remark
            near = names.nearest(given)
            advice = f"Closest: '{near}'. " if near else ""
            yield Remark(names.retired(given) or f"'{given}' is no concept. {advice}Fix it, or describe the concept.", field=field)
        elif end is not None and (rejected := names.rejected(end)):
            yield Remark(rejected, field=field)
    if None not in ends.values() and ends["subject"] == ends["object"]:
        yield Remark(f"Subject and object are one concept, '{ends['object']}'.", field="object")
    if entry.relation not in relations:
        yield Remark(f"'{entry.relation}' is not a relation of knowledge/relations.yaml.", field="relation")
    try:
        cleaned(_edit(entry), ("text", "relation"), Remark(""))
    except RefusedDecisionError as error:
        yield from error.remarks


def quote_fault(quote: str, text: str) -> str:
    """Why a quote cannot be the evidence of a statement of the source `text`; empty if it can."""
    quote = unicodedata.normalize("NFC", quote).strip()
    if not quote:
        return "Empty, expected a passage of the source."
    if "\n" in quote:
        return "The passage goes over more than one paragraph. Quote from one."
    if len(quote) > MAX_QUOTE:
        return f"The quote has {len(quote):,} characters, expected at most {MAX_QUOTE:,}. Quote the sentence that states it."
    if (count := text.count(quote)) > 1:
        return f"The source has this passage in {count} places. Quote more of it, so that it stands there once."
    if not count:
        missed = near_miss(quote, text, (0, len(text)))
        return f"The quote {missed.reason}.{f' Nearest: “{missed.nearest}”' if missed.nearest else ' Quote it word for word.'}"
    if (words := len(quote.split())) < FEWEST_WORDS:
        return f"The quote has {words} word{'s' * (words != 1)}, expected at least {FEWEST_WORDS}. Quote the whole sentence."
    return ""


def _statement(
    state: ReviewState, names: ConceptNames, text: str, chunks: Sequence[Chunk], entry: NewStatement
) -> tuple[str, ProposedStatement]:
    quote = unicodedata.normalize("NFC", entry.quote).strip()
    start = text.index(quote)
    span = (start, start + len(quote))
    subject, target = names.exact(entry.subject) or "", names.exact(entry.object) or ""
    fields = cleaned(_edit(entry), ("text", "relation"), Remark(""))
    source = state.proposals.source
    statement = ProposedStatement(
        subject=subject,
        object=target,
        evidence=ProposedEvidence(quote, span),
        chunk=_chunk(source, text, chunks, span),
        added=True,
        **fields,
    )
    return statement_key(source, quote, (subject, statement.relation, target)), statement


def _edit(entry: NewStatement) -> StatementEdit:
    return StatementEdit(entry.text, entry.relation, entry.subject_as, entry.object_as, entry.when, entry.according_to, entry.tense)


def _chunk(source: str, text: str, chunks: Sequence[Chunk], span: tuple[int, int]) -> str:
    """The id of the chunk that holds most of a passage; that of its paragraph, if the source has not been curated as it is now."""
    shared = {c.id: min(c.end, span[1]) - max(c.start, span[0]) for c in chunks if text[c.start : c.end] == c.text}
    best = max(shared, key=lambda name: shared[name], default="")
    if best and shared[best] > 0:
        return best
    start = text.rfind("\n", 0, span[0]) + 1
    line = text[start : end if (end := text.find("\n", start)) >= 0 else len(text)]
    return chunk_id(source, line, text[:start].split("\n").count(line))


def _stated(state: ReviewState, key: str, statement: ProposedStatement) -> Remark | None:
    """That the proposals hold the statement already, from this passage or another one."""
    triple = state.triple(statement)
    for other, old in state.proposals.statements.items():
        if other == key and old.status == "rejected":
            return Remark(f"It was rejected as {key}: {old.reason}. Reopen it.", field="quote")
        if old.status in DEAD or (other != key and state.triple(old) != triple):
            continue
        where = "from this passage" if other == key else "from another passage"
        return Remark(f"The statement {other} says the same {where}. Edit that one, or choose other concepts.", field="object")
    return None


def _with(state: ReviewState, key: str, statement: ProposedStatement) -> ReviewState:
    """`state` with a statement in its place in the text, and with the concepts that it names proposed again if they were withdrawn."""
    proposals = state.proposals
    back = {
        end: msgspec.structs.replace(proposals.concepts[end], status="proposed", reason="")
        for end in (statement.subject, statement.object)
        if end in proposals.concepts and proposals.concepts[end].status == "withdrawn"
    }
    statements = in_place(proposals.statements, key, statement, lambda k, s: (s.status == "withdrawn", s.evidence.span, k))
    return msgspec.structs.replace(
        state, proposals=msgspec.structs.replace(proposals, statements=statements, concepts={**proposals.concepts, **back})
    )
