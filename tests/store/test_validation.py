"""Readings of items: the file, the verdict on an item, what is withheld, what is dropped."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError
from proda.records import Item, Option
from proda.store.validation import (
    PATH,
    ItemReading,
    Validation,
    counted,
    disputed,
    load_validation,
    merged,
    verdict_of,
    write_validation,
)


def item(name: str, answer: str = "B") -> Item:
    """An item whose text, and therefore hash, follows from its name."""
    options = tuple(Option(f"{name} leads to {place}") for place in ("bread", "flour", "dust", "light"))
    return Item(
        f"milling/{name}:dev-effect",
        "dev",
        "effect",
        "milling",
        "mill",
        f"milling/{name}",
        (),
        (),
        f"What does {name} do?",
        options,
        answer,
    )


WIND, FROST, GRAIN = item("wind"), item("frost", "C"), item("grain", "A")
ITEMS = [WIND, FROST, GRAIN]


def read(*answers: tuple[str, Item, ItemReading]) -> Validation:
    """The validation after these readings, one by one."""
    validation = Validation()
    for reader, what, reading in answers:
        validation = merged(validation, reader, [(what, reading)])
    return validation


AGREED = read(("a", WIND, ItemReading("B", 0.4)), ("b", WIND, ItemReading("B", 0.25)))


def test_two_readers_who_pick_the_key_validate_an_item() -> None:
    assert verdict_of(WIND, AGREED) == "validated"


def test_one_reading_is_not_enough_and_two_by_the_same_reader_count_once() -> None:
    twice = read(("a", WIND, ItemReading("B", 0.4)), ("a", WIND, ItemReading("B", 0.3)))
    assert verdict_of(WIND, twice) == verdict_of(FROST, AGREED) == "unread"


@pytest.mark.parametrize("reading", [ItemReading("C", 0.4), ItemReading("B", 0.4, second="D"), ItemReading("A", 0.4, second="B")])
def test_a_reader_who_disagrees_or_can_defend_a_second_option_disputes_an_item(reading: ItemReading) -> None:
    assert verdict_of(WIND, read(("c", WIND, reading))) == "disputed"
    assert verdict_of(WIND, merged(AGREED, "c", [(WIND, reading)])) == "disputed"


@pytest.mark.parametrize(
    "changes", [{"stem": "What does wind drive?"}, {"answer": "C"}, {"options": (*WIND.options[:3], Option("wind leads to rest"))}]
)
def test_a_changed_item_is_unread_and_the_same_item_under_another_id_is_not(changes: dict[str, object]) -> None:
    assert verdict_of(msgspec.structs.replace(WIND, **changes), AGREED) == "unread"
    assert verdict_of(msgspec.structs.replace(WIND, id="milling/wind:twin-effect", split="twin"), AGREED) == "validated"


def test_what_is_disputed_is_withheld_with_every_objection() -> None:
    validation = read(
        ("a", FROST, ItemReading("C", 0.4, second="A", note="ice is light")),
        ("b", FROST, ItemReading("D", 0.4)),
        ("c", FROST, ItemReading("C", 0.4)),
        ("a", GRAIN, ItemReading("A", 0.9)),
    )
    reason = "reader a can defend A as well (ice is light); reader b answers D, the key is C"
    assert disputed(ITEMS, validation) == {FROST.id: reason}
    assert disputed(ITEMS, Validation()) == {}


def test_counts_are_over_the_items_and_over_contested_items_that_are_gone() -> None:
    validation = merged(merged(AGREED, "a", [(FROST, ItemReading("D", 0.9))]), "a", [(GRAIN, ItemReading("A", 0.45, second="B"))])
    counts = counted(ITEMS, validation)
    assert (counts.validated, counts.unread, counts.disputed, counts.withdrawn, counts.readings) == (1, 0, 2, 0, 4)
    assert (counts.agreement, counts.second, counts.guess) == (0.75, 0.25, 0.5)
    rest = counted([WIND], validation)
    assert (rest.validated, rest.disputed, rest.withdrawn, rest.readings, rest.agreement) == (1, 0, 2, 4, 0.75)
    gone = counted([GRAIN], AGREED)
    assert (gone.unread, gone.withdrawn, gone.readings, gone.agreement, gone.guess) == (1, 0, 0, None, None)


def test_the_file_keeps_every_field_and_is_sorted_with_one_line_for_each_reading(tmp_path: Path) -> None:
    notes = ["C: it's true, too", "{not} a [list]", "first\nsecond", "yes", "# 5", "", "„ʻ–”"]
    validation = Validation()
    for number, note in enumerate(notes):
        thing = item(f"thing-{number}")
        validation = merged(validation, "b", [(thing, ItemReading("A", number / 6, second="D", note=note))])
        validation = merged(validation, "a", [(thing, ItemReading("B", 1))])
    assert write_validation(tmp_path, validation)
    loaded = load_validation(tmp_path)
    rounded = {h: {r: msgspec.structs.replace(x, guess=round(x.guess, 2)) for r, x in rs.items()} for h, rs in validation.readings.items()}
    assert loaded.readings == rounded
    lines = [line for line in (tmp_path / PATH).read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 1 + 3 * len(notes)
    assert lines[1::3] == sorted(lines[1::3])
    assert not write_validation(tmp_path, loaded)


def test_a_hash_of_digits_only_is_read_back(tmp_path: Path) -> None:
    odd = Validation({h: {"a": ItemReading("A", 0)} for h in ("1234567890123456", "1234567890123e10", "0123456789012345")})
    write_validation(tmp_path, odd)
    assert load_validation(tmp_path) == odd


def test_the_order_of_merging_does_not_change_the_file(tmp_path: Path) -> None:
    readings = [(reader, thing, ItemReading("B", 0.5)) for reader in ("a", "b") for thing in ITEMS]
    texts = []
    for order in (readings, readings[::-1]):
        write_validation(tmp_path, read(*order))
        texts.append((tmp_path / PATH).read_bytes())
    assert texts[0] == texts[1]


def test_readings_of_items_that_are_gone_are_dropped_unless_they_contest_the_item(tmp_path: Path) -> None:
    validation = merged(AGREED, "a", [(FROST, ItemReading("D", 0.4)), (GRAIN, ItemReading("A", 0.4))])
    write_validation(tmp_path, validation, {GRAIN.content_hash})
    assert set(load_validation(tmp_path).readings) == {GRAIN.content_hash, FROST.content_hash}
    assert verdict_of(FROST, load_validation(tmp_path)) == "disputed"


def test_no_file_is_no_readings_and_an_empty_validation_is_a_file(tmp_path: Path) -> None:
    assert load_validation(tmp_path) == Validation()
    write_validation(tmp_path, Validation())
    assert load_validation(tmp_path) == Validation()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: E, guess: 0}\n", 3, "expected one of A, B, C, D"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A, guess: 0, second: e}\n", 3, "expected one of A, B, C, D"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A, guess: 0, second: A}\n", 3, "A is the answer itself"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A, guess: 0, key: A}\n", 3, "only where the answer is another option"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A, guess: 1.5}\n", 3, "of at most 1"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A}\n", 3, "'guess' is missing"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    a: {answer: A, guess: 0, mood: good}\n", 3, "'mood' is not a known key"),
        ("readings:\n  0f3a5c2b11aa9e01:\n    Alice: {answer: A, guess: 0}\n", 3, "expected a label of one letter"),
        ("readings:\n  0f3a:\n    a: {answer: A, guess: 0}\n", 2, "sixteen hex digits"),
        ("readings:\n  1234567890123456:\n    a: {answer: A, guess: 0}\n", 2, "is not text. Quote it"),
        ("readings:\n  0f3a5c2b11aa9e01: {a: B}\n", 2, "Got text"),
        ("- a\n", 1, "Got a list"),
        ("a: [", 2, "Not YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_the_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / PATH).write_text(text)
    with pytest.raises(InputError) as refused:
        load_validation(tmp_path)
    (finding,) = refused.value.findings
    assert what in str(finding) and finding.line == line  # type: ignore[attr-defined]


def test_a_reader_is_a_label_and_no_name() -> None:
    with pytest.raises(InputError, match="expected a label"):
        merged(Validation(), "alice", [(WIND, ItemReading("B", 0.5))])
