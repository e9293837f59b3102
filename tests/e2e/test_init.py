"""The built wheel, installed into an empty folder, makes a repository in which the pipeline runs without this project's files.

The tests of this file run in order, in one worker, on one repository.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from proda.store.items import load_items
from proda.workflows.init_repository import TEMPLATES
from tests.e2e.commands import stages_run, tree

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ("proda", "pipelines", "scripts", "pyproject.toml", "README.md", "LICENSE", "LICENSE-DATA")
DATA_STAGES = {"check", "benchmark", "synthesize", "curriculum", "guard"}
# A model that is as small as can be: what is tested is that the stages run, not what they learn.
SMALL = {
    "hidden_size: 128": "hidden_size: 32",
    "layers: 3": "layers: 1\n  heads: 2",
    "vocabulary: 16384": "vocabulary: 512",
    "epochs: 3": "epochs: 1",
    "chains: 20": "chains: 12",
    "suite_items: 400": "suite_items: 40",
    "samples_per_statement: 12": "samples_per_statement: 2",
    "suite_samples_per_statement: 64": "suite_samples_per_statement: 2",
    "seeds: [0, 1, 2]": "seeds: [0, 1]",
}
pytestmark = pytest.mark.skipif(importlib.util.find_spec("setuptools") is None, reason="the wheel is built with setuptools")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline from a copy, since a build writes into the folder that it is built from."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(source))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's packages and nothing else of this project."""
    site = tmp_path_factory.mktemp("site")
    _pip("install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    return site


@pytest.fixture(scope="module")
def root(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository, with a smaller model, and what `dvc repro guard` builds."""
    folder = tmp_path_factory.mktemp("subject")
    root = folder / "good bread"
    _run(site, folder, "proda", "init", "good bread")
    params = (root / "params.yaml").read_text()
    for old, new in SMALL.items():
        assert old in params, old
        params = params.replace(old, new, 1)
    (root / "params.yaml").write_text(params)
    assert stages_run(_run(site, root, "dvc", "repro", "guard")) == DATA_STAGES
    _commit(root, "Built")
    return root


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _run(site: Path, cwd: Path, program: str, *arguments: str, ok: bool | None = True) -> str:
    """Run proda, dvc or python with the packages in `site`, and return what it prints on both streams."""
    module = {"proda": ["-P", "-m", "proda.cli.main"], "dvc": ["-P", "-m", "dvc"], "python": []}[program]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MLFLOW_"))}
    env |= {"PYTHONPATH": str(site), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    env |= {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env |= {"HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run([sys.executable, *module, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ok is None or (done.returncode == 0) is ok, f"{arguments} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def _commit(root: Path, message: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=root, check=True)


def test_the_wheel_holds_every_template_and_the_stages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"proda/templates/{p.relative_to(TEMPLATES).as_posix()}" for p in TEMPLATES.rglob("*") if p.is_file()}
    assert len(expected) > 15 and expected <= names
    assert {f"pipelines/{stage}.py" for stage in DATA_STAGES} <= names and "scripts/pin_reading.py" in names


def test_the_repository_holds_no_code_and_runs_that_of_the_wheel(site: Path, root: Path) -> None:
    assert not list(root.glob("**/*.py"))
    said = _run(site, root, "python", "-c", "import proda, pipelines, scripts; print(proda.__file__, pipelines.__file__, scripts.__file__)")
    assert said.count(str(site)) == 3 and str(ROOT) not in said


def test_items_and_samples_of_the_example_are_built_and_no_text_gives_an_item_away(root: Path) -> None:
    items = load_items(root)
    assert len(items) > 40 and {item.split for item in items} == {"dev", "twin", "sealed"}
    assert json.loads((root / "benchmarks/results/overlap.json").read_text())["n_leaks"] == 0
    assert (root / "samples/corpus/baking/bread-making.yaml").is_file() and (root / "build/guard-passed").is_file()


def test_verbs_that_need_no_model_work(site: Path, root: Path) -> None:
    before = tree(root, "knowledge", "samples", "benchmarks")
    assert stages_run(_run(site, root, "dvc", "repro", "--dry", "guard")) == set()
    assert "0 errors, 1 warning" in (said := _run(site, root, "proda", "check")) and "57 unread" in said
    said = _run(site, root, "proda", "status")
    assert "stale: base, train, evaluate, diagnose would run" in said and "next: dvc repro" in said
    assert "crust drying" in _run(site, root, "proda", "show", "baking/dry-crust-browns").casefold()
    new = ("new", "baking/rolls", "--title", "Rolls", "--origin", "written here", "--licence", "CC-BY-4.0", "--dry-run")
    assert "+discipline: baking" in _run(site, root, "proda", *new)
    assert "dvc repro" in _run(site, root, "proda", "repair", "--dry-run", ok=False)
    assert "dvc repro" in _run(site, root, "proda", "runs", "--complete", ok=False)
    assert "build/report/index.html" in _run(site, root, "proda", "report")
    assert "no difference in meaning" in _run(site, root, "proda", "diff", "HEAD")
    assert tree(root, "knowledge", "samples", "benchmarks") == before


@pytest.mark.slow
def test_a_clone_without_a_cache_builds_the_same_as_the_workflow_on_pull_requests_does(site: Path, root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(root), str(clone)], check=True)
    _run(site, clone, "dvc", "repro", "guard")
    assert subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True).stdout == ""


@pytest.mark.slow
def test_another_version_of_the_code_stops_the_stage_until_check_has_written_it_down(site: Path, root: Path, tmp_path: Path) -> None:
    upgraded = tmp_path / "site"
    shutil.copytree(site, upgraded)
    with (upgraded / "proda/builder/templates.py").open("a") as file:
        file.write("\nNEWER = True\n")
    topic = root / "knowledge/baking/bread-making.yaml"
    text = topic.read_text()
    topic.write_text(text.replace("because its thin films stretch", "since its thin films stretch"))
    said = _run(upgraded, root, "dvc", "repro", "synthesize", ok=False)
    assert "ProDa 0.1.0 is installed, and its code of this stage is not the one that the file names" in said
    assert "synthesize" in _run(upgraded, root, "proda", "check") and "next: proda check --fix" in _run(upgraded, root, "proda", "status")
    _run(upgraded, root, "proda", "check", "--fix")
    assert stages_run(_run(upgraded, root, "dvc", "repro", "synthesize")) == {"check", "synthesize"}
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=root, check=True)
    _run(site, root, "dvc", "repro", "guard")


@pytest.mark.slow
def test_the_whole_pipeline_runs_and_a_second_run_does_nothing(site: Path, root: Path) -> None:
    assert stages_run(_run(site, root, "dvc", "repro")) == {"base", "train", "evaluate", "diagnose"}
    _commit(root, "Trained")
    assert stages_run(_run(site, root, "dvc", "repro")) == set()
    assert "up to date" in _run(site, root, "dvc", "status")
    status = _run(site, root, "proda", "status")
    assert "results are up to date" in status
    assert re.search(r"MLflow run \w+: already complete", _run(site, root, "proda", "runs", "--complete"))
    headline = json.loads((root / "benchmarks/results/headline.json").read_text())
    assert {"dev", "twin", "sealed", "general", "base_twin"} <= set(headline)
    assert "build/report/index.html" in _run(site, root, "proda", "report")
    _run(site, root, "proda", "repair")
    branch = subprocess.run(["git", "branch", "--show-current"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert branch.strip() == "repair/round-1"
    assert "0 errors" in _run(site, root, "proda", "check")


@pytest.mark.slow
def test_the_example_is_removed_by_the_command_in_the_readme(site: Path, root: Path) -> None:
    (line,) = [line for line in (root / "README.md").read_text().splitlines() if "--remove-example" in line]
    subprocess.run(["git", "checkout", "-q", "main"], cwd=root, check=True)
    _run(site, root, *line.split())
    assert "0 errors, 0 warnings" in _run(site, root, "proda", "check")
    assert "no items to audit" in _run(site, root, "dvc", "repro", "benchmark", ok=False).casefold()


@pytest.mark.slow
def test_with_a_pretrained_model_in_a_folder_every_stage_runs(site: Path, tmp_path: Path) -> None:
    from tests.compiler.tiny import tiny_base

    model = tiny_base(tmp_path / "model", context=1024)
    root = tmp_path / "breads"
    _run(site, tmp_path, "proda", "init", "breads", "--model", str(model))
    path = root / "params.yaml"
    path.write_text(path.read_text().replace("seeds: [0, 1, 2]", "seeds: [0]").replace("epochs: 2", "epochs: 1"))
    assert stages_run(_run(site, root, "dvc", "repro")) == DATA_STAGES | {"base", "train", "evaluate", "diagnose"}
    assert json.loads((root / "build/base/pin.json").read_text())["path"] == str(model)
    assert json.loads((root / "benchmarks/results/metrics.json").read_text())["tuned"]["dev"]["n"] > 10
    assert stages_run(_run(site, root, "dvc", "repro")) == set()
