"""`proda drill` on the toy world with a tiny trained model: planted faults are counted, and no tracked file changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proda.cli.drill import drill
from proda.errors import EmptyBenchmarkError, NotFoundError, UsageError
from proda.experiments.drill_counts import NOT_NOTICED
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.records import CATEGORIES
from proda.store.items import load_items, write_items_tree
from proda.tester.items import write_items
from tests.toyresults import commit, make_items_and_samples
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples and items of all chains and links, a general suite, and a base to train."""
    root = make_items_and_samples(make_repository(tmp_path_factory.mktemp("drill")))
    knowledge: Knowledge = Repository.open(root).knowledge
    write_items_tree(root, write_items(knowledge, seed=0, sealed_share=0.0))
    for stage in ("curriculum", "base"):
        subprocess.run([sys.executable, "-m", f"pipelines.{stage}"], cwd=root, capture_output=True, check=True)
    commit(root, "Built")
    return root


def run(root: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(drill, ["--root", str(root), "--sites", "1", "--seeds", "0", *arguments])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done


def tracked(root: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True).stdout


def test_a_dry_run_lists_the_faults_and_writes_nothing(root: Path) -> None:
    dry = run(root, "--dry-run")
    text = dry.stdout
    assert "composition: 0 of 1 sites" in dry.stderr and "The faults touch" not in dry.stderr
    assert "The faults touch 16 of the 22 chains that have items" in run(root, "--dry-run", "--sites", "2").stderr
    faults = json.loads(run(root, "--dry-run", "--json").stdout)
    assert {"withheld", "withheld-format", "flipped", "swapped", "key", "true-distractor"} == {f["kind"] for f in faults}
    assert all(f["kind"] in text and (f["nodes"] or f["items"]) for f in faults) and f"{len(faults)} faults on 10 chains" in text
    assert not (root / "build/drill").exists() and not (root / "build/cache/train").exists()


def test_what_is_planted_is_trained_diagnosed_and_counted(root: Path) -> None:
    faults = json.loads(run(root, "--dry-run", "--json").stdout)
    done = run(root)
    assert "2 of 2 trainings are not in the cache" in done.stderr
    assert "macro-F1" in done.stdout and "nodes flagged by probes" in done.stdout and "failures without a planted fault" in done.stdout
    document = json.loads((root / "build/drill/drill.json").read_text())
    assert document["with_faults"]["inputs"] != document["without"]["inputs"] and document["samples"]["reworded"] > 5
    assert document["samples"]["removed"] > 0
    tally = document["tally"]
    assert [row["fault"] for row in tally["rows"]] == faults
    said = [row["said"] for row in tally["rows"]]
    assert set(said) <= {*CATEGORIES, NOT_NOTICED} and all((row["said"] == NOT_NOTICED) is not row["failed"] for row in tally["rows"])
    assert sum(n for row in tally["confusion"].values() for n in row.values()) == len(faults)
    others = sum(n for by in tally["unplanted"].values() for n in by.values())
    assert sum(len(row["failed"]) for row in tally["rows"]) + others == document["with_faults"]["failed_by_most_seeds"] > 0
    assert 0 <= tally["macro_f1"] <= 1 and document["probes"]["swapped"]["statement"]["nodes"] >= 2
    assert len(load_items(root, ("dev",))) > others
    assert tracked(root) == ""


def test_a_second_run_trains_nothing_and_writes_the_same_bytes_whatever_was_kept(root: Path) -> None:
    run(root)
    path = root / "build/drill/drill.json"
    first = path.read_bytes()
    path.unlink()
    shutil.rmtree(root / "build/cache/probes")
    shutil.rmtree(root / "build/cache/trials")
    again = run(root, "--json")
    assert "0 of 2 trainings are not in the cache" in again.stderr and path.read_bytes() == first
    assert json.loads(again.stdout) == json.loads(first)
    elsewhere = root / "build/elsewhere.json"
    run(root, "--out", str(elsewhere))
    assert elsewhere.read_bytes() == first


def test_chosen_disciplines_and_parameters_are_used_and_recorded(root: Path) -> None:
    chosen = sorted({i.discipline for i in load_items(root, ("dev",))})[0]
    changes = ["-S", "train.epochs=2", "--set-param", "train.lora_rank=4"]
    run(root, "--disciplines", chosen, *changes, "--out", str(root / "build/one.json"))
    document = json.loads((root / "build/one.json").read_text())
    assert document["disciplines"] == [chosen] and document["parameters"] == ["train.epochs=2", "train.lora_rank=4"]
    rows = document["tally"]["rows"]
    assert rows and all(place.startswith(f"{chosen}/") for row in rows for place in (*row["fault"]["chains"], *row["fault"]["nodes"]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--disciplines", "alchemy"], "no item of 'alchemy'. Expected some of: "),
        (["-S", "train.epoch=2"], "expected NAME=VALUE. There are: train.seeds"),
        (["-S", "train.epochs"], "expected NAME=VALUE"),
        (["-S", "model.layers=9"], "expected NAME=VALUE"),
        (["-S", "train.epochs=many"], "Expected `int`, got `str` - at `$.train.epochs`"),
        (["-S", "train.epochs=[2"], "is not a value in YAML"),
    ],
)
def test_an_unknown_discipline_or_parameter_is_one_message(root: Path, arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(drill, ["--root", str(root), *arguments])
    assert isinstance(done.exception, UsageError) and told in str(done.exception)


def test_wrong_seeds_and_an_empty_benchmark_are_one_message(root: Path, tmp_path: Path) -> None:
    for seeds in ("0,0", "one", ""):
        done = CliRunner().invoke(drill, ["--root", str(root), "--seeds", seeds])
        assert isinstance(done.exception, UsageError) and "--seeds" in str(done.exception)
    bare = make_repository(tmp_path, git=False)
    assert isinstance(CliRunner().invoke(drill, ["--root", str(bare)]).exception, EmptyBenchmarkError)
    make_items_and_samples(bare)
    assert isinstance(CliRunner().invoke(drill, ["--root", str(bare), "--seeds", "0"]).exception, NotFoundError)  # no base yet
