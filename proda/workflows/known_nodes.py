"""The concepts, chains and links that the knowledge has, for a program that adds to it.

known = known_nodes(root)
known.concepts["physics/heating"].topic       # "thermal-expansion"
"physics/heating" in known.in_chains          # True: a statement of an active chain names it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.graph import CompiledTopic
from proda.knowledge.compile import check_knowledge
from proda.knowledge.report import Report
from proda.knowledge.schema import TopicFile, full_id
from proda.knowledge.tree import scan
from proda.records import Concept, Record
from proda.workflows.would_be import compiled_topics
from proda.yamlio import load_yaml_bytes, read_bytes


class KnownNodes(Record, frozen=True):
    """Nodes by full id."""

    concepts: dict[str, Concept]
    chains: dict[str, str]  # chain or link → its topic, "physics/heat"
    in_chains: frozenset[str]  # concepts that an active chain names; links do not count


def known_nodes(root: Path, report: Report | None = None) -> KnownNodes:
    """The nodes of `root`, or those of `report`. Topic files that cannot be read are left out."""
    report = report or check_knowledge(root, compiled=True)
    return _of_compiled(compiled_topics(report)) if report.ok else _of_files(root)


def _of_compiled(topics: Iterable[CompiledTopic]) -> KnownNodes:
    concepts: dict[str, Concept] = {}
    chains: dict[str, str] = {}
    named: set[str] = set()
    for topic in topics:
        concepts.update((c.id, c) for c in topic.concepts)
        chains.update((c.id, f"{topic.discipline}/{topic.topic}") for c in topic.chains)
        walked = {c.id for c in topic.chains if c.status == "active" and not c.is_link}
        named.update(end for s in topic.statements if s.chain in walked for end in (s.subject, s.object))
    return KnownNodes(concepts, chains, frozenset(named))


def _of_files(root: Path) -> KnownNodes:
    """The same from the files: with an error anywhere, there is no compiled knowledge."""
    concepts: dict[str, Concept] = {}
    chains: dict[str, str] = {}
    named: set[str] = set()
    for topic in readable_topics(root):
        for name, c in topic.concepts.items():
            node = full_id(topic.discipline, name)
            concepts[node] = Concept(
                node, topic.discipline, topic.topic, c.term, c.type, c.definition, c.phrase, c.plural, c.aliases, status=c.status
            )
        for name in (*topic.chains, *topic.links):
            chains[full_id(topic.discipline, name)] = f"{topic.discipline}/{topic.topic}"
        steps = [step for chain in topic.chains.values() if chain.status == "active" for step in chain.steps]
        named.update(full_id(topic.discipline, end) for step in steps for end in (step.subject, step.object))
    return KnownNodes(concepts, chains, frozenset(named))


def readable_topics(root: Path) -> Iterator[TopicFile]:
    """The topic files that can be read, in the order of their names. Others are for `proda check`."""
    for file in scan(root).topics:
        try:
            yield msgspec.convert(load_yaml_bytes(read_bytes(root / file, root), file), TopicFile)
        except (InputError, msgspec.ValidationError):
            continue
