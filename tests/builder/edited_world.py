"""A random compiled knowledge, its files, and random edits of it, for tests that compare an incremental build with a whole one.

world = random_world(random.Random(3))      # {("weaving", "t0"): CompiledTopic(…), …}
edited(world, random.Random(4))             # the name of the edit, and the edited world
write_world(root, world)                    # root/build/knowledge
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from proda.graph import CompiledTopic
from proda.records import Chain, Concept, Relation, Span, Statement
from tests.toyworld import knowledge

World = dict[tuple[str, str], CompiledTopic]
RELATIONS: tuple[Relation, ...] = tuple(knowledge().relations.values())
SIZES = {"weaving": 14, "dyeing": 11, "milling": 2}  # topics; more than are near a topic, and fewer
WORDS = [
    "wool",
    "loom",
    "warp",
    "thread",
    "vat",
    "lye",
    "madder",
    "stone",
    "sieve",
    "grain",
    "steam",
    "heat",
    "shed",
    "knot",
    "sheen",
    "pace",
]
TYPES = ("process", "quantity", "property", "state", "substance")
NOWHERE = Span("s", 0, 1)


def random_world(rng: random.Random) -> World:
    """Return topics whose chains share concepts with other topics and disciplines, with links, conditions, and a retired chain."""
    world = {
        (discipline, f"t{number}"): CompiledTopic(discipline, f"t{number}", "s", (), (), ())
        for discipline, n in SIZES.items()
        for number in range(n)
    }
    for place in world:
        for _ in range(2):
            add_chain(world, rng, place)
    for _ in range(12):
        add_link(world, rng, rng.choice(list(world)))
    retire_chain(world, rng, rng.choice(list(world)))
    return world


def write_world(root: Path, world: World, relations: tuple[Relation, ...] = RELATIONS) -> None:
    """Write the world as `check` writes compiled knowledge: a shard for each discipline, a line for each topic."""
    folder = root / "build/knowledge"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "relations.json").write_bytes(msgspec.json.encode(sorted(relations, key=lambda r: r.id)))
    for old in folder.glob("*.jsonl"):
        old.unlink()
    for (discipline, _), topic in sorted(world.items()):
        with (folder / f"{discipline}.jsonl").open("ab") as shard:
            shard.write(msgspec.json.encode(topic) + b"\n")


def edited(world: World, rng: random.Random) -> tuple[str, World]:
    """Return the name of a random edit, and the world after it. References stay whole, as `check` demands."""
    while True:
        edit, after = rng.choice(EDITS), dict(world)
        edit(after, rng, rng.choice(list(after)))
        if after != world:
            return edit.__name__, after


def add_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    discipline, topic = place
    chain = f"{discipline}/c{rng.getrandbits(40):x}"
    known = [c.id for t in world.values() for c in t.concepts]
    path = [_new_concept(rng, discipline, topic) for _ in range(rng.choice((3, 4, 5)))]
    course = [c.id for c in path]
    if known and rng.random() < 0.5:  # a chain that runs through a concept of any topic
        course[rng.randrange(len(course))] = rng.choice(known)
    steps = zip(course, course[1:], strict=False)
    told = [_statement(rng, chain, number, discipline, topic, one, other) for number, (one, other) in enumerate(steps, start=1)]
    needed, excluded = ((_phrase(rng),) if rng.random() < 0.6 else () for _ in range(2))
    whole = Chain(chain, discipline, topic, f"how {_phrase(rng)} comes about", tuple(s.id for s in told), needed, excluded)
    here = world[place]
    world[place] = msgspec.structs.replace(
        here,
        concepts=(*here.concepts, *(c for c in path if c.id in course)),
        chains=(*here.chains, whole),
        statements=(*here.statements, *told),
    )


def add_link(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    discipline, topic = place
    known = [c.id for t in world.values() for c in t.concepts]
    one, other = rng.sample(known, 2)
    link = f"{discipline}/l{rng.getrandbits(40):x}"
    told = _statement(rng, link, 1, discipline, topic, one, other)
    here = world[place]
    chain = Chain(link, discipline, topic, "", (told.id,))
    world[place] = msgspec.structs.replace(here, chains=(*here.chains, chain), statements=(*here.statements, told))


def remove_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    if here.chains:
        _without_chains(world, place, {rng.choice(here.chains).id})


def retire_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    if here.chains:
        gone = rng.choice(here.chains)
        chains = tuple(msgspec.structs.replace(c, status="retired") if c.id == gone.id else c for c in here.chains)
        world[place] = msgspec.structs.replace(here, chains=chains)


def shorten_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    long = [c for c in here.chains if len(c.statements) > 2]
    if long:
        chain = rng.choice(long)
        gone = chain.statements[-1]
        chains = tuple(msgspec.structs.replace(c, statements=c.statements[:-1]) if c.id == chain.id else c for c in here.chains)
        statements = tuple(s for s in here.statements if s.id != gone)
        world[place] = msgspec.structs.replace(here, chains=chains, statements=statements)


def reword_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    if here.chains:
        chain = rng.choice([c for c in here.chains if not c.is_link] or here.chains)
        changed = msgspec.structs.replace(chain, preconditions=(_phrase(rng),), exclusions=())
        if not chain.is_link:
            changed = msgspec.structs.replace(changed, explains=f"why {_phrase(rng)} comes about")
        world[place] = msgspec.structs.replace(here, chains=tuple(changed if c.id == chain.id else c for c in here.chains))


def edit_statement(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    if here.statements:
        old = rng.choice(here.statements)
        changes: list[dict[str, object]] = [
            {"text": f"{_phrase(rng)}."},
            {"relation": rng.choice(RELATIONS).id},
            {"when": (f"in a {_phrase(rng)}",)},
            {"object_as": f"a faster {rng.choice(WORDS)}"},
            {"according_to": "Marta"},
            {"tense": "past"},
            {"span": Span("s", 0, rng.randrange(2, 99))},
            {"subject": rng.choice([c.id for t in world.values() for c in t.concepts])},
        ]
        new = msgspec.structs.replace(old, **rng.choice(changes))
        if new.subject != new.object:
            world[place] = msgspec.structs.replace(here, statements=tuple(new if s.id == old.id else s for s in here.statements))


def edit_concept(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    if here.concepts:
        old = rng.choice(here.concepts)
        known = [c.id for t in world.values() for c in t.concepts if c.id != old.id]
        changes: list[dict[str, object]] = [
            {"definition": f"the {_phrase(rng)} of {_phrase(rng)}"},
            {"term": _phrase(rng)},
            {"aliases": (_phrase(rng),)},
            {"plural": not old.plural},
            {"type": rng.choice(TYPES)},
            {"phrase": f"the {old.term}"},
            {"distinct_from": (rng.choice(known),)},
        ]
        new = msgspec.structs.replace(old, **rng.choice(changes))
        world[place] = msgspec.structs.replace(here, concepts=tuple(new if c.id == old.id else c for c in here.concepts))


def move_chain(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    others = [other for other in world if other[0] == place[0] and other != place]
    if here.chains and others:
        chain, there = rng.choice(here.chains), rng.choice(others)
        moved = [msgspec.structs.replace(s, topic=there[1]) for s in here.statements if s.chain == chain.id]
        _without_chains(world, place, {chain.id})
        target = world[there]
        world[there] = msgspec.structs.replace(
            target, chains=(*target.chains, msgspec.structs.replace(chain, topic=there[1])), statements=(*target.statements, *moved)
        )


def move_concept(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    here = world[place]
    others = [other for other in world if other[0] == place[0] and other != place]
    if here.concepts and others:
        concept, there = rng.choice(here.concepts), rng.choice(others)
        world[place] = msgspec.structs.replace(here, concepts=tuple(c for c in here.concepts if c.id != concept.id))
        moved = msgspec.structs.replace(concept, topic=there[1])
        world[there] = msgspec.structs.replace(world[there], concepts=(*world[there].concepts, moved))


def add_topic(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    new = place[0], f"t{rng.getrandbits(20):x}"
    world[new] = CompiledTopic(*new, "s", (), (), ())
    add_chain(world, rng, new)


def remove_topic(world: World, rng: random.Random, place: tuple[str, str]) -> None:
    if sum(discipline == place[0] for discipline, _ in world) < 2:
        return
    gone = {c.id for c in world.pop(place).concepts}
    for other, topic in list(world.items()):
        _without_chains(world, other, {s.chain for s in topic.statements if gone & {s.subject, s.object}})
        concepts = [
            msgspec.structs.replace(c, distinct_from=tuple(d for d in c.distinct_from if d not in gone)) for c in world[other].concepts
        ]
        world[other] = msgspec.structs.replace(world[other], concepts=tuple(concepts))
    if not any(t.chains for (discipline, _), t in world.items() if discipline == place[0]):
        add_chain(world, rng, next(other for other in world if other[0] == place[0]))


EDITS: tuple[Callable[[World, random.Random, tuple[str, str]], None], ...] = (
    add_chain,
    add_link,
    remove_chain,
    retire_chain,
    shorten_chain,
    reword_chain,
    edit_statement,
    edit_statement,
    edit_concept,
    edit_concept,
    move_chain,
    move_concept,
    add_topic,
    remove_topic,
)


def _without_chains(world: World, place: tuple[str, str], gone: set[str]) -> None:
    here = world[place]
    world[place] = msgspec.structs.replace(
        here,
        chains=tuple(c for c in here.chains if c.id not in gone),
        statements=tuple(s for s in here.statements if s.chain not in gone),
    )


def _new_concept(rng: random.Random, discipline: str, topic: str) -> Concept:
    term = _phrase(rng)
    name = f"{discipline}/{term.replace(' ', '-')}-{rng.getrandbits(32):x}"
    definition = f"the {_phrase(rng)} that comes with {_phrase(rng)}"
    return Concept(name, discipline, topic, term, rng.choice(TYPES), definition, plural=rng.random() < 0.2)


def _statement(rng: random.Random, chain: str, number: int, discipline: str, topic: str, subject: str, target: str) -> Statement:
    when = (f"in a {_phrase(rng)}",) if rng.random() < 0.3 else ()
    relation = rng.choice(RELATIONS).id
    return Statement(
        f"{chain}.s{number}", chain, discipline, topic, subject, relation, target, f"{_phrase(rng)} {relation}.", "", NOWHERE, when=when
    )


def _phrase(rng: random.Random) -> str:
    return " ".join(rng.sample(WORDS, rng.choice((1, 2, 2, 3))))
