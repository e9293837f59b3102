"""The concepts that statements name, and those that a source defines → the concepts of the proposals.

    concepts_of(naming, statements, definitions, earlier, settled)["heat-pump"].definition

A definition that the source gives goes before one that was drafted. A reviewer's entry is kept as it is; only a drafted definition that
nobody has replaced gives way to one that is found later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from proda.extraction.canonical import NamedConcept, Naming
from proda.extraction.concept_types import type_of
from proda.extraction.definitions import drafted, fitted
from proda.extraction.found import FoundDefinition
from proda.extraction.names import join_key, singular_keys
from proda.extraction.settled import Settled
from proda.extraction.statement_proposals import LIVE
from proda.store.proposals import ProposedConcept, ProposedStatement


def concepts_of(
    naming: Naming,
    statements: Mapping[str, ProposedStatement],
    definitions: Iterable[FoundDefinition],
    earlier: Mapping[str, ProposedConcept],
    settled: Settled,
) -> dict[str, ProposedConcept]:
    """The concepts by id, sorted. Those of the knowledge and of other disciplines are left out."""
    given = _given(naming, definitions)
    named = {c.id: c for c in naming.concepts()}
    known = {c.id for c in settled.known}
    used = {settled.reference(end) for s in statements.values() if s.status in LIVE for end in (s.subject, s.object)}
    ever = used | {end for s in statements.values() for end in (s.subject, s.object)}
    gained = _gained({**{n: c.term for n, c in named.items()}, **{n: c.term for n, c in earlier.items()}}, settled)
    found: dict[str, ProposedConcept] = {}
    for name in sorted({*ever, *given, *earlier}):
        kept = settled.reference(name)
        if "/" in name or (name in known and name not in earlier):
            continue
        if kept != name:
            if name in earlier:
                found[name] = _merged(earlier[name], kept)
        elif name in earlier:
            found[name] = _again(earlier[name], named.get(name), given.get(name), name in used, gained.get(name, ()), settled)
        elif name in named:
            found[name] = _new(named[name], given.get(name), statements, named, gained.get(name, ()), settled)
        elif (other := settled.others.get(settled.full(name))) is not None:  # a confirmed merge leads to another source's concept
            aliases = _with(other.aliases, (other.term,), gained.get(name, ()))
            found[name] = msgspec.structs.replace(other, aliases=aliases, status="proposed", reason="")
    return found


def _gained(terms: Mapping[str, str], settled: Settled) -> dict[str, tuple[str, ...]]:
    """Kept concept → the terms of the concepts that confirmed merges drop for it, as aliases; a plural of its term is none."""
    found: dict[str, tuple[str, ...]] = {}
    for name, term in sorted(terms.items()):
        kept = settled.reference(name)
        key, own = join_key(term), join_key(settled.terms.get(settled.full(kept), ""))
        if kept != name and key != own and own not in singular_keys(key) and key not in singular_keys(own):
            found[kept] = (*found.get(kept, ()), term)
    return found


def _merged(old: ProposedConcept, kept: str) -> ProposedConcept:
    """A concept that a confirmed merge drops."""
    if old.status != "proposed":
        return old
    return msgspec.structs.replace(old, status="withdrawn", reason=f"merged into {kept}")


def _given(naming: Naming, definitions: Iterable[FoundDefinition]) -> dict[str, FoundDefinition]:
    """Concept → the first definition that fits; one that the source gives goes before one that was drafted from it."""
    found: dict[str, FoundDefinition] = {}
    for definition in sorted(definitions, key=lambda d: (d.drafted, d.start)):
        concept = naming.of(definition.concept.term)
        if concept is None or concept.known:
            continue
        text = fitted(definition.definition, concept.term)
        if text is not None:
            found.setdefault(concept.id, msgspec.structs.replace(definition, definition=text))
    return found


def _new(
    concept: NamedConcept, definition: FoundDefinition | None, statements: Mapping[str, ProposedStatement],
    named: Mapping[str, NamedConcept], gained: tuple[str, ...], settled: Settled,
) -> ProposedConcept:  # fmt: skip
    text = _drafted(concept, statements, named, settled) if definition is None else definition.definition
    kind = definition.type if definition is not None and definition.type else _type(concept, statements, named)
    aliases = _with(concept.aliases, (concept.term,), gained)
    return ProposedConcept(
        concept.term, kind, text, concept.phrase, concept.plural, aliases,
        settled.homonyms((concept.term, *aliases)), definition is None or definition.drafted,
    )  # fmt: skip


def _with(aliases: tuple[str, ...], others: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """`aliases` and those of `more` that are neither among them nor among `others`."""
    have = {name.casefold() for name in (*aliases, *others)}
    return (*aliases, *(alias for alias in more if alias.casefold() not in have))


def _again(
    old: ProposedConcept,
    now: NamedConcept | None,
    definition: FoundDefinition | None,
    used: bool,
    gained: tuple[str, ...],
    settled: Settled,
) -> ProposedConcept:
    """An earlier concept: a reviewer's decision stays, a draft gives way to a definition, and one that nothing names is withdrawn.

    A concept that was imported stays.
    """
    if old.status in ("accepted", "rejected"):
        return old
    changes: dict[str, object] = {}
    if definition is not None and old.drafted and not definition.drafted:
        changes |= {"definition": definition.definition, "drafted": False}
    changes["aliases"] = _with(old.aliases, (old.term,), (*(now.aliases if now is not None else ()), *gained))
    others = settled.homonyms((old.term, *old.aliases))
    changes["distinct_from"] = (*old.distinct_from, *(o for o in others if o not in old.distinct_from))
    if used or definition is not None or old.by:
        changes |= {"status": "proposed", "reason": ""}
    elif old.status == "proposed":
        changes |= {"status": "withdrawn", "reason": "no statement of the source names it any more"}
    return msgspec.structs.replace(old, **changes)


def _drafted(
    concept: NamedConcept, statements: Mapping[str, ProposedStatement], named: Mapping[str, NamedConcept], settled: Settled
) -> str:
    """A definition from a statement: one in which the concept is the subject, if there is one."""
    for end in ("subject", "object"):
        for statement in statements.values():
            here, there = (statement.subject, statement.object) if end == "subject" else (statement.object, statement.subject)
            if here != concept.id or statement.relation not in settled.relations:
                continue
            other = named.get(there)
            wording = statement.object_as if end == "subject" else statement.subject_as
            text = wording or (there.rpartition("/")[2].replace("-", " ") if other is None else other.phrase or other.term)
            return drafted(
                concept.term, settled.relations[statement.relation], text, end=end, plural=concept.plural,
                other_plural=other is not None and other.plural,
            )  # fmt: skip
    return "a concept of the source, to be defined"


def _type(concept: NamedConcept, statements: Mapping[str, ProposedStatement], named: Mapping[str, NamedConcept]) -> str:
    """The type that the name suggests, or else that of the class that a statement puts the concept into."""
    kind = type_of(concept.term)
    if kind != "entity":
        return kind
    classes = (s.object for s in statements.values() if s.subject == concept.id and s.relation == "is-a")
    return next((k for c in classes if c in named and (k := type_of(named[c].term)) != "entity"), kind)
