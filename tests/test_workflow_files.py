"""The workflows for GitHub, ours and the one that `proda init` writes, follow GitHub's schema."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / ".github/workflows/release.yml"
WORKFLOWS = (ROOT / ".github/workflows/ci.yml", ROOT / "proda/templates/repository/dot-github/workflows/check.yml", RELEASE)
pytest.importorskip("check_jsonschema")


def _checked(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_follows_the_schema(path: Path) -> None:
    done = _checked(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_with_a_misspelt_key_does_not(tmp_path: Path) -> None:
    wrong = tmp_path / "check.yml"
    wrong.write_text(WORKFLOWS[1].read_text().replace("runs-on:", "run-on:"))
    done = _checked(wrong)
    assert done.returncode == 1 and "runs-on" in done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_script_of_a_workflow_is_read_by_the_shell(path: Path) -> None:
    import yaml

    jobs = yaml.safe_load(path.read_text())["jobs"]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert scripts
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stderr}"


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
