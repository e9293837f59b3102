"""run.json: each stage replaces its own part, and no address in it holds a secret or a folder of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.store.public_url import public_url
from proda.store.run_record import RUN_RECORD, read_run, record_part, write_run


def test_a_stage_replaces_its_own_part_and_keeps_the_others(tmp_path: Path) -> None:
    record_part(tmp_path, "train", {"inputs": "a41f"}, run_id="r1")
    record_part(tmp_path, "evaluate", {"items": 3}, run_id="r1")
    write_run(tmp_path, {**read_run(tmp_path), "results": "51d0"})
    record = read_run(tmp_path)
    assert record["run_id"] == "r1" and record["train"] == {"inputs": "a41f"} and record["evaluate"] == {"items": 3}
    assert record["versions"]["torch"]
    record_part(tmp_path, "diagnose", {"failed": 2}, run_id=None)  # without a store, the known run stays
    record_part(tmp_path, "evaluate", {"items": 4}, run_id="r1")
    record = read_run(tmp_path)
    assert record["evaluate"] == {"items": 4} and record["diagnose"] == {"failed": 2} and record["run_id"] == "r1"
    assert "results" not in record  # to be completed again
    record_part(tmp_path, "train", {"inputs": "b"}, run_id=None)
    assert read_run(tmp_path)["run_id"] is None and read_run(tmp_path)["evaluate"] == {"items": 4}
    assert list(read_run(tmp_path)) == ["run_id", "versions", "train", "evaluate", "diagnose"]


@pytest.mark.parametrize("text", ["{half", "[]", "", "\xff\xfe"])
def test_a_damaged_record_is_written_again(tmp_path: Path, text: str) -> None:
    (tmp_path / RUN_RECORD).parent.mkdir(parents=True)
    (tmp_path / RUN_RECORD).write_bytes(text.encode("latin-1"))
    assert read_run(tmp_path) == {}
    record_part(tmp_path, "evaluate", {"items": 3}, run_id="r1")
    assert read_run(tmp_path)["evaluate"] == {"items": 3}


SHOWN = {
    "postgresql://u:p@db.example.org:5432/db": "postgresql://db.example.org:5432",
    "postgresql://u:pa/SECRET@db.example.org:5432/db": "postgresql://…",
    "http://u:p@SECRET@127.0.0.1:1": "http://127.0.0.1:1",
    "https://127.0.0.1:1/?token=SECRET": "https://127.0.0.1:1",
    "https://mlflow.example.org/SECRET/x#SECRET": "https://mlflow.example.org",
    "https://host?mail=a@SECRET&token=SECRET": "https://…",
    "http://[::1]:5000/": "http://[::1]:5000",
    "http://SE CRET": "http://…",
    "databricks": "databricks",
    "sqlite:////elsewhere/home/mlflow.db?key=SECRET": "sqlite:///mlflow.db",
    "sqlite:///mlflow.db": "sqlite:///mlflow.db",
    "/home/SECRET/runs.db": "runs.db",
    "file:///home/SECRET/runs": "file:///runs",
}


@pytest.mark.parametrize("url", SHOWN)
def test_an_address_is_shown_without_its_secrets(url: str) -> None:
    assert public_url(url) == SHOWN[url]


def test_a_file_of_the_repository_is_shown_by_its_path_in_it(tmp_path: Path) -> None:
    assert public_url(f"sqlite:///{tmp_path.resolve()}/runs/mlflow.db", tmp_path) == "sqlite:///runs/mlflow.db"


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_no_password_or_parameter_is_ever_shown(user: str, password: str, parameter: str) -> None:
    shown = public_url(f"https://{user}:<{password}>@mlflow.example.org/<{parameter}>?token=<{parameter}>")
    assert "<" not in shown
