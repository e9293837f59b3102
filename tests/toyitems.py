"""Items over an invented knowledge, made by hand: bridges and effects, with what each wrong option states and breaks.

    world = linked_knowledge(20)
    items = toy_items(world)            # a bridge and an effect for each chain of `weaving`, in dev and in twin

Chain number n is thing-n-0 → … → thing-n-4. The link `join-n` leads from thing-n-2 to thing-(n+7)-3, so the bridge of chain n rests on a
statement of the chain and on that link; `side-n` leads from thing-n-1 to a concept that follows from it and leads nowhere. The knowledge
has the toy chains of tests/toyworld.py too.
"""

from __future__ import annotations

from collections.abc import Iterable

from proda.graph import Knowledge
from proda.language.wording import name
from proda.records import LETTERS, Item, ItemKind, Operator, Option, Split, Statement
from proda.stable_hash import by_weight, seed_of
from tests.toyworld import knowledge

RELATIONS = ("causes", "decreases", "produces", "increases", "triggers", "prevents", "enables", "becomes")
SIGNED = {"causes": 1, "decreases": -1, "produces": 1, "increases": 1, "triggers": 1, "prevents": -1, "enables": 1}
SPLITS: tuple[Split, ...] = ("dev", "twin")


def linked_knowledge(count: int = 20) -> Knowledge:
    """Return `count` chains of four statements in the discipline `weaving`, with two links for each, beside the toy chains."""
    told: list[tuple[str, str, list[str]]] = []
    for number in range(count):
        course = [f"thing-{number}-0"]
        for step in range(4):
            course += [RELATIONS[(number + step) % len(RELATIONS)], f"thing-{number}-{step + 1}"]
        told.append((f"story-{number}", f"how thing {number} comes about", course))
        told.append((f"join-{number}", "", [f"thing-{number}-2", "causes", f"thing-{(number + 7) % count}-3"]))
        told.append((f"side-{number}", "", [f"thing-{number}-1", "increases", f"thing-{(number + 11) % count}-4"]))
    return knowledge({"weaving": told})


def toy_items(world: Knowledge, splits: Iterable[Split] = SPLITS) -> list[Item]:
    """Return a bridge and, where the signs are known, an effect for each chain of `weaving`; sorted by id."""
    chains = sorted(c.id for c in world.active_chains() if c.discipline == "weaving")
    count = len(chains)
    found = [bridge(world, int(chain.rpartition("-")[2]), split, count) for chain in chains for split in splits]
    found += [effect(world, chain, split) for chain in chains for split in splits if signed(world, chain)]
    return sorted(found, key=lambda item: item.id)


def bridge(world: Knowledge, number: int, split: Split = "dev", count: int = 20) -> Item:
    """Return the item that asks for thing-n-2, between thing-n-1 and thing-(n+7)-3."""
    first, second = world.statements[f"weaving/story-{number}.s2"], world.statements[f"weaving/join-{number}.s1"]
    follows = world.statements[f"weaving/side-{number}.s1"].object
    leads = f"weaving/thing-{(number + 7) % count}-2"
    near = f"weaving/thing-{(number + (3 if split == 'dev' else 5)) % count}-1"
    wrongs: list[tuple[str, Operator, tuple[Statement, ...]]] = [
        (follows, "half", (second,)),
        (leads, "half", (first,)),
        (near, "near", (first, second)),
    ]
    stem = f"Which concept follows from {name(world, first.subject)} and leads to {name(world, second.object)}?"
    if split != "dev":
        stem = f"What lies between {name(world, first.subject)} and {name(world, second.object)}?"
    return _item(world, "bridge", split, (first, second), stem, _between(world, first, second, first.object), [
        Option(
            name(world, other),
            operator,
            wrong_because=f"It breaks {len(broken)} of two statements.",
            triples=_between(world, first, second, other).triples,
            breaks=tuple(s.id for s in broken),
        )
        for other, operator, broken in wrongs
    ])  # fmt: skip


def signed(world: Knowledge, chain: str) -> bool:
    """Whether the first three statements of the chain carry signs."""
    return all(world.statements[f"{chain}.s{n}"].relation in SIGNED for n in (1, 2, 3))


def effect(world: Knowledge, chain: str, split: Split = "dev") -> Item:
    """Return the item that asks what a rise of the chain's first concept does to the third and the fourth.

    It rests on three statements, so that no window of the samples contains all of them.
    """
    first, second, third = path = tuple(world.statements[f"{chain}.s{n}"] for n in (1, 2, 3))
    one, last = SIGNED[first.relation] * SIGNED[second.relation], SIGNED[third.relation]
    a, c, d = (name(world, x) for x in (first.subject, second.object, third.object))

    def option(mine: int, theirs: int) -> Option:
        text = f"{c} {_goes(mine)} and {d} {_goes(theirs)}"
        broken = tuple(s.id for s, right in ((second, mine == one), (third, theirs == mine * last)) if not right)
        if not broken:
            return Option(text)
        return Option(text, "sign", wrong_because="A sign is wrong.", breaks=broken)

    stem = f"If {a} rises, what happens to {c} and {d}?" if split == "dev" else f"What becomes of {c} and {d} if {a} rises?"
    wrongs = [option(x, y) for x in (1, -1) for y in (1, -1) if (x, y) != (one, one * last)]
    return _item(world, "effect", split, path, stem, option(one, one * last), wrongs)


def _goes(sign: int) -> str:
    return "rises" if sign > 0 else "falls"


def _between(world: Knowledge, first: Statement, second: Statement, concept: str) -> Option:
    """The option with a concept put between the two ends."""
    triples = ((first.subject, first.relation, concept), (concept, second.relation, second.object))
    return Option(name(world, concept), triples=triples)


def _item(
    world: Knowledge, kind: ItemKind, split: Split, path: tuple[Statement, ...], stem: str, right: Option, wrongs: list[Option]
) -> Item:
    item_id = f"{path[0].chain}:{split}-{kind}"
    key = seed_of("letter", item_id) % len(LETTERS)
    options = by_weight(wrongs, "place", item_id, name=lambda o: o.text)
    options.insert(key, right)
    mentioned = {c for s in path for c in (s.subject, s.object)} | {c for o in options for t in o.triples for c in (t[0], t[2])}
    return Item(
        id=item_id,
        split=split,
        kind=kind,
        discipline=path[0].discipline,
        topic=path[0].topic,
        chain=path[0].chain,
        statements=tuple(s.id for s in path),
        nodes=tuple(sorted({s.chain for s in path} | {s.id for s in path} | mentioned)),
        stem=stem,
        options=tuple(options),
        answer=LETTERS[key],
    )


def wrong_letter(item: Item, operator: Operator = "half") -> str:
    """Return the letter of the first wrong option that this operator made."""
    return next(letter for letter, o in zip(LETTERS, item.options, strict=True) if o.operator == operator)
