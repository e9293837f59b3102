"""Multiple-choice tasks of lm-evaluation-harness become items of a general suite, and are scored as the harness scores them.

Most tests need no library. Those that load a task run in a process that finds it: see tests/exchange/test_lm_eval.py for PRODA_LMEVAL.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from proda.errors import UsageError
from proda.exchange.faults import Faults
from proda.exchange.harness_tasks import HarnessQuestion, HarnessTask, harness_tasks, stem_of, task_items
from proda.records import Item, prompt_text
from proda.store.suite import load_suite
from proda.tester.scoring import judge, option_scores
from tests.tester.models import model, tokenizer
from tests.toyworld import make_repository

LMEVAL = os.environ.get("PRODA_LMEVAL", "")
needs_harness = pytest.mark.skipif(not LMEVAL, reason="PRODA_LMEVAL names no folder with lm-eval")
OPTIONS = ("flour", "winds", "frost", "stone")  # of equal length, so that the harness's `acc` and `acc_norm` choose the same
UNEQUAL = ("a mill", "the wind that turns the sails", "ice", "grain from the fields")
LETTERS = tuple("abcdefghij")
COMMAND = "import sys; sys.path.append(sys.argv.pop(1)); sys.argv[0] = 'proda'; from proda.cli.main import main; main()"
HARNESS = """
import json, sys
sys.path.append(sys.argv[1])
import lm_eval
from lm_eval.tasks import TaskManager
found = lm_eval.simple_evaluate(
    model="hf", model_args=f"pretrained={sys.argv[2]},add_bos_token=True,dtype=float32", tasks=sys.argv[4:], device="cpu", batch_size=3,
    task_manager=TaskManager(include_path=sys.argv[3], include_defaults=False), log_samples=True, bootstrap_iters=0,
)
rows = {
    name: [{"question": s["doc"]["question"], **{m: s[m] for m in ("acc", "acc_norm") if m in s}} for s in samples]
    for name, samples in found["samples"].items()
}
print("RESULT" + json.dumps(rows))
"""
FIELDS = {
    "dataset_path": "json",
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "Question: {{question}}\nAnswer:",
    "doc_to_choice": "choices",
    "doc_to_target": "gold",
    "metric_list": [{"metric": m, "aggregation": "mean", "higher_is_better": True} for m in ("acc", "acc_norm")],
    "metadata": {"version": 2.0},
}


def _questions(options: tuple[str, ...], count: int = 12) -> list[dict[str, object]]:
    """Rows of a task, each with the options in another order and another right one."""
    names = ("mill", "sail", "wheel", "oven", "field", "river", "barn", "horse", "baker", "storm", "sack", "stone")
    rows = []
    size = len(options)
    for n in range(count):
        turned = [*options[n % size :], *options[: n % size]]
        rows.append({"question": f"What does the {names[n]} need?", "choices": turned, "gold": (n * 3 + n // size) % size})
    return rows


def _task(folder: Path, name: str, rows: list[dict[str, object]], **fields: object) -> None:
    """Write a task of the harness: its YAML file, and its rows as JSONL."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / f"{name}.jsonl"
    data.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    entry = {"task": name, **FIELDS, "dataset_kwargs": {"data_files": {"test": str(data)}}, **fields}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry, sort_keys=False))


def _offline(home: Path) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


def _import(root: Path, folder: Path, *tasks: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    given = ["--discipline", "general", "--origin", "written for the tests", "--licence", "CC0-1.0", "--include", str(folder), *options]
    command = [sys.executable, "-P", "-c", COMMAND, LMEVAL, "import", "lm-eval", *tasks, *given]
    return subprocess.run(command, cwd=root, env=_offline(root.parent / "hf"), capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repo")


def _task_of(*questions: HarnessQuestion) -> HarnessTask:
    return HarnessTask("toy_task", "1.0", "0.4.13", questions, ())


def _items(*questions: HarnessQuestion) -> tuple[list[Item], list[tuple[int, str]]]:
    faults = Faults()
    return [item for _, item in task_items(_task_of(*questions), "toy", "general", faults)], [(f.line, f.kind) for f in faults.kept]


@pytest.mark.parametrize("target", [1, "winds"])
def test_the_right_choice_may_be_given_by_its_index_or_its_text(target: object) -> None:
    (item,), faults = _items(HarnessQuestion("Question: What turns sails?\nAnswer:", OPTIONS, target))
    assert (item.stem, item.answer, item.topic, item.kind) == ("What turns sails?", "B", "toy-task", "recall")
    assert [o.text for o in item.options] == list(OPTIONS) and not faults
    assert item.id.startswith("toy/toy-task:")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (HarnessQuestion("q", OPTIONS[:1], 0), "options"),
        (HarnessQuestion("q", (), 0), "options"),
        (HarnessQuestion("q", (*LETTERS, "k"), 0), "options"),
        (HarnessQuestion("q", ("a", "a"), 0), "options"),
        (HarnessQuestion("q", ("a", "a", "b", "c"), 0), "options"),
        (HarnessQuestion("q", ("a", " ", "b", "c"), 0), "options"),
        (HarnessQuestion("q", OPTIONS, 4), "no-key"),
        (HarnessQuestion("q", OPTIONS[:2], 2), "no-key"),
        (HarnessQuestion("q", LETTERS, 10), "no-key"),
        (HarnessQuestion("q", OPTIONS, -1), "no-key"),
        (HarnessQuestion("q", OPTIONS, True), "no-key"),
        (HarnessQuestion("q", OPTIONS, "rain"), "no-key"),
        (HarnessQuestion("q", OPTIONS, [0, 1]), "no-key"),
        (HarnessQuestion("Question: \nAnswer:", OPTIONS, 0), "no-question"),
        (HarnessQuestion("", (), None, "KeyError: 'goal'"), "malformed"),
    ],
)
def test_a_question_that_cannot_be_used_is_a_fault_with_its_number_and_the_others_are_kept(question: HarnessQuestion, kind: str) -> None:
    items, faults = _items(HarnessQuestion("first", OPTIONS, 0), question, HarnessQuestion("third", OPTIONS, 3))
    assert [item.stem for item in items] == ["first", "third"]
    assert faults == [(2, kind)]


