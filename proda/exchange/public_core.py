"""The JSON of the paper's public implementation → concepts, statements and chains, and its faults.

    {"l1_concepts": [{"concept_id": "concept-001", "term": …, "type": …, "definition": …, "parent_statement_ids": ["stmt-001"]}],
     "l2_statements": [{"statement_id": "stmt-001", "parent_chain_id": "chain-001", "subject": …, "predicate": …, "object": …,
                        "source_quote": …}],
     "l3_chains": [{"chain_id": "chain-001", "process_name": …, "preconditions": […], "negative_constraints": […], "steps": […]}]}

Faults of that implementation that are looked for: its ids are positions, renumbered after every merge while the references to them stay,
so concepts name statements that do not mention them and the statements of several documents end up on one chain; a statement whose chain
is lost is given to another one; variants of a concept have several entries; quotes are missing. No fault is repaired by guessing: a
statement keeps only what its own fields say, and a chain is taken only if its statements form a path.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from proda.exchange.faults import Faults
from proda.exchange.found import (
    FoundKnowledge,
    ImportedChain,
    ImportedConcept,
    ImportedStatement,
    noun_phrase,
    one_line,
    plural_key,
    slug,
    term_key,
)
from proda.exchange.relation_names import NamedRelation, verb_key
from proda.exchange.training_rows import folded

CORE_KEYS = ("l1_concepts", "l2_statements", "l3_chains")
PRONOUNS = frozenset(
    (
        "it",
        "this",
        "that",
        "they",
        "these",
        "those",
        "he",
        "she",
        "which",
        "such",
        "this process",
        "the process",
        "the former",
        "the latter",
    )
)
MIN_STEPS, MAX_STEPS = 3, 6
SHARED_WORDS = 0.5  # share of the words of a subject or object that a step must have to be about it
_NUMBERED = re.compile(r"(?:stmt|chain|concept)-(\d+)")
Entry = Mapping[str, Any]


def is_core(document: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a knowledge, or a project state that holds one."""
    return any(key in document for key in CORE_KEYS) or isinstance(document.get("knowledge_core"), dict)


def read_core(
    document: Mapping[str, Any], file: str, names: Mapping[str, NamedRelation], types: Sequence[str], default_type: str, faults: Faults
) -> FoundKnowledge:
    """Return what can be used. `names` maps verbs to relations (see relation_names); `types` are the types that the knowledge has.

    Every entry that is left out, and every fault of one that is used, is in `faults`.
    """
    core = document["knowledge_core"] if isinstance(document.get("knowledge_core"), dict) else document
    concepts, statements, chains = (_entries(core, key, file, faults) for key in CORE_KEYS)
    _ids(concepts, statements, chains, file, faults)
    _concept_parents(concepts, statements, file, faults)
    usable = _statements(statements, names, file, faults)
    return FoundKnowledge(
        tuple(_concepts(concepts, types, default_type, file, faults)),
        tuple(usable.values()),
        tuple(_chains(chains, statements, usable, file, faults)),
    )


def _entries(core: Mapping[str, Any], key: str, file: str, faults: Faults) -> list[Entry]:
    found = core.get(key, [])
    if not isinstance(found, list):
        faults.add(file, 0, "malformed", f"{key}: expected a list, got {type(found).__name__}.")
        return []
    for n, entry in enumerate(found):
        if not isinstance(entry, dict):
            faults.add(file, 0, "malformed", f"{key}[{n}]: expected an object, got {type(entry).__name__}.")
    return [entry for entry in found if isinstance(entry, dict)]


def _text(entry: Entry, key: str) -> str:
    value = entry.get(key)
    return one_line(value) if isinstance(value, str) else ""


def _ids(concepts: Sequence[Entry], statements: Sequence[Entry], chains: Sequence[Entry], file: str, faults: Faults) -> None:
    for what, key, entries in (
        ("concept", "concept_id", concepts),
        ("statement", "statement_id", statements),
        ("chain", "chain_id", chains),
    ):
        ids = [_text(entry, key) for entry in entries]
        if ids and all(m and int(m[1]) == n for n, m in enumerate(map(_NUMBERED.fullmatch, ids), start=1)):
            faults.add(file, 0, "positional-ids", f"{ids[0]} to {ids[-1]}: every {what} is named after its place.")
        seen: set[str] = set()
        for name in filter(None, ids):
            if name in seen:
                faults.add(file, 0, "duplicate-id", f"{name} is the id of two {what}s.")
            seen.add(name)


