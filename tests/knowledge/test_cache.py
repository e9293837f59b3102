"""The cache of a check can be damaged, locked, read-only or from other code: it is rebuilt, or the check runs without it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proda.knowledge import cache as cache_module
from proda.knowledge import compile as compile_module
from proda.knowledge.cache import Cache, code_version
from proda.knowledge.compile import CACHE, check_knowledge, compile_knowledge
from proda.knowledge.entry import Entry
from proda.knowledge.rules.rule import Rule, Violation
from tests.knowledge.toy import Toy, compiled, put
from tests.performance.generate_knowledge import generate

HERE = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a cache of some pages, all files old enough for their stamps to be trusted."""
    generate(tmp_path, 2000, 2)
    for path in (tmp_path / "knowledge").rglob("*.*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    compile_knowledge(tmp_path, tmp_path / "out").raise_errors()
    return tmp_path


@pytest.mark.parametrize("start", [0, 1, 2, 3])
@pytest.mark.parametrize("content", [b"\xaa", b"\x00", b"\xff"])
def test_damaged_pages_anywhere_are_survived(root: Path, start: int, content: bytes) -> None:
    expected = compiled(root / "out")
    data = bytearray((root / CACHE).read_bytes())
    for offset in range(start * 4096, len(data) - 4096, 4 * 4096):
        data[offset + 100 : offset + 2000] = content * 1900
    (root / CACHE).write_bytes(data)
    for _ in range(2):
        report = compile_knowledge(root, root / "out")
        assert report.ok and report.counts["topics"] == 13
        assert compiled(root / "out") == expected


def test_a_flipped_bit_in_a_stored_value_is_noticed(root: Path) -> None:
    with sqlite3.connect(root / CACHE) as db:
        for table, column in (("topics", "entry"), ("nodes", "nodes"), ("meta", "value")):
            for rowid, blob in db.execute(f"SELECT {'name' if table == 'meta' else 'path'}, {column} FROM {table}").fetchall():
                data = bytearray(blob)
                data[len(data) // 2] ^= 0x10
                key = "name" if table == "meta" else "path"
                db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes(data), rowid))
    expected = compiled(root / "out")
    assert compile_knowledge(root, root / "out").ok
    assert compiled(root / "out") == expected


@pytest.mark.parametrize("value", [None, 5, "text", b""])
def test_a_value_of_another_type_is_noticed(root: Path, value: object) -> None:
    with sqlite3.connect(root / CACHE) as db:
        db.execute("UPDATE topics SET entry = ?", (value,))
        db.execute("UPDATE nodes SET nodes = ?", (value,))
    assert compile_knowledge(root, root / "out").ok
    assert check_knowledge(root).counts["topics"] == 13


def test_nodes_that_are_missing_are_made_again(root: Path) -> None:
    with sqlite3.connect(root / CACHE) as db:
        db.execute("DELETE FROM nodes")
    shutil.rmtree(root / "out")
    assert compile_knowledge(root, root / "out").ok


def test_a_data_base_of_another_program_is_replaced(root: Path) -> None:
    (root / CACHE).unlink()
    with sqlite3.connect(root / CACHE) as db:
        db.execute("CREATE TABLE meta (key INTEGER)")
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    assert compile_knowledge(root, root / "out").ok


