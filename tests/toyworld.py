"""A knowledge of five chains, and a repository with it: small enough to build in seconds, large enough for every stage.

    root = make_repository(tmp_path)            # knowledge, sources, params, allocation, reading; a git repository with one commit

Two disciplines with ten or more concepts each, chains of three and four statements, every kind of relation. The facts are invented
(mills, lanterns), so no test depends on what a reader knows.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import msgspec
import yaml

from proda.graph import Knowledge
from proda.records import Chain, Concept, Relation, Span, Statement

ROOT = Path(__file__).resolve().parent.parent


# (chain, what it explains, first concept, then relation and concept for each step)
def _told(name: str, explains: str, course: str) -> tuple[str, str, list[str]]:
    return (name, explains, course.split())


CHAINS: dict[str, list[tuple[str, str, list[str]]]] = {
    "milling": [
        _told(
            "wind-grinds-grain",
            "how wind grinds grain",
            "wind causes sail-rotation produces shaft-torque produces millstone-motion enables flour",
        ),
        _told("frost-halts-mill", "why frost halts a mill", "frost causes pond-ice prevents wheel-flow increases wheel-speed"),
        _told("dust-needs-care", "why mill dust needs care", "flour becomes flour-dust triggers dust-blast precedes mill-repair"),
    ],
    "lighting": [
        _told(
            "oil-feeds-flame",
            "how oil feeds a flame",
            "lamp-oil is-part-of oil-lamp requires wick enables capillary-rise increases flame-height",
        ),
        _told(
            "soot-dims-glass",
            "how soot dims the glass",
            "flame-height proportional-to soot-output decreases glass-clarity limits lamp-reach",
        ),
    ],
}
REFERENCE = {"author": "Miller and Chandler", "title": "The Valley Handbook", "year": 1901}
PHRASES = {"oil-lamp": "an oil lamp", "wick": "a wick", "dust-blast": "a dust blast"}
TYPES = ["process", "state", "quantity"]
# A link and a case for the end of lighting-basics.yaml, without span. They refer to chains and links in every form.
LINKED = """\
links:
  wick-widens-reach: # a link
    subject: wick
    subject_as: a long wick
    relation: increases
    object: lamp-reach
    when: [at night]
    text: At night, a long wick increases lamp reach.
    evidence: {quote: People in the valley often speak of wick.}
    reference: {author: Miller, title: Lamps, year: 1901}
cases:
  a-trimmed-wick:
    chain: soot-dims-glass # its chain
    question: What happens to the light?
    options: {a: It grows., b: It shrinks., c: It stays., d: It flickers.}
    variants:
      - situation: The wick is trimmed.
        answer: a
        because: It burns clean.
        wrong:
          b: {breaks: soot-dims-glass.s2, because: The soot is less.} # a comment
          c: {breaks: wick-widens-reach, because: The wick matters.}
          d: {breaks: milling/frost-halts-mill.s1, because: It is warm.}
      - situation: The wick is wet.
        answer: b
        because: It burns badly.
        wrong:
          a: {breaks: lighting/wick-widens-reach, because: The wick matters.}
          c: {breaks: lighting/wick-widens-reach.s1, because: The wick matters.}
          d: {breaks: oil-feeds-flame.s3, because: The rise is slow.}
