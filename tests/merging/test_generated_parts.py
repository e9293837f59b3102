"""A text with a part that a command writes, such as knowledge/CARD.md: the prose is merged, the part is kept, and its command is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.merging.generated_parts import outdated, parts_of, with_parts_of
from scripts.write_card import BEGIN, CARD, END
from tests.merging.gitworld import Edit, git, merge, read, replaced, world
from tests.toyresults import commit
from tests.toyworld import ROOT

FILE = CARD.as_posix()
PROSE = "What it covers.\n\nWho wrote it, and when.\n\nHow far it reaches.\n\n"
TAIL = "\n\nWhat it lacks.\n"


def card(rows: str) -> str:
    return f"# Card\n\n{PROSE}{BEGIN}\n| topics |\n|---|\n{rows}{END}{TAIL}"


def numbers(rows: str) -> Edit:
    """An edit that writes other numbers, as the command does."""
    return lambda root: (root / FILE).write_text(with_parts_of(card(rows), read(root, FILE)))


def both(*edits: Edit) -> Edit:
    def edit(root: Path) -> None:
        for each in edits:
            each(root)

    return edit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = world(tmp_path)
    (root / FILE).write_text(card("| 1 |\n"))
    commit(root, "A card")
    return root


def test_other_numbers_on_both_sides_are_no_conflict_and_the_command_is_named(root: Path) -> None:
    done = merge(root, numbers("| 2 |\n"), numbers("| 3 |\n| 4 |\n"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert read(root, FILE) == card("| 2 |\n")
    assert "After dvc repro, run `python -m scripts.write_card`, then commit." in done.stderr


def test_the_prose_of_both_sides_is_kept(root: Path) -> None:
    ours = both(numbers("| 2 |\n"), replaced("What it covers.", "What it covers today.", FILE))
    theirs = both(numbers("| 3 |\n"), replaced("What it lacks.", "What it lacks: much.", FILE))
    assert merge(root, ours, theirs).returncode == 0
    expected = card("| 2 |\n").replace("What it covers.", "What it covers today.").replace("What it lacks.", "What it lacks: much.")
    assert read(root, FILE) == expected


def test_prose_that_both_sides_changed_is_a_conflict_of_git(root: Path) -> None:
    ours, theirs = (both(numbers(f"| {n} |\n"), replaced("Who wrote it", f"Who wrote it {n}", FILE)) for n in "23")
    done = merge(root, ours, theirs)
    text = read(root, FILE)
    assert done.returncode == 1 and f"CONFLICT (content): Merge conflict in {FILE}" in done.stdout
    assert text.count("<<<<<<<") == 1 and "Who wrote it 2" in text and "Who wrote it 3" in text and "| 3 |" not in text
    assert "the whole entry" not in done.stderr


def test_equal_numbers_need_no_command(root: Path) -> None:
    theirs = both(numbers("| 2 |\n"), replaced("What it lacks.", "What it lacks: much.", FILE))
    done = merge(root, numbers("| 2 |\n"), theirs)
    assert done.returncode == 0 and "write_card" not in done.stderr


def test_without_the_driver_the_numbers_conflict(root: Path) -> None:
    git(root, "config", "--remove-section", "merge.proda-generated")
    done = merge(root, numbers("| 2 |\n"), numbers("| 3 |\n"))
    assert done.returncode == 1 and "<<<<<<<" in read(root, FILE)


def test_the_card_of_this_project_has_such_a_part() -> None:
    (part,) = parts_of((ROOT / FILE).read_text()).values()
    assert (part.name, part.command) == ("numbers", "python -m scripts.write_card") and part.text.startswith("| discipline |")


def test_a_part_that_one_side_lacks_stays_as_it_is() -> None:
    assert with_parts_of("no part\n", card("| 1 |\n")) == card("| 1 |\n")
    assert with_parts_of(card("| 1 |\n"), "no part\n") == "no part\n"
    assert outdated(card("| 1 |\n"), "no part\n") == () and outdated(card("| 1 |\n"), card("| 2 |\n")) == ("python -m scripts.write_card",)
