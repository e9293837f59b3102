"""`proda rebuild` with real DVC and git on a pipeline of two small stages, and a bare remote."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proda.knowledge.fix import fix_knowledge
from tests.forge.server import BOT, Forge, environment, git, serving, with_remote
from tests.toyresults import commit
from tests.toyworld import make_repository

TOPIC = "knowledge/milling/milling-basics.yaml"
PIPELINE = """\
stages:
  synthesize:
    cmd: mkdir -p samples/corpus && grep -h 'definition' -r knowledge --include=*.yaml | sort > samples/corpus/all.txt
    deps: [knowledge]
    outs: [{samples/corpus: {cache: false}}]
  guard:
    cmd: "! grep -q leak samples/corpus/all.txt || (echo 'A sample gives an item away.' >&2; exit 1)"
    deps: [samples/corpus]
  train:
    cmd: sleep 0
    deps: [samples/corpus]
"""


def proda(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "GH_", "CI_"))}
    command = [sys.executable, "-P", "-m", "proda.cli.main", *arguments]
    done = subprocess.run(command, cwd=root, env={**kept, **variables}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose derived files are committed as they are built."""
    root = make_repository(tmp_path_factory.mktemp("rebuild") / "work")
    fix_knowledge(root)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n")
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".gitignore").write_text("/build/\n")
    subprocess.run([sys.executable, "-P", "-m", "dvc", "repro", "-q"], cwd=root, check=True)
    commit(root, "Built")
    return root


@pytest.fixture
def edited(origin: Path, tmp_path: Path) -> Path:
    """A clone with a branch on which a definition was edited, as on the forge's web page; pushed."""
    root = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(root))
    git(root, "remote", "remove", "origin")
    with_remote(root, tmp_path / "bare.git")
    git(root, "switch", "-q", "-c", "edit")
    topic = root / TOPIC
    topic.write_text(topic.read_text().replace("the 2th thing", "the second thing"))
    git(root, "commit", "-q", "-am", "Edit on the web page")
    return root


def test_derived_files_are_rebuilt_committed_and_pushed_and_a_second_run_does_nothing(edited: Path, tmp_path: Path) -> None:
    before = git(edited, "rev-parse", "HEAD")
    assert "would run: synthesize, guard" in proda(edited, "rebuild", "--dry-run").stdout
    done = proda(edited, "rebuild", "--push")
    assert done.returncode == 0 and "rebuilt synthesize, guard: 2 files, committed as" in done.stderr, done.stderr
    assert git(edited, "rev-parse", "HEAD~1") == before
    assert git(edited, "show", "--name-only", "--format=").splitlines() == ["dvc.lock", "samples/corpus/all.txt"]
    assert "Rebuilt: data" in git(edited, "log", "-1", "--format=%B")
    assert git(tmp_path / "bare.git", "rev-parse", "edit") == git(edited, "rev-parse", "HEAD")
    again = proda(edited, "rebuild", "--push")
    assert again.returncode == 0 and "every derived file is committed as it is built" in again.stderr
    assert git(edited, "rev-parse", "HEAD~1") == before


def test_a_rebuild_whose_push_was_refused_is_pushed_by_the_next_run(edited: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(edited, "push", "-q", "origin", "edit")
    git(tmp_path, "clone", "-q", "-b", "edit", str(tmp_path / "bare.git"), str(other))
    (other / "notes.txt").write_text("meanwhile\n")
    commit(other, "Meanwhile")
    git(other, "push", "-q")
    refused = proda(edited, "rebuild", "--push")
    assert refused.returncode == 1 and "git pull --rebase origin edit" in refused.stderr
    git(edited, "pull", "-q", "--rebase", "origin", "edit")
    done = proda(edited, "rebuild", "--push")
    assert done.returncode == 0 and "Pushed edit to origin." in done.stderr, done.stderr
    assert git(tmp_path / "bare.git", "rev-parse", "edit") == git(edited, "rev-parse", "HEAD")
    again = proda(edited, "rebuild", "--push")
    assert again.returncode == 0 and "Pushed" not in again.stderr, "the remote has it all"
    git(edited, "reset", "-q", "--hard", "HEAD~1")
    behind = proda(edited, "rebuild", "--check")
    assert behind.returncode == 1 and "Pushed" not in behind.stderr


def test_derived_files_that_another_command_wrote_are_committed_and_other_changes_are_refused(edited: Path) -> None:
    assert proda(edited, "rebuild", "--check").returncode == 1
    assert set(git(edited, "diff", "--name-only").split()) == {"dvc.lock", "samples/corpus/all.txt"}
    (edited / "params.yaml").write_text((edited / "params.yaml").read_text() + "# a note\n")
    refused = proda(edited, "rebuild")
    assert refused.returncode == 2 and "params.yaml" in refused.stderr and "dvc.lock" not in refused.stderr
    git(edited, "checkout", "-q", "params.yaml")
    git(edited, "add", "dvc.lock")
    done = proda(edited, "rebuild")
    assert done.returncode == 0 and "2 files, committed as" in done.stderr, done.stderr
    assert git(edited, "status", "--porcelain") == "" and proda(edited, "rebuild", "--check").returncode == 0


def test_check_commits_nothing_and_fails_until_the_branch_is_rebuilt(edited: Path) -> None:
    before = git(edited, "rev-parse", "HEAD")
    done = proda(edited, "rebuild", "--check")
    assert done.returncode == 1 and done.stdout.splitlines() == ["dvc.lock", "samples/corpus/all.txt"]
    assert git(edited, "rev-parse", "HEAD") == before
    git(edited, "checkout", "-q", "--", ".")
    assert proda(edited, "rebuild").returncode == 0 and proda(edited, "rebuild", "--check").returncode == 0


def test_a_rebuild_that_is_not_final_is_refused_so_that_a_workflow_ends(edited: Path) -> None:
    pipeline = edited / "dvc.yaml"
    ends = "samples/corpus/all.txt\n    deps: [knowledge]"
    never_same = "samples/corpus/all.txt; date +%s%N >> samples/corpus/all.txt\n    always_changed: true\n    deps: [knowledge]"
    assert ends in pipeline.read_text()
    pipeline.write_text(pipeline.read_text().replace(ends, never_same))
    git(edited, "commit", "-q", "-am", "A stage that never gives the same")
    assert proda(edited, "rebuild").returncode == 0
    head = git(edited, "rev-parse", "HEAD")
    done = proda(edited, "rebuild")
    assert done.returncode == 1 and "rebuilding it gives other files" in done.stderr and git(edited, "rev-parse", "HEAD") == head


def test_a_text_that_gives_an_item_away_stops_the_rebuild_and_the_request(edited: Path) -> None:
    topic = edited / TOPIC
    topic.write_text(topic.read_text().replace("the second thing", "the leak"))
    git(edited, "commit", "-q", "-am", "A leak")
    head = git(edited, "rev-parse", "HEAD")
    done = proda(edited, "rebuild", "--push")
    assert done.returncode == 1 and "A sample gives an item away." in done.stderr and git(edited, "rev-parse", "HEAD") == head
    git(edited, "checkout", "-q", "--", ".")
    checked = proda(edited, "pr", "main", "--markdown")
    assert checked.returncode == 1 and "❌ **leak gate**" in checked.stdout and "A sample gives an item away." in checked.stdout
    assert "✅ **build**" in checked.stdout


def test_a_request_whose_build_fails_names_the_stage_and_says_nothing_of_leaks(edited: Path) -> None:
    pipeline = edited / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("cmd: mkdir", "cmd: echo 'Too few chains.' >&2; exit 1; mkdir"))
    git(edited, "commit", "-q", "-am", "A build that fails")
    checked = proda(edited, "pr", "main", "--markdown")
    assert checked.returncode == 1 and "❌ **build** the stage synthesize failed" in checked.stdout.replace(":", ""), checked.stdout
    assert "Too few chains." in checked.stdout and "❌ **leak gate**" not in checked.stdout


