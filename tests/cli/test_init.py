"""`proda init` from the command line: what is printed, what is written, and one message for each mistake."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proda.cli.init import init
from proda.cli.main import VERBS

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main", "init"]


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n    name = Ada\n    email = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(init, arguments, catch_exceptions=False)


def test_the_folder_goes_to_standard_output_and_the_next_step_to_standard_error(tmp_path: Path) -> None:
    done = call("good bread", "--root", str(tmp_path))
    assert done.exit_code == 0 and done.stdout == f"{tmp_path}/good bread\n"
    assert "committed as" in done.stderr and "the embedded base" in done.stderr
    assert done.stderr.endswith(f"Next: cd '{tmp_path}/good bread' && make repro\n")
    assert (tmp_path / "good bread/README.md").read_text().startswith("# good bread\n")


def test_every_command_that_the_readme_names_exists(tmp_path: Path) -> None:
    call("breads", "--root", str(tmp_path))
    text = (tmp_path / "breads/README.md").read_text() + (tmp_path / "breads/Makefile").read_text()
    named = set(re.findall(r"\bproda ([a-z]+)\b", text))
    assert {"ingest", "curate", "extract", "review", "check", "status", "init"} <= named
    assert named <= {*VERBS, "help"}


def test_a_dry_run_prints_the_files_and_writes_none(tmp_path: Path) -> None:
    done = call("breads", "--root", str(tmp_path), "--dry-run")
    assert "knowledge/baking/bread-making.yaml" in done.stdout.splitlines() and "a dry run" in done.stderr
    assert not (tmp_path / "breads").exists()


def test_json_names_files_and_commit(tmp_path: Path) -> None:
    planned = json.loads(call("breads", "--root", str(tmp_path), "--dry-run", "--json", "--model", "someone/small").stdout)
    made = json.loads(call("breads", "--root", str(tmp_path), "--json", "--model", "someone/small").stdout)
    assert planned["commit"] is None and not planned["written"] and made["written"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path / "breads", check=True, capture_output=True, text=True).stdout
    tracked = subprocess.run(["git", "ls-files"], cwd=tmp_path / "breads", check=True, capture_output=True, text=True).stdout
    assert made["commit"] == head.strip() and made["files"] == planned["files"] == tracked.splitlines()


def test_without_an_identity_it_succeeds_and_says_what_is_left_to_do(tmp_path: Path) -> None:
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text("")
    done = call("breads", "--root", str(tmp_path))
    assert done.exit_code == 0 and "not committed" in done.stderr and "git config --global user.name" in done.stderr


def test_the_example_is_removed_when_it_is_committed(tmp_path: Path) -> None:
    call("breads", "--root", str(tmp_path))
    topic = tmp_path / "breads/knowledge/baking/bread-making.yaml"
    proposed = tmp_path / "breads/proposals/baking/bread-making.yaml"
    proposed.parent.mkdir(parents=True)
    proposed.write_text("chains: []\n")  # as `proda extract` leaves it, not committed
    planned = call("--remove-example", "breads", "--root", str(tmp_path), "--dry-run")
    assert "would remove knowledge/baking/bread-making.yaml" in planned.stdout and topic.is_file()
    done = call("--remove-example", "breads", "--root", str(tmp_path))
    assert "remove knowledge/sources/baking/bread-making.md" in done.stdout and "edit samples/allocation.yaml" in done.stdout
    assert "No topic is left" in done.stderr and not topic.exists() and not proposed.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((".",), 1, "not empty"),
        (("breads", "--endpoint", "nowhere"), 2, "--endpoint: Got 'nowhere', expected an address like"),
        (("breads", "--model", ""), 2, "--model: got '', expected one line of text"),
        (("breads", "--model", " "), 2, "--model: got ' ', expected one line of text"),
        (("breads", "--name", ""), 2, "--name: got '', expected one line of text"),
        (("breads", "--model", "/no/model"), 2, "--model: got '/no/model', which is no folder here"),
        (("breads", "--model", "./model"), 2, "--model: got './model', which is no folder here"),
        (("breads", "--model", "../model"), 2, "--model: got '../model', which is no folder here"),
        (("--remove-example", "breads", "--model", ""), 2, "leave out --name"),
        (("--remove-example", "breads", "--name", "x"), 2, "leave out --name"),
        (("--remove-example", "."), 1, "Not a ProDa repository"),
        (("--remove-example", "nowhere"), 2, "no such folder"),
    ],
)
def test_a_mistake_is_one_message(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = subprocess.run([*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code and said in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["gitconfig"]


def test_changes_that_are_not_committed_are_not_removed(tmp_path: Path) -> None:
    call("breads", "--root", str(tmp_path))
    topic = tmp_path / "breads/knowledge/baking/bread-making.yaml"
    topic.write_text(topic.read_text() + "# mine\n")
    done = subprocess.run([*COMMAND, "--remove-example", "breads"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "not committed" in done.stderr and topic.read_text().endswith("# mine\n")


@pytest.mark.parametrize("template", [True, False])
def test_a_model_without_a_readable_chat_template_is_said(tmp_path: Path, template: bool) -> None:
    (tmp_path / "model").mkdir()
    if template:
        (tmp_path / "model/chat_template.jinja").write_text("{{ messages }}")
    done = call("breads", "--root", str(tmp_path), "--model", str(tmp_path / "model"))
    assert ("No chat template could be read for" in done.stderr) is not template and "a pretrained base" in done.stderr
    assert f"prompt: {'chat' if template else 'plain'}" in (tmp_path / "breads/params.yaml").read_text()
    assert "chat template" not in call("loaves", "--root", str(tmp_path)).stderr
