"""Items → a task folder of lm-evaluation-harness.

    proda export lm-eval tasks/proda
    lm_eval --model hf --model_args pretrained=MODEL,add_bos_token=True --include_path tasks/proda --tasks proda

    tasks/proda/
      proda.yaml                  the group of all splits
      proda_dev.yaml              the group of one split
      proda_dev_physics.yaml      a task: the items of a split and a discipline
      _task_yaml                  what all tasks share
      proda_items.py              reads the items, from wherever the folder stands
      data/dev/physics.jsonl      the items

`acc_norm` is ProDa's accuracy: the log-likelihood of an option divided by its number of characters. ProDa puts the tokenizer's BOS token
before every prompt where there is one, which the harness does with `add_bos_token=True`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proda.yamlio import dump_yaml

SHARED = "_task_yaml"  # without .yaml, since the harness takes every *.yaml for a task
LOADER = "proda_items.py"

SHARED_TEXT = """\
custom_dataset: !function proda_items.load
test_split: test
output_type: multiple_choice
doc_to_text: prompt
doc_to_choice: choices
doc_to_target: gold
target_delimiter: " "
num_fewshot: 0
metric_list:
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1
"""

LOADER_TEXT = '''\
"""Read the items of a task. The folder may be moved: files are found beside this one."""

import json
from pathlib import Path

from datasets import Dataset


def load(file, **_):
    """Return the items of `file`, one JSON object a line, as the split `test`."""
    lines = (Path(__file__).parent / file).read_bytes().splitlines()
    return {"test": Dataset.from_list([json.loads(line) for line in lines])}
'''

README = """\
# {name}: multiple-choice items for lm-evaluation-harness

    lm_eval --model hf --model_args pretrained=MODEL,add_bos_token=True --include_path FOLDER --tasks {name}

FOLDER is the folder of this file. `{name}` is all of it, {splits}.

`acc_norm` is the accuracy that ProDa reports: the log-likelihood of each option as the continuation of the prompt, divided by its number of
characters. ProDa puts the tokenizer's BOS token before every prompt where the tokenizer has one; `add_bos_token=True` makes the harness do
the same. One difference remains: if the right option and another have exactly the same score, ProDa counts the item as wrong, and the
harness takes the option that comes first.

Every item has its id, statements, nodes, sources, knowledge commit and content hash (`--log_samples` keeps them). `sources.jsonl` lists the
sources with their licences.

These are test questions. Do not train on them.
"""


def task_files(name: str, disciplines: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return relative path → text of everything but the items. `disciplines` maps each split to its disciplines."""
    files = {SHARED: SHARED_TEXT, LOADER: LOADER_TEXT}
    files[f"{name}.yaml"] = _group(name, [f"{name}_{split}" for split in disciplines])
    for split, found in disciplines.items():
        files[f"{name}_{split}.yaml"] = _group(f"{name}_{split}", [task_name(name, split, d) for d in found])
        for discipline in found:
            task = task_name(name, split, discipline)
            entry = {"include": SHARED, "task": task, "dataset_kwargs": {"file": items_file(split, discipline)}}
            files[f"{task}.yaml"] = dump_yaml(entry)
    splits = ", ".join(f"`{name}_{split}` the split {split}" for split in disciplines)
    return files | {"README.md": README.format(name=name, splits=splits)}


def task_name(name: str, split: str, discipline: str) -> str:
    """Return the name of the task of one split and discipline."""
    return f"{name}_{split}_{discipline.replace('-', '_')}"


def items_file(split: str, discipline: str) -> str:
    """Return the file of the items of one split and discipline, relative to the folder."""
    return f"data/{split}/{discipline}.jsonl"


def _group(name: str, tasks: Sequence[str]) -> str:
    metrics = [{"metric": metric, "aggregation": "mean", "weight_by_size": True} for metric in ("acc_norm", "acc")]
    return dump_yaml({"group": name, "task": list(tasks), "aggregate_metric_list": metrics, "metadata": {"version": 1}})
