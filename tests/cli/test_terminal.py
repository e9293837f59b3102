"""Output is limited to the characters that the terminal can show, and files are UTF-8 in every locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_repair import git
from tests.toyresults import commit, make_diagnoses, make_results
from tests.toyworld import make_repository

LOCALE_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy world with a term that ASCII does not have, in two commits."""
    root = make_results(make_repository(tmp_path_factory.mktemp("terminal")), lambda *_: False)
    make_diagnoses(root)
    commit(root, "Gebaut")
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text(encoding="utf-8").replace("term: flour\n", "term: m\u00fcller\u2192flour\n"), encoding="utf-8")
    git(root, "-c", "user.name=M\u00fcller", "-c", "user.email=m@example.org", "commit", "-qam", "M\u00fcllern \u201cgut\u201d")
    git(root, "config", "user.name", "M\u00fcller")
    git(root, "config", "user.email", "m@example.org")
    return root


def proda(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONIOENCODING", "PYTHONUTF8")} | variables
    return subprocess.run(
        [sys.executable, "-P", "-m", "proda.cli.main", *arguments], cwd=root, env=environment, capture_output=True, check=False
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "ascii"])
def test_what_cannot_be_shown_is_replaced(root: Path, encoding: str) -> None:
    done = proda(root, "diff", "HEAD~1", "HEAD", PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    if encoding != "ascii":
        shown = done.stdout.decode(encoding)
        assert "m\u00fcller->flour" in shown and "HEAD~1" in shown and " -> HEAD" in shown
    for command in (["show", "milling/flour"], ["audit", "HEAD~1..HEAD"], ["status"], ["--help"]):
        done = proda(root, *command, PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr


def test_in_another_locale_files_arguments_and_commits_are_utf_8(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    for key, value in (("user.name", "M\u00fcller"), ("user.email", "m@example.org")):
        git(clone, "config", key, value)
    for command in (["check"], ["diff", "HEAD~1"], ["show", "milling/flour"], ["status"], ["repair", "--max", "2"]):
        done = proda(clone, *command, **LOCALE_C)
        assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert git(clone, "status", "--porcelain") == "" and git(clone, "log", "-1", "--format=%an") == "M\u00fcller"
    assert len(git(clone, "log", "--format=%H", "main..repair/round-1").splitlines()) == 2


@pytest.mark.parametrize("command", [["show"], ["diff"], ["audit", "--item"], ["check", "--root"], ["nothing"]], ids=" ".join)
def test_an_argument_that_is_not_utf8_is_refused_by_every_command(root: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-P", "-m", "proda.cli.main", *command, b"a\xffb"], cwd=root, capture_output=True, check=False)
    assert done.returncode == 2
    said = "Got the argument 'a\\xffb', which is not UTF-8. Give it in UTF-8; rename a file with such a name.\n"
    assert done.stderr.decode() == said and not done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("verb", ["status", "check", "owners"])
def test_a_closed_standard_stream_is_no_fault(root: Path, verb: str, closed: str) -> None:
    command = f'"{sys.executable}" -P -m proda.cli.main {verb} {closed}'
    open_ = subprocess.run(command.removesuffix(closed), shell=True, cwd=root, capture_output=True, check=False)
    done = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, check=False)
    assert done.returncode == open_.returncode and b"Traceback" not in done.stderr
    if "2>" not in closed:
        assert done.stderr == open_.stderr
    if not closed.startswith(">") and " >" not in closed:
        assert done.stdout == open_.stdout


def test_an_interruption_while_modules_are_imported_is_one_line(root: Path, tmp_path: Path) -> None:
    """A module that sends this process the signal of Ctrl-C stands in the place of click."""
    (tmp_path / "click.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "proda.cli.main", "check"],
        cwd=root, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted. Run the same command again.\n")
