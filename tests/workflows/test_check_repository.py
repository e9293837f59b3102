"""`proda check` covers every file that the build reads: a malformed one is a finding, and the other checks go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.findings import Finding
from proda.store.items import load_items
from proda.store.record_cache import PATH as RECORDS
from proda.store.record_cache import RecordCache
from proda.store.validation import ItemReading, Letter, Validation, load_validation, merged, write_validation
from proda.workflows.check_repository import check_repository, find_root
from tests.toyresults import make_results
from tests.toyworld import ROOT, make_repository
from tests.workflows.test_benchmark_stage import keep_chains

BROKEN = {
    "a list": b"- a\n",
    "text": b"hello\n",
    "empty": b"",
    "truncated": b"a: [1, {b: ",
    "conflict markers": b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n",
    "wrong encoding": b"a: caf\xe9\n",
    "binary": b"\x00\x05\x16\x07\x00\x02",
    "deep": b"[" * 5000,
}
FILES = [
    "params.yaml",
    "samples/allocation.yaml",
    "samples/base/reading.yaml",
    "samples/corpus/milling/milling-basics.yaml",
    "benchmarks/exceptions.yaml",
    "benchmarks/validation.yaml",
    "benchmarks/solved.yaml",
    "proposals/cases/milling/milling-basics.yaml",
    "benchmarks/items/dev/milling/milling-basics.yaml",
    "benchmarks/results/metrics.json",
    "benchmarks/results/outcomes/dev.csv",
    "benchmarks/results/diagnosis.yaml",
    "benchmarks/results/overlap.json",
    "benchmarks/results/shortcuts.json",
    "benchmarks/results/run.json",
    "benchmarks/general/suite.jsonl",
    "benchmarks/verdicts/round-1.yaml",
    "samples/patches/1-flour-00000000.yaml",
    "knowledge/sources/catalogue.yaml",
    "knowledge/milling/milling-basics.yaml",
    "knowledge/relations.yaml",
]
MAY_BE_EMPTY = {
    "params.yaml",
    "benchmarks/exceptions.yaml",
    "benchmarks/validation.yaml",
    "benchmarks/solved.yaml",
    "proposals/cases/milling/milling-basics.yaml",
    "benchmarks/general/suite.jsonl",
}
LISTS = {"samples/corpus/milling/milling-basics.yaml": "samples", "benchmarks/items/dev/milling/milling-basics.yaml": "items"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with items, samples and results."""
    root = make_results(make_repository(tmp_path_factory.mktemp("whole"), git=False))
    shutil.rmtree(root / "build", ignore_errors=True)
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(whole, tmp_path / "toy"))


def findings(root: Path) -> list[Finding]:
    """The errors of a check."""
    return [f for f in check_repository(root).findings if f.severity == "error"]


def test_a_whole_repository_has_no_findings(root: Path) -> None:
    assert check_repository(root).findings == ()


