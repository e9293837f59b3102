"""Exported items, scored by lm-evaluation-harness, get the scores and the choices that ProDa gives them.

The harness is no dependency of ProDa. Install it into a folder, remove what this environment has too, and name the folder:

    pip install --target /tmp/lmeval lm-eval
    PRODA_LMEVAL=/tmp/lmeval pytest tests/exchange/test_lm_eval.py
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import proda
from proda.exchange.lm_eval import SHARED, task_files, task_name
from proda.records import Item
from proda.tester.scoring import judge, option_scores
from proda.workflows.export_data import ExportPlan, export
from tests.tester.models import model, tokenizer
from tests.toyresults import make_items_and_samples
from tests.toyworld import make_repository

LMEVAL = os.environ.get("PRODA_LMEVAL", "")
TOLERANCE = 1e-4
HARNESS = """
import json, sys
sys.path.append(sys.argv[1])
import lm_eval
from lm_eval.tasks import TaskManager
found = lm_eval.simple_evaluate(
    model="hf", model_args=f"pretrained={sys.argv[2]},add_bos_token=True,dtype=float32", tasks=["toy"], device="cpu", batch_size=3,
    task_manager=TaskManager(include_path=sys.argv[3], include_defaults=False), log_samples=True, bootstrap_iters=0,
)
rows = [
    {"id": s["doc"]["id"], "hash": s["doc"]["content_hash"], "scores": [r[0][0] for r in s["resps"]], "acc_norm": s["acc_norm"]}
    for samples in found["samples"].values() for s in samples
]
groups = {name: scores["acc_norm,none"] for name, scores in found["groups"].items()}
print("RESULT" + json.dumps({"rows": rows, "groups": groups}))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_items_and_samples(make_repository(tmp_path_factory.mktemp("lmeval")))


def test_the_folder_names_a_group_a_group_for_each_split_and_a_task_for_each_discipline(root: Path, tmp_path: Path) -> None:
    export(root, ExportPlan("lm-eval", tmp_path / "out", name="toy", splits=("dev", "twin")))
    out = tmp_path / "out"
    items = proda.open(str(root)).items("dev", "twin")
    assert yaml.safe_load((out / "toy.yaml").read_text())["task"] == ["toy_dev", "toy_twin"]
    met: list[str] = []
    for split in ("dev", "twin"):
        group = yaml.safe_load((out / f"toy_{split}.yaml").read_text())
        assert group["task"] == [task_name("toy", split, d) for d in sorted({i.discipline for i in items if i.split == split})]
        for task in group["task"]:
            entry = yaml.safe_load((out / f"{task}.yaml").read_text())
            assert entry["include"] == SHARED and entry["task"] == task
            met += [json.loads(line)["id"] for line in (out / entry["dataset_kwargs"]["file"]).read_text().splitlines()]
    assert sorted(met) == sorted(item.id for item in items)


def test_the_prompt_and_the_choices_are_those_that_are_scored(root: Path, tmp_path: Path) -> None:
    export(root, ExportPlan("lm-eval", tmp_path / "out", splits=("dev",)))
    items = {i.id: i for i in proda.open(str(root)).items("dev")}
    for file in sorted((tmp_path / "out/data").rglob("*.jsonl")):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            item = items[row["id"]]
            assert row["prompt"] == item.prompt
            assert row["choices"] == [o.text for o in item.options]
            assert row["choices"][row["gold"]] == item.options[item.key].text
            assert row["content_hash"] == item.content_hash
            assert row["statements"] == list(item.statements) and row["nodes"] == list(item.nodes)
            assert row["sources"] and row["knowledge_commit"]


def test_no_text_of_an_item_reaches_the_yaml_or_the_loader() -> None:
    files = task_files("toy", {"dev": ["milling"]})
    assert not [name for name in files if "{{" in files[name]]
    assert {"doc_to_text: prompt", "doc_to_choice: choices", "doc_to_target: gold"} <= set(files[SHARED].splitlines())


def _ours(folder: Path, items: list[Item]) -> dict[str, list[float]]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded, tok = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    scores = option_scores(loaded, tok, [(i.prompt, tuple(o.text for o in i.options)) for i in items])
    return {item.id: values for item, values in zip(items, scores, strict=True)}


@pytest.mark.skipif(not LMEVAL, reason="PRODA_LMEVAL names no folder with lm-eval")
def test_the_harness_gives_every_option_our_score_and_every_item_our_choice(root: Path, tmp_path: Path) -> None:
    tok = tokenizer()
    model("llama", len(tok)).save_pretrained(tmp_path / "model")
    tok.save_pretrained(tmp_path / "model")
    export(root, ExportPlan("lm-eval", tmp_path / "first", name="toy", splits=("dev", "twin")))
    (tmp_path / "first").rename(tmp_path / "moved")
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", HARNESS, LMEVAL, str(tmp_path / "model"), str(tmp_path / "moved")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.split("RESULT")[-1])
    items = proda.open(str(root)).items("dev", "twin")
    ours = _ours(tmp_path / "model", items)
    theirs = {row["id"]: row for row in found["rows"]}
    assert set(theirs) == {item.id for item in items}
    furthest, chosen = 0.0, 0
    for item in items:
        row = theirs[item.id]
        assert row["hash"] == item.content_hash
        assert all(math.isfinite(s) for s in ours[item.id])
        furthest = max(furthest, *(abs(a - b) for a, b in zip(ours[item.id], row["scores"], strict=True)))
        outcome = judge(item, "ours", ours[item.id])
        assert outcome.chosen == judge(item, "ours", row["scores"]).chosen
        assert outcome.correct == bool(row["acc_norm"])
        chosen += bool(outcome.correct)
    print(f"{len(items)} items, largest difference of a log-likelihood {furthest:.2e}, {chosen} right by both")
    assert furthest <= TOLERANCE
    assert found["groups"]["toy"] == pytest.approx(chosen / len(items))