def _concept_parents(concepts: Sequence[Entry], statements: Sequence[Entry], file: str, faults: Faults) -> None:
    """Faults of the references from concepts to statements, and concepts that no statement mentions."""
    ends: dict[str, set[str]] = defaultdict(set)
    for entry in statements:
        ends[_text(entry, "statement_id")] |= {plural_key(_text(entry, "subject")), plural_key(_text(entry, "object"))}
    mentioned = set().union(*ends.values()) if ends else set()
    for entry in concepts:
        term, name = _text(entry, "term"), _text(entry, "concept_id")
        parents = entry.get("parent_statement_ids") or []
        parents = [p for p in parents if isinstance(p, str)] if isinstance(parents, list) else []
        for parent in parents:
            if parent not in ends:
                faults.add(file, 0, "dangling-parent", f"{name} “{term}” names {parent}, which is not in the file.")
            elif plural_key(term) not in ends[parent]:
                faults.add(file, 0, "wrong-parent", f"{name} “{term}” names {parent}, which does not mention it.")
        if plural_key(term) not in mentioned:
            faults.add(file, 0, "orphan", f"{name} “{term}”: no statement has it as subject or object.")


def _concepts(concepts: Sequence[Entry], types: Sequence[str], default_type: str, file: str, faults: Faults) -> list[ImportedConcept]:
    """One concept for each group of spelling variants, the first entry's term first; the others become aliases."""
    groups: dict[str, list[Entry]] = {}
    singular: dict[str, str] = {}
    for entry in concepts:
        term = _text(entry, "term")
        key = term_key(term)
        if not slug(term):
            faults.add(file, 0, "unclear-end", f"{_text(entry, 'concept_id')}: the term is '{term}'.")
            continue
        key = key if key in groups else singular.get(plural_key(term), key)
        singular.setdefault(plural_key(term), key)
        groups.setdefault(key, []).append(entry)
    found = []
    for group in groups.values():
        terms = list(dict.fromkeys(_text(entry, "term") for entry in group))
        if len(group) > 1:
            entries = ", ".join(f"{_text(e, 'concept_id')} “{_text(e, 'term')}”" for e in group)
            faults.add(file, 0, "duplicate-concept", f"{entries} are one concept.")
        definition = next((noun_phrase(d, terms[0]) for entry in group if (d := _text(entry, "definition"))), "")
        if not definition:
            faults.add(file, 0, "no-definition", f"“{terms[0]}”")
            continue
        given = _text(group[0], "type")
        kind = next((t for t in (given.casefold(), given.casefold().split(" ")[-1]) if t in types), "")
        if not kind:
            faults.add(file, 0, "other-type", f"“{terms[0]}” is of type “{given}”.")
        aliases = tuple(t for t in terms[1:] if t.casefold() != terms[0].casefold())
        found.append(ImportedConcept(terms[0], kind or default_type, definition, aliases, file=file))
    return found


def _statements(statements: Sequence[Entry], names: Mapping[str, NamedRelation], file: str, faults: Faults) -> dict[int, ImportedStatement]:
    """Index in the file → statement, for those that can be used."""
    found: dict[int, ImportedStatement] = {}
    seen: set[tuple[str, str, str, str]] = set()
    for n, entry in enumerate(statements):
        name, quote = _text(entry, "statement_id"), _text(entry, "source_quote")
        subject, predicate, obj = (_text(entry, key) for key in ("subject", "predicate", "object"))
        said = f"{name}: {subject} · {predicate} · {obj}"
        if unclear := [end for end in (subject, obj) if not slug(end) or end.casefold() in PRONOUNS]:
            faults.add(file, 0, "unclear-end", f"{said}: '{unclear[0]}'")
            continue
        if plural_key(subject) == plural_key(obj):
            faults.add(file, 0, "self", said)
            continue
        if (named := names.get(verb_key(predicate))) is None:
            faults.add(file, 0, "unknown-relation", f"{said}. Use --relation '{predicate}=RELATION' to say what it means.")
            continue
        if not quote:
            faults.add(file, 0, "missing-quote", said)
            continue
        key = (term_key(subject), named.relation, term_key(obj), quote.casefold())
        if key in seen:
            faults.add(file, 0, "duplicate", said)
            continue
        seen.add(key)
        ends = (obj, subject) if named.turned else (subject, obj)
        text = f"{subject[:1].upper()}{subject[1:]} {predicate} {obj}."
        found[n] = ImportedStatement(ends[0], named.relation, ends[1], text, quote, file)
    return found


