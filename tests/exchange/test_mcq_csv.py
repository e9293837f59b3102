"""CSV files of questions become items of a suite; only bad rows are left out."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.errors import InputError
from proda.exchange.faults import Faults
from proda.exchange.mcq_csv import mcq_items, subject_of
from proda.records import Item
from proda.store.suite import load_suite
from proda.store.suites import suite_files

HEADED = "question,choice0,choice1,choice2,choice3,answer\n"
CORPUS = Path(os.environ.get("PRODA_CORPUS") or Path(__file__).resolve().parents[2] / "../shared/corpus")
MMLU = CORPUS / "external_mcq/mmlu/test"


def read(path: Path, text: str | bytes) -> tuple[list[Item], list[tuple[int, str]]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    faults = Faults()
    return list(mcq_items(path, "toy", "general", "", faults)), [(f.line, f.kind) for f in faults.kept]


@pytest.mark.parametrize(
    "text",
    [
        "What turns sails?,flour,wind,frost,soot,B\n",
        f"{HEADED}What turns sails?,flour,wind,frost,soot,1\n",
        "Question,A,B,C,D,Answer\nWhat turns sails?,flour,wind,frost,soot,wind\n",
        "id,question,option1,option2,option3,option4,label\n7,What turns sails?,flour,wind,frost,soot,2\n",
        "\ufeffquestion,a,b,c,d,answer\r\nWhat turns sails?,flour,wind,frost,soot,b\r\n",
    ],
)
def test_every_layout_gives_the_same_item(tmp_path: Path, text: str) -> None:
    (item,), faults = read(tmp_path / "winds_test.csv", text)
    assert (item.stem, item.answer, item.topic, item.kind) == ("What turns sails?", "B", "winds", "recall")
    assert [o.text for o in item.options] == ["flour", "wind", "frost", "soot"] and not faults
    assert item.id == f"toy/winds:{item.id.rpartition(':')[2]}" and len(item.id.rpartition(":")[2]) == 16


def test_fields_with_line_ends_and_quotes_are_read_and_lines_are_counted_in_the_file(tmp_path: Path) -> None:
    text = f'{HEADED}"One\nor ""two""?",a,b,c,d,0\n"x?",a,b,c,d,9\n'
    (item,), faults = read(tmp_path / "x.csv", text)
    assert item.stem == 'One\nor "two"?'
    assert faults == [(4, "no-key")]


def test_bad_rows_are_faults_with_their_line(tmp_path: Path) -> None:
    text = f"{HEADED}q1,a,b,c,d,0\nq2,a,b\nq3,a,a,c,d,0\n,a,b,c,d,0\nq5,a,b,c,,0\nq6,a,b,c,d,E\nq7,a,b,c,d,3\n"
    items, faults = read(tmp_path / "x.csv", text)
    assert [i.stem for i in items] == ["q1", "q7"]
    assert faults == [(3, "malformed"), (4, "options"), (5, "no-question"), (6, "options"), (7, "no-key")]


def test_a_header_without_four_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="four options"):
        read(tmp_path / "x.csv", "question,choice0,choice1,answer\nq,a,b,0\n")


def test_an_id_depends_on_the_text_alone(tmp_path: Path) -> None:
    first, _ = read(tmp_path / "x.csv", f"{HEADED}q1,a,b,c,d,0\nq2,a,b,c,d,1\n")
    moved, _ = read(tmp_path / "x.csv", f"{HEADED}q2,a,b,c,d,1\nq0,a,b,c,d,0\nq1,a,b,c,d,0\n")
    assert {i.id for i in first} < {i.id for i in moved}


def test_the_reader_of_the_general_suite_reads_a_suite_file(tmp_path: Path) -> None:
    items, _ = read(tmp_path / "x.csv", f"{HEADED}q1,a,b,c,d,0\nq2,a,b,c,d,1\n")
    files = suite_files("toy", "Toy: <b>", "here", "MIT", {"x.csv": "0" * 64}, items)
    (tmp_path / "benchmarks/general").mkdir(parents=True)
    (tmp_path / "benchmarks/general/suite.jsonl").write_text(files["benchmarks/general/toy.jsonl"])
    assert load_suite(tmp_path) == sorted(items, key=lambda i: i.id)
    card = yaml.safe_load(files["benchmarks/general/toy.yaml"])
    assert card["title"] == "Toy: <b>" and card["items"] == 2 and card["subjects"] == {"x": 2}


@pytest.mark.skipif(not MMLU.is_dir(), reason=f"no MMLU files at {MMLU}")
def test_mmlu_is_read_whole_but_for_rows_with_equal_options() -> None:
    faults = Faults()
    items = [item for path in sorted(MMLU.glob("*.csv")) for item in mcq_items(path, "mmlu", "general", "", faults)]
    assert len(items) + faults.counts["options"] == 14_042 and set(faults.counts) == {"options"}
    assert len(items) >= 14_030
    assert {item.topic for item in items} == {subject_of(path) for path in MMLU.glob("*.csv")}
    assert msgspec.json.decode(msgspec.json.encode(items[0]), type=Item) == items[0]
