"""Comparison by meaning on records, and the Markdown made of it."""

from __future__ import annotations

import re

import msgspec
import pytest

from proda.cli.comment import Limits, comment, escaped
from proda.graph import Knowledge
from proda.history.compare import NodeChange, Revision, causes, compare, compare_nodes
from proda.records import Item, Outcome, Sample
from proda.tester.items import write_items
from tests.toyresults import MODELS, outcome
from tests.toyworld import knowledge

HOSTILE = '<script>alert(1)</script>|x|"><img src=x onerror=y>`code` [a](http://b.c) @everyone #1 <!-- -->\n\n# head'


def changed_concept(know: Knowledge, concept: str, **fields: object) -> Knowledge:
    concepts = {**know.concepts, concept: msgspec.structs.replace(know.concepts[concept], **fields)}
    return Knowledge(know.relations.values(), concepts.values(), know.statements.values(), know.chains.values())


def only(changes: tuple[NodeChange, ...]) -> NodeChange:
    assert len(changes) == 1
    return changes[0]


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return write_items(knowledge(), seed=0, sealed_share=0.2)


def answered(items: list[Item], right: bool) -> list[Outcome]:
    return [outcome(item, model, right) for item in items for model in MODELS]


def test_a_revision_compared_with_itself_has_no_change_of_meaning(items: list[Item]) -> None:
    side = Revision("a", knowledge(), items=items, outcomes=answered(items, True))
    found = compare(side, side)
    assert found.same and not found.nodes and not found.flips
    assert found.answers.compared == len(items)  # majorities of the tuned models
    assert "No difference in meaning" in comment(found)


def test_spacing_order_and_derived_fields_are_no_change() -> None:
    know = changed_concept(knowledge(), "milling/flour", aliases=("meal", "ground grain"), definition="a fine powder")
    moved = changed_concept(know, "milling/flour", aliases=("ground grain", "meal"), definition="a  fine\npowder", parents=("x",), spans=())
    assert compare_nodes(know, moved) == ()
    reordered = Knowledge(
        know.relations.values(),
        reversed(list(know.concepts.values())),
        reversed(list(know.statements.values())),
        reversed(list(know.chains.values())),
    )
    assert compare_nodes(know, reordered) == ()


def test_a_changed_definition_names_the_field_and_both_texts() -> None:
    know = knowledge()
    change = only(compare_nodes(know, changed_concept(know, "milling/flour", definition="a fine powder")))
    assert (change.id, change.kind, change.change) == ("milling/flour", "concept", "changed")
    assert [(f.field, f.new) for f in change.fields] == [("definition", "a fine powder")]


def test_retired_added_and_removed_are_told_apart() -> None:
    know = knowledge()
    assert only(compare_nodes(know, changed_concept(know, "milling/flour", status="retired"))).change == "retired"
    more = changed_concept(know, "milling/flour")
    more.concepts["milling/new"] = msgspec.structs.replace(know.concepts["milling/flour"], id="milling/new")
    assert only(compare_nodes(know, more)).change == "added"
    assert only(compare_nodes(more, know)).change == "removed"


def test_samples_and_items_are_traced_to_the_node_that_caused_them(items: list[Item]) -> None:
    know = knowledge()
    taught = Sample("milling/flour:open-1", "open", ("milling/flour",), "What is flour?", "a powder")
    aside = Sample("milling/wind:open-1", "open", ("milling/wind",), "What is wind?", "air that moves")
    reworded = [msgspec.structs.replace(s, answer=s.answer + " indeed", plan="x") for s in (taught, aside)]
    old = Revision("a", know, [taught, aside, Sample("milling/frost:open-1", "open", (), "Q", "A")], items)
    new = Revision("b", changed_concept(know, "milling/flour", definition="a powder"), reworded, items[1:])
    found = compare(old, new)
    assert [(s.id, s.change, s.causes) for s in found.samples] == [
        ("milling/flour:open-1", "changed", ("milling/flour",)),
        ("milling/frost:open-1", "removed", ()),
        ("milling/wind:open-1", "changed", ()),
    ]
    assert causes(found.samples) == [("milling/flour", 1), ("", 2)]
    assert [(i.id, i.change) for i in found.items] == [(items[0].id, "removed")]


def test_the_hash_of_a_plan_is_no_change_of_a_sample() -> None:
    one = Sample("a/b:open-1", "open", ("a/b",), "Q?", "A", plan="1")
    two = msgspec.structs.replace(one, plan="2")
    assert not compare(Revision("a", knowledge(), [one]), Revision("b", knowledge(), [two])).samples


