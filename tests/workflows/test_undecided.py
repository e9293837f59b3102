"""Undecided proposals are counted without reading YAML, and reviewing them is the next step where nothing is more urgent."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.store.proposals import save_proposals
from proda.workflows.decisions import accepted, rejected
from proda.workflows.decisions import undecided as undecided_of
from proda.workflows.undecided import Undecided, undecided
from tests.reviewworld import SOURCE, key_of, proposals, source_text


def test_the_count_is_that_of_the_proposals(tmp_path: Path) -> None:
    assert undecided(tmp_path) == Undecided() and Undecided().line == ""
    found = proposals(source_text())
    found = rejected(accepted(found, (key_of("heat-flow"),)), (key_of("noise"),), "status: proposed")
    save_proposals(tmp_path, found)
    save_proposals(tmp_path, msgspec.structs.replace(found, source="energy/other"))
    assert undecided(tmp_path) == Undecided(2 * undecided_of(found), 2) and undecided_of(found) == 8
    assert undecided(tmp_path).line == "16 proposals are undecided in 2 sources"
    (tmp_path / f"proposals/{SOURCE}.yaml").write_text("statements: {}\n")
    assert undecided(tmp_path) == Undecided(8, 1)


@pytest.mark.parametrize(
    ("step", "why", "instead"),
    [
        ("dvc repro", "nothing has been built yet", True),
        ("proda report", "everything is up to date", True),
        ("dvc repro", "results are older than the data", False),
        ("proda verify", "round 1 is built and not judged", False),
    ],
)
def test_reviewing_comes_next_if_nothing_is_built_or_all_is_up_to_date(step: str, why: str, instead: bool) -> None:
    waiting = Undecided(1, 1)
    assert waiting.instead_of(step, why) == (("proda review", "1 proposal is undecided in 1 source") if instead else (step, why))
    assert Undecided().instead_of(step, why) == (step, why)
