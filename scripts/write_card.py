"""Write the numbers in knowledge/CARD.md, which are computed from the knowledge, the items and their readings.

python -m scripts.write_card            # write them
python -m scripts.write_card --check    # exit 1 if the card holds other numbers
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from proda.history.repository import Repository
from proda.knowledge.compile import check_knowledge
from proda.language.neighbours import near_concepts
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.solved import SolvedCounts, load_solved, solved_counts
from proda.store.validation import ValidationCounts, counted, load_validation

if TYPE_CHECKING:
    from proda.graph import Knowledge

BEGIN, END = "<!-- numbers: python -m scripts.write_card -->", "<!-- end of numbers -->"
CARD = Path("knowledge/CARD.md")


def numbers(root: Path) -> str:
    """The generated part of the card, in Markdown."""
    report = check_knowledge(root, shape=True)
    report.raise_errors()
    assert report.shape is not None
    knowledge = Repository.open(root).knowledge
    topics = Counter(d for d, _ in knowledge.concepts_of)
    paths = list(knowledge.active_paths())
    cases = Counter(discipline for discipline, _ in {(case.discipline, case.id) for case in knowledge.cases})
    rows = []
    for discipline in sorted(topics):
        mine = [path for path in paths if path.discipline == discipline]
        links = sum(path.is_link for path in mine)
        statements = sum(len(path.statements) for path in mine)
        concepts = sum(len(ids) for (d, _), ids in knowledge.concepts_of.items() if d == discipline)
        cells = (topics[discipline], len(mine) - links, links, cases[discipline], statements, concepts)
        rows.append(f"| {discipline} | {' | '.join(map(str, cells))} | {report.shape.connectivity[discipline]:.1%} |")
    counts = report.counts
    sums = (counts["topics"], counts["chains"], counts["links"], cases.total(), counts["statements"], counts["concepts"])
    total = f"| **all** | {' | '.join(map(str, sums))} | |"
    lengths = Counter(len(c.statements) for c in knowledge.active_chains())
    types = Counter(knowledge.concepts[c].type for ids in knowledge.concepts_of.values() for c in ids)
    return "\n".join(
        [
            "| discipline | topics | chains | links | cases | statements | concepts | in the largest component |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            total,
            "",
            f"Orphans: {report.orphans}. Chains by number of statements: {_listed(lengths)}. Concepts mentioned in more than one chain: "
            f"{_shared(knowledge):.0%}; with a neighbour of the same type that may be confused with it: {_confusable(knowledge):.0%}.",
            "",
            f"Relations ({len(report.shape.relations)} in use): {_shares(report.shape.relations)}.",
            "",
            f"Kinds of relation: {_shares(report.shape.kinds)}.",
            "",
            f"Types of concept: {_shares({t: n / types.total() for t, n in types.items()})}.",
            "",
            f"Chains and links with a published work in which they can be checked: {_share(p.reference is not None for p in paths)}.",
            "",
            _reading(counted(load_items(root), load_validation(root))),
            *_votes(solved_counts(load_items(root), load_solved(root))),
        ]
    )


def _reading(counts: ValidationCounts) -> str:
    """How far the items of the benchmark have been read without their keys, and what the readers said."""
    total = counts.validated + counts.unread + counts.disputed
    text = (
        f"Items of the benchmark: {total:,}. Validated by two or more readers who did not see the key: {counts.validated:,}; unread: "
        f"{counts.unread:,}; disputed: {counts.disputed:,}. Items withheld or mended because a reader disputed them: {counts.withdrawn:,}."
    )
    if counts.agreement is None or counts.second is None or counts.guess is None:
        return text
    return (
        f"{text} Of {counts.readings:,} readings, those of these last items included, {counts.agreement:.1%} pick the key and "
        f"{counts.second:.1%} can defend a second option; readers expect an outsider to guess {counts.guess:.0%}."
    )


def _votes(counts: SolvedCounts) -> list[str]:
    """How language models solve the items with the facts given and without them; nothing if none has voted."""
    if counts.open is None or counts.closed is None:
        return []
    models, withheld = ", ".join(counts.models), f"{counts.withheld:,} more {'is' if counts.withheld == 1 else 'are'} withheld"
    text = (
        f"Items that a language model ({models}) has voted on: {counts.voted:,}; {withheld} because it does not solve them with the facts"
        f" given. With the facts {counts.open:.1%} of the votes pick the key, without them {counts.closed:.1%}, withheld items included."
    )
    return ["", text]


def _share(found: Iterable[bool]) -> str:
    values = list(found)
    return f"{sum(values) / max(1, len(values)):.1%}"


def _listed(counts: Counter[int]) -> str:
    return ", ".join(f"{size}: {counts[size]}" for size in sorted(counts))


def _shares(shares: dict[str, float]) -> str:
    used = {name: share for name, share in shares.items() if share > 0}
    return ", ".join(f"{name} {share:.1%}" for name, share in sorted(used.items(), key=lambda pair: (-pair[1], pair[0])))


def _shared(knowledge: Knowledge) -> float:
    concepts = [c for ids in knowledge.concepts_of.values() for c in ids]
    return sum(len(knowledge.courses.get(c, ())) > 1 for c in concepts) / len(concepts)


def _confusable(knowledge: Knowledge) -> float:
    """The share of concepts whose nearest candidate for a wrong answer has the same type and topic."""
    concepts = [c for ids in knowledge.concepts_of.values() for c in ids]
    found = 0
    for concept in concepts:
        nearest = next(near_concepts(knowledge, None, concept, None, frozenset({concept}), "card"), None)
        mine = knowledge.concepts[concept]
        if nearest is not None:
            other = knowledge.concepts[nearest]
            found += (other.type, other.topic) == (mine.type, mine.topic)
    return found / len(concepts)


def main(root: Path = Path(), *, check: bool = False) -> int:
    """Write the card, or compare it only; returns the exit status."""
    text = (root / CARD).read_text()
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    fresh = f"{before}{BEGIN}\n{numbers(root)}\n{END}{after}"
    if check:
        if fresh != text:
            print(f"{CARD}\n  The numbers are out of date. Run `python -m scripts.write_card` and commit the result.", file=sys.stderr)
        return int(fresh != text)
    print(f"{CARD}: {'written' if write_file(root / CARD, fresh) else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
