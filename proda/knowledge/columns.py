"""The facts of all topic files as columns of integers. Names are looked up only for a finding.

columns = Columns(entries, nodes_of, …)
columns.statements["subject"]              # one int64 per statement, files in order of their paths
columns.statement(17)                      # the Statement in row 17, decoded
columns.place_of_statement(17, "object")   # ("knowledge/physics/optics.yaml", ("chains", "snell", "steps", 1, "object"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from proda.findings import KeyPath
from proda.knowledge.entry import Entry, TopicNodes, key_of
from proda.knowledge.schema import SourceEntry, local_name
from proda.records import Chain, Concept, Relation, Statement

Column = NDArray[np.int64]
Table = dict[str, Column]

_COLUMNS = {
    "concept_rows": ("id", "active"),
    "chain_rows": ("id", "active", "link"),
    "term_rows": ("term", "concept"),
    "statement_rows": ("subject", "relation", "object", "chain", "active"),
    "ref_rows": ("id", "role", "kind", "ordinal"),
}


class Columns:
    """What rules over all topics may use. Rows are grouped by file, and files sorted by path."""

    def __init__(
        self,
        entries: Sequence[Entry],
        nodes_of: Callable[[str], bytes],
        relations: Sequence[Relation] = (),
        catalogue: Mapping[str, SourceEntry] | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """`entries` are the readable ones, sorted by file; `nodes_of` gives an entry's `nodes` by file."""
        self.entries = entries
        self.files = [e.file for e in entries]
        self.relations = relations
        self.catalogue = catalogue  # None: there is no catalogue that can be used
        self.sources = sources or {}  # source id → sha256 of its text
        self._nodes_of = nodes_of
        self.concepts = self._table("concept_rows")
        self.chains = self._table("chain_rows")
        self.terms = self._table("term_rows")
        self.statements = self._table("statement_rows")
        self.refs = self._table("ref_rows")
        self.nodes = lru_cache(64)(self._decode)

    def _table(self, field: str) -> Table:
        """The columns of one table, with `file` (index) and `row` (ordinal in the file's table) added."""
        names = _COLUMNS[field]
        blobs = [getattr(e, field) for e in self.entries]
        flat = np.frombuffer(b"".join(blobs), dtype="<i8").reshape(-1, len(names))
        counts = np.array([len(b) // (8 * len(names)) for b in blobs], dtype=np.int64)
        starts = np.cumsum(counts) - counts
        table: Table = {name: np.ascontiguousarray(flat[:, i]) for i, name in enumerate(names)}
        table["file"] = np.repeat(np.arange(len(blobs), dtype=np.int64), counts)
        table["row"] = np.arange(len(flat), dtype=np.int64) - np.repeat(starts, counts)
        return table

    def _decode(self, file: int) -> TopicNodes:
        return msgspec.json.decode(self._nodes_of(self.files[file]), type=TopicNodes)

    @cached_property
    def active_concepts(self) -> Column:
        """Ids of concepts that are not retired."""
        ids: Column = self.concepts["id"][self.concepts["active"] == 1]
        return ids

    @cached_property
    def relation_keys(self) -> dict[str, int]:
        """Relation id → its key in the columns."""
        return {r.id: key_of(r.id) for r in self.relations}

    def concept(self, row: int) -> Concept:
        """The concept in `row` of `concepts`."""
        return self.nodes(int(self.concepts["file"][row])).concepts[int(self.concepts["row"][row])]

    def chain(self, row: int) -> Chain:
        """The chain in `row` of `chains`."""
        return self.nodes(int(self.chains["file"][row])).chains[int(self.chains["row"][row])]

    def statement(self, row: int) -> Statement:
        """The statement in `row` of `statements`."""
        return self.nodes(int(self.statements["file"][row])).statements[int(self.statements["row"][row])]

    def place_of_concept(self, row: int, *rest: str) -> tuple[str, KeyPath]:
        """File and key path of a concept."""
        return self.files[int(self.concepts["file"][row])], ("concepts", local_name(self.concept(row).id), *rest)

    def place_of_chain(self, row: int, *rest: str) -> tuple[str, KeyPath]:
        """File and key path of a chain or link."""
        chain = self.chain(row)
        return self.files[int(self.chains["file"][row])], ("links" if chain.is_link else "chains", local_name(chain.id), *rest)

    def place_of_statement(self, row: int, *rest: str) -> tuple[str, KeyPath]:
        """File and key path of a statement."""
        file = int(self.statements["file"][row])
        statement = self.statement(row)
        chain = self.nodes(file).chains[int(self.statements["chain"][row])]
        if chain.is_link:
            return self.files[file], ("links", local_name(chain.id), *rest)
        first = int(self.statements["row"][row])  # the first row of its chain: statements of a chain are consecutive
        while first and self.nodes(file).statements[first - 1].chain == chain.id:
            first -= 1
        index = int(self.statements["row"][row]) - first
        return self.files[file], ("chains", local_name(statement.chain), "steps", index, *rest)


def among(values: NDArray[Any], known: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of `values` occur in `known`. Sorts, because numpy.isin is ten times slower on random keys like these."""
    if not len(known):
        return np.zeros(len(values), dtype=np.bool_)
    ordered = np.sort(known)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found


def mixed(*columns: Column) -> NDArray[np.uint64]:
    """One 64-bit number per row from several columns, in order; equal rows give equal numbers (collisions: 1 in 2^64)."""
    out = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        out = (out ^ column.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        out ^= out >> np.uint64(29)
    return out


def repeated(values: NDArray[np.uint64] | Column) -> list[list[int]]:
    """Rows that share a value, as groups of two or more, rows ascending; groups by their first row."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    groups: dict[int, list[int]] = {}
    for at in same.tolist():
        groups.setdefault(int(ordered[at]), [int(order[at])]).append(int(order[at + 1]))
    return sorted(groups.values())