def test_a_locked_cache_is_done_without(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_WAIT_S", 0.1)
    holder = sqlite3.connect(root / CACHE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert compile_knowledge(root, root / "out").ok
    finally:
        holder.close()


@pytest.mark.parametrize("there", ["folder", "pipe", "link out", "file above"])
def test_a_cache_that_cannot_be_a_file_is_done_without(root: Path, there: str) -> None:
    outside = root.parent / f"{root.name}-outside"
    shutil.rmtree(root / "build")
    path = root / CACHE
    path.parent.mkdir(parents=True)
    match there:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link out":
            outside.mkdir()
            path.parent.rmdir()
            path.parent.symlink_to(outside)
        case _:
            path.parent.rmdir()
            path.parent.touch()
    assert compile_knowledge(root, root / "out").ok
    assert not outside.exists() or not list(outside.iterdir())


def test_a_new_version_of_the_code_computes_everything_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    original = compile_module.make_entries

    def counted(*arguments: object) -> Iterator[Entry]:
        for entry in original(*arguments):  # type: ignore[arg-type]
            made.append(entry.file)
            yield entry

    monkeypatch.setattr(compile_module, "make_entries", counted)
    assert check_knowledge(root).ok
    assert made == []
    monkeypatch.setattr(cache_module, "VERSION", cache_module.VERSION + 1)
    assert check_knowledge(root).ok
    assert len(made) == 13


SCRIPT = """
import sys
from pathlib import Path
from proda.knowledge.compile import check_knowledge
print(sorted({f.rule for f in check_knowledge(Path(sys.argv[1])).findings}))
"""


@pytest.mark.parametrize(
    "module",
    ["knowledge/rules/text_length.py", "knowledge/rules/mentions.py", "language/word_stems.py", "yamlio/policy.py", "records.py"],
)
def test_a_change_to_the_code_that_computes_a_value_changes_the_key(tmp_path: Path, module: str) -> None:
    shutil.copytree(HERE / "proda", tmp_path / "code/proda", ignore=shutil.ignore_patterns("__pycache__"))
    root = Toy().write(tmp_path / "toy")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "code"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(script: str) -> str:
        command = [sys.executable, "-c", script, str(root)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    version = "from proda.knowledge.cache import code_version; print(code_version().hex())"
    before = run(version)
    assert run(SCRIPT) == "[]\n"
    path = tmp_path / "code/proda" / module
    path.write_text(path.read_text().replace("LEAST, MOST = 6, 25", "LEAST, MOST = 60, 250") + "\n# edited\n")
    assert run(version) != before
    assert run(SCRIPT) == ("['text-length']\n" if "length" in module else "[]\n")


def test_the_version_of_the_running_code_is_stable() -> None:
    assert code_version() == code_version() and len(code_version()) == 32


def test_the_cache_shrinks_when_files_go(root: Path) -> None:
    put(root, "knowledge/physics/huge.yaml", "".join(f"k{i}: {'x' * 60}\n" for i in range(100_000)))
    found = [f for f in check_knowledge(root).findings if f.file == "knowledge/physics/huge.yaml"]
    assert len(found) == 1001
    assert "More than 1,000 findings" in found[0].message
    (root / "knowledge/physics/huge.yaml").unlink()
    check_knowledge(root)
    for topic in sorted((root / "knowledge/physics").glob("*.yaml"))[1:]:
        topic.unlink()
    check_knowledge(root)
    assert (root / CACHE).stat().st_size < 4_000_000


def test_hashes_of_files_that_are_gone_are_forgotten(root: Path) -> None:
    (root / "knowledge/sources/physics").rename(root / "aside")
    shutil.rmtree(root / "out")
    check_knowledge(root)
    with Cache.open(root / CACHE) as cache:
        assert not [name for name in cache.hashes() if "physics" in name or name.startswith(str(root / "out"))]


def test_a_rule_over_all_topics_that_finds_too_much_is_cut_short(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from proda.knowledge.rules import of_knowledge

    def everything(columns: object) -> Iterator[tuple[str, Violation]]:
        del columns
        for number in range(5000):
            yield "knowledge/relations.yaml", Violation(("relations", str(number)), "Too much.")

    monkeypatch.setattr(of_knowledge, "KNOWLEDGE_RULES", (Rule("noise", "Noise.", check_all=everything),))
    found = check_knowledge(root, cache=root / "other.sqlite").findings
    assert len(found) == 1001
    assert any("More than 1,000 findings of this rule" in f.message for f in found)
