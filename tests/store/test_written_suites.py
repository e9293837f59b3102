"""Suites written by hand: read with every fault named; the suite of this repository is balanced, has no shortcut and gives nothing away."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from proda.errors import EmptyBenchmarkError, InputError, NotFoundError
from proda.records import LETTERS, Item
from proda.store.neutral_text import PATH as NEUTRAL
from proda.store.neutral_text import neutral_passages
from proda.store.suite_readings import load_readings, readings_path, write_readings
from proda.store.suites import SuiteCard, SuiteReadings
from proda.store.validation import ItemReading, Letter, Validation, counted, disputed, merged
from proda.store.written_suites import written_suite, written_suite_files
from proda.yamlio import load_as
from tests.toyworld import ROOT

GROUP = """\
items:
  - stem: How many legs has a dog?
    options: {A: four, B: two, C: six, D: eight}
    answer: A
  - passage: The cat sleeps on the piano.
    stem: Where does the cat sleep?
    options: {A: on the bed, B: on the piano, C: on the roof, D: on the floor}
    answer: B
  - passage: The cat sleeps on the piano.
    stem: Which animal sleeps?
    options: {A: a dog, B: a horse, C: a cow, D: a cat}
    answer: D
"""
ABOUT = "title: Toys\norigin: written here\nlicence: CC-BY-4.0\n"


def make_suite(root: Path, text: str = GROUP) -> Path:
    """A suite of one group; returns the file of the group."""
    folder = root / "benchmarks/suites/toys"
    (folder / "items").mkdir(parents=True)
    (folder / "suite.yaml").write_text(ABOUT)
    (folder / "items/animals.yaml").write_text(text)
    return folder / "items/animals.yaml"


def test_items_show_their_passage_and_questions_on_one_passage_form_a_chain(tmp_path: Path) -> None:
    make_suite(tmp_path)
    items = {item.answer: item for item in written_suite(tmp_path, "toys")}
    assert items["B"].stem == "The cat sleeps on the piano. Where does the cat sleep?"
    assert items["B"].chain == items["D"].chain != items["A"].chain
    assert [(o.text, o.operator) for o in items["A"].options][:2] == [("four", None), ("two", "authored")]
    assert {(item.discipline, item.topic, item.statements, item.nodes) for item in items.values()} == {("general", "animals", (), ())}
    assert items["A"].id == f"toys/animals:{items['A'].content_hash}"


def test_the_written_files_are_those_of_an_imported_suite(tmp_path: Path) -> None:
    make_suite(tmp_path)
    items = written_suite(tmp_path, "toys")
    files = written_suite_files(tmp_path, "toys", Validation())
    assert [msgspec.json.decode(line, type=Item) for line in files["benchmarks/general/toys.jsonl"].splitlines()] == items
    assert "items: 3\n" in files["benchmarks/general/toys.yaml"]
    assert "readings:" not in files["benchmarks/general/toys.yaml"]


def test_disputed_items_are_left_out_and_the_card_says_what_readers_answered(tmp_path: Path) -> None:
    make_suite(tmp_path)
    items = written_suite(tmp_path, "toys")
    other = next(letter for letter in LETTERS if letter != items[2].answer)
    readings = Validation()
    for reader, guess in (("a", 0.9), ("b", 0.8)):
        chosen = [items[0].answer, items[1].answer, other if reader == "b" else items[2].answer]
        readings = merged(
            readings,
            reader,
            [(i, ItemReading(msgspec.convert(c, Letter), g)) for i, c, g in zip(items, chosen, (guess, guess - 0.15, guess), strict=True)],
        )
    files = written_suite_files(tmp_path, "toys", readings)
    assert [msgspec.json.decode(line, type=Item) for line in files["benchmarks/general/toys.jsonl"].splitlines()] == items[:2]
    (tmp_path / "card.yaml").write_text(files["benchmarks/general/toys.yaml"])
    card = load_as(tmp_path / "card.yaml", SuiteCard, numbers=True)
    assert card.items == 2
    assert card.readings == SuiteReadings(readings=6, validated=2, unread=0, agreement=0.833, second=0, guess=0.8, easy_to_guess=1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("D: eight", "D: two", r"animals\.yaml:3 .*\n.*expected four different texts"),
        (", D: eight", "", r"animals\.yaml:3 .*\n.*expected four different texts"),
        ("B: two", "B: ''", r"animals\.yaml:3 .*\n.*expected four different texts"),
        ("How many legs has a dog?", "''", r"animals\.yaml:2 .*\n.*expected a question"),
        ("answer: A", "answer: E", r"animals\.yaml:4 "),
        ("answer: A", "key: A", r"animals\.yaml:"),
        (
            "Which animal sleeps?\n    options: {A: a dog, B: a horse, C: a cow, D: a cat}",
            "Where does the cat sleep?\n    options: {A: on the piano, B: on the bed, C: on the floor, D: on the roof}",
            "is in this file twice",
        ),
    ],
)
def test_a_malformed_question_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert GROUP.count(old) == 1
    make_suite(tmp_path, GROUP.replace(old, new))
    with pytest.raises(InputError, match=message):
        written_suite(tmp_path, "toys")


def test_a_suite_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no such suite"):
        written_suite(tmp_path, "toys")


def test_readings_come_back_as_they_were_and_those_of_removed_items_stay_if_they_contest(tmp_path: Path) -> None:
    make_suite(tmp_path)
    items = written_suite(tmp_path, "toys")
    by_answer = {item.answer: item for item in items}
    assert load_readings(tmp_path, "toys") == Validation()
    readings = merged(Validation(), "a", [(item, ItemReading(msgspec.convert(item.answer, str), 0.3)) for item in items])  # type: ignore[arg-type]
    readings = merged(readings, "b", [(by_answer["B"], ItemReading("C", 0.25, second="B", note="a note: with 'signs', and more"))])
    assert write_readings(tmp_path, "toys", readings, {item.content_hash for item in items})
    assert load_readings(tmp_path, "toys") == readings
    assert list(disputed(items, readings)) == [by_answer["B"].id]
    write_readings(tmp_path, "toys", readings, set())
    assert list(load_readings(tmp_path, "toys").readings) == [by_answer["B"].content_hash]
    assert (tmp_path / readings_path("toys")).read_text().startswith("# What independent readers answered")


def test_neutral_text_needs_passages(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"neutral\.yaml\n  There is no neutral text"):
        neutral_passages(tmp_path)
    path = tmp_path / NEUTRAL
    path.parent.mkdir(parents=True)
    path.write_text("passages:\n  - one  line\n  - ''\n  - another\n")
    assert neutral_passages(tmp_path) == ["one line", "another"]
    path.write_text("passages: []\n")
    with pytest.raises(EmptyBenchmarkError, match="Holds no text"):
        neutral_passages(tmp_path)


EVERYDAY = written_suite(ROOT, "everyday")


def test_the_everyday_suite_is_large_and_its_keys_are_balanced() -> None:
    assert len(EVERYDAY) >= 400
    assert min(Counter(item.topic for item in EVERYDAY).values()) >= 30
    shares = [count / len(EVERYDAY) for count in Counter(item.answer for item in EVERYDAY).values()]
    assert len(shares) == 4
    assert max(shares) < 0.28
    assert len({item.content_hash for item in EVERYDAY}) == len(EVERYDAY)


def test_the_written_everyday_suite_is_up_to_date() -> None:
    for name, text in written_suite_files(ROOT, "everyday", load_readings(ROOT, "everyday")).items():
        assert (ROOT / name).read_text() == text, f"{name}: run `python -m scripts.write_suite everyday`"


def test_every_item_of_the_everyday_suite_was_answered_by_two_readers_as_its_key_says() -> None:
    found = counted(EVERYDAY, load_readings(ROOT, "everyday"))
    assert (found.validated, found.unread, found.disputed) == (len(EVERYDAY), 0, 0)


def test_no_number_is_right_more_often_for_its_rank_among_the_options() -> None:
    """A solver that always takes the second largest number must not pass the arithmetic items."""
    ranks: Counter[int] = Counter()
    for item in EVERYDAY:
        found = [re.sub(r"[^0-9.]", "", option.text.replace(":", ".")) for option in item.options]
        if all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) for text in found) and len(set(found)) == len(found):
            ranks[sorted(map(float, found)).index(float(found[item.key]))] += 1
    assert sum(ranks.values()) > 60
    assert max(ranks.values()) / sum(ranks.values()) < 0.35


def test_neutral_text_and_suite_share_no_sentence() -> None:
    passages = neutral_passages(ROOT)
    assert 60 <= len(passages) <= 100
    assert 4_500 < sum(len(passage.split()) for passage in passages) < 6_000
    assert len(set(passages)) == len(passages)
    sentences = {s.strip() for passage in passages for s in re.split(r"(?<=[.?!])\s", passage)}
    assert not [item.id for item in EVERYDAY if sentences & {s.strip() for s in re.split(r"(?<=[.?!])\s", item.stem)}]