@pytest.mark.parametrize("size", range(2, 11))
def test_a_question_keeps_its_two_to_ten_choices(size: int) -> None:
    items, faults = _items(*(HarnessQuestion("q", LETTERS[:size], key) for key in range(size)))
    assert [[o.text for o in item.options] for item in items] == [list(LETTERS[:size])] * size and not faults
    assert "".join(item.answer for item in items) == "ABCDEFGHIJ"[:size] and [item.key for item in items] == list(range(size))


@pytest.mark.parametrize(
    ("text", "stem", "alike"),
    [
        ("Question: What turns sails?\nAnswer:", "What turns sails?", True),
        ("Question:  What?  \nAnswer:", " What?  ", True),
        ("What turns sails?\nA. flour\nB. wind\nAnswer:", "What turns sails?\nA. flour\nB. wind", False),
        ("Wind fills the sails.\nQuestion: Of what?\nAnswer:", "Wind fills the sails.\nQuestion: Of what?", False),
        (" The miller waits until", "The miller waits until", False),
    ],
)
def test_a_prompt_in_the_words_of_proda_stays_as_it_is(text: str, stem: str, alike: bool) -> None:
    assert stem_of(text) == stem
    assert (prompt_text(stem) == text) is alike
    assert _task_of(HarnessQuestion(text, OPTIONS, 0)).asked_alike == alike


def test_the_hash_of_a_task_depends_on_questions_choices_answers_and_their_order() -> None:
    first, second = HarnessQuestion("q1", OPTIONS, 0), HarnessQuestion("q2", OPTIONS, 1)
    tasks = [(first, second), (second, first), (first,), (first, second._replace(target=2)), (first, second._replace(text="q3"))]
    tasks += [(first, second._replace(choices=OPTIONS[::-1]))]
    assert len({_task_of(*questions).sha256 for questions in tasks}) == len(tasks)
    assert _task_of(first, second).sha256 == _task_of(first, second).sha256


@pytest.mark.skipif(find_spec("lm_eval") is not None, reason="lm-eval is installed here")
def test_without_the_library_one_message_says_how_to_install_it() -> None:
    with pytest.raises(UsageError, match=r"lm_eval is not installed\. Run `pip install 'proda\[lm-eval\]'`"):
        harness_tasks(["arc_easy"])


@needs_harness
def test_a_task_becomes_a_suite_with_its_version_and_hash(root: Path, tmp_path: Path) -> None:
    rows = _questions(OPTIONS)
    rows[4]["choices"] = list(OPTIONS[:1])
    rows[5] |= {"choices": list(OPTIONS[:3]), "gold": 2}
    rows[6] |= {"choices": [*OPTIONS, "rain"], "gold": 4}
    _task(tmp_path / "tasks", "toy_winds", rows)
    done = _import(root, tmp_path / "tasks", "toy_winds", options=("--limit", "10"))
    assert done.returncode == 0, done.stderr
    assert "read 10 entries, used 9" in done.stdout and "toy_winds:5" in done.stdout
    assert "add 'toy-winds' to evaluate.general" in done.stderr
    items = load_suite(root, "toy-winds")
    asked = {str(row["question"]): row for n, row in enumerate(rows[:10]) if n != 4}
    assert {item.stem for item in items} == set(asked)
    for item in items:
        row = asked[item.stem]
        assert [o.text for o in item.options] == row["choices"] and item.key == row["gold"]
    card = yaml.safe_load((root / "benchmarks/general/toy-winds.yaml").read_text())
    task = card["tasks"]["toy_winds"]
    assert (task["version"], task["questions"], task["asked_alike"], len(task["sha256"])) == ("2.0", 10, 10, 64)
    assert card["subjects"] == {"toy-winds": 9} and card["licence"] == "CC0-1.0"
    assert card["options"] == {"3": 1, "4": 7, "5": 1}
    again = _import(root, tmp_path / "tasks", "toy_winds", options=("--limit", "10"))
    assert again.returncode == 0 and "wrote" not in again.stdout


