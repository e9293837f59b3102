"""The benchmark leaves out what leaks, what readers dispute and what is retired, each with its reason; the two gates can fail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
import pytest

from proda.errors import GateError, InputError
from proda.params import ItemParams, Params
from proda.records import ITEM_KINDS, Item
from proda.store.exceptions import Exemption
from proda.store.solved import Solved, SolverVotes
from proda.store.validation import ItemReading, Validation
from proda.store.written_items import WrittenItem
from proda.tester.between_items import leaks_between
from proda.tester.build import Benchmark, build_benchmark
from proda.tester.shortcuts import giveaways
from proda.tester.worded import item_plan
from tests.tester.world import SEALED, WORLD, items

OPEN = ItemParams(sealed_share=SEALED, max_shortcut=1.0, max_quarantined=1.0)


def build(
    exceptions: Sequence[Exemption] = (),
    validation: Validation | None = None,
    params: ItemParams = OPEN,
    solved: Solved | None = None,
    written: Mapping[str, WrittenItem] | None = None,
) -> Benchmark:
    return build_benchmark(WORLD, Params(items=params), exceptions, validation or Validation(), solved or Solved(), written or {})


def reasons(built: Benchmark) -> dict[str, str]:
    found = built.shortcuts["quarantined"]
    assert isinstance(found, list)
    return {entry["item"]: entry["reason"] for entry in found}


@pytest.fixture(scope="module")
def plain() -> Benchmark:
    return build()


def test_items_that_print_another_key_are_left_out_with_what_they_print(plain: Benchmark) -> None:
    leaks = leaks_between(WORLD, items())
    assert leaks and leaks_between(WORLD, plain.items) == []
    leaking = {i: r for i, r in reasons(plain).items() if r in {leak.message for leak in leaks}}
    assert leaking and leaking.keys() <= {i for leak in leaks for i in (leak.item, leak.where)}
    for item, message in leaking.items():
        assert item in message
    assert len(leaking) <= len({frozenset((leak.item, leak.where)) for leak in leaks})


def test_every_item_is_in_the_benchmark_or_has_a_reason_why_not(plain: Benchmark) -> None:
    kept, out = {i.id for i in plain.items}, set(reasons(plain))
    assert kept | out == {i.id for i in items()} and not kept & out
    assert all(i in items() for i in plain.items) and plain == build()


def reading(item: Item, **changes: object) -> dict[str, ItemReading]:
    return {"a": ItemReading(item.answer, 0.25), "b": ItemReading(**{"answer": item.answer, "guess": 0.25, **changes})}  # type: ignore[arg-type]


@pytest.mark.parametrize(("wrong", "says"), [(True, "reader b answers"), (False, "reader b can defend")])
def test_a_disputed_item_is_left_out_with_what_the_reader_says(plain: Benchmark, wrong: bool, says: str) -> None:
    item, read = plain.items[0], plain.items[1]
    other = "A" if item.answer != "A" else "B"
    contest = {"answer": other, "key": item.answer} if wrong else {"second": other}
    built = build(validation=Validation({item.content_hash: reading(item, **contest), read.content_hash: reading(read)}))
    assert {i.id for i in plain.items} - {i.id for i in built.items} == {item.id}
    assert reasons(built)[item.id].startswith(says) and read.id not in reasons(built)


def test_a_retired_item_is_listed_and_an_amended_one_is_taken_as_amended(plain: Benchmark) -> None:
    gone, mended = plain.items[0], plain.items[1]
    entries = [
        Exemption(item=gone.id, hash=gone.content_hash, action="retire", reason="It is unfair."),
        Exemption(item=mended.id, hash=mended.content_hash, action="amend", reason="It was unclear.", stem="What is it, after all?"),
    ]
    built = build(entries)
    assert built.shortcuts["retired"] == [{"item": gone.id, "reason": "It is unfair."}]
    assert gone.id not in {i.id for i in built.items} | set(reasons(built))
    assert next(i.stem for i in built.items if i.id == mended.id) == "What is it, after all?"
    with pytest.raises(InputError, match="has changed since"):
        build([Exemption(item=gone.id, hash="0" * 16, action="retire", reason="It is unfair.")])


def test_an_amended_stem_that_prints_a_key_costs_one_of_the_two(plain: Benchmark) -> None:
    """A twin's new stem prints what its dev item asks for."""
    dev = next(
        i for i in plain.items if i.kind == "bridge" and i.split == "dev" and i.id.replace("dev", "twin") in {x.id for x in plain.items}
    )
    twin = next(i for i in plain.items if i.id == dev.id.replace("dev", "twin"))
    first, second = (WORLD.statements[s] for s in dev.statements)
    terms = [WORLD.concepts[c].term for c in (first.subject, first.object, second.object)]
    entry = Exemption(item=twin.id, hash=twin.content_hash, action="amend", reason="Told.", stem=f"From {' to '.join(terms)}: what else?")
    out = reasons(build([entry]))
    assert {dev.id, twin.id} & out.keys() and {dev.id, twin.id}.isdisjoint(reasons(plain))
    assert "together with" in next(out[i] for i in (dev.id, twin.id) if i in out)


