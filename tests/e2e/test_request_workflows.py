"""The scripts of the workflows that `proda init` writes, run here: in clones of a repository with a bare remote, against a loopback server.

A topic file is edited as on the web page of the forge. `rebuild.yml` rebuilds and pushes, `pull-request.yml` checks it, and `comment.yml`
comments on it from the default branch. The pipeline, DVC, git and the client of GitHub are the real ones; only pip is left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from proda.workflows.init_repository import plan_repository, write_repository
from tests.forge.server import BOT, REPOSITORY, TOKEN, Forge, git, serving, with_remote

pytest.importorskip("github")
ROOT = Path(__file__).resolve().parents[2]
TOPIC = "knowledge/baking/bread-making.yaml"
AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command `proda`, as an installation has it."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "proda").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m proda.cli.main "$@"\n')
    (folder / "proda").chmod(0o755)
    return folder


def run(root: Path, tools: Path, script: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's runners do."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "GH_", "CI_", "GIT_"))}
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**kept, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def steps_run(root: Path, tools: Path, name: str, event: Mapping[str, str], forge: Forge, temp: Path) -> tuple[int, str]:
    """Run the scripts of a workflow in order, until one fails; return its status, and what all printed.

    `event` has the value of each expression that the scripts get through `env`. An expression that it lacks fails the test.
    """
    (job,) = yaml.safe_load((root / f".github/workflows/{name}").read_text())["jobs"].values()
    given = {
        "GITHUB_API_URL": forge.address,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
        "RUNNER_TEMP": str(temp),
    }
    values = {"github.token": TOKEN, **event}
    said = ""
    scripts = [step for step in job["steps"] if "run" in step and step["name"] != "Install ProDa"]
    assert scripts
    for step in scripts:
        raw = {**job.get("env", {}), **step.get("env", {})}
        env = {key: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], value) for key, value in raw.items()}
        done = run(root, tools, step["run"], {**given, **env})
        said += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, said
    return 0, said


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with serving(Forge(user=dict(BOT))) as served:
        yield served


@pytest.fixture(scope="module")
def first(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository with its items and samples; `bare.git` beside it is what the forge holds."""
    folder = tmp_path_factory.mktemp("requests")
    root = folder / "data"
    for key, value in AUTHOR.items():
        os.environ.setdefault(key, value)
    try:
        write_repository(plan_repository(root, name="Bread"))
    finally:
        for key in AUTHOR:
            os.environ.pop(key, None)
    built = run(root, tools, "dvc repro -q guard && git add -A && git commit -q -m Built", AUTHOR)
    assert built.returncode == 0, built.stdout + built.stderr
    with_remote(root, folder / "bare.git")
    return root


def clone(first: Path, path: Path, revision: str) -> Path:
    """A clone as actions/checkout makes it, with the files that the stages built before, to save time."""
    bare = first.parent / "bare.git"
    git(first, "clone", "-q", str(bare), str(path))
    git(path, "remote", "set-url", "origin", f"https://github.com/{REPOSITORY}.git")
    git(path, "config", f"url.{bare}.insteadOf", f"https://github.com/{REPOSITORY}.git")
    git(path, "checkout", "-q", revision)
    run(path, Path("/usr/bin"), f'cp -r "{first}/build" . && cp -r "{first}/.dvc/cache" .dvc/', {})
    return path