@needs_harness
def test_a_group_becomes_one_suite_with_a_subject_for_each_task(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    _task(folder, "toy_one", _questions(OPTIONS, 4), num_fewshot=2, target_delimiter="", description="Choose.\n\n")
    _task(folder, "toy_two", _questions(UNEQUAL, 5), doc_to_text="{{question}}")
    (folder / "toy_group.yaml").write_text(yaml.safe_dump({"group": "toy_group", "task": ["toy_one", "toy_two"]}))
    done = _import(root, folder, "toy_group", options=("--topic", "toys"))
    assert done.returncode == 0, done.stderr
    card = yaml.safe_load((root / "benchmarks/general/toys.yaml").read_text())
    assert card["subjects"] == {"toy-one": 4, "toy-two": 5} and set(card["tasks"]) == {"toy_one", "toy_two"}
    assert "toy_one: the task's description, 2 examples, target_delimiter '' are not used." in done.stderr
    assert "toy_two: 5 of 5 questions get another prompt than in the harness." in done.stderr


@needs_harness
def test_tasks_that_cannot_be_imported_are_refused_together_in_one_message(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    _task(
        folder,
        "toy_text",
        _questions(OPTIONS),
        output_type="generate_until",
        doc_to_target="question",
        metric_list=[{"metric": "exact_match"}],
    )
    _task(folder, "toy_rolling", _questions(OPTIONS), output_type="loglikelihood_rolling", metric_list=[{"metric": "bits_per_byte"}])
    _task(folder, "toy_several", _questions(OPTIONS), doc_to_target="{{[0, 1]}}")
    _task(folder, "toy_blank", _questions(OPTIONS), doc_to_text="{{gold}}")
    done = _import(root, folder, "toy_text", "toy_rolling", "toy_several", "toy_blank")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for wanted in (
        "toy_text: Got output_type generate_until, expected multiple_choice.",
        "toy_rolling: Got output_type loglikelihood_rolling, expected multiple_choice.",
        "toy_several: A question has more than one right choice",
        "toy_blank: Each choice has another question in front of it",
    ):
        assert wanted in done.stderr
    assert not list((root / "benchmarks/general").glob("toy*"))


@needs_harness
def test_an_unknown_task_and_a_task_without_data_are_one_message_each(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    _task(folder, "toy_winds", _questions(OPTIONS))
    unknown = _import(root, folder, "toy_wind")
    assert unknown.returncode == 1 and "Closest: 'toy_winds'." in unknown.stderr and "Traceback" not in unknown.stderr
    (folder / "toy_winds.jsonl").unlink()
    missing = _import(root, folder, "toy_winds")
    assert missing.returncode == 1 and "cannot load this: FileNotFoundError" in missing.stderr and "Traceback" not in missing.stderr


@needs_harness
def test_every_item_is_right_or_wrong_as_in_the_harness(root: Path, tmp_path: Path) -> None:
    """`acc_norm` of the harness divides by characters, as ProDa does. `acc` does not, and agrees where all options have the same length."""
    folder, names = tmp_path / "tasks", ("toy_equal", "toy_unequal", "toy_two", "toy_five", "toy_mixed")
    five = (*UNEQUAL, "three sacks of flour")
    mixed = [
        row | {"choices": options, "gold": n % len(options)}
        for n, row in enumerate(_questions(UNEQUAL))
        for options in [[f"{text}{' again' * (k // 5)}" for k, text in enumerate(five * 2)][: 2 + n % 9]]
    ]
    for name, rows in zip(names, map(_questions, (OPTIONS, UNEQUAL, UNEQUAL[1:3], five)), strict=False):
        _task(folder, name, rows)
    _task(folder, "toy_mixed", mixed)
    for name in names:
        done = _import(root, folder, name)
        assert done.returncode == 0, done.stderr
    tok = tokenizer()
    loaded = model("llama", len(tok))
    loaded.save_pretrained(tmp_path / "model")
    tok.save_pretrained(tmp_path / "model")
    command = [sys.executable, "-P", "-c", HARNESS, LMEVAL, str(tmp_path / "model"), str(folder), *names]
    done = subprocess.run(command, cwd=tmp_path, env=_offline(tmp_path / "hf"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = json.loads(done.stdout.split("RESULT")[-1])
    right = {}
    for name in names:
        items = load_suite(root, name.replace("_", "-"))
        assert len(items) == 12
        scores = option_scores(loaded.eval(), tok, [(i.prompt, tuple(o.text for o in i.options)) for i in items])
        ours = {item.stem: judge(item, "ours", values).correct for item, values in zip(items, scores, strict=True)}
        assert ours == {row["question"]: bool(row["acc_norm"]) for row in theirs[name]}
        right[name] = sum(map(bool, ours.values()))
        if name == "toy_equal":
            assert ours == {row["question"]: bool(row["acc"]) for row in theirs[name]}
    assert all(0 < count < 12 for count in right.values()), right