def test_unread_and_disputed_items_are_one_warning_with_their_numbers(root: Path) -> None:
    items = load_items(root)
    validation = load_validation(root)
    other = "B" if items[0].answer == "A" else "A"
    disagreeing = merged(validation, "c", [(items[0], ItemReading(msgspec.convert(other, Letter), 0.5))])
    once = {h: dict(list(readings.items())[:1]) if h == items[1].content_hash else readings for h, readings in disagreeing.readings.items()}
    write_validation(root, Validation(once))
    for _ in ("parsed", "from the cache"):
        (found,) = check_repository(root).findings
        assert (found.file, found.severity, found.rule) == ("benchmarks/validation.yaml", "warning", "validation")
        assert found.message.startswith(f"Of {len(items):,} items: 1 unread")
        assert "1 disputed" in found.message
        for path in root.rglob("*.yaml"):
            os.utime(path, (1_700_000_000, 1_700_000_000))
    (root / "benchmarks/validation.yaml").unlink()
    (found,) = check_repository(root).findings
    assert f"{len(items):,} unread" in found.message and "disputed" not in found.message


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("how", BROKEN)
def test_a_malformed_file_is_a_finding_that_names_it(root: Path, file: str, how: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_bytes(BROKEN[how])
    if how == "empty" and file in MAY_BE_EMPTY:
        assert findings(root) == []
        return
    found = findings(root)
    assert file in {f.file for f in found}
    assert all(len(f.message) < 400 and "Traceback" not in f.message for f in found)


@pytest.mark.parametrize("file", LISTS)
@pytest.mark.parametrize("entry", ["x", "5", "{}", "[a]", "{nodes: 5}", "{id: a, nodes: [[a]]}", "null"])
def test_an_entry_that_is_no_record_is_a_finding_with_its_line(root: Path, file: str, entry: str) -> None:
    key = LISTS[file]
    lines = (root / file).read_text().splitlines(keepends=True)
    (root / file).write_text("".join([*lines, f"  - {entry}\n"]))
    (found,) = [f for f in findings(root) if f.file == file]
    assert found.path.startswith(f"{key}[") and found.line == len(lines) + 1


def test_every_broken_file_is_found_at_once(root: Path) -> None:
    broken = [f for f in FILES if not f.startswith("knowledge/")]
    for file in broken:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"- a\n")
    assert {f.file for f in findings(root)} >= set(broken)


def test_a_file_that_the_build_needs_is_missed(root: Path) -> None:
    for file in ("params.yaml", "samples/allocation.yaml", "samples/base/reading.yaml"):
        (root / file).unlink()
    assert {f.file for f in findings(root)} == {"params.yaml", "samples/allocation.yaml", "samples/base/reading.yaml"}


def test_the_allocation_names_the_disciplines_of_the_knowledge(root: Path) -> None:
    (root / "samples/allocation.yaml").write_text("samples:\n  milling: 40\n  baking: 40\n")
    assert {(f.line, f.path, f.message.split("'")[1]) for f in findings(root)} == {
        (3, "samples.baking", "baking"),
        (1, "samples", "lighting"),
        (1, "samples", "ovens"),
    }


@pytest.mark.parametrize("special", ["folder", "pipe", "link to nothing", "link out"])
def test_what_is_not_a_regular_file_is_a_finding(root: Path, tmp_path: Path, special: str) -> None:
    path = root / "samples/corpus/milling/more.yaml"
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    match special:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link to nothing":
            path.symlink_to("nowhere.yaml")
        case _:
            path.symlink_to(tmp_path / "secret.yaml")
    found = findings(root)
    assert [f.file for f in found] == ["samples/corpus/milling/more.yaml"]
    assert "hunter2" not in found[0].message


def test_hidden_files_are_left_out_everywhere(root: Path) -> None:
    for file in (*FILES, "samples/patches/1-a.yaml", "knowledge/sources/milling/milling-notes.md"):
        hidden = (root / file).with_name(f"._{Path(file).name}")
        hidden.parent.mkdir(parents=True, exist_ok=True)
        hidden.write_bytes(b"\x00\x05\x16\x07Mac OS X")
        (root / file).with_name(f".#{Path(file).name}").symlink_to("user@host.1234")
    assert check_repository(root).findings == ()


@pytest.mark.parametrize("folder", [".", "knowledge", "knowledge/milling", "samples/corpus/milling", "benchmarks/items"])
def test_the_root_is_found_from_any_folder(root: Path, folder: str) -> None:
    assert find_root(root / folder) == root.resolve()


