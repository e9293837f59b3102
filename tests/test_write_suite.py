"""`python -m scripts.write_suite`: sheets show no key, answers are collected, disputed items are left out, and leaks are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from proda.records import Item
from proda.store.patches import load_samples
from proda.store.sheets import numbered
from proda.store.suite_readings import load_readings, readings_path
from proda.store.written_suites import written_suite
from tests.store.test_written_suites import make_suite
from tests.toyresults import make_items_and_samples
from tests.toyworld import ROOT, make_repository


def run(root: Path, *arguments: str, code: int = 0) -> str:
    """What the command prints about the suite `toys`."""
    command = [sys.executable, "-P", "-m", "scripts.write_suite", "toys", *arguments]
    done = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def written(root: Path) -> list[str]:
    """Ids of the items in benchmarks/general."""
    lines = (root / "benchmarks/general/toys.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Item).id for line in lines]


def test_from_sheets_over_answers_to_the_suite(tmp_path: Path) -> None:
    make_suite(tmp_path)
    items = written_suite(tmp_path, "toys")
    assert "3 items: 0 validated, 3 unread, 0 disputed" in run(tmp_path)
    assert written(tmp_path) == [item.id for item in items]

    assert "3 items on 1 sheets" in run(tmp_path, "--sheets", "out")
    sheet = (tmp_path / "out/sheet-01.md").read_text()
    numbers = {item_hash: number for number, item_hash in numbered([sheet]).items()}
    assert set(numbers) == {item.content_hash for item in items}
    assert not [item.id for item in items if item.id in sheet]
    assert "Holds sheets already" in run(tmp_path, "--sheets", "out", code=1)

    by_number = [f"  - {{item: {numbers[item.content_hash]}, answer: {item.answer}, guess: 0.5}}\n" for item in items]
    by_hash = [f"  - {{item: '{item.content_hash}', answer: {item.answer}, guess: 0.3}}\n" for item in items[1:]]
    other = "A" if items[0].answer != "A" else "B"
    by_hash.append(f"  - {{item: '{items[0].content_hash}', answer: {items[0].answer}, guess: 0.3, second: {other}, note: 'two: both'}}\n")
    (tmp_path / "a.yaml").write_text("answers:\n" + "".join(by_number))
    (tmp_path / "b.yaml").write_text("answers:\n" + "".join(by_hash))
    assert "3 readings of reader a taken in" in run(tmp_path, "--collect", "a.yaml", "--reader", "a", "--numbers", "out")
    assert "3 readings of reader b taken in" in run(tmp_path, "--collect", "b.yaml", "--reader", "b")
    said = run(tmp_path)
    assert f"left out: {items[0].id}: reader b can defend {other} as well (two: both)" in said
    assert "3 items: 2 validated, 0 unread, 1 disputed" in said
    assert written(tmp_path) == [item.id for item in items[1:]]


def test_an_item_that_was_mended_is_unread_and_old_answers_to_it_are_counted(tmp_path: Path) -> None:
    path = make_suite(tmp_path)
    lines = [f"  - {{item: '{item.content_hash}', answer: {item.answer}, guess: 0.3}}\n" for item in written_suite(tmp_path, "toys")]
    (tmp_path / "a.yaml").write_text("answers:\n" + "".join(lines))
    path.write_text(path.read_text().replace("How many legs has a dog?", "How many legs has a horse?"))
    assert "2 readings of reader a taken in; 1 left out, since their items have changed" in run(
        tmp_path, "--collect", "a.yaml", "--reader", "a"
    )
    readings = load_readings(tmp_path, "toys")
    assert sorted(readings.readings) == sorted(item.content_hash for item in written_suite(tmp_path, "toys") if "horse?" not in item.stem)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--collect", "a.yaml"), 2, "--collect needs --reader"),
        (("--collect", "a.yaml", "--leaks"), 2, "at most one of --sheets, --collect, --leaks"),
        (("--collect", "a.yaml", "--reader", "Anna"), 1, "expected a label of one letter"),
        (("--collect", "a.yaml", "--reader", "a"), 1, "None of its items is in the suite now"),
        (("--collect", "b.yaml", "--reader", "a"), 1, "b.yaml:2"),
    ],
)
def test_a_wrong_call_is_explained_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    make_suite(tmp_path)
    item = written_suite(tmp_path, "toys")[0]
    known = "0" * 16 if message.startswith("None") else item.content_hash
    (tmp_path / "a.yaml").write_text(f"answers:\n  - {{item: '{known}', answer: A, guess: 0.3}}\n")
    (tmp_path / "b.yaml").write_text(f"answers:\n  - {{item: '{item.content_hash}', answer: E, guess: 0.3}}\n")
    assert message in run(tmp_path, *arguments, code=code)
    assert not (tmp_path / readings_path("toys")).exists()


def test_an_item_that_a_training_text_holds_is_a_leak(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path, git=False))
    path = make_suite(root)
    assert "3 items of 'toys' compared with" in run(root, "--leaks")
    sample = next(sample for sample in load_samples(root) if len(sample.question.split()) > 8)
    question = msgspec.json.encode(sample.question).decode()
    right = msgspec.json.encode(sample.completion).decode()
    path.write_text(f"items:\n  - stem: {question}\n    options: {{A: {right}, B: a lamp, C: a river, D: a coat}}\n    answer: A\n")
    assert "of the training texts give an item of 'toys' away. Reword the items:" in run(root, "--leaks", code=1)
