"""The jobs for GitLab on docs/how-to/pull-requests.md: their schema, and their scripts, run here as a runner of GitLab runs them.

The clone has a detached HEAD and an address with the token of the job, which may fetch and not push. Git, DVC and the client of GitLab are
the real ones; the server is on the loopback interface, and only pip is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT, blocks
from tests.forge.server import PERSON, REPOSITORY, TOKEN, Forge, git, serving
from tests.workflows.test_rebuild_branch import edited, origin  # noqa: F401 (fixtures)

pytest.importorskip("gitlab")
PAGE = ROOT / "docs/how-to/pull-requests.md"
SERVER = "https://gitlab.example.org"
SAME_PROJECT = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
TEXT = next(block.text for block in blocks(PAGE.read_text()) if "merge_request_event" in block.text)
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)


def job(name: str) -> dict[str, Any]:
    """A job with what it takes from others: GitLab merges mappings and replaces lists."""
    found = JOBS[name]
    base = job(found["extends"]) if "extends" in found else {}
    return {**base, **found, "variables": {**base.get("variables", {}), **found.get("variables", {})}}


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge(user=dict(PERSON))) as served:
        yield served


def checked_out(bare: Path, folder: Path, branch: str) -> Path:
    """A clone as a runner makes it: at the commit of the branch, and with an address that refuses a push."""
    git(bare, "clone", "-q", str(bare), str(folder))
    git(folder, "checkout", "-q", "--detach", f"origin/{branch}")
    of_job = f"https://gitlab-ci-token:job@gitlab.example.org/{REPOSITORY}.git"
    git(folder, "remote", "set-url", "origin", of_job)
    git(folder, "config", f"url.{bare}.insteadOf", of_job)
    git(folder, "config", f"url.{folder / 'refused'}.pushInsteadOf", of_job)
    git(folder, "config", "--add", f"url.{bare}.insteadOf", f"{SERVER}/{REPOSITORY}.git")
    return folder


def run(name: str, root: Path, forge: Forge, branch: str = "edit") -> subprocess.CompletedProcess[str]:
    """Run the scripts of a job in one shell, as a runner does."""
    tools = root.parent / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "proda").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m proda.cli.main "$@"\n')
    (tools / "pip").write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    given = {
        "CI_PROJECT_PATH": REPOSITORY,
        "CI_PROJECT_URL": f"{SERVER}/{REPOSITORY}",
        "CI_SERVER_URL": forge.address,
        "CI_SERVER_HOST": "gitlab.example.org",
        "CI_DEFAULT_BRANCH": "main",
        "CI_COMMIT_SHORT_SHA": git(root, "rev-parse", "--short=8", "HEAD"),
        "CI_MERGE_REQUEST_IID": "12",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": branch,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "GITLAB_TOKEN": TOKEN,
    }
    found = job(name)
    # Models take minutes; what is tested is the script around them.
    found["variables"]["COMMAND"] = found["variables"].get("COMMAND", "").replace(" --models", "")
    script = "\n".join(["set -eo pipefail", *found["before_script"], *found["script"]])
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "GH_", "CI_", "GIT_"))}
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**kept, **given, **_expanded(found["variables"], given), "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _expanded(variables: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in variables.items():
        text = str(value)
        for known in sorted(given, key=len, reverse=True):
            text = text.replace(f"${known}", given[known])
        found[name] = text
    return found


def test_a_branch_that_was_edited_on_the_web_page_is_rebuilt_checked_and_commented_on(
    edited: Path,  # noqa: F811 (a fixture)
    forge: Forge,
    tmp_path: Path,
) -> None:
    bare = tmp_path / "bare.git"
    git(edited, "push", "-q", "origin", "edit")
    of_person, main = git(bare, "rev-parse", "edit"), git(bare, "rev-parse", "main")
    stale = run("check", checked_out(bare, tmp_path / "stale", "edit"), forge)
    assert stale.returncode == 1 and "run <code>proda rebuild</code>" in forge.comments[12][0]["body"], stale.stderr

    rebuilt = run("rebuild", checked_out(bare, tmp_path / "rebuild", "edit"), forge)
    assert rebuilt.returncode == 0 and "Pushed edit to origin." in rebuilt.stderr, rebuilt.stderr
    assert git(bare, "rev-parse", "edit~1") == of_person and git(bare, "rev-parse", "main") == main
    assert git(bare, "log", "-1", "--format=%an <%ae>", "edit") == "ProDa <proda@gitlab.example.org>"

    again = run("rebuild", checked_out(bare, tmp_path / "again", "edit"), forge)
    assert again.returncode == 0 and "every derived file is committed as it is built" in again.stderr, again.stderr
    passed = run("check", checked_out(bare, tmp_path / "passed", "edit"), forge)
    assert passed.returncode == 0, passed.stderr
    (comment,) = forge.comments[12]
    assert "✅ **items and samples**" in comment["body"] and "**Nodes**: 1 changed" in comment["body"]


def test_models_are_rebuilt_by_hand_and_by_night_on_a_branch_of_its_own(
    edited: Path,  # noqa: F811 (a fixture)
    forge: Forge,
    tmp_path: Path,
) -> None:
    bare = tmp_path / "bare.git"
    git(edited, "push", "-q", "origin", "edit", "edit:main")
    night = checked_out(bare, tmp_path / "night", "main")
    short = git(night, "rev-parse", "--short=8", "HEAD")
    done = run("nightly", night, forge)
    assert done.returncode == 0, done.stderr
    (pull,) = forge.pulls
    assert (pull["head"]["ref"], pull["base"]["ref"]) == (f"rebuild/{short}", "main")
    assert "Rebuilt: data" in git(bare, "log", "-1", "--format=%B", f"rebuild/{short}")

    by_hand = run("rebuild-models", checked_out(bare, tmp_path / "hand", "edit"), forge)
    assert by_hand.returncode == 0 and "Pushed edit to origin." in by_hand.stderr, by_hand.stderr
    assert "Rebuilt: data" in git(bare, "log", "-1", "--format=%B", "edit")


def test_no_job_of_a_merge_request_runs_for_a_fork_and_none_starts_a_training_unasked() -> None:
    for name in ("check", "rebuild", "rebuild-models"):
        assert all(SAME_PROJECT in rule["if"] for rule in job(name)["rules"]), name
    for name in (name for name in JOBS if not name.startswith(".")):
        (rule,) = job(name)["rules"]
        trains = "--models" in job(name)["variables"].get("COMMAND", "")
        assert trains is (rule.get("when") == "manual" or "schedule" in rule["if"]), name


def test_the_jobs_follow_the_schema_of_gitlab_and_a_misspelt_key_does_not(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    for name, text, status in (("right", TEXT, 0), ("wrong", TEXT.replace("allow_failure: true", "allow_failure: perhaps"), 1)):
        file = tmp_path / f"{name}.yml"
        file.write_text(text)
        command = [sys.executable, "-P", "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
