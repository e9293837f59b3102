"""A small knowledge base that tests break in one place at a time.

    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["object"] = "warming"
    toy.write(tmp_path)

Two disciplines, three topics, four chains; it breaks no rule. Spans and hashes are filled in when it is written, unless they are there or
`fill` is false.
"""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

from proda.findings import Finding
from proda.knowledge.compile import check_knowledge
from proda.knowledge.schema import statements_in
from proda.yamlio import dump_yaml

_PROPERTIES: dict[str, dict[str, Any]] = {
    "causes": {"asymmetric": True, "opposite": "prevents"},
    "prevents": {"opposite": "causes"},
    "requires": {"asymmetric": True},
    "proportional-to": {"symmetric": True, "opposite": "inverse-to"},
    "inverse-to": {"symmetric": True, "opposite": "proportional-to"},
}
RELATIONS: dict[str, dict[str, Any]] = {
    name: {
        "kind": "causal",
        "phrase": name,
        "plural": name,
        "inverse": f"is {name} by",
        "inverse_plural": f"are {name} by",
        "ask_object": f"What {{does}} {{s}} {name}?",
        "ask_subject": f"What {name} {{o}}?",
        "subject_role": "one",
        "object_role": "other",
        **properties,
    }
    for name, properties in _PROPERTIES.items()
}

REFERENCE = {"author": "Miller and Chandler", "title": "The Toy Handbook", "year": 1901}
CHAINS: dict[str, dict[str, list[str]]] = {
    "physics/heat": {
        "rail-buckles": ["heating causes expansion", "expansion causes stress", "stress causes buckling"],
        "gap-saves-rail": ["expansion-gap prevents stress", "stress requires clamping", "clamping causes friction"],
    },
    "physics/cooling": {
        "bridge-contracts": ["cooling causes contraction", "contraction causes tension", "tension requires clamping"],
    },
    "chemistry/rates": {
        "heat-speeds": ["physics/heating causes collision", "collision causes reaction", "reaction requires catalyst"],
    },
}
DEFINED = {
    "physics/heat": ["heating", "expansion", "stress", "buckling", "expansion-gap", "clamping", "friction"],
    "physics/cooling": ["cooling", "contraction", "tension"],
    "chemistry/rates": ["collision", "reaction", "catalyst"],
}


