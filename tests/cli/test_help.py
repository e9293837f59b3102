"""The help of every verb can be read without other pages, and its example runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from proda.cli.main import VERBS, cli
from proda.cli.settings import ROOT_HELP
from proda.store.chunks import save_chunks
from tests.extraction.sources import chunks_of
from tests.toyresults import commit, make_diagnoses, make_patch, make_results
from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_results(make_repository(tmp_path_factory.mktemp("help")))
    make_diagnoses(root)
    commit(root, "Built")
    make_patch(root)
    commit(root, "Repaired")
    (root / "terms.obo").write_text('[Term]\nid: T:1\nname: sieve\ndef: "A frame with a mesh." []\n')  # what the example of import reads
    (root / "heat-pumps.md").write_text("# Heat pumps\n\nA heat pump moves heat.\n")
    text = min((root / "knowledge/sources").glob("*/*.md"))
    source = f"{text.parent.name}/{text.stem}"
    save_chunks(root, source, chunks_of(source, text.read_text()))
    return root


def _run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_example_in_help_runs(root: Path, verb: str) -> None:
    text = _run(root, verb, "--help").stdout
    example = re.search(r"Example: proda (.+)", " ".join(text.split()).replace(" Example:", "\nExample:"))
    assert example is not None, text
    # The examples name nodes of the shipped knowledge base; here those of the toy world replace them.
    words = [
        re.sub(r"^[a-z-]+/[a-z-]+(.*)$", r"milling/frost-halts-mill\1", w) if "/" in w and "." not in w else w
        for w in shlex.split(example[1])
    ]
    words = [w.replace("main", "HEAD") if w.startswith(("main", "v1")) else w for w in words]
    done = _run(root, *words)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


def test_help_of_a_verb_is_its_help_and_lists_every_verb(root: Path) -> None:
    assert _run(root, "help", "diff").stdout == _run(root, "diff", "--help").stdout
    assert "`python -m proda.cli.reading_sheet --help`" in " ".join(_run(root, "help").stdout.split())
    for arguments in (["help"], ["--help"]):
        listed = re.findall(r"^  ([a-z]+)  ", _run(root, *arguments).stdout, re.MULTILINE)
        assert listed == [*VERBS, "help"]
    wrong = _run(root, "help", "dif")
    assert wrong.returncode == 2 and "Did you mean 'diff'?" in wrong.stderr
    assert "Example: proda help diff" in _run(root, "help", "--help").stdout


def test_metavars_and_options_have_one_meaning_in_every_verb() -> None:
    metavars = {"--seeds": {"LIST"}, "--disciplines": {"LIST"}, "--item": {"ITEM"}, "--patch": {"PATCH"}, "--root": {None}}
    for verb in VERBS:
        command = cli.get_command(click.Context(cli), verb)
        assert command is not None
        for option in (p for p in command.params if isinstance(p, click.Option)):
            for name in set(option.opts) & metavars.keys() - ({"--seeds"} if verb == "attribute" else set()):
                assert option.metavar in metavars[name], f"{verb} {name}"
        (root,) = (p for p in command.params if isinstance(p, click.Option) and "--root" in p.opts)
        assert verb == "init" or root.help == ROOT_HELP, verb


def test_an_unknown_verb_is_misuse_with_a_hint(root: Path) -> None:
    done = _run(root, "chekc")
    assert done.returncode == 2
    assert "Did you mean 'check'?" in done.stderr


def test_outside_a_repository_one_message(tmp_path: Path) -> None:
    done = _run(tmp_path, "show", "physics/heating")
    assert done.returncode == 1
    assert "Not a ProDa repository" in done.stderr
    assert "Traceback" not in done.stderr


def test_findings_exit_1_misuse_2_clean_0(root: Path) -> None:
    assert _run(root, "check").returncode == 0
    assert _run(root, "check", "--dry-run").returncode == 2
    path = root / "knowledge/milling/milling-basics.yaml"
    before = path.read_text()
    path.write_text(before + "colour: red\n")
    try:
        done = _run(root, "check")
    finally:
        path.write_text(before)
    assert done.returncode == 1
    assert "colour" in done.stdout


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_whole_number_has_an_upper_limit(verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    for parameter in command.params:
        assert parameter.type is not click.INT, parameter.name
        assert not isinstance(parameter.type, click.IntRange) or parameter.type.max is not None, parameter.name


@pytest.mark.parametrize(
    "args",
    [
        ("repair", "--max", "1", "--round"),
        ("verify", "--round"),
        ("new", "optics/lenses", "--title", "T", "--origin", "o", "--licence", "l", "--samples"),
        ("drill", "--seed"),
        ("attribute", "--dry-run", "--seeds"),
    ],
    ids=" ".join,
)
def test_a_number_that_no_file_can_hold_is_refused_and_shown(root: Path, args: tuple[str, ...]) -> None:
    given = "9" * 20
    done = _run(root, *args, given)
    assert done.returncode == 2 and given in done.stderr and args[-1] in done.stderr and "Traceback" not in done.stderr, done.stderr
