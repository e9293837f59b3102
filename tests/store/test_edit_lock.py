"""Two commands that change the same files at the same time: both changes are kept, or one command says which other one it waited for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from proda.store.edit_lock import EDITS, PROPOSALS, BusyError, editing
from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]
CATALOGUE = "knowledge/sources/catalogue.yaml"
STATED = ["--origin", "written for the tests", "--licence", "CC0-1.0"]
HOLD = """
import sys, time
from pathlib import Path
from proda.store.edit_lock import editing
with editing(Path(sys.argv[1]), "proda mv"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


def at_once(root: Path, commands: list[list[str]]) -> list[tuple[int, str]]:
    """Start the commands together; return (exit status, standard error) of each."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = [subprocess.Popen([*COMMAND, *args], cwd=root, text=True, **pipes) for args in commands]  # type: ignore[call-overload]
    told = [each.communicate()[1] for each in started]
    return [(each.returncode, text) for each, text in zip(started, told, strict=True)]


def holder(root: Path) -> subprocess.Popen[str]:
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(root)], text=True, stdout=subprocess.PIPE)
    assert held.stdout is not None and held.stdout.readline() == "held\n"
    return held


def test_topics_created_at_once_are_all_catalogued_and_allocated(root: Path) -> None:
    names = [f"subject-{n}/topic" for n in range(6)]
    done = at_once(root, [["new", name, "--title", "T", *STATED] for name in names])
    assert [code for code, _ in done] == [0] * 6, done
    assert set(names) <= yaml.safe_load((root / CATALOGUE).read_text())["sources"].keys()
    allocated = yaml.safe_load((root / "samples/allocation.yaml").read_text())["samples"]
    assert {name.partition("/")[0] for name in names} <= allocated.keys()


def test_documents_ingested_at_once_are_all_catalogued(root: Path, tmp_path: Path) -> None:
    for n in range(4):
        (tmp_path / f"paper-{n}.md").write_text(f"# Paper {n}\n\nWheat number {n} is ground between two stones.\n")
    done = at_once(root, [["ingest", str(tmp_path / f"paper-{n}.md"), "--discipline", "milling", *STATED] for n in range(4)])
    assert [code for code, _ in done] == [0] * 4, done
    assert {f"milling/paper-{n}" for n in range(4)} <= yaml.safe_load((root / CATALOGUE).read_text())["sources"].keys()


def test_a_source_of_the_same_name_is_not_overwritten_by_a_batch_planned_before(root: Path, tmp_path: Path) -> None:
    from proda.documents.read import read_document
    from proda.errors import InputError
    from proda.workflows.catalogue import load_catalogue
    from proda.workflows.ingest import Details, plan_ingest, write_batch
    from proda.workflows.ingest_files import gather, match

    plans = []
    for n in range(2):
        (tmp_path / f"{n}").mkdir()
        (tmp_path / f"{n}/mill.md").write_text(f"# Mill\n\nText number {n} about a mill.\n")
        found = gather([tmp_path / f"{n}/mill.md"], root / "knowledge").files
        files = match(found, load_catalogue(root), "milling")
        plans.append(
            plan_ingest(root, files, "milling", Details("CC0-1.0", "tests"), lambda path: read_document(path.name, path.read_bytes()))
        )
    write_batch(root, plans[0])
    before = (root / "knowledge/sources/milling/mill.md").read_bytes()
    with pytest.raises(InputError, match=r"milling/mill\n  Another command has added"):
        write_batch(root, plans[1])
    assert (root / "knowledge/sources/milling/mill.md").read_bytes() == before


def test_a_command_that_waits_in_vain_names_the_process_that_holds_the_lock(root: Path) -> None:
    held = holder(root)
    try:
        with (
            pytest.raises(BusyError, match=rf"proda mv \(process {held.pid}\) is changing the same files.*0\.1 seconds"),
            editing(root, "proda new", patience_s=0.1),
        ):
            pass
        with editing(root, "proda extract", PROPOSALS, patience_s=0.1):
            pass  # another lock
    finally:
        held.kill()
        held.communicate()


def test_a_lock_ends_with_its_process(root: Path) -> None:
    held = holder(root)
    held.kill()
    held.communicate()
    with editing(root, "proda new", EDITS, patience_s=1.0):
        pass


@pytest.mark.parametrize(
    "args",
    [
        ["new", "optics/lenses", "--title", "T", *STATED, "--dry-run"],
        ["owners"],
        ["reading", "--dry-run"],
        ["check", "--fix", "--dry-run"],
    ],
    ids=" ".join,
)
def test_a_command_that_writes_nothing_takes_no_lock(root: Path, args: list[str]) -> None:
    subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, check=False)
    assert not (root / "build/cache/edits.lock").exists()