def test_a_request_whose_derived_files_are_old_says_what_to_run_and_one_that_is_rebuilt_passes(edited: Path) -> None:
    old = proda(edited, "pr", "main")
    assert old.returncode == 1 and "2 derived files not as built from the data: run `proda rebuild`, and push" in old.stdout, old.stdout
    git(edited, "checkout", "-q", "--", ".")
    proda(edited, "rebuild")
    done = proda(edited, "pr", "main")
    assert done.returncode == 0 and "passed   leak gate" in done.stdout and "passed   items and samples" in done.stdout, done.stdout


def test_errors_and_uncommitted_changes_are_named_and_nothing_is_rebuilt(edited: Path) -> None:
    topic = edited / TOPIC
    topic.write_text(topic.read_text().replace("relation: causes", "relation: cuases", 1))
    changed = proda(edited, "rebuild")
    assert changed.returncode == 2 and "not committed" in changed.stderr and TOPIC in changed.stderr
    git(edited, "commit", "-q", "-am", "A mistake")
    wrong = proda(edited, "rebuild")
    assert wrong.returncode == 1 and "cuases" in wrong.stderr and "nothing was rebuilt" in wrong.stderr
    assert proda(edited, "rebuild", "--check", "--push").returncode == 2


def test_after_the_push_of_a_workflow_the_checks_are_started(edited: Path) -> None:
    pytest.importorskip("github")
    with serving(Forge(user=dict(BOT))) as forge:
        done = proda(edited, "rebuild", "--push", "--start", "pull-request.yml", "--number", "12", **environment(forge))
        assert done.returncode == 0, done.stderr
        assert forge.started == [("pull-request.yml", {"ref": "edit", "inputs": {"number": "12"}})]
        proda(edited, "rebuild", "--push", "--start", "pull-request.yml", "--number", "12", **environment(forge))
        assert len(forge.started) == 1


def test_what_differs_on_main_is_proposed_on_a_branch_of_its_own(edited: Path, tmp_path: Path) -> None:
    pytest.importorskip("github")
    git(edited, "switch", "-q", "main")
    git(edited, "merge", "-q", "edit")
    with serving(Forge(user=dict(BOT))) as forge:
        done = proda(edited, "rebuild", "--branch", "rebuild/1", "--push", "--pr", **environment(forge))
        assert done.returncode == 0, done.stderr
        (pull,) = forge.pulls
        assert (pull["head"]["ref"], pull["base"]["ref"], pull["title"]) == ("rebuild/1", "main", "Rebuild items and samples")
        assert git(tmp_path / "bare.git", "log", "-1", "--format=%s", "rebuild/1") == "Rebuild items and samples"
        git(edited, "switch", "-q", "main")
        again = proda(edited, "rebuild", "--branch", "rebuild/1", "--push", "--pr", **environment(forge))
        assert again.returncode == 0 and "on the remote already" in again.stderr and len(forge.pulls) == 1


def test_the_token_does_not_reach_the_stages(edited: Path) -> None:
    pipeline = edited / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace('cmd: "! grep', 'cmd: "test -z $GITHUB_TOKEN && ! grep'))
    git(edited, "commit", "-q", "-am", "A stage that looks for a token")
    done = proda(edited, "rebuild", GITHUB_TOKEN="secret")
    assert done.returncode == 0, done.stderr
