"""A knowledge of eleven chains, and a repository with it: small enough to build in seconds, large enough for every stage.

    root = make_repository(tmp_path)            # knowledge, sources, params, allocation, reading; a git repository with one commit

Three disciplines with ten or more concepts each, chains of three and four statements, every kind of relation. `ovens` has links, also
into `milling`, conditions and a case, so that items of every kind occur. The facts are invented (mills, lanterns, loaves), so no test
depends on what a reader knows.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
import yaml

from proda.compiler.invented import invented_world
from proda.graph import Knowledge
from proda.knowledge.schema import VariantEntry
from proda.records import Case, CaseOption, Chain, Concept, Relation, Span, Statement
from proda.stable_hash import fraction

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
# The discipline `ovens` has links, conditions and cases, which the first two lack.
CHAINS["ovens"] = [
    _told("heat-sets-crumb", "how heat sets the crumb", "oven-heat causes crumb-drying increases crust-depth decreases loaf-softness"),
    _told("yeast-lifts-dough", "how yeast lifts the dough", "yeast-growth produces gas-pressure causes dough-rise enables loaf-lightness"),
    _told("salt-firms-dough", "how salt firms the dough", "salt-share increases gluten-grip decreases dough-stretch increases loaf-width"),
    _told("stones-keep-warmth", "how stones keep warmth", "stone-mass increases warmth-reserve enables night-work produces dawn-trade"),
    _told("steam-glazes-crust", "how steam glazes the crust", "steam-flow causes crust-damp increases crust-gloss causes guild-praise"),
    _told("rye-sours-dough", "why rye sours the dough", "rye-share triggers acid-growth decreases dough-sweetness requires honey-store"),
]
# Discipline → (link, subject, relation, object). A concept of another discipline stands with its discipline.
LINKS: dict[str, list[tuple[str, str]]] = {
    "ovens": [
        ("gas-opens-crumb", "gas-pressure decreases crumb-drying"),
        ("grip-holds-gas", "gluten-grip increases dough-rise"),
        ("grip-tires-arms", "gluten-grip causes night-work"),
        ("warmth-wakes-yeast", "warmth-reserve increases yeast-growth"),
        ("heat-drives-steam", "oven-heat increases steam-flow"),
        ("damp-slows-browning", "crust-damp decreases crust-depth"),
        ("acid-slows-yeast", "acid-growth prevents gas-pressure"),
        ("acid-wins-praise", "acid-growth increases guild-praise"),
        ("flour-feeds-acid", "milling/flour increases acid-growth"),
        ("torque-frees-nights", "milling/shaft-torque increases stone-mass"),
        ("ice-cools-oven", "milling/pond-ice decreases oven-heat"),
    ],
}
# Statement → how it words its ends, and under which conditions it holds.
QUALIFIED: dict[str, dict[str, object]] = {
    "ovens/damp-slows-browning.s1": {"when": ["in a closed oven"]},
    "ovens/torque-frees-nights.s1": {"object_as": "a smaller stone mass"},
}
# Chain → its precondition and its exclusion.
CONDITIONS: dict[str, tuple[str, str]] = {
    "ovens/heat-sets-crumb": ("the door stays shut", "flat cakes on a griddle"),
    "ovens/yeast-lifts-dough": ("the barm is alive", "unleavened bread"),
    "ovens/salt-firms-dough": ("the salt is dissolved", "batter that is poured"),
    "ovens/stones-keep-warmth": ("the hearth is of stone", "ovens of sheet iron"),
    "ovens/steam-glazes-crust": ("the vent is closed", "rusks that are baked twice"),
    "ovens/rye-sours-dough": ("the sponge stands overnight", "dough for the same morning"),
}
# Discipline → its cases, as a topic file has them.
CASES: dict[str, dict[str, dict[str, object]]] = {
    "ovens": {
        "a-hotter-oven": {
            "chain": "heat-sets-crumb",
            "question": "What does the baker find?",
            "options": {
                "a": "The loaf is hard to press.",
                "b": "The loaf gives way at a touch.",
                "c": "The loaf is pale and flat.",
                "d": "The loaf has not dried at all.",
            },
            "variants": [
                {
                    "situation": "Old Marek lays twice the wood under his oven and bakes as long as ever.",
                    "answer": "a",
                    "because": "The crust gets deeper, and the loaf less soft.",
                    "wrong": {
                        "b": {"breaks": "heat-sets-crumb.s3", "because": "A deeper crust makes it less soft."},
                        "c": {"breaks": "heat-sets-crumb.s2", "because": "A drier crumb has a deeper crust."},
                        "d": {"breaks": "heat-sets-crumb.s1", "because": "More heat dries the crumb more."},
                    },
                },
                {
                    "situation": "Young Marta lets the fire die down before she loads the oven.",
                    "answer": "b",
                    "because": "The crust stays thin, and the loaf soft.",
                    "wrong": {
                        "a": {"breaks": "heat-sets-crumb.s3", "because": "A thin crust leaves it soft."},
                        "c": {"breaks": "gas-opens-crumb", "because": "The dough has risen before."},
                        "d": {"breaks": "heat-sets-crumb.s1", "because": "Less heat dries it less, but it dries it."},
                    },
                },
            ],
        },
        "a-leaking-vent": {
            "chain": "steam-glazes-crust",
            "question": "How do the loaves come out?",
            "options": {"a": "They shine.", "b": "They are dull.", "c": "They are wet and dull.", "d": "They are dry and shine."},
            "variants": [
                {
                    "situation": "Marta's vent has cracked, and the kettle's breath escapes up the flue.",
                    "answer": "b",
                    "because": "Less steam leaves the crust dry, and without gloss.",
                    "wrong": {
                        "a": {"breaks": "steam-glazes-crust.s2", "because": "A dry crust has less gloss."},
                        "c": {"breaks": "steam-glazes-crust.s1", "because": "Less steam does not wet the crust."},
                        "d": {"breaks": "steam-glazes-crust.s2", "because": "A dry crust does not shine."},
                    },
                },
                {
                    "situation": "Marek has sealed the vent with clay and set two kettles on the embers.",
                    "answer": "a",
                    "because": "More steam, more damp, more gloss.",
                    "wrong": {
                        "b": {"breaks": "steam-glazes-crust.s2", "because": "A damp crust gains gloss."},
                        "c": {"breaks": "steam-glazes-crust.s2", "because": "A damp crust is not dull."},
                        "d": {"breaks": "steam-glazes-crust.s1", "because": "More steam does not dry the crust."},
                    },
                },
            ],
        },
    },
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


@cache
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
                text = _said(subject, relation, obj, kinds)
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
            if f"{discipline}/{chain}" in CONDITIONS:
                needed, excluded = CONDITIONS[f"{discipline}/{chain}"]
                body[chain] |= {"preconditions": [needed], "exclusions": [excluded]}
        links: dict[str, dict[str, object]] = {}
        for link, joined in LINKS.get(discipline, ()):
            qualifiers = QUALIFIED.get(f"{discipline}/{link}.s1", {})
            subject, relation, obj = joined.split()
            text = _said(subject, relation, obj, kinds, qualifiers)
            sentences.append(text)
            evidence = {"quote": text}
            quotes.append((evidence, text))
            links[link] = {"subject": subject, "relation": relation, "object": obj, **qualifiers, "text": text, "evidence": evidence}
            links[link]["reference"] = dict(REFERENCE)
        source = f"{discipline}/{discipline}-notes"
        filler = " ".join(f"People in the valley often speak of {words_of(c)}." for c in concepts)
        text = f"# Notes on {discipline}\n\n" + "\n\n".join(sentences) + f"\n\n{filler}\n"
        for evidence, quote in quotes:
            start = text.index(quote)
            evidence["span"] = [start, start + len(quote)]
        topic = {"discipline": discipline, "topic": f"{discipline}-basics", "source": source, "concepts": concepts, "chains": body}
        topic |= {key: value for key, value in (("links", links), ("cases", CASES.get(discipline))) if value}
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


def _said(subject: str, relation: str, obj: str, kinds: dict[str, dict[str, object]], qualifiers: Mapping[str, object] = {}) -> str:
    """The sentence that states a triple. A concept may stand with its discipline."""
    first, last = (_shown(c.rpartition("/")[2]) for c in (subject, obj))
    text = f"{qualifiers.get('subject_as', first)} {kinds[relation]['phrase']} {qualifiers.get('object_as', last)} in the valley"
    when = qualifiers.get("when", [])
    assert isinstance(when, list)
    text = f"{', '.join(when)}, {text}" if when else text
    return f"{text[:1].upper()}{text[1:]}."


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
train: {seeds: [0, 1], method: full, epochs: 1, prompt: plain}
evaluate: {bootstrap: 50}
"""


