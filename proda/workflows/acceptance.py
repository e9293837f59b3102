"""Accepted proposals → the text of their topic file, and findings of the check → the fields that a reviewer sees.

    added = entries_of(proposals, ("heat-pump-warms-a-house",), (), known, merged, topic)
    added.entries["chains"]["heat-pump-warms-a-house"]["steps"][0]["id"]          # "s1"

A concept is written with the first chain or link that names it. A concept that another topic of the discipline has is referred to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from proda.findings import Finding
from proda.knowledge.schema import TopicFile, full_id
from proda.records import Record
from proda.store.proposals import Proposals, ProposedConcept, ProposedStatement
from proda.workflows.decisions import Remark
from proda.workflows.known_nodes import KnownNodes

MAX_ID = 100
_PLACE = re.compile(r"(?P<section>chains|links|concepts)\.(?P<name>[^.\[]+)(?:\.steps\[(?P<step>\d+)\])?(?:\.(?P<field>\w+))?")


class Added(Record, frozen=True):
    """What is added to a topic file, and which statements its entries come from."""

    entries: dict[str, dict[str, dict[str, Any]]]
    aliases: dict[str, tuple[str, ...]]  # concept of the topic file → names that a merge gives it
    chains: dict[str, str]  # chain of the proposals → its id in the knowledge
    steps: dict[str, tuple[str, ...]]  # id in the knowledge → keys of its statements, in order
    links: dict[str, str]  # id in the knowledge → key


def entries_of(
    proposals: Proposals,
    chains: Iterable[str],
    links: Iterable[str],
    known: KnownNodes,
    merged: Mapping[str, str],
    topic: TopicFile | None,
) -> Added:
    """The entries for `chains` and for the statements `links`. `topic` is the file as it is, None if there is none.

    A chain that the file has already, statement for statement, is not added again. `merged` is what `resolved` returns.
    """
    discipline = proposals.source.partition("/")[0]
    taken = {node for node, where in known.chains.items() if where != proposals.source or topic is None}
    taken |= {full_id(discipline, name) for name in ((*topic.chains, *topic.links) if topic else ())}
    proposed = {full_id(discipline, name) for name in proposals.chains}
    added = Added({"concepts": {}, "chains": {}, "links": {}}, {}, {}, {}, {})
    keys: list[str] = []
    for name in chains:
        statements = proposals.chains[name].statements
        keys += statements
        steps = [{"id": f"s{n}", **_statement(proposals.statements[key], discipline, merged)} for n, key in enumerate(statements, 1)]
        there = topic.chains.get(name) if topic else None
        if there is not None and [_said(s) for s in there.steps] == [(s["subject"], s["relation"], s["object"]) for s in steps]:
            added.chains[name] = name
            continue
        chain_id = _free(name, discipline, taken | (proposed - {full_id(discipline, name)}))
        taken.add(full_id(discipline, chain_id))
        chain = proposals.chains[name]
        entry: dict[str, Any] = {"explains": chain.explains}
        entry |= {k: list(v) for k, v in (("preconditions", chain.preconditions), ("exclusions", chain.exclusions)) if v}
        added.entries["chains"][chain_id] = entry | {"steps": steps}
        added.chains[name], added.steps[chain_id] = chain_id, statements
    for key in links:
        statement = proposals.statements[key]
        keys.append(key)
        entry = _statement(statement, discipline, merged)
        wanted = "-".join(end.rpartition("/")[2] for end in (entry["subject"], entry["relation"], entry["object"]))
        link_id = _free(wanted, discipline, taken | proposed)
        taken.add(full_id(discipline, link_id))
        added.entries["links"][link_id] = entry
        added.links[link_id] = key
    _add_concepts(added, proposals, keys, known, merged, topic)
    return added


def merged_into(reference: str, discipline: str, merged: Mapping[str, str]) -> str:
    """The concept that a reference means after the confirmed merges: bare within the discipline."""
    full = full_id(discipline, reference)
    return merged.get(full, full).removeprefix(f"{discipline}/")


def remarks_of(findings: Iterable[Finding], added: Added, source: str) -> tuple[Remark, ...]:
    """Findings as remarks about the proposals that they come from. One about another file is tied to the new concept that it names."""
    return tuple(dict.fromkeys(_remark(finding, added, source) for finding in findings))


def _remark(finding: Finding, added: Added, source: str) -> Remark:
    message, severity = f"{finding.message} [{finding.rule}]", finding.severity
    place = _PLACE.match(finding.path) if finding.file == f"knowledge/{source}.yaml" else None
    section, name = (place["section"], place["name"]) if place else ("", "")
    field = (place["field"] or "") if place else ""
    if place and section == "concepts" and name in added.entries["concepts"]:
        return Remark(message, severity, concept=name, field=field)
    if place and section == "links" and name in added.links:
        return Remark(message, severity, statement=added.links[name], field=field)
    if place and section == "chains" and name in added.steps:
        chain = next(proposed for proposed, node in added.chains.items() if node == name)
        if place["step"] is not None and int(place["step"]) < len(added.steps[name]):
            return Remark(message, severity, statement=added.steps[name][int(place["step"])], chain=chain, field=field)
        return Remark(message, severity, chain=chain, field=field)
    discipline = source.partition("/")[0]
    named = next((c for c in added.entries["concepts"] if f"'{discipline}/{c}'" in message), "")
    where = finding.file if not finding.line else f"{finding.file}:{finding.line}"
    return Remark(f"{where}: {message}", severity, concept=named)


def _statement(statement: ProposedStatement, discipline: str, merged: Mapping[str, str]) -> dict[str, Any]:
    """A statement as topic files hold it, in the order of their keys."""
    found: dict[str, Any] = {
        "subject": merged_into(statement.subject, discipline, merged),
        "subject_as": statement.subject_as,
        "relation": statement.relation,
        "object": merged_into(statement.object, discipline, merged),
        "object_as": statement.object_as,
        "when": list(statement.when),
        "according_to": statement.according_to,
        "tense": None if statement.tense == "present" else statement.tense,
        "text": statement.text,
        "evidence": {"quote": statement.evidence.quote, "span": list(statement.evidence.span)},
    }
    return {key: value for key, value in found.items() if value}


def _add_concepts(
    added: Added, proposals: Proposals, keys: list[str], known: KnownNodes, merged: Mapping[str, str], topic: TopicFile | None
) -> None:
    discipline = proposals.source.partition("/")[0]
    names: dict[str, list[ProposedConcept]] = {}
    for key in keys:
        statement = proposals.statements[key]
        for end in (statement.subject, statement.object):
            kept = merged_into(end, discipline, merged)
            gone = proposals.concepts.get(end)
            names.setdefault(kept, []).extend([gone] if gone is not None and kept != end else [])
    for name, gone_into in names.items():
        also = tuple(dict.fromkeys(n for c in gone_into for n in (c.term, *c.aliases)))
        here = topic.concepts.get(name) if topic else None
        elsewhere = known.concepts.get(full_id(discipline, name))
        if here is not None:
            if new := tuple(n for n in also if n not in (here.term, *here.aliases)):
                added.aliases[name] = new
        elif (elsewhere is None or f"{discipline}/{elsewhere.topic}" == proposals.source) and (concept := proposals.concepts.get(name)):
            added.entries["concepts"][name] = _concept(concept, tuple(n for n in also if n not in (concept.term, *concept.aliases)))


def _concept(concept: ProposedConcept, also: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "term": concept.term,
        "phrase": concept.phrase,
        "plural": concept.plural,
        "type": concept.type,
        "aliases": [*concept.aliases, *also],
        "definition": concept.definition,
        "distinct_from": list(concept.distinct_from),
    }
    return {key: value for key, value in found.items() if value}


def _said(step: Any) -> tuple[str, str, str]:
    return step.subject, step.relation, step.object


def _free(wanted: str, discipline: str, taken: set[str]) -> str:
    """`wanted`, or with a number that makes it new."""
    wanted = wanted[: MAX_ID - 3].rstrip("-")
    name, number = wanted, 1
    while f"{discipline}/{name}" in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def topic_of(raw: Any) -> TopicFile | None:
    """A topic file that was loaded, typed; None if it is not of the form of one."""
    try:
        return msgspec.convert(raw, TopicFile)
    except msgspec.ValidationError:
        return None