def test_giveaways_are_left_out_and_too_many_of_them_stop_the_build(plain: Benchmark) -> None:
    item = plain.items[0]
    told = Exemption(
        item=item.id, hash=item.content_hash, action="amend", reason="Told.", options={item.answer: f"{item.stem} {item.stem} {item.stem}"}
    )
    built = build([told])
    assert "alone shares most words" in reasons(built)[item.id] and item.id not in reasons(plain)
    with pytest.raises(GateError, match="can be answered without knowledge"):
        build([told], params=ItemParams(sealed_share=SEALED, max_shortcut=1.0, max_quarantined=0.5 / len(items())))
    assert giveaways(built.items) == {}


def test_a_solver_that_does_too_well_stops_the_build_and_is_named() -> None:
    with pytest.raises(GateError, match=r"(?s)^Baseline solvers .* do too well; .*\n  longest 0\.\d+: picks the longest option\n"):
        build(params=ItemParams(sealed_share=SEALED, max_shortcut=0.1, max_quarantined=1.0))


def test_the_audit_is_told_for_all_items_and_for_each_kind(plain: Benchmark) -> None:
    by_kind, solvers = plain.shortcuts["by_kind"], plain.shortcuts["solvers"]
    assert isinstance(by_kind, dict) and isinstance(solvers, dict)
    assert list(by_kind) == [k for k in ITEM_KINDS if k != "case"] and all(set(each) == set(solvers) for each in by_kind.values())
    leaking = [r for r in reasons(plain).values() if re.search(" the key of ", r)]
    assert plain.shortcuts["n"] == len(items()) - len(leaking)


def test_a_frozen_wording_is_audited_and_compared_like_any_other_text(plain: Benchmark) -> None:
    """The first wording is harmless; the second prints the key of the dev item that its twin accompanies."""
    kept = {i.id for i in plain.items}
    dev = next(i for i in plain.items if i.kind == "bridge" and i.split == "dev" and i.id.replace("dev", "twin") in kept)
    twin = next(i for i in items() if i.id == dev.id.replace("dev", "twin"))
    good = WrittenItem(twin.id, f"Think. {twin.stem}", tuple(o.text for o in twin.options), item_plan(twin), "toy", "item@1")
    built = build(written={good.plan: good})
    assert next(i.stem for i in built.items if i.id == twin.id) == good.stem
    assert [i for i in built.items if i.id != twin.id] == [i for i in plain.items if i.id != twin.id]
    first, second = (WORLD.statements[s] for s in dev.statements)
    terms = [WORLD.concepts[c].term for c in (first.subject, first.object, second.object)]
    bad = msgspec.structs.replace(good, stem=f"From {' to '.join(terms)}: what else?")
    out = reasons(build(written={bad.plan: bad}))
    assert {dev.id, twin.id} & out.keys() and {dev.id, twin.id}.isdisjoint(reasons(plain))


def test_an_item_that_a_model_does_not_solve_is_left_out_with_what_it_picked(plain: Benchmark) -> None:
    failed, solved = plain.items[0], plain.items[1]
    other = "A" if failed.answer != "A" else "B"
    wrong = SolverVotes(failed.answer, {other: 3, failed.answer: 2}, {other: 5}, "solve@1")
    right = SolverVotes(solved.answer, {solved.answer: 5}, {other: 5}, "solve@1")
    built = build(solved=Solved({failed.content_hash: {"toy": wrong}, solved.content_hash: {"toy": right}}))
    assert [i.id for i in built.items] == [i.id for i in plain.items if i.id != failed.id] and built.unsolved == 1
    assert reasons(built)[failed.id] == f"toy picks {other} in 3 of 5 votes with the facts given, the key is {failed.answer}"
    assert built.shortcuts["votes"] == {"voted": 1, "withheld": 1, "models": ("toy",), "open": 0.7, "closed": 0.0}
    assert plain.unsolved == 0 and "votes" not in plain.shortcuts