NEUTRAL = (
    "The kettle stands on the table beside the window, and two cups stand beside it.",
    "On Sunday we walk to the river, sit on the old bench and count the boats.",
    "My aunt writes short letters. She puts them on the stairs, where everybody looks first.",
    "When it rains, the children stay in the kitchen and draw houses with very many windows.",
)


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
    (root / "samples/written").mkdir()
    (root / "samples/written/README.md").write_text("What a language model worded.\n")
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
    (root / "benchmarks/solved.yaml").write_text("votes: {}\n")
    (root / "benchmarks/written").mkdir()
    (root / "benchmarks/written/README.md").write_text("What a language model worded.\n")
    (root / "benchmarks/suites").mkdir()
    (root / "benchmarks/suites/neutral.yaml").write_text("passages:\n" + "".join(f"  - {text}\n" for text in NEUTRAL))
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


def knowledge(extra: dict[str, list[tuple[str, str, list[str]]]] | None = None, *, ovens: bool = False) -> Knowledge:
    """Return the toy knowledge in compiled form, without files. `extra` adds chains in the notation of CHAINS.

    The discipline `ovens`, with all links, conditions and cases, is left out unless asked for. A chain of `extra` that explains nothing
    is a link.
    """
    chains: list[Chain] = []
    statements: list[Statement] = []
    concepts: dict[str, Concept] = {}
    kinds = relations()
    told_here = CHAINS if ovens else {discipline: told for discipline, told in CHAINS.items() if discipline != "ovens"}
    for world in (told_here, extra or {}):
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
                    text = _said(subject, relation, obj, kinds)
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
                needed, excluded = ([text] for text in CONDITIONS[chain_id]) if chain_id in CONDITIONS else ((), ())
                made = Chain(chain_id, discipline, f"{discipline}-basics", explains, tuple(ids), tuple(needed), tuple(excluded))
                chains.append(made)
    for discipline, linked in LINKS.items() if ovens else ():
        for link, joined in linked:
            link_id = f"{discipline}/{link}"
            subject, relation, obj = joined.split()
            qualifiers = QUALIFIED.get(f"{link_id}.s1", {})
            text = _said(subject, relation, obj, kinds, qualifiers)
            ends = [concepts[c.rpartition("/")[2]].id for c in (subject, obj)]
            span = Span(f"{discipline}/{discipline}-notes", 0, len(text))
            where = (discipline, f"{discipline}-basics")
            stated = Statement(f"{link_id}.s1", link_id, *where, ends[0], relation, ends[1], text, text, span)
            worded = {key: tuple(value) if isinstance(value, list) else value for key, value in qualifiers.items()}
            statements.append(msgspec.structs.replace(stated, **worded))
            chains.append(Chain(link_id, *where, "", (stated.id,)))
    typed = [msgspec.convert({"id": name, **fields}, Relation) for name, fields in kinds.items()]
    return Knowledge(typed, concepts.values(), statements, chains, _cases() if ovens else ())


