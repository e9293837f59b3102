"""Two concepts do not share a term or alias, unless `distinct_from` says so.

Case, punctuation, invisible characters and a plural s do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from proda.knowledge.rules.rule import Rule, Violation
from proda.knowledge.schema import local_name

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Concepts, in any discipline, that have a term of a concept before them."""
    from proda.knowledge.columns import repeated
    from proda.knowledge.entry import normalised

    terms = columns.terms
    for rows in repeated(terms["term"]):
        concepts = [columns.nodes(int(terms["file"][r])).concepts[int(terms["concept"][r])] for r in rows]
        for at, (row, concept) in enumerate(zip(rows, concepts, strict=True)):
            mine = {normalised(t): t for t in (*concept.aliases, concept.term)}
            for other in concepts[:at]:
                if other.id == concept.id or other.id in concept.distinct_from or concept.id in other.distinct_from:
                    continue  # (the rule `unique-ids` reports an id that is used twice)
                shared = next((mine[n] for t in (other.term, *other.aliases) if (n := normalised(t)) in mine), None)
                if shared is None:
                    continue
                yield (
                    columns.files[int(terms["file"][row])],
                    Violation(
                        ("concepts", local_name(concept.id)),
                        f"'{shared}' is also a term of '{other.id}'. Refer to that one, give this one a more exact term, "
                        f"or record `distinct_from: [{other.id}]`.",
                    ),
                )
                break


RULE = Rule(name="near-terms", description="Concepts do not share a term.", check_all=check)
