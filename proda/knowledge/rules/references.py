"""Statements, `replaced_by` and `distinct_from` refer to nodes that exist, and statements in use to no retired concept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.errors import closest
from proda.knowledge.rules.rule import Rule, Violation
from proda.knowledge.schema import local_name
from proda.records import Chain, Concept

_A_CASE = 2  # the kind of a row of `refs`

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """References to nodes that do not exist, with the closest that do, and retired concepts in statements in use."""
    yield from _statements(columns)
    yield from _replacements(columns)
    yield from _cases(columns)


def _statements(columns: Columns) -> Iterator[tuple[str, Violation]]:
    from proda.knowledge.columns import among

    live = columns.statements["active"] == 1
    for field in ("subject", "object"):
        column = columns.statements[field]
        known = among(column, columns.concepts["id"])
        in_use = among(column, columns.active_concepts)
        for row in np.flatnonzero(~known).tolist():
            file, path = columns.place_of_statement(row, field)
            yield file, Violation(path, _missing(getattr(columns.statement(row), field), "concept", columns))
        for row in np.flatnonzero(known & ~in_use & live).tolist():
            file, path = columns.place_of_statement(row, field)
            concept = getattr(columns.statement(row), field)
            found = int(np.flatnonzero(columns.concepts["id"] == column[row])[0])
            by = columns.concept(found).replaced_by
            other = f"'{by}', which replaced it" if by else "a concept in use"
            yield file, Violation(path, f"'{concept}' is retired. Refer to {other}, or retire this chain too.")


def _replacements(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """`replaced_by` and `distinct_from`; few nodes have one, so these are looked up one by one."""
    if not len(columns.refs["id"]):
        return
    concepts, chains = set(columns.concepts["id"].tolist()), set(columns.chains["id"].tolist())
    for file_index, kind, ordinal in sorted(set(zip(*(columns.refs[c].tolist() for c in ("file", "kind", "ordinal")), strict=True))):
        if kind == _A_CASE:
            continue
        nodes = columns.nodes(file_index)
        node: Concept | Chain = nodes.chains[ordinal] if kind else nodes.concepts[ordinal]
        noun, known = ("chain", chains) if kind else ("concept", concepts)
        where = (f"{noun}s", local_name(node.id))
        file = columns.files[file_index]
        if node.replaced_by:
            if node.status == "active":
                message = "Only a retired node is replaced. Add `status: retired`, or remove `replaced_by`."
                yield file, Violation((*where, "replaced_by"), message)
            if node.replaced_by == node.id:
                yield file, Violation((*where, "replaced_by"), f"'{node.id}' replaces itself. Name another {noun}.")
            elif _key(node.replaced_by) not in known:
                yield file, Violation((*where, "replaced_by"), _missing(node.replaced_by, noun, columns))
        for other in node.distinct_from if isinstance(node, Concept) else ():
            if _key(other) not in concepts:
                yield file, Violation((*where, "distinct_from"), _missing(other, "concept", columns))


def _cases(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Cases of chains of another topic, and options that break a statement that does not exist."""
    rows = np.flatnonzero(columns.refs["kind"] == _A_CASE).tolist()
    if not rows:
        return
    row_of = {key: row for row, key in enumerate(columns.chains["id"].tolist())}
    for row in rows:
        file_index, ordinal = int(columns.refs["file"][row]), int(columns.refs["ordinal"][row])
        file, nodes = columns.files[file_index], columns.nodes(file_index)
        case = nodes.cases[ordinal]
        where = ("cases", case.id.split("/", 1)[1])
        own = {chain.id for chain in nodes.chains if not chain.is_link}
        if case.chain not in own:
            message = f"'{case.chain}' is not a chain of this topic. A case stands in the file of its chain: move it, or fix the chain."
            if case.variant == 1:
                yield file, Violation((*where, "chain"), message)
        for letter, option in zip("abcd", case.options, strict=False):
            if not option.breaks:
                continue
            chain = option.breaks.rpartition(".")[0]
            found = row_of.get(_key(chain))
            if found is None or option.breaks not in columns.chain(found).statements:
                message = f"'{option.breaks}' is not a statement. Name the one that the option denies, as '<chain>.<step>' or '<link>'."
                yield file, Violation((*where, "variants", case.variant - 1, "wrong", letter, "breaks"), message)


def _missing(wanted: str, noun: str, columns: Columns) -> str:
    discipline = wanted.split("/", 1)[0]
    known = [
        node.id
        for index, file in enumerate(columns.files)
        if file.split("/")[1] == discipline
        for node in (columns.nodes(index).concepts if noun == "concept" else columns.nodes(index).chains)
    ]
    close = closest(wanted, known)
    hint = f"Closest: '{close}'. " if close else f"The knowledge has no discipline '{discipline}'. " if not known else ""
    return f"'{wanted}' is not a {noun}. {hint}Fix the reference, or add the {noun}."


def _key(node_id: str) -> int:
    from proda.knowledge.entry import key_of

    return key_of(node_id)


RULE = Rule(name="references", description="References lead to nodes that exist and are not retired.", check_all=check, needs_all=True)