@pytest.mark.slow
def test_an_edit_on_the_web_page_is_rebuilt_checked_and_commented_on(first: Path, tools: Path, forge: Forge, tmp_path: Path) -> None:
    bare = first.parent / "bare.git"
    page = clone(first, tmp_path / "page", "main")
    git(page, "switch", "-q", "-c", "edit")
    text = (page / TOPIC).read_text()
    assert "thin films stretch" in text
    (page / TOPIC).write_text(text.replace("thin films stretch", "thin films give way"))
    git(page, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-am", "Edit @everyone")
    git(page, "push", "-q", "origin", "edit")
    edited = git(page, "rev-parse", "HEAD")
    main = git(bare, "rev-parse", "main")
    number = {"inputs.number || github.event.number": "12"}
    base = {"github.event.pull_request.base.sha || format('origin/{0}', github.event.repository.default_branch)": main}

    # The commit from the web page does not pass, and says what to run; so it is for a fork, where rebuild.yml does not run.
    fork = clone(first, tmp_path / "fork", edited)
    status, _ = steps_run(fork, tools, "pull-request.yml", {**number, **base}, forge, tmp_path)
    summary = (tmp_path / "summary.md").read_text()
    assert status == 1 and "run <code>proda rebuild</code>" in summary and "✅ **leak gate**" in summary

    branch = {
        "github.head_ref || github.ref_name": "edit",
        "(github.event_name == 'workflow_dispatch' || github.event.action == 'labeled') && '--models' || ''": "",
        **number,
    }
    for time in (1, 2):  # the second run finds nothing to do, so the workflow ends
        work = clone(first, tmp_path / f"rebuild-{time}", "edit")
        status, said = steps_run(work, tools, "rebuild.yml", branch, forge, tmp_path)
        assert status == 0, said
    rebuilt = git(bare, "rev-parse", "edit")
    assert git(bare, "rev-parse", "edit~1") == edited and git(bare, "rev-parse", "main") == main
    assert git(bare, "log", "-1", "--format=%an", "edit") == "github-actions[bot]"
    changed = git(bare, "show", "--name-only", "--format=", "edit").splitlines()
    assert "dvc.lock" in changed and all(name.startswith(("samples/", "benchmarks/", "dvc.lock", TOPIC)) for name in changed)
    assert [workflow for workflow, _ in forge.started] == ["pull-request.yml"]

    forge.heads[12] = rebuilt
    for time in (1, 2):
        (tmp_path / "summary.md").unlink()
        work = clone(first, tmp_path / f"check-{time}", rebuilt)
        status, said = steps_run(work, tools, "pull-request.yml", {**number, **base}, forge, tmp_path)
        assert status == 0, said + (tmp_path / "summary.md").read_text()
        (tmp_path / "report").mkdir(exist_ok=True)
        (work / "build/pull-request.json").rename(tmp_path / "report/pull-request.json")
        trusted = clone(first, tmp_path / f"comment-{time}", "main")
        status, said = steps_run(trusted, tools, "comment.yml", {"github.event.workflow_run.head_sha": rebuilt}, forge, tmp_path)
        assert status == 0, said
    (comment,) = forge.comments[12]
    assert "**Nodes**: 1 changed" in comment["body"] and "thin films give way" in comment["body"] and "**Samples**" in comment["body"]
    assert "@everyone" not in comment["body"]


@pytest.mark.slow
def test_the_nightly_workflow_proposes_what_differs(first: Path, tools: Path, forge: Forge, tmp_path: Path) -> None:
    night = clone(first, tmp_path / "night", "main")
    workflow = night / ".github/workflows/nightly.yml"
    # Models take minutes; what is tested is the script around them.
    workflow.write_text(workflow.read_text().replace("--models ", ""))
    git(night, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-am", "No models")
    status, said = steps_run(night, tools, "nightly.yml", {}, forge, tmp_path)
    assert status == 0 and "every derived file is committed as it is built" in said and not forge.pulls, said
    text = (night / TOPIC).read_text()
    (night / TOPIC).write_text(text.replace("thin films stretch", "thin films give way"))
    git(night, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-am", "Merged without a rebuild")
    status, said = steps_run(night, tools, "nightly.yml", {}, forge, tmp_path)
    assert status == 0, said
    (pull,) = forge.pulls
    assert pull["head"]["ref"].startswith("rebuild/") and pull["base"]["ref"] == "main" and pull["title"] == "Rebuild items and samples"
