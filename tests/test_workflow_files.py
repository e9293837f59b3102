"""The workflows for GitHub, ours and those that `proda init` writes: schema, lint, security, and that they only call ProDa."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / ".github/workflows"
THEIRS = ROOT / "proda/templates/repository/dot-github/workflows"
WORKFLOWS = (*sorted(OURS.glob("*.yml")), *sorted(THEIRS.glob("*.yml")))
NAMES = [f"{path.parent.parent.name.removeprefix('dot-').strip('.')}-{path.name}" for path in WORKFLOWS]
BOTH = ("comment.yml", "nightly.yml", "pull-request.yml", "rebuild.yml")
RELEASE = OURS / "release.yml"
pytest.importorskip("check_jsonschema")


def _checked(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_a_workflow_follows_the_schema(path: Path) -> None:
    done = _checked(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_with_a_misspelt_key_does_not(tmp_path: Path) -> None:
    wrong = tmp_path / "check.yml"
    wrong.write_text((THEIRS / "pull-request.yml").read_text().replace("runs-on:", "run-on:"))
    done = _checked(wrong)
    assert done.returncode == 1 and "runs-on" in done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_each_script_of_a_workflow_is_read_by_the_shell(path: Path) -> None:
    import yaml

    jobs = yaml.safe_load(path.read_text())["jobs"]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert scripts
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stderr}"


def _read(path: Path) -> dict[str, Any]:
    import yaml

    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict)
    return found


def test_there_are_workflows_of_both_kinds() -> None:
    assert {path.name for path in THEIRS.glob("*.yml")} == set(BOTH)
    assert {path.name for path in OURS.glob("*.yml")} == {*BOTH, "ci.yml", "release.yml"}


@pytest.mark.parametrize("name", BOTH)
def test_ours_differ_from_theirs_in_how_proda_is_installed_and_in_nothing_else(name: str) -> None:
    def without_install(path: Path) -> list[str]:
        return [line for line in path.read_text().splitlines() if "pip install" not in line]

    assert without_install(OURS / name) == without_install(THEIRS / name)


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    done = subprocess.run(["actionlint", "-no-color", *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        (THEIRS / "comment.yml").read_text().replace("github.event.workflow_run.head_sha", "github.evnt.workflow_run.head_sha")
    )
    done = subprocess.run(["actionlint", "-no-color", str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "evnt" in done.stdout


@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed")
def test_zizmor_finds_no_weakness(tmp_path: Path) -> None:
    command = ["zizmor", "--offline", "--quiet", "--no-progress", "--color", "never"]
    done = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((THEIRS / "rebuild.yml").read_text().replace("  pull_request:\n", "  pull_request_target:\n"))
    done = subprocess.run([*command, str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "dangerous-triggers" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_no_workflow_gives_rights_to_code_of_a_fork(path: Path) -> None:
    found = _read(path)
    triggers = found.get("on", found.get(True))  # YAML 1.1 reads the key `on` as true
    assert "pull_request_target" not in triggers
    for job in found["jobs"].values():
        writes = {right for right, how in {**found.get("permissions", {}), **job.get("permissions", {})}.items() if how == "write"}
        refs = [step.get("with", {}).get("ref", "") for step in job["steps"] if "checkout" in step.get("uses", "")]
        if writes and "pull_request" in triggers:
            assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
        if "workflow_run" in triggers:
            assert refs == [""], "a workflow that may comment checks out the default branch only"


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_rights_are_named_actions_are_pinned_and_no_script_holds_an_expression(path: Path) -> None:
    found = _read(path)
    assert "permissions" in found
    for job in found["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"(actions|pypa)/[a-z-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), "text of a pull request could become part of the script"


def test_a_release_is_published_by_pinned_actions_with_one_permission_each_after_the_wheel_is_tested() -> None:
    import yaml

    workflow = yaml.safe_load(RELEASE.read_text())
    assert workflow["permissions"] == {} and workflow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` as true
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert granted == {"build": {"contents": "read"}, "test": {}, "publish": {"id-token": "write"}, "announce": {"contents": "write"}}
    needs = {name: job.get("needs") for name, job in workflow["jobs"].items()}
    assert needs == {"build": None, "test": "build", "publish": "test", "announce": "publish"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}")), step
            assert "${{" not in step.get("run", ""), "a value of the event is a variable, never a part of the script"
