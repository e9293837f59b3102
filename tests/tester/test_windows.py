"""No sample words all statements of an item, by ids and not by words."""

from __future__ import annotations

import random
import time

import msgspec

from proda.records import Item, Option, Sample
from proda.tester.windows import shown_whole

OPTIONS = tuple(Option(text, "near" if text != "a" else None) for text in "abcd")


def item(name: str, *statements: str) -> Item:
    return Item(name, "dev", "bridge", "d", "t", "d/c", statements, (), "Which one?", OPTIONS, "A")


def sample(name: str, *nodes: str) -> Sample:
    return Sample(name, "open", nodes, "What?", "That.")


def test_a_window_that_holds_all_statements_is_found_in_any_order_and_with_other_nodes() -> None:
    items = [item("two", "c.s2", "c.s1"), item("three", "c.s1", "c.s2", "c.s3")]
    found = shown_whole(items, [sample("w", "c.s1", "c.s2", "d/concept"), sample("one", "c.s3")])
    assert found == {"two": "w"}


def test_statements_of_two_chains_that_no_sample_shows_together_pass() -> None:
    assert shown_whole([item("bridge", "a.s3", "b.s1")], [sample("w1", "a.s2", "a.s3"), sample("w2", "b.s1", "b.s2")]) == {}


def test_an_item_of_one_statement_is_left_out() -> None:
    assert shown_whole([item("one", "c.s1"), item("twice", "c.s1", "c.s1")], [sample("s", "c.s1", "c.s2")]) == {}


def test_a_case_is_left_out_because_its_particulars_are_in_no_sample() -> None:
    asked = item("case", "c.s1", "c.s2")
    samples = [sample("w", "c.s1", "c.s2")]
    assert shown_whole([msgspec.structs.replace(asked, kind="case")], samples) == {} and shown_whole([asked], samples) == {"case": "w"}


def test_the_first_sample_by_id_is_named_whatever_the_order() -> None:
    samples = [sample(name, "c.s1", "c.s2") for name in ("s3", "s1", "s2")]
    assert shown_whole([item("i", "c.s1", "c.s2")], samples) == shown_whole([item("i", "c.s1", "c.s2")], samples[::-1]) == {"i": "s1"}


def test_a_full_corpus_takes_seconds() -> None:
    drawn = random.Random(0)
    statements = [f"c{n // 4}.s{n % 4}" for n in range(4000)]
    items = [item(f"i{n}", *drawn.sample(statements, 2)) for n in range(3000)]
    places = [drawn.randrange(3999) for _ in range(30_000)]
    samples = [sample(f"w{n}", *statements[at : at + 2]) for n, at in enumerate(places)]
    start = time.perf_counter()
    found = shown_whole(items, samples)
    assert time.perf_counter() - start < 3
    pairs = {frozenset(s.nodes) for s in samples}
    assert set(found) == {i.id for i in items if frozenset(i.statements) in pairs}