"""


def words_of(concept: str) -> str:
    """Return the term of a concept id."""
    return concept.replace("-", " ")


def relations() -> dict[str, dict[str, object]]:
    """Return the relations of the project, which the toy knowledge uses too."""
    loaded: dict[str, dict[str, object]] = yaml.safe_load((ROOT / "knowledge/relations.yaml").read_text())["relations"]
    return loaded


def topic_files() -> dict[str, str]:
    """Return path below knowledge/ → text, including sources and catalogue. Spans are filled in."""
    kinds = relations()
    files: dict[str, str] = {}
    catalogue: dict[str, dict[str, str]] = {}
    defined: set[str] = set()
    for discipline, chains in CHAINS.items():
        sentences: list[str] = []
        concepts: dict[str, dict[str, object]] = {}
        body: dict[str, dict[str, object]] = {}
        quotes: list[tuple[dict[str, object], str]] = []
        for chain, explains, course in chains:
            steps: list[dict[str, object]] = []
            for place in range(0, len(course) - 2, 2):
                subject, relation, obj = course[place : place + 3]
                text = f"{_shown(subject).capitalize()} {kinds[relation]['phrase']} {_shown(obj)} in the valley."
                sentences.append(text)
                evidence: dict[str, object] = {"quote": text}
                quotes.append((evidence, text))
                ref = [c if c not in defined or c in _own(discipline) else f"milling/{c}" for c in (subject, obj)]
                steps.append(
                    {
                        "id": f"s{place // 2 + 1}",
                        "subject": ref[0],
                        "relation": relation,
                        "object": ref[1],
                        "text": text,
                        "evidence": evidence,
                    }
                )
            for concept in course[::2]:
                if concept not in defined:
                    defined.add(concept)
                    concepts[concept] = _concept(concept, len(defined))
            body[chain] = {"explains": explains, "steps": steps, "reference": dict(REFERENCE)}
        source = f"{discipline}/{discipline}-notes"
        filler = " ".join(f"People in the valley often speak of {words_of(c)}." for c in concepts)
        text = f"# Notes on {discipline}\n\n" + "\n\n".join(sentences) + f"\n\n{filler}\n"
        for evidence, quote in quotes:
            start = text.index(quote)
            evidence["span"] = [start, start + len(quote)]
        topic = {"discipline": discipline, "topic": f"{discipline}-basics", "source": source, "concepts": concepts, "chains": body}
        files[f"{discipline}/{discipline}-basics.yaml"] = yaml.safe_dump(topic, sort_keys=False, width=10_000)
        files[f"sources/{source}.md"] = text
        catalogue[source] = {
            "title": f"Notes on {discipline}",
            "origin": "written for the tests",
            "licence": "CC-BY-4.0",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
    files["sources/catalogue.yaml"] = yaml.safe_dump({"sources": catalogue}, sort_keys=False)
    files["relations.yaml"] = (ROOT / "knowledge/relations.yaml").read_text()
    return files


def _own(discipline: str) -> set[str]:
    return {c for _, _, course in CHAINS[discipline] for c in course[::2]}


def _shown(concept: str) -> str:
    return PHRASES.get(concept, words_of(concept))


def _concept(concept: str, number: int) -> dict[str, object]:
    entry: dict[str, object] = {
        "term": words_of(concept),
        "type": TYPES[number % len(TYPES)],
        "definition": f"the {number}th thing that the people of the valley have a word for",
    }
    if concept in PHRASES:
        entry["phrase"] = PHRASES[concept]
    return entry


PARAMS = """
seed: 0
items: {sealed_share: 0.4, max_shortcut: 1.0, max_quarantined: 1.0}
samples: {window: 2}
model: {base: embedded, architecture: llama, hidden_size: 32, layers: 1, heads: 2, vocabulary: 512, epochs: 1}
guard: {ngram: 5}
curriculum: {chains: 12, suite_items: 40, samples_per_statement: 2, suite_samples_per_statement: 2, reading_epochs: 1}
train: {seeds: [0, 1], method: full, epochs: 1}
evaluate: {bootstrap: 50}
"""


def make_repository(path: Path, *, git: bool = True, samples: int = 40, code: bool = False) -> Path:
    """Create a repository in `path / "toy"` with everything that `dvc repro` reads. With `git`, it is committed.

    With `code`, the code of the project is copied and DVC initialised, so that the stages can run there.
    """
    root = path / "toy"
    for name, text in topic_files().items():
        target = root / "knowledge" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (root / "params.yaml").write_text(PARAMS)
    (root / "samples/patches").mkdir(parents=True)
    (root / "samples/patches/.gitkeep").touch()
    (root / "samples/base").mkdir()
    allocation = "".join(f"  {d}: {samples}\n" for d in sorted(CHAINS))
    (root / "samples/allocation.yaml").write_text("samples:\n" + allocation)
    reading = [
        {"source": f"{d}/{d}-notes", "sha256": "0" * 64, "sentences": [f"The valley knows {words_of(c)}." for c in sorted(_own(d))]}
        for d in CHAINS
    ]
    (root / "samples/base/reading.yaml").write_text(yaml.safe_dump({"sources": reading}, sort_keys=False))
    (root / "benchmarks").mkdir()
    (root / "benchmarks/exceptions.yaml").write_text("exceptions: []\n")
    (root / "benchmarks/validation.yaml").write_text("readings: {}\n")
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    if code:
        for package in ("proda", "pipelines"):
            shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        (root / ".dvc").mkdir()
        (root / ".dvc/config").write_text("[core]\n    analytics = false\n    no_scm = true\n")
        (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    if git:
        run = ["git", "-c", "user.name=Toy", "-c", "user.email=toy@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
        subprocess.run([*run, "commit", "-q", "-m", "A small valley"], cwd=root, check=True)
    return root


def knowledge(extra: dict[str, list[tuple[str, str, list[str]]]] | None = None) -> Knowledge:
    """Return the toy knowledge in compiled form, without files. `extra` adds chains in the notation of CHAINS."""
    chains: list[Chain] = []
    statements: list[Statement] = []
    concepts: dict[str, Concept] = {}
    kinds = relations()
    for world in (CHAINS, extra or {}):
        for discipline, told in world.items():
            for chain, explains, course in told:
                chain_id, ids = f"{discipline}/{chain}", []
                for concept in course[::2]:
                    raw = _concept(concept, len(concepts) + 1)
                    concepts.setdefault(
                        concept,
                        Concept(
                            id=f"{discipline}/{concept}",
                            discipline=discipline,
                            topic=f"{discipline}-basics",
                            term=str(raw["term"]),
                            type=str(raw["type"]),
                            definition=str(raw["definition"]),
                            phrase=PHRASES.get(concept),
                        ),
                    )
                for place in range(0, len(course) - 2, 2):
                    subject, relation, obj = course[place : place + 3]
                    text = f"{_shown(subject).capitalize()} {kinds[relation]['phrase']} {_shown(obj)} in the valley."
                    ids.append(f"{chain_id}.s{place // 2 + 1}")
                    statements.append(
                        Statement(
                            id=ids[-1],
                            chain=chain_id,
                            discipline=discipline,
                            topic=f"{discipline}-basics",
                            subject=concepts[subject].id,
                            relation=relation,
                            object=concepts[obj].id,
                            text=text,
                            quote=text,
                            span=Span(f"{discipline}/{discipline}-notes", 0, len(text)),
                        )
                    )
                chains.append(Chain(chain_id, discipline, f"{discipline}-basics", explains, tuple(ids)))
    typed = [msgspec.convert({"id": name, **fields}, Relation) for name, fields in kinds.items()]
    return Knowledge(typed, concepts.values(), statements, chains)


def wide_knowledge(count: int = 40) -> Knowledge:
    """Return a larger invented knowledge, with `count` chains of four statements in one discipline, for tests that need many items."""
    names = ("causes", "requires", "produces", "increases", "is-part-of", "becomes", "triggers", "limits")
    told = []
    for number in range(count):
        course: list[str] = [f"thing-{number}-0"]
        for step in range(4):
            course += [names[(number + step) % len(names)], f"thing-{number}-{step + 1}"]
        told.append((f"story-{number}", f"how thing {number} comes about", course))
    return knowledge({"weaving": told})
