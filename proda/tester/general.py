"""The general suite: items on what the base knows, to measure what tuning makes it forget.

The items ask for single facts of the `suite` half of the invented world, from either end, in wordings that no replayed training
example uses. The base has learnt these facts and tuning does not show them again, so a loss of accuracy here is forgetting.

    Item(id="zarnum/tolvek.s2:general-object-1", stem="Of these four, which one does zarnum tolvek produce? …", kind="recall", …)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.wording import name, question
from proda.records import LETTERS, Item, Option, Statement
from proda.stable_hash import by_weight, seed_of

STEMS = (
    "One of four answers fits. {ask}",
    "{ask} Pick the only one that fits.",
    "For the record: {ask}",
    "Somebody wants to know: {ask}",
    "Here is an easy one: {ask}",
    "Without looking it up: {ask}",
    "{ask} One answer is enough.",
    "The examiner turns to you. {ask}",
)
DRAWS = 3  # sets of distractors for one fact in one wording


def write_suite(knowledge: Knowledge, *, seed: int, count: int) -> list[Item]:
    """Write `count` recall items about the active statements, sorted by id. Ends and wordings are used in turn.

    Once every statement has been asked from both ends in every wording, the same questions are repeated with other distractors, up to
    DRAWS times. Fewer than `count` items are returned only if that is not enough. Deterministic.
    """
    return sorted(islice(_items(knowledge, seed), count), key=lambda item: item.id)


def _items(knowledge: Knowledge, seed: int) -> Iterator[Item]:
    statements = by_weight(knowledge.active_statements.values(), seed, "suite", name=lambda s: s.id)
    for draw in range(DRAWS):
        for wording in range(len(STEMS)):
            for end in ("object", "subject"):
                for statement in statements:
                    item = _recall(knowledge, statement, end == "object", draw, wording, seed)
                    if item is not None:
                        yield item


def _recall(knowledge: Knowledge, statement: Statement, ask_object: bool, draw: int, wording: int, seed: int) -> Item | None:
    subject, _, obj = statement.triple
    end = "object" if ask_object else "subject"
    item_id = f"{statement.id}:general-{end}-{draw * len(STEMS) + wording + 1}"
    right, given = (obj, subject) if ask_object else (subject, obj)
    before, after = (given, None) if ask_object else (None, given)
    taken = frozenset({subject, obj})
    others = list(islice(near_concepts(knowledge, before, right, after, taken, seed, item_id), 3))
    if len(others) < 3:
        return None
    key = seed_of("letter", item_id) % len(LETTERS)
    options = [Option(name(knowledge, c), "substitution") for c in by_weight(others, "place", item_id)]
    options.insert(key, Option(name(knowledge, right)))
    return Item(
        id=item_id,
        split="dev",
        kind="recall",
        discipline=statement.discipline,
        topic=statement.topic,
        chain=statement.chain,
        statements=(statement.id,),
        nodes=tuple(sorted({statement.id, subject, obj, *others})),
        stem=STEMS[wording].replace("{ask}", question(knowledge, statement.triple, "object" if ask_object else "subject")),
        options=tuple(options),
        answer=LETTERS[key],
    )
