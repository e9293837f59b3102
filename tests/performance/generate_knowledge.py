"""Generates invented knowledge of any size for benchmarks. It passes `proda check`.

    python -m tests.performance.generate_knowledge /tmp/large --nodes 458622 --disciplines 16

Writes OUT/knowledge: topic files of about 151 nodes each, in about the paper's proportions (43,953 chains, 186,784 statements, 227,869
concepts), one source per topic that contains every quote, the catalogue, and a copy of this repository's relations.yaml. Deterministic: the
same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
from pathlib import Path

from proda.yamlio import dump_yaml, load_yaml

HERE = Path(__file__).resolve().parents[2]
CHAINS, CONCEPTS, STEPS = 15, 73, (4, 4, 4, 5)  # chains and concepts of a topic file, steps of its chains
NODES = 151  # chains, statements and concepts of a topic file together, approximately
DISCIPLINES = (
    "physics", "engineering", "medicine", "mathematics", "computer-science", "biology", "chemistry", "earth-science",
    "materials", "education", "economics", "history", "environment", "sociology", "psychology", "astronomy",
)  # fmt: skip
TYPES = ("process", "quantity", "structure", "state", "phenomenon", "substance")
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or", "il")]


def generate(out: Path, nodes: int, disciplines: int, seed: int = 0) -> int:
    """Writes knowledge of about `nodes` nodes below `out`. Returns the number of topic files."""
    relations = load_yaml(HERE / "knowledge" / "relations.yaml", root=HERE)["relations"]
    usable = {name: r["phrase"] for name, r in relations.items() if not r.get("symmetric")}
    topics = max(disciplines, round(nodes / NODES))
    catalogue: dict[str, dict[str, str]] = {}
    (out / "knowledge" / "sources").mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "knowledge" / "relations.yaml", out / "knowledge" / "relations.yaml")
    for number in range(topics):
        discipline = DISCIPLINES[number % disciplines] if disciplines <= len(DISCIPLINES) else f"field-{number % disciplines}"
        topic = f"topic-{number // disciplines + 1000}"
        source = f"{discipline}/{topic}"
        document, text = _topic(discipline, topic, number, usable, random.Random(f"{seed}/{source}"))
        catalogue[source] = {
            "title": f"Topic {number}",
            "origin": "made up for measuring",
            "licence": "CC0-1.0",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        for path, content in (
            (out / "knowledge" / discipline / f"{topic}.yaml", document),
            (out / "knowledge" / "sources" / f"{source}.md", text),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    (out / "knowledge" / "sources" / "catalogue.yaml").write_text(dump_yaml({"sources": dict(sorted(catalogue.items()))}))
    return topics


def _topic(discipline: str, topic: str, number: int, relations: dict[str, str], rng: random.Random) -> tuple[str, str]:
    """Returns the text of a topic file and the text of its source. `relations` maps ids to phrases."""
    names_of = list(relations)
    names = [f"{_word(rng)}-{_word(rng)}-{number}x{i}" for i in range(CONCEPTS)]
    concepts = {
        name: {
            "term": name.replace("-", " "),
            "type": rng.choice(TYPES),
            "aliases": [f"{_word(rng)} {_word(rng)} {number}y{i}"],
            "definition": f"the {_word(rng)} by which one {_word(rng)} of a {_word(rng)} differs from every other {_word(rng)}",
        }
        for i, name in enumerate(names)
    }
    paragraphs = [f"# Topic {number}", ""]
    offset = len(paragraphs[0]) + 2
    chains = {}
    fresh = rng.sample(range(CONCEPTS), CONCEPTS)
    met: list[int] = []
    stated: dict[tuple[str, str], str] = {}
    for index in range(CHAINS):
        linked = [rng.choice(met)] if index % 3 == 2 else []  # every third chain starts from a concept of an earlier one
        new = [fresh.pop() for _ in range(min(len(fresh), STEPS[index % len(STEPS)] + 1 - len(linked)))]
        met += new
        path = [names[i] for i in sorted(linked + new)]  # sorted, so that no statement is the reverse of another
        steps = []
        for k, (subject, target) in enumerate(zip(path, path[1:], strict=False), start=1):
            relation = stated.setdefault((subject, target), rng.choice(names_of))
            quote = f"In the {_word(rng)} of {number}.{index}.{k}, {subject} acts upon {target} through the {_word(rng)} {_word(rng)}."
            steps.append(
                {
                    "id": f"s{k}",
                    "subject": subject,
                    "relation": relation,
                    "object": target,
                    "text": f"The {subject.replace('-', ' ')} {relations[relation]} the {target.replace('-', ' ')} wherever both are met.",
                    "evidence": {"quote": quote, "span": [offset, offset + len(quote)]},
                }
            )
            line = f"{quote} Elsewhere the {_word(rng)} {_word(rng)} stays as it was, for want of any {_word(rng)}."
            paragraphs.append(line)
            offset += len(line) + 1
        chains[f"{_word(rng)}-{_word(rng)}-{number}c{index}"] = {
            "explains": f"how {path[0].replace('-', ' ')} leads to {path[-1].replace('-', ' ')}",
            "reference": {"author": "Made and Up", "title": "A Generated Handbook", "year": 2000},
            "preconditions": [f"the {_word(rng)} is kept below the {_word(rng)}"],
            "steps": steps,
        }
    head = {"discipline": discipline, "topic": topic, "source": f"{discipline}/{topic}"}
    return dump_yaml({**head, "concepts": concepts, "chains": chains}), "\n".join(paragraphs) + "\n"


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=rng.randint(2, 3)))


def main() -> None:
    """Parses the command line and writes the knowledge."""
    parser = argparse.ArgumentParser(description="Generate invented knowledge for benchmarks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--nodes", type=int, default=458_622)
    parser.add_argument("--disciplines", type=int, default=16)
    arguments = parser.parse_args()
    topics = generate(arguments.out, arguments.nodes, arguments.disciplines)
    print(f"{topics:,} topic files in {arguments.out}/knowledge")


if __name__ == "__main__":
    main()