def test_the_command_works_from_a_subfolder_and_prints_paths_from_the_root(root: Path) -> None:
    (root / "samples/allocation.yaml").write_text("samples: {milling: -1, lighting: 5}\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "proda.cli.main", "check"]
    where = root / "knowledge/sources"
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("samples/allocation.yaml:1  samples.milling\n  Got -1, expected a whole number of at least 0. Fix")
    assert not (where / "build").exists()


def _checked(where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "proda.cli.main", "check"]
    return subprocess.run(command, cwd=where, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


def test_a_file_of_which_only_the_first_fault_is_known_is_named(root: Path) -> None:
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text().replace("type: process", "type: prcess", 1))
    done = _checked(root)
    assert done.returncode == 1 and "'prcess'" in done.stdout
    assert "knowledge/milling/milling-basics.yaml was not checked further, and is not counted." in done.stderr


def test_a_folder_without_knowledge_is_no_repository_and_stays_empty(tmp_path: Path) -> None:
    done = _checked(tmp_path)
    assert done.returncode == 1 and "Not a ProDa repository" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_second_check_reads_no_record_again_and_gives_the_same(root: Path) -> None:
    for path in root.rglob("*.yaml"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    first = check_repository(root)
    cached = RecordCache.load(root)
    file = root / "samples/corpus/milling/milling-basics.yaml"
    kept = cached.samples.get(file)
    assert kept is not None and len(kept) > 1
    assert check_repository(root).findings == first.findings == ()
    file.write_text(file.read_text().replace("  - id: ", "  - identity: ", 1))
    assert [f.file for f in findings(root)] == [file.relative_to(root).as_posix()]
    assert RecordCache.load(root).samples.get(file) is None


@pytest.mark.parametrize("harm", ["truncated", "flipped", "text", "empty", "folder", "link out"])
def test_a_damaged_cache_of_records_is_made_again(root: Path, tmp_path: Path, harm: str) -> None:
    check_repository(root)
    path = root / RECORDS
    path.parent.mkdir(parents=True, exist_ok=True)
    data = bytearray(path.read_bytes() if path.exists() else b"x" * 100)
    path.unlink(missing_ok=True)
    match harm:
        case "truncated":
            path.write_bytes(data[: len(data) // 2])
        case "flipped":
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(data)
        case "folder":
            path.mkdir()
        case "link out":
            path.symlink_to(tmp_path / "elsewhere")
        case _:
            path.write_bytes(b"no cache" if harm == "text" else b"")
    assert check_repository(root).findings == ()
    assert not (tmp_path / "elsewhere").exists()


def test_records_of_other_code_are_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in root.rglob("*.yaml"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    check_repository(root)
    file = root / "samples/corpus/milling/milling-basics.yaml"
    assert RecordCache.load(root).samples.get(file) is not None
    monkeypatch.setattr("proda.store.record_cache.VERSION", 10**6)
    assert RecordCache.load(root).samples.get(file) is None


def test_a_knowledge_too_small_for_an_item_is_warned_of(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    assert not [f for f in check_repository(root).findings if f.rule == "items"]
    keep_chains(root, {"milling": ("wind-grinds-grain",)})
    (finding,) = (f for f in check_repository(root).findings if f.rule == "items")
    assert finding.severity == "warning" and "has 1 chain," in finding.message
    (root / "dvc.yaml").unlink()
    assert not [f for f in check_repository(root).findings if f.rule == "items"], "there is no build"


def test_a_general_suite_without_a_file_is_refused_before_anything_is_trained(root: Path) -> None:
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["evaluate"] = {**params.get("evaluate", {}), "general": ["suite", "everyday", "tides"]}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / "benchmarks/general/suite.jsonl").unlink(missing_ok=True)  # the stage `curriculum` writes it
    found = {finding.message for finding in check_repository(root).findings if finding.file == "params.yaml" and finding.line}
    assert len(found) == 2
    assert any("'everyday'" in message and "proda init DIR" in message for message in found)
    assert any("'tides'" in message and "--topic tides" in message for message in found)
    (root / "benchmarks/general").mkdir(exist_ok=True)
    (root / "benchmarks/general/everyday.jsonl").write_bytes((ROOT / "benchmarks/general/everyday.jsonl").read_bytes())
    assert sum(finding.file == "params.yaml" for finding in check_repository(root).findings) == 1
