"""A repository of the toy world with one document more, and proposals for it as `proda extract` writes them.

    root = make_review(tmp_path)          # knowledge/sources/energy/heat-pumps.md, its catalogue entry, proposals/energy/heat-pumps.yaml

The discipline `energy` is new. Three chains, two statements without a chain, two drafted definitions, a concept that `ovens` has too,
and two proposed merges.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import yaml

from proda.knowledge.fix import fix_knowledge
from proda.store.proposals import (
    ChunkRecord,
    Proposals,
    ProposedChain,
    ProposedConcept,
    ProposedEvidence,
    ProposedStatement,
    save_proposals,
    statement_key,
)
from tests.toyresults import commit
from tests.toyworld import make_repository

SOURCE = "energy/heat-pumps"
CHUNK = "3f2a9c1b7d04"
SENTENCES = {
    "compression": "Compression raises the vapour temperature, since the work done on the gas stays in it.",
    "heat-flow": "A high vapour temperature drives a heat flow into the rooms, for heat runs from warm to cold.",
    "condensation": "The heat flow brings about condensation of the vapour in the coil.",
    "pressure-drop": "Condensation is what makes the pressure drop at the valve possible.",
    "evaporation": "The pressure drop sets off evaporation outdoors, even on a frosty day.",
    "ice": "Evaporation produces frost on the outdoor coil, because the coil chills moist air.",
    "airflow": "Frost blocks and so lowers the air flow through the coil.",
    "defrost": "A low air flow triggers the defrost cycle, which turns the machine round.",
    "noise": "Compression produces noise that neighbours hear at night.",
    "comfort": "The heat flow increases comfort in the rooms.",
}
TRIPLES = {
    "compression": ("compression", "increases", "vapour-temperature"),
    "heat-flow": ("vapour-temperature", "causes", "heat-flow"),
    "condensation": ("heat-flow", "causes", "condensation"),
    "pressure-drop": ("condensation", "enables", "pressure-drop"),
    "evaporation": ("pressure-drop", "triggers", "evaporation"),
    "ice": ("evaporation", "produces", "coil-frost"),
    "airflow": ("coil-frost", "decreases", "air-flow"),
    "defrost": ("air-flow", "triggers", "defrost-cycle"),
    "noise": ("compression", "produces", "noise"),
    "comfort": ("heat-flow", "increases", "comfort"),
}
TEXTS = {
    "compression": "Compression increases the vapour temperature, because the work done on the gas stays in it.",
    "heat-flow": "A high vapour temperature causes a heat flow, because heat runs from warm to cold.",
    "condensation": "The heat flow causes condensation, because the vapour loses the heat that kept it a gas.",
    "pressure-drop": "Condensation enables a pressure drop, because a liquid passes the narrow valve.",
    "evaporation": "The pressure drop triggers evaporation, because the liquid then boils below the outdoor temperature.",
    "ice": "Evaporation produces coil frost, because the coil chills moist air.",
    "airflow": "Coil frost decreases air flow, because it fills the gaps between the fins.",
    "defrost": "A low air flow triggers the defrost cycle, because the controller takes it for ice.",
    "noise": "Compression produces noise, because the motor shakes the casing.",
    "comfort": "The heat flow increases comfort, because the rooms stay warm.",
}
CHAINS = {
    "heat-pump-warms-a-room": ("how a heat pump warms a room", ("compression", "heat-flow", "condensation")),
    "liquid-boils-outdoors": ("why the liquid boils outdoors in winter", ("condensation", "pressure-drop", "evaporation", "ice")),
    "frost-turns-the-pump-round": ("why a frosted pump turns round", ("ice", "airflow", "defrost")),
}
CONCEPTS = {
    "compression": ("compression", "process", "the squeezing of a vapour into a smaller volume"),
    "vapour-temperature": ("vapour temperature", "quantity", "the degree of hotness of the gas that leaves the machine's motor side"),
    "heat-flow": ("heat flow", "process", "the passage of thermal energy from a warm body to a cold one"),
    "condensation": ("condensation", "process", "the change of a gas into a liquid"),
    "pressure-drop": ("pressure drop", "event", "the sudden fall in the force per area behind a narrow passage"),
    "evaporation": ("evaporation", "process", "the change of a liquid into a gas"),
    "coil-frost": ("coil frost", "substance", "a crust of ice crystals on the outdoor part of the machine"),
    "air-flow": ("air flow", "process", "the movement of outdoor air between the fins"),
    "defrost-cycle": ("defrost cycle", "process", "a short spell in which the machine heats its outdoor part"),
    "noise": ("noise", "phenomenon", "unwanted sound"),
    "comfort": ("comfort", "state", "the ease of people who are neither cold nor hot"),
    "rime": ("rime", "substance", "white ice that grows on cold metal in moist air"),
}
DRAFTED = ("air-flow", "comfort")
REFERENCE_MERGES = """\
# Decided by people.
merges:
  - concepts: [energy/coil-frost, energy/rime]  # both are ice
    keep: energy/coil-frost
    decision: proposed
    evidence: 'one definition: "ice on cold metal"'
  - concepts: [energy/comfort, ovens/loaf-softness]
    keep: energy/comfort
    decision: proposed
    evidence: similar names
