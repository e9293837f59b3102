"""Knowledge and samples → the tables of chains, statements, concepts and samples on the page.

    found = node_tables(lineage, added_by)
    found["statements"].rows[0]     # ("physics/bimetal-strip-bends.s1", 0, 14, 2, 31, "Heating a metal strip …", "", "physics/…", [7, 8])

A statement names its chain, its two concepts and the samples that teach it by their rows, and its relation by the row of `relations`.
Its quote is empty if it is the statement's own sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proda.history.lineage import Lineage
from proda.records import Chain, Sample
from proda.report.tables import NONE, PageTable, places

if TYPE_CHECKING:
    from proda.graph import Knowledge

CONCEPT = ("id", "term", "type", "definition", "active", "aliases")
STATEMENT = ("id", "chain", "subject", "relation", "object", "text", "quote", "where", "samples", "when")
CHAIN = ("id", "explains", "preconditions", "exclusions", "statements", "active", "reference")
SAMPLE = ("id", "format", "question", "answer", "patch")


def node_tables(lineage: Lineage) -> dict[str, PageTable]:
    """Return the tables `relations`, `concepts`, `statements` and `chains`, in order of id. Retired nodes are there and not active."""
    know = lineage.knowledge
    concepts, chains, relations = places(sorted(know.concepts)), places(sorted(know.chains)), places(know.relations)
    statements, samples = places(sorted(know.statements)), places(lineage.samples)
    rows = []
    for s in (know.statements[each] for each in statements):
        quote = "" if s.quote == s.text else s.quote
        where = f"{s.span.source}[{s.span.start}:{s.span.end}]"
        taught = [samples[each.id] for each in lineage.samples_of.get(s.id, ())]
        ends = (concepts.get(s.subject, NONE), relations.get(s.relation, NONE), concepts.get(s.object, NONE))
        rows.append((s.id, chains.get(s.chain, NONE), *ends, s.text, quote, where, taught, list(s.when)))
    return {
        "relations": PageTable(("id", "phrase", "plural"), [(r.id, r.phrase, r.plural) for r in know.relations.values()]),
        "concepts": PageTable(CONCEPT, [_concept(know, each) for each in concepts]),
        "statements": PageTable(STATEMENT, rows),
        "chains": PageTable(CHAIN, [_chain(know.chains[each], statements) for each in chains]),
    }


def sample_table(lineage: Lineage, patches: Mapping[str, int]) -> PageTable:
    """Return the table of samples, in the order of `lineage.samples`. `patches` maps a sample's id to the row of the patch that adds it."""
    return PageTable(SAMPLE, [_sample(sample, patches) for sample in lineage.samples.values()])


def _concept(know: Knowledge, concept: str) -> tuple[Any, ...]:
    found = know.concepts[concept]
    return found.id, found.term, found.type, found.definition, int(found.status == "active"), list(found.aliases)


def _chain(chain: Chain, statements: Mapping[str, int]) -> tuple[Any, ...]:
    reference = f"{chain.reference.author}, {chain.reference.title} ({chain.reference.year})" if chain.reference else ""
    path = [statements[s] for s in chain.statements if s in statements]
    return chain.id, chain.explains, list(chain.preconditions), list(chain.exclusions), path, int(chain.status == "active"), reference


def _sample(sample: Sample, patches: Mapping[str, int]) -> tuple[Any, ...]:
    return sample.id, sample.format, sample.question, sample.answer, patches.get(sample.id, NONE)
