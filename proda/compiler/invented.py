"""Invent a world of pseudo-words, as ordinary knowledge records, for the training text of the embedded base.

    concepts, statements, chains = invented_world(0, 400, relations)
    statements[0].text        "Dazvo requires a kuvdan mizra under steady conditions."
    half_of(chains[0])        "replayed"

The embedded base takes the place of a pretrained model: it has to know how questions are asked and how explanations are worded, but
nothing about the subjects of the knowledge. It therefore learns from invented facts, worded by the same writers as real samples and items.
The world has two halves that share no word and no fact. Tuning replays the first, and the general suite asks about the second, so that the
suite measures whether tuning makes a model forget what is not replayed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Literal

from proda.records import Chain, Concept, Relation, Span, Statement
from proda.stable_hash import seed_of

Half = Literal["replayed", "suite"]
HALVES: tuple[Half, ...] = ("replayed", "suite")

CHAINS_PER_TOPIC = 6
TOPICS_PER_DISCIPLINE = 4
LINKS_PER_CHAIN = 3  # statements that join concepts of different chains
REUSE = 0.35  # chance that a chain takes a concept which another chain of the topic uses
LENGTHS = (3, 4, 4, 4, 5)

# Pairs of consonants that never meet inside an English word (zv, kz, gv, …), so that no pseudo-word is a real word.
MIDDLES = ("zv", "vz", "xr", "kz", "zg", "kv", "zd", "zb", "vg", "vd", "zr", "pv", "gv", "vk", "zk", "zp")
ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t")
VOWELS = ("a", "e", "i", "o", "u")
ENDINGS = ("", "", "n", "l", "r", "m")

TYPES = ("process", "substance", "structure", "state", "property", "quantity", "artefact", "phenomenon")
HEADS = {
    "process": ("a slow process", "a stepwise change", "a repeated movement", "a gradual exchange"),
    "substance": ("a dense material", "a clear liquid", "a mixed powder", "a light gas"),
    "structure": ("a layered body", "a hollow part", "a branching frame", "a thin boundary"),
    "state": ("a stable condition", "a lasting balance", "a passing condition", "a state of tension"),
    "property": ("a measurable tendency", "a weak resistance", "an inner regularity", "a capacity for change"),
    "quantity": ("a total amount", "a ratio of two amounts", "a rate per unit of time", "a mean value"),
    "artefact": ("a simple device", "a sealed container", "a tool with two arms", "a marked instrument"),
    "phenomenon": ("a visible effect", "a sudden pattern", "a recurring event", "a faint signal"),
}
WHERE = (
    "in the outer region",
    "between two layers",
    "near the surface",
    "along the main axis",
    "within a closed system",
    "at the boundary",
)
WHEN = (
    "that appears when the pressure is low",
    "that grows with the temperature",
    "that lasts for several cycles",
    "that depends on the surrounding medium",
    "that is seen only after a long delay",
    "that differs from one sample to the next",
    "that is lost when the supply is cut",
    "that returns after each disturbance",
)
VARYING = frozenset({"process", "substance", "state", "property", "quantity", "phenomenon"})  # there can be more or less of them
CASES = ("{x} is absent", "{x} is kept constant", "{x} is present from the start", "only low values of {x}", "no contact with {x}")
CONDITIONS = ("", "", " under steady conditions", " in most cases", " over a long time", " at ordinary temperature", " near the surface")


def half_of(record: Concept | Statement | Chain) -> Half:
    """Return the half of the world that a record belongs to."""
    return "suite" if record.topic.startswith("suite-") else "replayed"


def invented_world(
    seed: int, chains: int, relations: Sequence[Relation], *, suite_share: float = 0.5
) -> tuple[list[Concept], list[Statement], list[Chain]]:
    """Return the concepts, statements and chains of an invented world.

    There are `chains` chains of three to five statements over `relations`, a share `suite_share` of them in the half `suite`, and links
    between them, which carry an effect with a sign. Each chain has a precondition and an exclusion. They follow the rules of real
    knowledge: steps connect, no concept occurs twice in a chain, no triple occurs twice, a subject has one object per relation and an
    object one subject, no pair is related twice, and there are no cycles. Equal arguments give equal records, and a larger
    `chains` keeps the topics that were complete. Raises ValueError without relations.
    """
    if not relations:
        raise ValueError("relations: got none, expected at least one.")
    suite = round(chains * suite_share)
    made: tuple[list[Concept], list[Statement], list[Chain]] = ([], [], [])
    for half, count in zip(HALVES, (chains - suite, suite), strict=True):
        words = _words(random.Random(seed_of("invented-words", seed, half)), HALVES.index(half))
        for number in range(-(-count // CHAINS_PER_TOPIC)):
            wanted = min(CHAINS_PER_TOPIC, count - number * CHAINS_PER_TOPIC)
            rng = random.Random(seed_of("invented-topic", seed, half, number))
            field = _field(seed, half, number // TOPICS_PER_DISCIPLINE)
            concepts, statements, courses = _topic(half, number, field, wanted, relations, words, rng)
            made[0].extend(concepts)
            made[1].extend(statements)
            made[2].extend(courses)
    return made


def _words(rng: random.Random, parity: int) -> Iterator[str]:
    """Distinct pseudo-words. Words of different parity never coincide, because each parity has its own consonant pairs."""
    seen: set[str] = set()
    middles = MIDDLES[parity::2]
    while True:
        word = rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(middles) + rng.choice(VOWELS)
        if rng.random() < 0.4:
            word += rng.choice(("l", "m", "n", "r", "t")) + rng.choice(VOWELS)
        word += rng.choice(ENDINGS)
        if word not in seen:
            seen.add(word)
            yield word


def _field(seed: int, half: Half, number: int) -> str:
    """The id of an invented discipline, for example "dazvo-science", which templates write as "In dazvo science, …"."""
    return f"{next(_words(random.Random(seed_of('invented-field', seed, half, number)), HALVES.index(half)))}-science"


def _topic(
    half: Half, number: int, field: str, count: int, relations: Sequence[Relation], words: Iterator[str], rng: random.Random
) -> tuple[list[Concept], list[Statement], list[Chain]]:
    """`count` chains of one topic. Some concepts occur in several chains, as they do in real topics."""
    topic = f"{half}-{number + 1:03d}"
    size = 7 * CHAINS_PER_TOPIC // 2  # a fixed number of words, so that those of later topics do not depend on this one
    concepts = [_concept(field, topic, words, rng) for _ in range(size)]
    used: set[int] = set()
    pairs: set[tuple[int, int]] = set()
    ends: set[tuple[str, int]] = set()  # "relation>" with a subject, "relation<" with an object; each occurs once
    statements: list[Statement] = []
    chains: list[Chain] = []
    while len(chains) < count:
        length = rng.choice(LENGTHS)
        # Ranks rise along every chain, so that chains cannot form a cycle together.
        old = [c for c in sorted(used) if rng.random() < REUSE]
        new = [c for c in range(size) if c not in used]
        pool = [*old, *rng.sample(new, min(len(new), length + 1))] if len(new) >= 2 else list(range(size))
        course = sorted(rng.sample(pool, length + 1)) if len(pool) > length else []
        steps = list(zip(course, course[1:], strict=False))
        named = [_free_relation(a, b, relations, ends, rng) for a, b in steps]
        if not steps or pairs & set(steps) or None in named:
            continue
        chain_id = f"{field}/{topic}-c{len(chains) + 1}"
        ids = []
        for place, ((a, b), relation) in enumerate(zip(steps, named, strict=True), start=1):
            assert relation is not None
            statement = _statement(f"{chain_id}.s{place}", chain_id, concepts[a], relation, concepts[b], rng)
            statements.append(statement)
            ids.append(statement.id)
            pairs.add((a, b))
            ends |= {(f"{relation.id}>", a), (f"{relation.id}<", b)}
        used |= set(course)
        explains = f"how {concepts[course[0]].text} is linked to {concepts[course[-1]].text}"
        cases = [rng.choice(CASES).replace("{x}", next(words)) for _ in range(2)]
        chains.append(Chain(chain_id, field, topic, explains, tuple(ids), (cases[0],), (cases[1],)))
    for place in range(1, LINKS_PER_CHAIN * count + 1):
        link = _link(f"{field}/{topic}-l{place}", concepts, sorted(used), pairs, ends, relations, rng)
        if link is not None:
            statements.append(link)
            chains.append(Chain(link.chain, field, topic, "", (link.id,)))
    return [c for k, c in enumerate(concepts) if k in used], statements, chains


def _link(
    link_id: str,
    concepts: Sequence[Concept],
    used: Sequence[int],
    pairs: set[tuple[int, int]],
    ends: set[tuple[str, int]],
    relations: Sequence[Relation],
    rng: random.Random,
) -> Statement | None:
    """A statement between two concepts that no statement joins yet, ranks rising; None if a few draws find none."""
    signed = [r for r in relations if r.sign] or list(relations)
    varying = [c for c in used if concepts[c].type in VARYING] or list(used)
    starts = [c for c in varying if any(a == c for a, _ in pairs)]
    for _ in range(40):
        # Mostly from where another statement starts, so that one concept has several effects.
        a = rng.choice(starts) if starts and rng.random() < 0.8 else rng.choice(varying)
        b = rng.choice(varying)
        if a >= b:
            continue
        relation = _free_relation(a, b, signed, ends, rng)
        if (a, b) not in pairs and relation is not None:
            pairs.add((a, b))
            ends |= {(f"{relation.id}>", a), (f"{relation.id}<", b)}
            return _statement(f"{link_id}.s1", link_id, concepts[a], relation, concepts[b], rng)
    return None


def _concept(field: str, topic: str, words: Iterator[str], rng: random.Random) -> Concept:
    word, other = next(words), next(words)
    term = f"{other} {word}" if rng.random() < 0.3 else word
    plural = rng.random() < 0.12
    if plural:
        term += "s"
    article = None if plural or rng.random() < 0.7 else f"{rng.choice(('a', 'the'))} {term}"
    kind = rng.choice(TYPES)
    definition = f"{rng.choice(HEADS[kind])} {rng.choice(WHERE)} {rng.choice(WHEN)}"
    return Concept(f"{field}/{term.replace(' ', '-')}", field, topic, term, kind, definition, phrase=article, plural=plural)


def _free_relation(
    subject: int, obj: int, relations: Sequence[Relation], ends: set[tuple[str, int]], rng: random.Random
) -> Relation | None:
    free = [r for r in relations if (f"{r.id}>", subject) not in ends and (f"{r.id}<", obj) not in ends]
    return rng.choice(free) if free else None


def _statement(statement_id: str, chain: str, subject: Concept, relation: Relation, obj: Concept, rng: random.Random) -> Statement:
    field = subject.discipline
    thing = obj.term if relation.bare_object else obj.text
    said = f"{subject.text} {relation.plural if subject.plural else relation.phrase} {thing}"
    text = f"{said[:1].upper()}{said[1:]}{rng.choice(CONDITIONS)}."
    span = Span(f"{field}/{subject.topic}", 0, len(text))
    return Statement(statement_id, chain, field, subject.topic, subject.id, relation.id, obj.id, text, text, span)
