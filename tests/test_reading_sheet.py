"""`python -m proda.cli.reading_sheet`: sheets show no key, answers are recorded for the right item, and draws are repeatable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from proda.records import LETTERS, Item
from proda.store.items import load_items
from proda.store.sheets import numbered, sheets
from proda.store.validation import ItemReading, Letter, Validation, load_validation, merged, verdict_of, write_validation
from tests.toyresults import make_items_and_samples
from tests.toyworld import ROOT, make_repository


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with items and samples, and no readings."""
    return make_items_and_samples(make_repository(tmp_path_factory.mktemp("built"), git=False))


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(built, tmp_path / "toy"))


def run(root: Path, *arguments: str, code: int = 0) -> str:
    """What the command prints."""
    command = [sys.executable, "-P", "-m", "proda.cli.reading_sheet", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_it_works_from_any_folder_of_the_repository(root: Path) -> None:
    command = ["build/sheets", "--seed", "1"]
    assert "drawn with seed 1" in run(root, *command)
    assert "Rule of the draw" in run(root / "knowledge", "--statements", "1") and "drawn with seed 1" in run(root / "knowledge", *command)
    assert (root / "knowledge/build/sheets/sheet-01.md").read_bytes() == (root / "build/sheets/sheet-01.md").read_bytes()


def texts_of(root: Path) -> list[str]:
    """The sheets in the folder `out`."""
    return [path.read_text() for path in sorted((root / "out").glob("*.md"))]


def validate(root: Path, items: list[Item], *readers: str) -> None:
    """Record that the readers picked the key of the items."""
    validation = load_validation(root)
    for reader in readers:
        validation = merged(validation, reader, [(item, ItemReading(msgspec.convert(item.answer, Letter), 0.5)) for item in items])
    write_validation(root, validation)


def test_sheets_hold_every_item_once_with_its_options_and_nothing_that_tells_the_key(root: Path) -> None:
    assert "2 sheets" in run(root, "out", "--size", str(len(load_items(root)) - 1))
    texts = texts_of(root)
    text = "\n".join(texts)
    items = load_items(root)
    assert len(texts) == 2
    assert sorted(numbered(texts).values()) == sorted(item.content_hash for item in items)
    assert list(numbered(texts)) == list(range(1, len(items) + 1))
    for item in items:
        shown = "\n".join(f"- {letter}. {option.text}" for letter, option in zip(LETTERS, item.options, strict=True))
        assert f"{item.stem}\n\n{shown}\n" in text
        assert item.id not in text and item.chain not in text
        reasons = [option.wrong_because for option in item.options if option.wrong_because]
        assert not [reason for reason in reasons if reason in text]
    questions = re.sub(r"^# Sheet.*?(?=^## )", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"operator|wrong_because|answer:|:dev-|:twin-|:sealed-", questions)


def test_the_key_does_not_change_a_sheet_but_for_the_hash(root: Path) -> None:
    item = load_items(root)[0]
    turned = msgspec.structs.replace(item, answer="A" if item.answer != "A" else "B")
    (one,), (other,) = (sheets([it], 0, 10).values() for it in (item, turned))
    assert one.replace(item.content_hash, "") == other.replace(turned.content_hash, "")


def test_the_order_is_drawn_by_the_seed_and_spreads_the_items_of_a_chain(root: Path) -> None:
    items = load_items(root)
    one, same, other = (
        list(numbered(sheets(order, seed, 120).values()).values()) for order, seed in ((items, 0), (items[::-1], 0), (items, 1))
    )
    assert one == same != other
    chain_of = {item.content_hash: item.chain for item in items}
    chains = set(chain_of.values())
    assert len(chains) > 2
    assert {chain_of[h] for h in one[: len(chains)]} == chains


def test_only_unread_items_of_the_splits_asked_for_are_drawn(root: Path) -> None:
    items = load_items(root)
    dev = [item for item in items if item.split == "dev"]
    validate(root, dev[:2], "a", "b")
    validate(root, dev[2:3], "a")
    run(root, "out", "--items", "dev", "--unread")
    assert set(numbered(texts_of(root)).values()) == {item.content_hash for item in dev[2:]}
    run(root, "out-a", "--items", "dev", "--unread", "--reader", "a")
    assert len(numbered(p.read_text() for p in (root / "out-a").glob("*.md"))) == len(dev) - 3
    assert "expected some of dev,twin,sealed" in run(root, "other", "--items", "dev,test", code=2)
    assert "Holds sheets already" in run(root, "out", code=1)


def test_answers_by_number_and_by_hash_become_readings(root: Path) -> None:
    run(root, "out", "--seed", "4")
    items = {item.content_hash: item for item in load_items(root)}
    numbers = numbered(texts_of(root))
    first, second, third = (items[numbers[n]] for n in (1, 2, 3))
    wrong = "A" if second.answer != "A" else "B"
    lines = [
        "answers:",
        f"  - {{item: 1, answer: {first.answer}, guess: 0.25}}",
        f"  - {{item: '{second.content_hash}', answer: {wrong}, guess: 0, note: 'the second: too'}}",
        f"  - {{item: 3, answer: {third.answer}, guess: 1, second: {'D' if third.answer != 'D' else 'C'}}}",
    ]
    (root / "a.yaml").write_text("\n".join(lines) + "\n")
    assert f"reader a taken in: 3\n0 items validated, {len(items) - 2} unread, 2 disputed" in run(
        root, "--collect", "a.yaml", "--reader", "a", "--sheets", "out"
    )
    (root / "b.yaml").write_text("\n".join(lines[:2]) + "\n")
    run(root, "--collect", "b.yaml", "--reader", "b", "--sheets", "out")
    validation = load_validation(root)
    assert [verdict_of(item, validation) for item in (first, second, third)] == ["validated", "disputed", "disputed"]
    assert validation.readings[second.content_hash]["a"] == ItemReading(
        msgspec.convert(wrong, Letter), 0, note="the second: too", key=msgspec.convert(second.answer, Letter)
    )


def test_answers_to_items_that_have_changed_are_left_out_and_their_old_readings_dropped(root: Path) -> None:
    items = load_items(root)
    write_validation(root, Validation({"0" * 16: {"a": ItemReading("A", 0.5)}}))
    (root / "a.yaml").write_text(
        f"answers:\n  - {{item: '{'1' * 16}', answer: A, guess: 0}}\n  - {{item: '{items[0].content_hash}', answer: A, guess: 0}}\n"
    )
    assert "reader a taken in: 1; 1 left out" in run(root, "--collect", "a.yaml", "--reader", "a")
    assert set(load_validation(root).readings) == {items[0].content_hash}
    (root / "a.yaml").write_text(f"answers:\n  - {{item: '{'1' * 16}', answer: A, guess: 0}}\n")
    assert "None of the items" in run(root, "--collect", "a.yaml", "--reader", "a", code=1)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("{item: 999, answer: A, guess: 0}", "expected a number of the sheets"),
        ("{item: 0f3a, answer: A, guess: 0}", "expected a number of the sheets"),
        ("{item: 1, answer: E, guess: 0}", "expected one of A, B, C, D"),
        ("{item: 1, answer: A, guess: 2}", "expected a share from 0 to 1"),
        ("{item: 1, answer: A}", "'guess' is missing"),
        ("{item: 1, answer: A, second: A, guess: 0}", "A is the answer itself"),
        ("{item: 2, answer: A, guess: 0}", "is answered above"),
    ],
)
def test_a_malformed_answer_is_refused_and_nothing_is_written(root: Path, answer: str, what: str) -> None:
    run(root, "out")
    (root / "a.yaml").write_text(f"answers:\n  - {{item: 2, answer: A, guess: 0}}\n  - {answer}\n")
    said = run(root, "--collect", "a.yaml", "--reader", "a", "--sheets", "out", code=1)
    assert what in said and "a.yaml:3" in said
    assert load_validation(root) == Validation()


def test_a_reader_needs_a_label_and_one_task_is_done_at_a_time(root: Path) -> None:
    (root / "a.yaml").write_text("answers: []\n")
    assert "needs --reader" in run(root, "--collect", "a.yaml", code=2)
    assert "expected a label" in run(root, "--collect", "a.yaml", "--reader", "alice", code=1)
    assert "Give one of" in run(root, code=2)
    assert "Give one of" in run(root, "out", "--samples", "3", code=2)


@pytest.mark.parametrize("what", ["statements", "samples"])
def test_a_draw_states_its_rule_and_is_repeatable(root: Path, what: str) -> None:
    first = run(root, f"--{what}", "5", "--seed", "7")
    assert "Rule of the draw" in first and f"--{what} 5 --seed 7" in first
    assert len(re.findall(r"^## \d+ · ", first, re.MULTILINE)) == 5
    assert run(root, f"--{what}", "5", "--seed", "7") == first != run(root, f"--{what}", "5", "--seed", "8")