def test_only_majorities_on_items_with_the_same_text_can_flip(items: list[Item]) -> None:
    know = knowledge()
    open_items = [i for i in items if i.split != "sealed"][:4]
    before, after = answered(open_items, False), answered(open_items, True)
    for place, answer in enumerate(after):
        if answer.item == open_items[0].id:
            after[place] = msgspec.structs.replace(answer, hash="f" * 16)  # another text
        if answer.item == open_items[1].id:
            after[place] = msgspec.structs.replace(answer, chosen=None, correct=None, margin=None)
    before = [o for o in before if o.item != open_items[2].id]
    found = compare(Revision("a", know, items=items, outcomes=before), Revision("b", know, items=items, outcomes=after))
    a = found.answers
    assert (a.compared, a.better, a.worse) == (1, 1, 0)
    assert (a.reworded, a.unscored, a.only_old, a.only_new, a.stale) == (1, 1, 0, 1, 1)
    (flip,) = found.flips
    assert (flip.item, flip.better, flip.before.seeds, flip.after.seeds) == (open_items[3].id, True, "0 of 2", "2 of 2")
    assert (flip.before.margin, flip.after.margin) == (-0.125, 0.125)


def test_one_seed_of_three_that_changes_is_no_flip(items: list[Item]) -> None:
    item = next(i for i in items if i.split == "dev")
    before, after = ([outcome(item, f"seed-{n}", n < right) for n in range(3)] for right in (2, 3))
    assert (
        compare(Revision("a", knowledge(), items=items, outcomes=before), Revision("b", knowledge(), items=items, outcomes=after)).flips
        == ()
    )


def test_sealed_items_are_counted_and_listed_only_on_request(items: list[Item]) -> None:
    sealed = [msgspec.structs.replace(i, split="sealed") for i in items]
    key = f"benchmarks/exceptions.yaml exceptions[{items[0].chain}:sealed-path].reason"
    old = Revision("a", knowledge(), items=sealed, outcomes=answered(sealed, True), settings={key: "ambiguous"})
    new = Revision("b", knowledge(), items=sealed[1:], outcomes=answered(sealed, False))
    found = compare(old, new)
    assert found.flips == () and found.items == () and found.settings == () and found.hidden_items == 1 and not found.same
    assert found.answers.sealed_worse == found.answers.worse == len(items)
    assert not any(item.id in comment(found) for item in sealed)
    asked = compare(old, new, sealed=True)
    assert len(asked.flips) == len(items) and len(asked.items) == len(asked.settings) == 1


def test_a_changed_sample_keeps_both_texts() -> None:
    one = Sample("milling/flour:open-1", "open", ("milling/flour",), "What is flour?", "a powder")
    two = msgspec.structs.replace(one, answer="a fine powder")
    (change,) = compare(Revision("a", knowledge(), [one]), Revision("b", knowledge(), [two])).samples
    assert change.old is not None and change.new is not None and "fine" in change.new and "fine" not in change.old


def test_scores_stand_side_by_side_where_either_side_has_them() -> None:
    metrics = {"base": {"dev": {"accuracy": 0.25}}, "tuned": {"dev": {"accuracy": 0.6}}, "general": {"base": {"accuracy": 0.8}}}
    better = {**metrics, "tuned": {"dev": {"accuracy": 0.65}}}
    found = compare(Revision("a", knowledge(), metrics=metrics), Revision("b", knowledge(), metrics=better))
    moved = {(s.model, s.suite): s.difference for s in found.scores}
    assert moved == {("base", "dev"): 0.0, ("tuned", "dev"): pytest.approx(5.0), ("base", "general"): 0.0}
    assert not found.same
    assert compare(Revision("a", knowledge(), metrics=metrics), Revision("b", knowledge())).scores[0].new is None


def test_hostile_text_can_neither_break_a_table_nor_become_html() -> None:
    know = knowledge()
    hostile = changed_concept(know, "milling/flour", definition=HOSTILE)
    text = comment(compare(Revision("a|b", know), Revision("`c`", hostile)))
    assert {t.lower() for t in re.findall(r"</?([A-Za-z!][\w-]*)", text)} <= {"code", "details", "summary", "br"}
    row = next(line for line in text.splitlines() if "definition" in line)
    assert row.count("|") == 4
    assert "@everyone" not in text and "#1" not in text.replace("&#1", "") and "](" not in text and "`" not in text
    assert escaped("a | b") == "a &#124; b"


def test_long_lists_are_folded_and_cut() -> None:
    know, many = knowledge(), knowledge()
    flour = know.concepts["milling/flour"]
    many.concepts.update({f"milling/n-{n}": msgspec.structs.replace(flour, id=f"milling/n-{n}") for n in range(400)})
    text = comment(compare(Revision("a", know), Revision("b", many)))
    assert text.count("<details>") == text.count("</details>") == 1
    assert text.count("milling/n-") == Limits().rows and "340 more" in text
    assert len(text) < 65_536