def _cases() -> Iterator[Case]:
    """The cases in compiled form."""
    for discipline, cases in CASES.items():
        for name, case in cases.items():
            options, variants = msgspec.convert(case["options"], dict[str, str]), msgspec.convert(case["variants"], list[VariantEntry])
            for number, variant in enumerate(variants, start=1):
                wrong: dict[str, CaseOption] = {
                    x: CaseOption(options[x], entry.because, _node(discipline, entry.breaks)) for x, entry in variant.wrong.items()
                }
                made = [wrong.get(letter, CaseOption(text, variant.because)) for letter, text in options.items()]
                chain = f"{discipline}/{case['chain']}"
                where = (chain, discipline, f"{discipline}-basics")
                question, key = str(case["question"]), list(options).index(variant.answer)
                yield Case(f"{discipline}/{name}", number, *where, variant.situation, question, tuple(made), key)


def _node(discipline: str, breaks: str) -> str:
    """The id of the statement that a case names: a link stands without its only statement."""
    return f"{discipline}/{breaks}" if "." in breaks else f"{discipline}/{breaks}.s1"


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


def invented_knowledge(chains: int = 60) -> Knowledge:
    """Return a world of pseudo-words with links and conditions, for tests that need many items of every kind but cases.

    A part of the statements is qualified, as in real knowledge: an end is worded as lower or higher, or the statement holds under
    conditions.
    """
    known = knowledge().relations.values()
    concepts, statements, courses = invented_world(0, chains, list(known), suite_share=0.0)
    terms, plural = {c.id: c.term for c in concepts}, {c.id for c in concepts if c.plural}
    qualified = []
    for said in statements:
        changes: dict[str, object] = {}
        for end in ("subject", "object"):
            drawn = fraction("worded", said.id, end)
            if drawn < 0.3 and getattr(said, end) not in plural:
                changes[f"{end}_as"] = f"{'a lower' if drawn < 0.2 else 'a higher'} {terms[getattr(said, end)]}"
        if fraction("under", said.id) < 0.2:
            changes["when"] = ("at night",)
        qualified.append(msgspec.structs.replace(said, **changes))
    return Knowledge(known, concepts, qualified, courses)


def with_statement(world: Knowledge, statement: str, **changes: object) -> Knowledge:
    """Return the knowledge with one statement changed."""
    said = {**world.statements, statement: msgspec.structs.replace(world.statements[statement], **changes)}
    return Knowledge(world.relations.values(), world.concepts.values(), said.values(), world.chains.values(), world.cases)
