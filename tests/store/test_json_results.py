"""A damaged JSON file of benchmarks/results is one message that names the file and the remedy, in every command that reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.errors import InputError
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.store.json_results import RESULTS, read_result
from proda.store.training_texts import base_texts
from tests.cli.test_repair import dev_wrong, proda
from tests.toyresults import commit, make_diagnoses, make_results
from tests.toyworld import make_repository

MARKERS = '{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> other\n}\n'
DAMAGE = {
    "": "The file is empty.",
    "[1]": "The file holds a list; a JSON object was expected.",
    "7": "The file holds a number; a JSON object was expected.",
    '{"base": {"dev"': "Not JSON: the file was cut off, or edited by hand.",
    MARKERS: "A merge conflict is not resolved here.",
}
PYTHON = ("Traceback", "DecodeError", "msgspec", "Error(")


@pytest.mark.parametrize("text", DAMAGE)
@pytest.mark.parametrize("name", ["metrics.json", "headline.json", "run.json"])
def test_the_message_says_what_is_wrong_and_what_to_do(tmp_path: Path, name: str, text: str) -> None:
    assert read_result(tmp_path, name) == {}
    (tmp_path / RESULTS).mkdir(parents=True)
    (tmp_path / RESULTS / name).write_text(text)
    with pytest.raises(InputError) as raised:
        read_result(tmp_path, name)
    said = str(raised.value)
    assert said.startswith(f"{RESULTS / name}\n  {DAMAGE[text]} ")
    assert ("git checkout --ours" if text == MARKERS else f"git restore {RESULTS / name}") in said
    assert ("proda runs --complete" if name == "run.json" else "dvc repro") in said


def test_bytes_that_are_no_text_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / RESULTS).mkdir(parents=True)
    (tmp_path / RESULTS / "metrics.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match="Not JSON"):
        read_result(tmp_path, "metrics.json")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_results(make_repository(tmp_path_factory.mktemp("results")), dev_wrong)
    make_diagnoses(root)
    commit(root, "Results")
    return root


@pytest.mark.parametrize("name", ["metrics.json", "breakdowns.json", "overlap.json", "shortcuts.json"])
def test_commands_print_one_message(root: Path, name: str) -> None:
    path = root / RESULTS / name
    before = path.read_text() if path.is_file() else None
    path.write_text("")
    try:
        commands = [["report", "--out", "build/x.html"], *([["diff", "HEAD"]] if name == "metrics.json" else [])]
        for command in commands:
            done = proda(root, *command)
            assert done.returncode == 1 and str(RESULTS / name) in done.stderr and "The file is empty." in done.stderr, done.stderr
            assert not any(word in done.stderr for word in PYTHON), done.stderr
        assert f"{RESULTS / name}\n  The file is empty. Restore it with `git restore" in proda(root, "check").stdout
    finally:
        path.unlink() if before is None else path.write_text(before)


def test_a_damaged_result_of_a_revision_names_the_revision(root: Path) -> None:
    repo = Repository(root, "v1", "3f0c9a1d2")
    (root / RESULTS / "overlap.json").write_text("[")
    with pytest.raises(InputError, match=r"overlap.json in v1\n  Not JSON.* Name another revision\."):
        repo.result("overlap.json")
    (root / RESULTS / "overlap.json").unlink()


def test_damaged_files_of_the_build_are_one_message(tmp_path: Path) -> None:
    (tmp_path / "relations.json").write_text("[]")
    (tmp_path / "physics.jsonl").write_text("{")
    with pytest.raises(InputError, match="compiled knowledge is damaged"):
        Knowledge.load(tmp_path)
    (tmp_path / "documents.jsonl").write_text('{"prompt": "a", "completion": "b"}\n[1]\n')
    with pytest.raises(InputError, match=r"documents\.jsonl:2\n  The line is damaged"):
        list(base_texts(tmp_path / "documents.jsonl"))