"""


def source_text(extra: str = "") -> str:
    """The document: two headings, page anchors, a table, one line per paragraph."""
    first = " ".join(SENTENCES[name] for name in ("compression", "heat-flow", "condensation"))
    second = " ".join(SENTENCES[name] for name in ("pressure-drop", "evaporation", "ice"))
    third = " ".join(SENTENCES[name] for name in ("airflow", "defrost", "noise", "comfort"))
    return (
        "# Heat pumps\n\nA heat pump carries warmth from a cold garden into a warm house — 𝛥 of some thirty kelvin.\n\n"
        f"<!-- page 1 -->\n\n## How one works\n\n{first}\n\n| part | job |\n\n| --- | --- |\n\n| valve | pressure drop |\n\n"
        f"<!-- page 2 -->\n\n## Frost & noise\n\n{second}\n\n{third}\n{extra}"
    )


def key_of(name: str, source: str = SOURCE) -> str:
    """The key of a statement of this world."""
    return statement_key(source, SENTENCES[name], TRIPLES[name])


def proposals(text: str) -> Proposals:
    """What was extracted from the document."""
    statements = {}
    for name, (subject, relation, obj) in TRIPLES.items():
        start = text.index(SENTENCES[name])
        evidence = ProposedEvidence(SENTENCES[name], (start, start + len(SENTENCES[name])))
        qualified = {"subject_as": "a high vapour temperature"} if name == "heat-flow" else {}
        qualified |= {"subject_as": "a low air flow"} if name == "defrost" else {}
        statements[key_of(name)] = ProposedStatement(subject, relation, obj, TEXTS[name], evidence, CHUNK, **qualified)  # type: ignore[arg-type]
    chains = {name: ProposedChain(explains, tuple(map(key_of, keys))) for name, (explains, keys) in CHAINS.items()}
    concepts = {name: ProposedConcept(*fields, drafted=name in DRAFTED) for name, fields in CONCEPTS.items()}
    return Proposals(
        SOURCE, hashlib.sha256(text.encode()).hexdigest(), "rules", {CHUNK: ChunkRecord("chains")}, concepts, statements, chains
    )


def add_source(root: Path, text: str, source: str = SOURCE) -> None:
    """Write a source and its catalogue entry."""
    path = root / f"knowledge/sources/{source}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    catalogue = root / "knowledge/sources/catalogue.yaml"
    entries = yaml.safe_load(catalogue.read_text())
    entries["sources"][source] = {
        "title": text.splitlines()[0].removeprefix("# "),
        "origin": "written for the tests",
        "licence": "CC-BY-4.0",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "document": {"name": f"{source.rpartition('/')[2]}.pdf", "format": "pdf", "sha256": "0" * 64},
    }
    catalogue.write_text(yaml.safe_dump(entries, sort_keys=False))


def make_review(path: Path, *, git: bool = False, merges: bool = False) -> Path:
    """The repository, in `path / "toy"`. With `git`, all but the document and its proposals is committed."""
    root = make_repository(path, git=git)
    fix_knowledge(root)
    if git:
        commit(root, "Laid out")
    text = source_text()
    add_source(root, text)
    save_proposals(root, proposals(text))
    if merges:
        (root / "knowledge/merges.yaml").write_text(REFERENCE_MERGES)
    return root


def with_statement(root: Path, name: str, **fields: object) -> None:
    """Change a statement of the proposals on disk, as an extractor that errs would have written it."""
    found = proposals(source_text())
    key = key_of(name)
    statements = {**found.statements, key: msgspec.structs.replace(found.statements[key], **fields)}
    save_proposals(root, msgspec.structs.replace(found, statements=statements))


def many_proposals(root: Path, count: int, source: str = "energy/many") -> str:
    """Write a source with `count` sentences and as many proposals, in chains of four; returns the source's id."""
    number = count // 4 * 4
    paragraphs = [f"# Many\n\n<!-- page 1 -->\n\n## Part 1\n\n{'An introduction that says nothing. ' * 6}".rstrip()]
    statements, chains, concepts = {}, {}, {}
    length = len(paragraphs[0]) + 2
    for n in range(0, number, 4):
        keys, sentences = [], []
        for step in range(4):
            sentence = (
                f"Thing {n} {step} brings about thing {n} {step + 1}, which engineers met in plant number {n * 4 + step} of the old works."
            )
            ends = (f"thing-{n}-{step}", f"thing-{n}-{step + 1}")
            key = statement_key(source, sentence, (ends[0], "causes", ends[1]))
            evidence = ProposedEvidence(sentence, (length + sum(len(s) + 1 for s in sentences), 0))
            evidence = msgspec.structs.replace(evidence, span=(evidence.span[0], evidence.span[0] + len(sentence)))
            text = f"Thing {n} {step} causes thing {n} {step + 1}, because the one pushes the other."
            statements[key] = ProposedStatement(ends[0], "causes", ends[1], text, evidence, CHUNK)
            sentences.append(sentence)
            keys.append(key)
        for step in range(5):
            concepts[f"thing-{n}-{step}"] = ProposedConcept(
                f"thing {n} {step}", "process", f"a part of the works that has the number {n} {step}"
            )
        chains[f"how-{n}-works"] = ProposedChain(f"how part {n} of the works moves", tuple(keys))
        paragraphs.append(" ".join(sentences))
        length += len(paragraphs[-1]) + 2
    text = "\n\n".join(paragraphs) + "\n"
    add_source(root, text, source)
    save_proposals(
        root,
        Proposals(source, hashlib.sha256(text.encode()).hexdigest(), "rules", {CHUNK: ChunkRecord("chains")}, concepts, statements, chains),
    )
    return source
