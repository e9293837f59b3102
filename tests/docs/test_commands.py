"""Every command that the documentation names exists, with its options: checked against the real command lines."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from dvc.cli import DvcParserError, parse_args

from proda.cli.main import CALLED_BY_GIT, VERBS, cli
from tests.docs.pages import ROOT, Command, blocks, code_spans, commands, pages

FOUND = [command for page, text in pages().items() for command in commands(page, text)]
REDIRECTED = re.compile(r"^(?:\d?>|>>|<|2>&1)")


def _problem(command: Command) -> str:
    """What is wrong with a command; empty if it can be run."""
    words = [word for word in command.words if word not in ("…", "P")]  # P: the options that docs/measured names once
    cut = next((i for i, word in enumerate(words) if REDIRECTED.match(word)), len(words))
    program, arguments = words[0], words[1:cut]
    return {"proda": _proda, "dvc": _dvc, "make": _make}[program](arguments)


def _proda(arguments: list[str]) -> str:
    if arguments[0] in ("--help", "--version", "VERB"):
        return ""
    if arguments[0] not in (*VERBS, "help", *CALLED_BY_GIT):
        return f"there is no verb {arguments[0]}"
    group = click.Context(cli, info_name="proda")
    verb = cli.get_command(group, arguments[0])
    assert verb is not None
    context = click.Context(verb, info_name=arguments[0], parent=group)
    try:
        values, rest, _ = verb.make_parser(context).parse_args([a for a in arguments[1:] if a not in ("--help", "-h")])
    except click.UsageError as error:
        return error.format_message()
    if rest:
        return f"too many arguments: {' '.join(rest)}"
    for option in (p for p in verb.params if isinstance(p, click.Option) and isinstance(p.type, click.Choice)):
        given = values.get(option.name or "")
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, str) and not value.isupper() and value not in option.type.choices:
                return f"{option.opts[0]} takes no {value}"
    return ""


def _dvc(arguments: list[str]) -> str:
    try:
        parse_args(arguments)
    except (DvcParserError, SystemExit) as error:
        return f"dvc does not understand it: {error}"
    return ""


def _make(arguments: list[str]) -> str:
    targets = [a for a in arguments if "=" not in a and not a.startswith("-")]
    for makefile in (ROOT / "Makefile", ROOT / "proda/templates/repository/Makefile"):
        known = set(re.findall(r"^([\w./$()-]+):", makefile.read_text().replace("$(VENV)", ".venv"), re.MULTILINE))
        if set(targets) <= known:
            return ""
    return f"there is no target {' '.join(targets)}"


@pytest.mark.parametrize("page", sorted({command.page for command in FOUND}))
def test_every_command_parses(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [f"{c.place}\n  {problem}" for c in FOUND if c.page == page and (problem := _problem(c))]
    capsys.readouterr()
    assert not wrong, "\n".join(wrong)


def test_commands_are_found_in_blocks_sessions_and_text() -> None:
    text = (
        "```sh\nproda check --fix && dvc repro  # now\n```\n\n```\n$ proda show x\nproda is printed\n```\n\nRun `make repro`, or `proda`."
    )
    found = [command.words for command in commands("page.md", text)]
    assert found == [("proda", "check", "--fix"), ("dvc", "repro"), ("proda", "show", "x"), ("make", "repro")]
    assert len(FOUND) > 150


@pytest.mark.parametrize(
    "words",
    [
        "proda chekc --fix",
        "proda check --fixx",
        "proda show a b",
        "proda extract --backend magic",
        "dvc reproo",
        "dvc repro --drry",
        "make repor",
    ],
)
def test_a_wrong_command_is_noticed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _problem(Command("page.md", 1, tuple(words.split())))


def test_every_script_and_module_that_is_run_exists() -> None:
    for page, text in pages().items():
        code = [block.text for block in blocks(text)] + [span for _, span in code_spans(text)]
        for module in re.findall(r"python3? (?:-P )?-m ((?:scripts|proda|pipelines|tests)[\w.]*)", "\n".join(code)):
            assert importlib.util.find_spec(module), f"{page}: there is no module {module}"
        for script in re.findall(r"(?<![\w/])(scripts/[\w.]+\.sh|\.ci/\w+)", "\n".join(code)):
            assert os.access(ROOT / script, os.X_OK) or (ROOT / script).is_file(), f"{page}: there is no {script}"


def test_options_of_scripts_exist() -> None:
    told: dict[str, set[str]] = {}
    for text in pages().values():
        for block in blocks(text):
            for line in block.text.splitlines():
                if found := re.search(r"python3? -m (scripts\.\w+)([^#|&`]*)", line):
                    told.setdefault(found[1], set()).update(re.findall(r"(?<= )--[a-z-]+", found[2]))
    for module, options in sorted(told.items()):
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-P", "-m", module, "--help"], cwd=Path("/"), env=env, capture_output=True, text=True, check=False
        )
        missing = {option for option in options if option not in done.stdout}
        assert not missing, f"{module} has no {missing}"
