"""The shape of the knowledge: how many nodes there are, how well they are connected, which relations are used.

    shape.connectivity["physics"]     # 0.997: share of its nodes in the largest connected component
    shape.relations["causes"]         # 0.14 of all statements

Concepts, statements and chains are nodes; a statement is linked to its chain and to the concepts it mentions. A concept of another
discipline counts as a node of each discipline that mentions it. Retired nodes do not count.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from proda.knowledge.columns import Columns
from proda.knowledge.report import Shape


def counts_of(columns: Columns) -> dict[str, int]:
    """How many disciplines, topics, chains, statements and concepts are in use, and how many nodes are retired."""
    used, single = columns.chains["active"] == 1, columns.chains["link"] == 1
    live = {
        "chains": int((used & ~single).sum()),
        "links": int((used & single).sum()),
        "statements": int((columns.statements["active"] == 1).sum()),
        "concepts": int((columns.concepts["active"] == 1).sum()),
    }
    retired = sum(int((t["active"] == 0).sum()) for t in (columns.chains, columns.concepts))
    disciplines = len({file.split("/")[1] for file in columns.files})
    return {"disciplines": disciplines, "topics": len(columns.files), **live, "retired": retired}


def shape_of(columns: Columns) -> Shape:
    """Connectivity per discipline and the distribution of relations, largest share first."""
    live = columns.statements["active"] == 1
    names = {key: name for name, key in columns.relation_keys.items()}
    found, numbers = np.unique(columns.statements["relation"][live], return_counts=True)
    used = Counter({names.get(int(k), "?"): int(n) for k, n in zip(found, numbers, strict=True)})
    kind_of = {r.id: r.kind for r in columns.relations}
    kinds: Counter[str] = Counter()
    for name, number in used.items():
        kinds[kind_of.get(name, "?")] += number
    total = max(1, int(live.sum()))
    return Shape(
        _connectivity(columns),
        {name: round(n / total, 4) for name, n in used.most_common()},
        {name: round(n / total, 4) for name, n in kinds.most_common()},
    )


def _connectivity(columns: Columns) -> dict[str, float]:
    disciplines = [file.split("/")[1] for file in columns.files]
    codes = {name: i for i, name in enumerate(sorted(set(disciplines)))}
    of_file = np.array([codes[d] for d in disciplines], dtype=np.int64)
    return {name: round(_largest_share(columns, of_file == code), 4) for name, code in codes.items()}


def _largest_share(columns: Columns, files: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    s, c, h = columns.statements, columns.concepts, columns.chains
    mine = files[s["file"]] & (s["active"] == 1)
    own = c["id"][files[c["file"]] & (c["active"] == 1)]
    concepts = np.unique(np.concatenate([own, s["subject"][mine], s["object"][mine]]))
    chain_of = s["file"][mine] * (1 << 32) + s["chain"][mine]  # a chain, by file and ordinal
    all_chains = (h["file"] * (1 << 32) + h["row"])[files[h["file"]] & (h["active"] == 1)]
    chains = np.unique(np.concatenate([all_chains, chain_of]))
    subject, target = np.searchsorted(concepts, s["subject"][mine]), np.searchsorted(concepts, s["object"][mine])
    chain = np.searchsorted(chains, chain_of) + len(concepts)
    roots = _components(len(concepts) + len(chains), subject.tolist(), target.tolist(), chain.tolist())
    sizes = Counter(roots)
    sizes.update(roots[i] for i in chain.tolist())  # a statement is where its chain is
    return max(sizes.values(), default=0) / max(1, sum(sizes.values()))


def _components(count: int, subjects: list[int], objects: list[int], chains: list[int]) -> list[int]:
    """The root of each of `count` nodes after joining each chain to the subjects and objects of its statements."""
    parent = list(range(count))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for subject, target, chain in zip(subjects, objects, chains, strict=True):
        root = find(chain)
        parent[find(subject)] = root
        parent[find(target)] = root
    return [find(node) for node in range(count)]
