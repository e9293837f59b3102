"""CSV files of questions become items of a suite; only bad rows are left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
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
FOUR = {  # of a question with four options, written before other numbers were read
    "benchmarks/general/toy.jsonl": (
        '{"id":"toy/winds:df1728c1d5e4728e","split":"dev","kind":"recall","discipline":"general","topic":"winds","chain":"toy/winds",'
        '"statements":[],"nodes":[],"stem":"What turns sails?","options":[{"text":"flour","operator":"authored"},{"text":"wind"},'
        '{"text":"frost","operator":"authored"},{"text":"soot","operator":"authored"}],"answer":"B"}\n'
    ),
    "benchmarks/general/toy.yaml": (
        "title: Toy\norigin: here\nlicence: MIT\nitems: 1\n"
        "sha256: '4a6be03b5d076063e65d0e21078501899b38281ea009de1bc58623ce5395912d'\n"
        f"files:\n  x.csv: '{'0' * 64}'\nsubjects:\n  winds: 1\n"
    ),
}


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
    text = f"{HEADED}q1,a,b,c,d,0\nq2,a,b\nq3,a,a,c,d,0\n,a,b,c,d,0\nq5,a,,c,d,0\nq6,a,b,c,d,E\nq7,a,b,c,d,3\n"
    items, faults = read(tmp_path / "x.csv", text)
    assert [i.stem for i in items] == ["q1", "q7"]
    assert faults == [(3, "malformed"), (4, "options"), (5, "no-question"), (6, "options"), (7, "no-key")]


@pytest.mark.parametrize("size", range(2, 11))
@pytest.mark.parametrize("names", ["abcdefghij", "ABCDEFGHIJ", [f"choice{n}" for n in range(10)], [f"option {n}" for n in range(1, 11)]])
def test_a_header_names_two_to_ten_options(tmp_path: Path, names: Sequence[str], size: int) -> None:
    texts, last, first = [f"x{n}" for n in range(size)], size - 1, int(names[0] == "option 1")
    head = ",".join(["answer", *reversed(names[:size]), "question"])
    answers = ["ABCDEFGHIJ"[last], "abcdefghij"[last], str(last + first), texts[last], str(size + first)]
    rows = "".join(f"{answer},{','.join(reversed(texts))},q{n}\n" for n, answer in enumerate(answers))
    items, faults = read(tmp_path / "x.csv", f"{head}\n{rows}")
    assert [(i.stem, [o.text for o in i.options], i.key) for i in items] == [(f"q{n}", texts, last) for n in range(4)]
    assert faults == [(6, "no-key")]  # a number behind the last option


def test_a_row_may_leave_its_last_options_empty(tmp_path: Path) -> None:
    head = f"question,{','.join('ABCDEFGHIJ')},answer\n"
    text = f"{head}q1,a,b,,,,,,,,,B\nq2,a,b,c,d,e,,,,, ,4\nq3,a,b,c,d,e,f,g,h,i,j,J\nq4,a,b,,,,,,,,,C\nq5,a,,c,,,,,,,,A\nq6,a,,,,,,,,,,A\n"
    items, faults = read(tmp_path / "x.csv", text)
    assert [(len(i.options), i.answer) for i in items] == [(2, "B"), (5, "E"), (10, "J")]
    assert faults == [(5, "no-key"), (6, "options"), (7, "options")]
    (item,), faults = read(tmp_path / "x.csv", "q1,a,b,c,,C\nq2,a,b,c,,D\n")  # without a header
    assert ([o.text for o in item.options], item.answer) == (["a", "b", "c"], "C") and faults == [(2, "no-key")]


def test_answers_of_four_columns_are_read_as_before_there_were_more(tmp_path: Path) -> None:
    items, faults = read(tmp_path / "x.csv", f"{HEADED}q1,E,F,G,H,E\nq2,5,6,7,8,7\nq3,1,2,3,4,2\nq4,5,6,4,8,4\n")
    assert [(i.stem, i.answer) for i in items] == [("q1", "A"), ("q2", "C"), ("q3", "C")] and faults == [(5, "no-key")]
    (item,), _ = read(tmp_path / "winds_test.csv", "What turns sails?,flour,wind,frost,soot,B\n")
    assert suite_files("toy", "Toy", "here", "MIT", {"x.csv": "0" * 64}, [item]) == FOUR


@pytest.mark.parametrize(
    "names",
    [
        *["choice0", "choice0,choice1,choice3", "choice2,choice3", "a,b,d", ",".join("abcdefghijk")],
        *(",".join(f"choice{n}" for n in range(first, first + 11)) for first in (0, 1)),
    ],
)
def test_a_header_with_one_option_eleven_or_a_gap_is_refused(tmp_path: Path, names: str) -> None:
    with pytest.raises(InputError, match=r"x\.csv:1\n.*expected a question, 2 to 10 options .* Rename the columns\."):
        read(tmp_path / "x.csv", f"question,{names},answer\n")


def test_the_card_counts_questions_by_number_of_options_unless_all_have_four(tmp_path: Path) -> None:
    items, _ = read(tmp_path / "x.csv", f"{HEADED}q1,a,b,c,d,0\nq2,a,b,,,1\nq3,c,d,,,1\n")
    for chosen, options in ((items, {"2": 2, "4": 1}), (items[1:], {"2": 2}), (items[:1], None)):
        card = yaml.safe_load(suite_files("toy", "Toy", "here", "MIT", {}, chosen)["benchmarks/general/toy.yaml"])
        assert card.get("options") == options


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
