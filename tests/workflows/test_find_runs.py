"""From a commit, results, a number or data to the run, and from the run back to them. Real git repositories and SQLite databases."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from proda.cli.runs import runs as command
from proda.compiler.run_stores import DATABASE
from proda.errors import NotFoundError, UsageError
from proda.gitrepo import run_git
from proda.params import load_params
from proda.store.digests import Digests
from proda.store.run_record import RUN_RECORD, read_run, record_part
from proda.workflows.build_run import build_run
from proda.workflows.complete_run import complete_run
from proda.workflows.find_runs import find_runs, list_runs
from tests.toyresults import base_wrong_tuned_right, commit, make_outcomes, make_results
from tests.toyworld import make_repository

CODE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commit built twice, the second time with other results, which are committed; then a build of a changed tree, that fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        root = make_results(make_repository(tmp_path_factory.mktemp("built") / "repository"))
        (root / RUN_RECORD).unlink(missing_ok=True)
        commit(root, "Data")
        for right in (base_wrong_tuned_right, lambda item, model: base_wrong_tuned_right(item, model) and "path" in item.id):
            make_outcomes(root, right)
            with build_run(root, load_params(root / "params.yaml")) as tracker:
                pass
            record_part(root, "train", {}, run_id=tracker.run_id)
            complete_run(root)
        commit(root, "Results")
        (root / "params.yaml").write_text((root / "params.yaml").read_text() + "# changed\n")
        with pytest.raises(RuntimeError), build_run(root, load_params(root / "params.yaml")):
            raise RuntimeError("out of memory")
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Path(shutil.copytree(built, tmp_path / "repository"))


def head(root: Path, revision: str = "HEAD") -> str:
    return run_git(root, "rev-parse", revision).strip()


def test_a_commit_leads_to_all_its_runs_and_to_the_run_of_its_results(root: Path) -> None:
    failed, second, first = list_runs(root, 10)
    assert [run.run_id for run in find_runs(root, "HEAD~1")] == [second.run_id, first.run_id]
    assert [run.run_id for run in find_runs(root, "HEAD")] == [failed.run_id, second.run_id]
    assert (failed.status, failed.dirty, failed.commit) == ("FAILED", True, head(root))
    assert (second.status, second.dirty, second.commit) == ("FINISHED", False, head(root, "HEAD~1"))
    commit(root, "A later commit with the same results")
    assert [run.run_id for run in find_runs(root, "HEAD")] == [second.run_id]


def test_a_run_leads_to_its_commit_data_and_results(root: Path) -> None:
    run_id = read_run(root)["run_id"]
    [run] = find_runs(root, run_id[:8])
    assert run.run_id == run_id and run.commit == head(root, "HEAD~1")
    assert run.result_commits == (head(root),) and run.in_worktree
    assert run.data["corpus"] == (Digests(root).of("samples/corpus"),)
    failed, _, first = list_runs(root, 10)
    assert find_runs(root, first.run_id)[0].result_commits == () and not first.in_worktree
    assert failed.data["corpus"] == run.data["corpus"], "a run that fails names its data"


def test_data_leads_to_the_runs_that_read_it(root: Path) -> None:
    digest = str(Digests(root).of("samples/corpus"))
    found = find_runs(root, digest)
    assert len(found) == 3 and all("corpus" in run.matches for run in found)


def test_a_number_leads_to_the_runs_that_have_it(root: Path) -> None:
    _, second, first = list_runs(root, 10)
    assert [run.run_id for run in find_runs(root, "tuned/twin/accuracy=1.000")] == [first.run_id]
    value = second.metrics["tuned/twin/accuracy"]
    [found] = find_runs(root, f"tuned/twin/accuracy={value:.2f}")
    assert found.run_id == second.run_id and found.matches == ("tuned/twin/accuracy",)
    assert second.run_id in [run.run_id for run in find_runs(root, f"{value:.3f}")]
    with pytest.raises(NotFoundError, match=r"Closest: tuned/twin/accuracy\."):
        find_runs(root, "tuned/twin/acuracy=0.5")
    with pytest.raises(NotFoundError, match="Give fewer digits"):
        find_runs(root, "tuned/twin/accuracy=0.12345678")
    with pytest.raises(UsageError, match="decimal point"):
        find_runs(root, "tuned/twin/accuracy=high")


def test_without_the_database_git_still_names_the_run(root: Path) -> None:
    run_id = read_run(root)["run_id"]
    (root / DATABASE).unlink()
    [run] = find_runs(root, "HEAD")
    assert (run.run_id, run.status, run.stored) == (run_id, "", "") and run.commit == head(root, "HEAD~1")
    [run] = find_runs(root, run_id)
    assert run.result_commits == (head(root),)
    with pytest.raises(NotFoundError, match="No run, commit, data digest or number"):
        find_runs(root, "ffffffff")
    for odd in ("--all", "*", "'", "a b"):
        with pytest.raises(NotFoundError):
            find_runs(root, odd)


def test_the_command_prints_what_was_found(root: Path) -> None:
    run_id = read_run(root)["run_id"]
    said = CliRunner().invoke(command, ["HEAD~1", "--root", str(root)], catch_exceptions=False)
    assert said.exit_code == 0
    block = said.stdout.split("\n\n")[0].splitlines()
    assert block[0] == f"run      {run_id}  FINISHED"
    assert f"results  benchmarks/results of commit {head(root)[:12]}, the working tree" in block
    assert any(line.startswith("commit ") and head(root, "HEAD~1")[:12] in line and "without changes" in line for line in block)
    [row] = json.loads(CliRunner().invoke(command, [run_id, "--json", "--root", str(root)]).stdout)
    assert row["current"] is True and row["metrics"]["tuned/twin/accuracy"] == row["twin"]
    listed = CliRunner().invoke(command, ["--root", str(root)]).stdout.splitlines()
    assert len(listed) == 3 and f"{head(root)[:8]}+" in listed[0] and "FAILED" in listed[0]
    both = CliRunner().invoke(command, ["HEAD", "--ui", "--root", str(root)], standalone_mode=False)
    assert isinstance(both.exception, UsageError)


def test_runs_of_a_server_and_of_this_machine_are_listed_together_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from proda.workflows.upload_runs import upload_runs

    ids = [run.run_id for run in list_runs(root, 10)]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root.parent / 'team.db'}")
    assert [run.uploaded for run in list_runs(root, 10)] == [False] * 3
    upload_runs(root, ids[0])
    listed = list_runs(root, 10)
    assert [run.uploaded for run in listed] == [True, False, False] and [run.own_id for run in listed] == ids
    for name in (ids[0], listed[0].run_id):
        assert [run.own_id for run in find_runs(root, name)] == [ids[0]]
    assert [run.run_id for run in list_runs(root, 1)] == [listed[0].run_id]


def test_digests_are_those_of_dvc_lock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from dvc.repo import Repo

    caplog.set_level(logging.ERROR, logger="dvc")  # its handler may write to a stream that an earlier test has closed
    folder = tmp_path / "data"
    for name in ("b/two.yaml", "a.yaml", "b-c.yaml", "ü/é.txt", "b/__pycache__/x.pyc", ".DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "one.jsonl").write_bytes(b"{}\r\n")
    (tmp_path / ".dvcignore").write_text("__pycache__\n.DS_Store\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with Repo.init(str(tmp_path)) as repo:
        found = {stage.outs[0].def_path: stage.outs[0].hash_info.value for stage in repo.add([str(folder), str(tmp_path / "one.jsonl")])}
    digests = Digests(tmp_path)
    assert {Path(path).name: digest for path, digest in found.items()} == {
        "data": digests.of("data"),
        "one.jsonl": digests.of("one.jsonl"),
    }
    assert digests.of("nothing") is None


def test_a_file_that_dvc_ignores_does_not_change_the_digest_of_a_run(root: Path) -> None:
    shutil.copy(CODE / ".dvcignore", root)
    (root / "samples/corpus/.DS_Store").write_bytes(b"\0")
    before = list_runs(root, 1)[0].data["corpus"]
    with build_run(root, load_params(root / "params.yaml")):
        pass
    assert list_runs(root, 1)[0].data["corpus"] == before