def _chains(
    chains: Sequence[Entry], statements: Sequence[Entry], usable: Mapping[int, ImportedStatement], file: str, faults: Faults
) -> list[ImportedChain]:
    """The chains whose usable statements form a path of 3 to 6 steps."""
    by_id = {_text(entry, "chain_id"): entry for entry in chains}
    members: dict[str, list[int]] = defaultdict(list)
    strangers: dict[str, int] = defaultdict(int)
    for n, entry in enumerate(statements):
        parent, name = _text(entry, "parent_chain_id"), _text(entry, "statement_id")
        if not parent:
            faults.add(file, 0, "orphan", f"{name} belongs to no chain.")
        elif parent not in by_id:
            faults.add(file, 0, "dangling-parent", f"{name} names {parent}, which is not in the file.")
        elif not _on_chain(entry, by_id[parent]):
            strangers[parent] += 1
            faults.add(file, 0, "wrong-parent", f"{name} names {parent}, whose steps mention neither its subject nor its object.")
        else:
            members[parent].append(n)
    for parent, count in strangers.items():
        if count > len(members[parent]):
            detail = f"{parent} has {count} statements of other chains, and {len(members[parent])} of its own: documents were merged."
            faults.add(file, 0, "wrong-parent", detail)
    order = {n: place for place, n in enumerate(usable)}
    found = []
    for name, entry in by_id.items():
        path = _in_order([n for n in members[name] if n in usable], usable)
        title = _text(entry, "process_name") or name
        if not MIN_STEPS <= len(path) <= MAX_STEPS:
            faults.add(file, 0, "chain-length", f"{name} “{title}”: {len(path)} usable of {len(members[name])} statements.")
            continue
        steps = [usable[n] for n in path]
        ends = [plural_key(steps[0].subject), *(plural_key(s.object) for s in steps)]
        linked = all(plural_key(a.object) == plural_key(b.subject) for a, b in zip(steps, steps[1:], strict=False))
        if not linked or len(set(ends)) < len(ends):
            faults.add(file, 0, "not-connected", f"{name} “{title}”")
            continue
        conditions, exclusions = (tuple(filter(None, map(_item, _list(entry, k)))) for k in ("preconditions", "negative_constraints"))
        found.append(ImportedChain(title, f"{title[:1].lower()}{title[1:]}", tuple(order[n] for n in path), conditions, exclusions))
    return found


def _in_order(path: list[int], usable: Mapping[int, ImportedStatement]) -> list[int]:
    """The statements from the first to the last, if each has one successor at most; else as they are."""
    start_of: dict[str, list[int]] = defaultdict(list)
    for n in path:
        start_of[plural_key(usable[n].subject)].append(n)
    objects = {plural_key(usable[n].object) for n in path}
    firsts = [n for n in path if plural_key(usable[n].subject) not in objects]
    if len(firsts) != 1 or any(len(those) > 1 for those in start_of.values()):
        return path
    ordered = firsts
    while (those := start_of.get(plural_key(usable[ordered[-1]].object))) and len(ordered) < len(path):
        ordered.append(those[0])
    return ordered if len(ordered) == len(path) else path


def _on_chain(statement: Entry, chain: Entry) -> bool:
    """Whether some step of the chain is about the subject or the object of the statement."""
    steps = [set(folded(step).split()) for step in _list(chain, "steps") if isinstance(step, str)]
    for end in ("subject", "object"):
        words = set(folded(_text(statement, end)).split())
        if words and any(len(words & step) >= SHARED_WORDS * len(words) for step in steps):
            return True
    return False


def _list(entry: Entry, key: str) -> list[Any]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _item(value: Any) -> str:
    return one_line(value) if isinstance(value, str) else ""
