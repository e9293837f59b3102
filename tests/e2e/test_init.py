"""The built wheel, installed into an empty folder, makes a repository in which the pipeline runs without this project's files.

The tests of this file run in order, in one worker, on one repository.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

from proda.store.items import load_items
from tests.e2e.commands import stages_run, tree
from tests.e2e.installed import DATA_STAGES, ROOT, Built, commit_all, install, packages, run_installed, smaller_model

pytestmark = pytest.mark.skipif(importlib.util.find_spec("setuptools") is None, reason="the wheel is built with setuptools")


@pytest.fixture(scope="module")
def root(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository, with a smaller model, and what `dvc repro guard` builds."""
    folder = tmp_path_factory.mktemp("subject")
    root = folder / "good bread"
    run_installed(site, folder, "proda", "init", "good bread")
    smaller_model(root)
    assert stages_run(run_installed(site, root, "dvc", "repro", "guard")) == DATA_STAGES
    commit_all(root, "Built")
    return root


def test_the_repository_holds_no_code_and_runs_that_of_the_wheel(site: Path, root: Path) -> None:
    assert not list(root.glob("**/*.py"))
    said = run_installed(site, root, "python", "-c", "import proda, pipelines; print(proda.__file__, pipelines.__file__)")
    assert said.count(str(packages(site))) == 2 and str(ROOT) not in said


def test_items_and_samples_of_the_example_are_built_and_no_text_gives_an_item_away(root: Path) -> None:
    items = load_items(root)
    assert len(items) > 40 and {item.split for item in items} == {"dev", "twin", "sealed"}
    assert json.loads((root / "benchmarks/results/overlap.json").read_text())["n_leaks"] == 0
    assert (root / "samples/corpus/baking/bread-making.yaml").is_file() and (root / "build/guard-passed").is_file()


def test_verbs_that_need_no_model_work(site: Path, root: Path) -> None:
    before = tree(root, "knowledge", "samples", "benchmarks")
    assert stages_run(run_installed(site, root, "dvc", "repro", "--dry", "guard")) == set()
    assert "0 errors, 1 warning" in (said := run_installed(site, root, "proda", "check")) and "57 unread" in said
    said = run_installed(site, root, "proda", "status")
    assert "never run: base, train, evaluate, diagnose" in said and "next: dvc repro" in said
    assert "crust drying" in run_installed(site, root, "proda", "show", "baking/dry-crust-browns").casefold()
    new = ("new", "baking/rolls", "--title", "Rolls", "--origin", "written here", "--licence", "CC-BY-4.0", "--dry-run")
    assert "+discipline: baking" in run_installed(site, root, "proda", *new)
    assert "dvc repro" in run_installed(site, root, "proda", "repair", "--dry-run", ok=False)
    assert "dvc repro" in run_installed(site, root, "proda", "runs", "--complete", ok=False)
    assert "build/report/index.html" in run_installed(site, root, "proda", "report")
    assert "no difference in meaning" in run_installed(site, root, "proda", "diff", "HEAD")
    assert tree(root, "knowledge", "samples", "benchmarks") == before


@pytest.mark.slow
def test_a_clone_without_a_cache_builds_the_same_as_the_workflow_on_pull_requests_does(site: Path, root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    run_installed(site, clone, "dvc", "repro", "guard")
    assert subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True).stdout == ""


@pytest.mark.slow
def test_another_version_of_the_code_stops_the_stage_until_check_has_written_it_down(
    built: Built, site: Path, root: Path, tmp_path: Path
) -> None:
    upgraded = install(built.wheel, tmp_path / "upgraded")
    with (packages(upgraded) / "proda/builder/templates.py").open("a") as file:
        file.write("\nNEWER = True\n")
    topic = root / "knowledge/baking/bread-making.yaml"
    text = topic.read_text()
    topic.write_text(text.replace("because its thin films stretch", "since its thin films stretch"))
    said = run_installed(upgraded, root, "dvc", "repro", "synthesize", ok=False)
    assert "ProDa 0.1.0 is installed, and its code of this stage is not the one that the file names" in said
    assert "synthesize" in run_installed(upgraded, root, "proda", "check") and "next: proda check --fix" in run_installed(
        upgraded, root, "proda", "status"
    )
    run_installed(upgraded, root, "proda", "check", "--fix")
    assert stages_run(run_installed(upgraded, root, "dvc", "repro", "synthesize")) == {"check", "synthesize"}
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=root, check=True)
    run_installed(site, root, "dvc", "repro", "guard")


@pytest.mark.slow
def test_the_whole_pipeline_runs_and_a_second_run_does_nothing(site: Path, root: Path) -> None:
    said = run_installed(site, root, "make", "repro")
    assert stages_run(said) == {"base", "train", "evaluate", "diagnose"} and re.search(r"MLflow run \w+: completed", said)
    assert (root / "build/report/index.html").is_file()
    commit_all(root, "Trained")
    assert stages_run(run_installed(site, root, "dvc", "repro")) == set()
    assert "up to date" in run_installed(site, root, "dvc", "status")
    status = run_installed(site, root, "proda", "status")
    assert "results are up to date" in status
    assert re.search(r"MLflow run \w+: already complete", run_installed(site, root, "proda", "runs", "--complete"))
    headline = json.loads((root / "benchmarks/results/headline.json").read_text())
    assert {"dev", "twin", "sealed", "general", "base_twin"} <= set(headline)
    assert "build/report/index.html" in run_installed(site, root, "proda", "report")
    run_installed(site, root, "proda", "repair")
    branch = subprocess.run(["git", "branch", "--show-current"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert branch.strip() == "repair/round-1"
    assert "0 errors" in run_installed(site, root, "proda", "check")


@pytest.mark.slow
def test_the_example_is_removed_by_the_command_in_the_readme(site: Path, root: Path) -> None:
    (line,) = [line for line in (root / "README.md").read_text().splitlines() if "--remove-example" in line]
    subprocess.run(["git", "checkout", "-q", "main"], cwd=root, check=True)
    run_installed(site, root, *line.split())
    assert "0 errors" in run_installed(site, root, "proda", "check")  # the items about it are still there, which it warns of
    assert "The knowledge has no chain" in run_installed(site, root, "dvc", "repro", "benchmark", ok=False)


@pytest.mark.slow
def test_with_a_pretrained_model_in_a_folder_every_stage_runs(site: Path, tmp_path: Path) -> None:
    from tests.compiler.tiny import tiny_base

    model = tiny_base(tmp_path / "model", context=1024)
    root = tmp_path / "breads"
    run_installed(site, tmp_path, "proda", "init", "breads", "--model", str(model))
    path = root / "params.yaml"
    path.write_text(path.read_text().replace("seeds: [0, 1, 2]", "seeds: [0]").replace("epochs: 2", "epochs: 1"))
    assert stages_run(run_installed(site, root, "dvc", "repro")) == DATA_STAGES | {"base", "train", "evaluate", "diagnose"}
    assert json.loads((root / "build/base/pin.json").read_text())["path"] == str(model)
    assert json.loads((root / "benchmarks/results/metrics.json").read_text())["tuned"]["dev"]["n"] > 10
    assert stages_run(run_installed(site, root, "dvc", "repro")) == set()