class Toy:
    """The knowledge as plain data, to be changed before it is written."""

    def __init__(self) -> None:
        self.relations = copy.deepcopy(RELATIONS)
        self.sources: dict[str, str] = {}
        self.topics: dict[str, Any] = {}
        self.catalogue: dict[str, Any] = {}
        for topic, chains in CHAINS.items():
            discipline, name = topic.split("/")
            self.topics[topic] = {
                "discipline": discipline,
                "topic": name,
                "source": topic,
                "concepts": {
                    c: {"term": c.replace("-", " "), "type": "process", "definition": f"what is number {i} among the things shown"}
                    for i, c in enumerate(DEFINED[topic])
                },
                "chains": {chain: _chain(topic, chain, triples) for chain, triples in chains.items()},
            }
            quotes = [s["evidence"]["quote"] for c in self.topics[topic]["chains"].values() for s in c["steps"]]
            self.sources[topic] = f"# About {name}\n\nÄhnliches naïve text.\n" + "\n".join(quotes) + "\n"
            self.catalogue[topic] = {"title": f"About {name}", "origin": "made up", "licence": "CC0-1.0"}

    def step(self, topic: str, chain: str, index: int) -> dict[str, Any]:
        """A statement, to change."""
        step: dict[str, Any] = self.topics[topic]["chains"][chain]["steps"][index]
        return step

    def concept(self, topic: str, name: str) -> dict[str, Any]:
        """A concept, to change."""
        concept: dict[str, Any] = self.topics[topic]["concepts"][name]
        return concept

    def add_chain(self, topic: str, chain: str, triples: list[str]) -> None:
        """Another chain, with its quotes added to the topic's source."""
        self.topics[topic]["chains"][chain] = made = _chain(topic, chain, triples)
        self.sources[topic] += "\n".join(s["evidence"]["quote"] for s in made["steps"]) + "\n"

    def add_link(self, topic: str, link: str, triple: str) -> dict[str, Any]:
        """A link, with its quote added to the topic's source; returned to change."""
        entry: dict[str, Any] = {**_steps(topic, link, [triple])[0], "reference": dict(REFERENCE)}
        del entry["id"]
        self.topics[topic].setdefault("links", {})[link] = entry
        self.sources[topic] += entry["evidence"]["quote"] + "\n"
        return entry

    def add_case(self, topic: str, case: str, chain: str, breaks: str) -> dict[str, Any]:
        """A case of two variants, each wrong option of which breaks the statement `breaks`; returned to change."""
        entry: dict[str, Any] = {
            "chain": chain,
            "question": "What happens to the rail?",
            "options": {"a": "It bends.", "b": "It cracks.", "c": "It rusts.", "d": "It stays."},
            "variants": [_variant("A rail lies in the sun.", "a", breaks), _variant("A rail lies in the shade.", "d", breaks)],
        }
        self.topics[topic].setdefault("cases", {})[case] = entry
        return entry

    def write(self, root: Path, fill: bool = True) -> Path:
        """Write the knowledge below `root`; returns `root`."""
        topics, catalogue = copy.deepcopy(self.topics), copy.deepcopy(self.catalogue)
        for document in topics.values() if fill else ():
            for statement in statements_in(document):
                evidence = statement["evidence"]
                start = self.sources.get(evidence.get("source", document["source"]), "").find(evidence["quote"])
                if start >= 0:
                    evidence.setdefault("span", [start, start + len(evidence["quote"])])
        for source, entry in catalogue.items():
            if source in self.sources:
                entry.setdefault("sha256", hashlib.sha256(self.sources[source].encode()).hexdigest())
        put(root, "knowledge/relations.yaml", dump_yaml({"relations": self.relations}))
        put(root, "knowledge/sources/catalogue.yaml", dump_yaml({"sources": catalogue}))
        for source, text in self.sources.items():
            put(root, f"knowledge/sources/{source}.md", text)
        for topic, document in topics.items():
            put(root, f"knowledge/{topic}.yaml", dump_yaml(document))
        return root


def _chain(topic: str, chain: str, triples: list[str]) -> dict[str, Any]:
    return {"explains": f"how {chain}", "reference": dict(REFERENCE), "steps": _steps(topic, chain, triples)}


def _variant(situation: str, answer: str, breaks: str) -> dict[str, Any]:
    wrong = {letter: {"breaks": breaks, "because": f"The rail does not do {letter}."} for letter in "abcd" if letter != answer}
    return {"situation": situation, "answer": answer, "because": f"The rail does {answer}.", "wrong": wrong}


def _steps(topic: str, chain: str, triples: list[str]) -> list[dict[str, Any]]:
    steps = []
    for number, triple in enumerate(triples, start=1):
        subject, relation, target = triple.split()
        steps.append(
            {
                "id": f"s{number}",
                "subject": subject,
                "relation": relation,
                "object": target,
                "text": f"In the toy world {_plain(subject)} {relation} {_plain(target)}.",
                "evidence": {"quote": f"In {topic} {chain} we see that {subject} {relation} {target}."},
            }
        )
    return steps


def _plain(reference: str) -> str:
    return reference.rpartition("/")[2].replace("-", " ")


def put(root: Path, file: str, content: str | bytes) -> Path:
    """Write a file below `root`."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def findings(root: Path, rule: str | None = None) -> list[Finding]:
    """The findings of a check without a cache, of one rule if one is named."""
    report = check_knowledge(root, cache=root / "fresh" / "check.sqlite", jobs=1)
    return [f for f in report.findings if rule is None or f.rule == rule]


def compiled(out: Path) -> dict[str, bytes]:
    """Every file of a compiled folder."""
    return {p.name: p.read_bytes() for p in sorted(out.iterdir())}
