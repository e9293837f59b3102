"""CODEOWNERS: a line per discipline; what people filled in stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.workflows.owners import EVERYTHING, PATH, owners_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("physics/optics", "physics/heat", "economics/trade"):
        path = tmp_path / f"knowledge/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path


def test_each_discipline_gets_a_line_to_fill_in(root: Path) -> None:
    found = owners_text(root)
    assert found.missing == ("economics", "physics") and found.changed
    lines = found.text.splitlines()
    assert all(line.startswith("#") for line in lines)
    assert [line.split()[1] for line in lines if "@OWNER" in line] == [*EVERYTHING, "/knowledge/economics/", "/knowledge/physics/"]


def test_lines_that_people_filled_in_or_removed_stay_so_and_a_new_discipline_is_added(root: Path) -> None:
    path = root / PATH
    path.parent.mkdir()
    path.write_text("* @lead\n/knowledge/physics/ @team/physics @ada\n# /knowledge/economics/ @OWNER\n")
    assert owners_text(root).missing == ("economics",) and not owners_text(root).changed
    (root / "knowledge/history").mkdir()
    (root / "knowledge/history/steam.yaml").write_text("")
    found = owners_text(root)
    assert found.text.startswith(path.read_text()) and found.text.count("\n") == 4
    assert found.text.splitlines()[-1].split() == ["#", "/knowledge/history/", "@OWNER"] and found.missing == ("economics", "history")


def test_this_repository_names_every_discipline() -> None:
    root = Path(__file__).resolve().parents[2]
    assert not owners_text(root).changed
