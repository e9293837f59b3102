"""Outcomes on disk: sorted, the same when read back, and a clear message when damaged."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.errors import InputError
from proda.records import Outcome
from proda.store.outcomes import csv_text, read_outcomes, write_outcomes

RIGHT = Outcome("physics/a:dev-path", "0f", "seed-0", "dev", "physics", "physics/a", "path", "C", "C", True, 0.25)
WRONG = Outcome("physics/a:dev-path", "0f", "base", "dev", "physics", "physics/a", "path", "C", "A", False, -0.0718344, "inversion")
UNSCORED = Outcome("physics/b:twin-order", "1e", "base", "twin", "physics", "physics/b", "order", "B", None, None, None)


def test_a_file_a_split_sorted_by_item_and_model(tmp_path: Path) -> None:
    (tmp_path / "sealed.csv").write_text("of a split that is no more\n")
    written = write_outcomes(tmp_path, [RIGHT, UNSCORED, WRONG])
    assert [p.name for p in written] == ["dev.csv", "twin.csv"] == sorted(p.name for p in tmp_path.iterdir())
    lines = (tmp_path / "dev.csv").read_text().splitlines()
    assert lines[0] == "item,hash,model,split,discipline,chain,kind,answer,chosen,correct,margin,operator"
    assert lines[1] == "physics/a:dev-path,0f,base,dev,physics,physics/a,path,C,A,false,-0.071834,inversion"
    assert lines[2].endswith("C,C,true,0.250000,")
    assert (tmp_path / "twin.csv").read_text().splitlines()[1].endswith("order,B,,,,")


def test_unscored_comes_back_unscored_and_not_wrong(tmp_path: Path) -> None:
    write_outcomes(tmp_path, [RIGHT, UNSCORED])
    assert read_outcomes(tmp_path / "twin.csv") == [UNSCORED]
    assert read_outcomes(tmp_path / "dev.csv") == [RIGHT]


@given(
    st.lists(st.tuples(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1), st.floats(-9, 9), st.booleans()), max_size=8)
)
def test_any_outcome_survives_the_file(cells: list[tuple[str, float, bool]]) -> None:
    import tempfile

    outcomes = [
        msgspec.structs.replace(RIGHT, item=f"{n:03d}{item}", chain=item, margin=round(margin, 6), correct=correct)
        for n, (item, margin, correct) in enumerate(cells)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dev.csv"
        path.write_text(csv_text(outcomes), newline="")
        assert read_outcomes(path) == outcomes


def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "dev.csv"
    path.write_text(csv_text([RIGHT]).replace(",true,", ",perhaps,"))
    with pytest.raises(InputError, match=r"dev\.csv:2"):
        read_outcomes(path)
    path.write_text("item,hash\n")
    with pytest.raises(InputError, match=r"dev\.csv:1\n.*got columns item, hash"):
        read_outcomes(path)
    path.write_text("")
    with pytest.raises(InputError, match="got columns none"):
        read_outcomes(path)
