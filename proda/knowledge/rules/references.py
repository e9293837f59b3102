"""What a statement, a `replaced_by` or a `distinct_from` refers to exists; statements in use refer to no retired concept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation
from proda.records import Chain, Concept

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(base: Columns) -> Iterator[tuple[str, Violation]]:
    """References that lead nowhere, with the closest that would not, and retired concepts in live statements."""
    yield from _statements(base)
    yield from _replacements(base)


def _statements(base: Columns) -> Iterator[tuple[str, Violation]]:
    from proda.knowledge.columns import among

    live = base.statements["active"] == 1
    for field in ("subject", "object"):
        column = base.statements[field]
        known = among(column, base.concepts["id"])
        in_use = among(column, base.active_concepts)
        for row in np.flatnonzero(~known).tolist():
            file, path = base.place_of_statement(row, field)
            yield file, Violation(path, _missing(getattr(base.statement(row), field), "concept", base))
        for row in np.flatnonzero(known & ~in_use & live).tolist():
            file, path = base.place_of_statement(row, field)
            concept = getattr(base.statement(row), field)
            yield file, Violation(path, f"'{concept}' is retired. Refer to a concept in use, or retire this chain too.")


def _replacements(base: Columns) -> Iterator[tuple[str, Violation]]:
    """`replaced_by` and `distinct_from`; few nodes have one, so these are looked up one by one."""
    if not len(base.refs["id"]):
        return
    concepts, chains = set(base.concepts["id"].tolist()), set(base.chains["id"].tolist())
    for file_index, kind, ordinal in sorted(set(zip(*(base.refs[c].tolist() for c in ("file", "kind", "ordinal")), strict=True))):
        nodes = base.nodes(file_index)
        node: Concept | Chain = nodes.chains[ordinal] if kind else nodes.concepts[ordinal]
        noun, known = ("chain", chains) if kind else ("concept", concepts)
        where = (f"{noun}s", node.id.split("/", 1)[1])
        file = base.files[file_index]
        if node.replaced_by:
            if node.status == "active":
                message = "Only a retired node is replaced. Add `status: retired`, or remove `replaced_by`."
                yield file, Violation((*where, "replaced_by"), message)
            if node.replaced_by == node.id:
                yield file, Violation((*where, "replaced_by"), f"'{node.id}' replaces itself. Name another {noun}.")
            elif _key(node.replaced_by) not in known:
                yield file, Violation((*where, "replaced_by"), _missing(node.replaced_by, noun, base))
        for other in node.distinct_from if isinstance(node, Concept) else ():
            if _key(other) not in concepts:
                yield file, Violation((*where, "distinct_from"), _missing(other, "concept", base))


def _missing(wanted: str, noun: str, base: Columns) -> str:
    discipline = wanted.split("/", 1)[0]
    known = [
        node.id
        for index, file in enumerate(base.files)
        if file.split("/")[1] == discipline
        for node in (base.nodes(index).concepts if noun == "concept" else base.nodes(index).chains)
    ]
    close = difflib.get_close_matches(wanted, known, n=1)
    hint = f"Closest: '{close[0]}'. " if close else f"The base has no discipline '{discipline}'. " if not known else ""
    return f"'{wanted}' is not a {noun}. {hint}Mend the reference, or add the {noun}."


def _key(node_id: str) -> int:
    from proda.knowledge.entry import key_of

    return key_of(node_id)


RULE = Rule(name="references", description="References resolve, and not to retired concepts.", check_all=check, needs_all=True)
