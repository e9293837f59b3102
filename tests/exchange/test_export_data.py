"""Exports hold what training reads and what is evaluated, with its provenance."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml

import proda
from proda.exchange.dataset_card import inert, licence_fields
from proda.params import load_params
from proda.records import Overridden, Patch, Wording
from proda.store.corpus import load_corpus
from proda.store.patches import load_patches, load_samples, named, node_hash, patch_text, sample_hash
from proda.store.training_set import mix
from proda.workflows.export_data import ExportPlan, export, knowledge_commit, training_samples
from tests.toyresults import commit, make_items_and_samples, make_patch
from tests.toyworld import make_repository

LMEVAL = os.environ.get("PRODA_LMEVAL", "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_items_and_samples(make_repository(tmp_path))
    commit(root, "Built")
    return root


def _patched(root: Path) -> Patch:
    """A patch that adds a sample, and one that rewords another and removes a third."""
    added = make_patch(root)
    samples, knowledge = load_corpus(root), proda.open(str(root)).knowledge
    node = next(iter(knowledge.active_statements))
    by = Wording("Reworded?", "Yes.")
    open_ones = [s for s in samples if s.format == "open"]
    override = (Overridden(open_ones[0].id, sample_hash(open_ones[0]), by),)
    patch = Patch("", 1, (node,), (), "data conflict", "Wrong.", {node: node_hash(knowledge, node)}, override=override)
    patch = named(patch)
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    assert added.id != patch.id
    return patch


def _rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_rows_are_the_samples_that_are_trained_on_in_their_order(root: Path, tmp_path: Path) -> None:
    patch = _patched(root)
    export(root, ExportPlan("huggingface", tmp_path / "out"))
    rows = _rows(tmp_path / "out/data/train.jsonl")
    samples = load_samples(root)
    assert [(r["id"], r["prompt"], r["completion"]) for r in rows] == [(s.id, s.prompt, s.completion) for s in samples]
    by_id = {r["id"]: r for r in rows}
    assert by_id[patch.override[0].sample]["patch"] == patch.id
    assert {r["patch"] for r in rows} == {"", *(p.id for p in load_patches(root))}


@pytest.mark.parametrize(("strategy", "share"), [("all", 0.5), ("disjoint", 1.0), ("stratified", 0.4)])
def test_the_replay_that_the_parameters_ask_for_is_exported(root: Path, strategy: str, share: float) -> None:
    _patched(root)
    path = root / "params.yaml"
    raw = yaml.safe_load(path.read_text())
    raw.setdefault("train", {}).update({"corpus_replay": strategy, "corpus_share": share})
    path.write_text(yaml.safe_dump(raw))
    params = load_params(path)
    wanted = mix(
        load_corpus(root), load_patches(root), strategy=params.train.corpus_replay, share=params.train.corpus_share, seed=params.seed
    )
    assert tuple(sample for sample, _ in training_samples(root)) == wanted.samples
    assert len(wanted.samples) < len(load_samples(root))


def test_provenance_follows_the_nodes_to_their_sources_and_licences(root: Path, tmp_path: Path) -> None:
    found = export(root, ExportPlan("alpaca", tmp_path / "out"))
    spans = {s.id: s.span.source for s in proda.open(str(root)).knowledge.statements.values()}
    rows = _rows(tmp_path / "out/train.jsonl")
    for row in rows:
        assert {spans[n] for n in row["nodes"] if n in spans} <= set(row["sources"])  # type: ignore[attr-defined, call-overload]
        assert row["sources"] and row["content_hash"] and row["knowledge_commit"] == found.knowledge_commit
    listed = {line["source"]: line for line in _rows(tmp_path / "out/sources.jsonl")}
    assert set(listed) == {source for row in rows for source in row["sources"]}  # type: ignore[attr-defined]
    assert {line["licence"] for line in listed.values()} == {"CC-BY-4.0"}


def test_the_knowledge_commit_is_the_last_one_that_changed_knowledge(root: Path) -> None:
    first = subprocess.run(["git", "log", "-1", "--format=%H"], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    (root / "notes.txt").write_text("x")
    commit(root, "Elsewhere")
    assert knowledge_commit(root, None) == knowledge_commit(root, "HEAD") != ""
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text() + "# a note\n")
    assert knowledge_commit(root, None).endswith("+changes")
    assert not knowledge_commit(root, first).endswith("+changes")


def test_a_revision_is_exported_as_it_was(root: Path, tmp_path: Path) -> None:
    before = [s.id for s in load_samples(root)]
    _patched(root)
    commit(root, "Repaired")
    export(root, ExportPlan("messages", tmp_path / "now"))
    export(root, ExportPlan("messages", tmp_path / "then", revision="HEAD~1"))
    assert [r["id"] for r in _rows(tmp_path / "then/train.jsonl")] == before
    assert len(_rows(tmp_path / "now/train.jsonl")) == len(before) + 1


def test_bare_rows_hold_only_what_the_format_has_and_provenance_stands_beside_them(root: Path, tmp_path: Path) -> None:
    _patched(root)
    export(root, ExportPlan("messages", tmp_path / "out", bare=True))
    rows, beside = _rows(tmp_path / "out/train.jsonl"), _rows(tmp_path / "out/provenance.jsonl")
    assert {tuple(row) for row in rows} == {("messages",)}
    assert [row["id"] for row in beside] == [s.id for s in load_samples(root)]


def test_the_same_export_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export(root, ExportPlan("sharegpt", tmp_path / name))
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert files[0] == files[1]


def test_parquet_holds_the_same_rows_as_jsonl(root: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    export(root, ExportPlan("huggingface", tmp_path / "lines"))
    export(root, ExportPlan("huggingface", tmp_path / "parquet", parquet=True))
    assert pq.read_table(tmp_path / "parquet/data/train.parquet").to_pylist() == _rows(tmp_path / "lines/data/train.jsonl")


def test_sealed_items_are_exported_only_if_asked_for(root: Path, tmp_path: Path) -> None:
    sealed = {item.id for item in proda.open(str(root)).items("sealed")}
    assert sealed
    export(root, ExportPlan("huggingface", tmp_path / "open", splits=("dev", "twin")))
    export(root, ExportPlan("lm-eval", tmp_path / "tasks", splits=("dev", "twin")))
    for folder in ("open", "tasks"):
        text = "".join(p.read_text() for p in (tmp_path / folder).rglob("*") if p.is_file())
        assert not [name for name in sealed if name in text]
    export(root, ExportPlan("huggingface", tmp_path / "all", splits=("dev", "sealed")))
    assert {row["id"] for row in _rows(tmp_path / "all/data/sealed.jsonl")} == sealed
    assert "Keep this folder private" in (tmp_path / "all/README.md").read_text()


def test_markup_in_titles_and_licences_is_inert_in_the_card(root: Path, tmp_path: Path) -> None:
    path = root / "knowledge/sources/catalogue.yaml"
    raw = yaml.safe_load(path.read_text())
    first = next(iter(raw["sources"]))
    raw["sources"][first] |= {"title": "<script>x</script> | [a](http://b) `c`", "licence": "mine: {all} # x"}
    path.write_text(yaml.safe_dump(raw))
    export(root, ExportPlan("huggingface", tmp_path / "out"))
    card = (tmp_path / "out/README.md").read_text()
    head, body = card.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(head)["license_name"] == "mine: {all} # x"
    assert yaml.safe_load(head)["license"] == ["cc-by-4.0", "other"]
    assert "<script" not in body and "](http" not in body
    row = next(line for line in body.splitlines() if "script" in line)
    assert row.count("|") == 6  # the title's own bar is an entity


def test_control_characters_and_line_ends_do_not_survive_in_the_card() -> None:
    assert inert("a\x1b[2Jb\n# c") == "a&#92;x1b&#91;2Jb &#35; c"


def test_licences_that_the_hub_does_not_know_are_named_as_other() -> None:
    assert licence_fields(["CC-BY-4.0", "CC-BY-4.0"]) == {"license": "cc-by-4.0"}
    assert licence_fields(["House rules"]) == {"license": "other", "license_name": "House rules"}
    assert licence_fields(["", "MIT"]) == {"license": ["mit", "unknown"]}


def test_a_patch_that_does_not_fit_stops_the_export_and_leaves_no_folder(root: Path, tmp_path: Path) -> None:
    from proda.errors import InputError

    patch = _patched(root)
    wrong = named(msgspec.structs.replace(patch, override=(msgspec.structs.replace(patch.override[0], hash="0" * 16),)))
    (root / f"samples/patches/{patch.id}.yaml").unlink()
    (root / f"samples/patches/{wrong.id}.yaml").write_text(patch_text(wrong))
    with pytest.raises(InputError, match="has changed"):
        export(root, ExportPlan("alpaca", tmp_path / "out"))
    assert not [p for p in tmp_path.iterdir() if "out" in p.name]


LOAD = """
import json, sys
sys.path.append(sys.argv[1])
from datasets import load_dataset
folder, file, cache = sys.argv[2:]
rows = [json.loads(line) for line in open(f"{folder}/{file}")]
for found in (load_dataset(folder, cache_dir=cache), load_dataset("json", data_files=f"{folder}/{file}", cache_dir=cache)):
    assert found["train"].to_list() == rows
    assert found["train"].column_names == list(rows[0])
print(len(rows))
"""


@pytest.mark.skipif(not LMEVAL, reason="PRODA_LMEVAL names no folder with `datasets`")
@pytest.mark.parametrize("form", ["messages", "sharegpt", "alpaca", "huggingface"])
def test_exported_samples_load_in_datasets_unchanged(root: Path, tmp_path: Path, form: str) -> None:
    import sys

    export(root, ExportPlan(form, tmp_path / "out"))  # type: ignore[arg-type]
    file = "data/train.jsonl" if form == "huggingface" else "train.jsonl"
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-P", "-c", LOAD, LMEVAL, str(tmp_path / "out"), file, str(tmp_path / "cache")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == len(load_samples(root))
