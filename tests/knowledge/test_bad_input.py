"""Hostile and broken files: one finding each, no traceback, nothing written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.findings import report_text
from proda.knowledge.compile import compile_knowledge
from proda.knowledge.fix import fix_knowledge
from tests.knowledge.toy import Toy, put

HEAT = "knowledge/physics/heat.yaml"
BOMB = "a: &a [x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))

BAD: dict[str, tuple[str | bytes, str]] = {
    "alias bomb": (BOMB, "anchor"),
    "python tag": ("discipline: !!python/object/apply:os.system ['touch pwned']\n", "tag"),
    "custom tag": ("discipline: !x physics\n", "tag"),
    "duplicate key": ("discipline: physics\ndiscipline: physics\n", "given twice"),
    "NUL": (b"discipline: phy\x00sics\n", "U+0000"),
    "bidi override": ("discipline: phy\u202esics\n", "U+202E"),
    "escaped bidi override": ('discipline: "phy\\u202esics"\n', "U+202E"),
    "UTF-16": ("discipline: physics\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without mark": ("discipline: physics\n".encode("utf-16-le"), "U+0000"),
    "latin-1": ("discipline: physiqueé\n".encode("latin-1"), "UTF-8"),
    "byte-order mark": (b"\xef\xbb\xbfdiscipline: physics\n", "byte-order mark"),
    "empty": ("", "expected keys and values"),
    "only a comment": ("# nothing\n", "expected keys and values"),
    "a list": ("- discipline: physics\n", "Got a list"),
    "a word": ("physics\n", "Got text"),
    "syntax": ("discipline: [physics\n", "Not YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "second document"),
    "deep": ("[" * 5000 + "]" * 5000, "levels deep"),
    "unclosed depth": ("{a: " * 5000, "levels deep"),
    "number for a key": ("1: physics\n", "not text"),
}


def one_finding(root: Path, file: str, says: str) -> None:
    """A check and a fix leave one finding in `file`, and write nothing."""
    report = compile_knowledge(root, root / "out", cache=root / "cache" / "c.sqlite", jobs=1)
    assert [f.file for f in report.findings] == [file], report.findings
    assert says in report.findings[0].message
    assert not (root / "out").exists()
    before = {p: p.read_bytes() for p in (root / "knowledge").rglob("*") if p.is_file() and p.stat().st_size < 10**7}
    fixed = fix_knowledge(root)
    assert file not in fixed
    assert all(p.read_bytes() == data for p, data in before.items() if p == root / file)
    assert not (root / "pwned").exists()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_topic_file_is_one_finding(tmp_path: Path, name: str) -> None:
    content, says = BAD[name]
    root = Toy().write(tmp_path)
    put(root, HEAT, content)
    one_finding(root, HEAT, says)


@pytest.mark.parametrize("file", ["knowledge/relations.yaml", "knowledge/sources/catalogue.yaml"])
@pytest.mark.parametrize("name", ["alias bomb", "python tag", "duplicate key", "NUL", "latin-1", "syntax", "a list", "deep"])
def test_a_bad_vocabulary_file_is_one_finding(tmp_path: Path, file: str, name: str) -> None:
    content, says = BAD[name]
    root = Toy().write(tmp_path)
    put(root, file, content)
    one_finding(root, file, says)


def test_a_file_of_100_megabytes_is_one_finding(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    with (root / HEAT).open("wb") as out:
        out.truncate(100 * 1024 * 1024)
    one_finding(root, HEAT, "limit is")


@pytest.mark.parametrize("target", ["file", "folder", "nowhere"])
def test_a_link_out_of_the_tree_is_one_finding(tmp_path: Path, target: str) -> None:
    root = Toy().write(tmp_path / "repository")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("password: secret\n")
    link = root / "knowledge" / "physics" / ("more" if target == "folder" else "more.yaml")
    link.symlink_to({"file": outside / "secret.yaml", "folder": outside, "nowhere": tmp_path / "absent"}[target])
    report = compile_knowledge(root, root / "out")
    assert [f.file for f in report.findings] == [str(link.relative_to(root))]
    assert "leads out" in report.findings[0].message
    assert "secret" not in str(report.findings[0])
    assert not (root / "out").exists()


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    (root / "knowledge" / "physics" / "loop").symlink_to(root / "knowledge")
    assert len(compile_knowledge(root, root / "out").findings) == 1


def test_path_tricks_in_ids_write_nowhere(tmp_path: Path) -> None:
    toy = Toy()
    concepts = toy.topics["physics/heat"]["concepts"]
    concepts["../../../escaped"] = concepts.pop("friction")
    toy.step("physics/heat", "gap-saves-rail", 2)["object"] = "../../../escaped"
    root = toy.write(tmp_path / "repository")
    report = compile_knowledge(root, root / "out")
    assert "ids" in {f.rule for f in report.findings}
    assert {p.name for p in tmp_path.iterdir()} == {"repository"}


@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff\xfe", "UTF-16"), (b"caf\xe9", "UTF-8"), ("a\u202eb".encode(), "U+202E"), (b"a\x00b", "U+0000")]
)
def test_a_bad_source_is_a_finding_where_it_is_used(tmp_path: Path, content: bytes, says: str) -> None:
    toy = Toy()
    root = toy.write(tmp_path)
    put(root, "knowledge/sources/physics/cooling.md", content)
    fix_knowledge(root)
    report = compile_knowledge(root, root / "out")
    used = [f for f in report.findings if f.file == "knowledge/physics/cooling.yaml"]
    assert len(used) == 1
    assert says in used[0].message


def test_no_knowledge_at_all_is_a_finding(tmp_path: Path) -> None:
    report = compile_knowledge(tmp_path, tmp_path / "out")
    assert not report.ok
    assert "knowledge/relations.yaml" in {f.file for f in report.findings}


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_change_neither_spans_nor_hashes(tmp_path: Path, ends: str) -> None:
    root = Toy().write(tmp_path)
    expected = compile_knowledge(root, root / "out")
    before = {p.name: p.read_bytes() for p in (root / "out").iterdir()}
    for path in (root / "knowledge").rglob("*.*"):
        path.write_bytes(path.read_bytes().replace(b"\n", ends.encode()))
    report = compile_knowledge(root, root / "out")
    assert report.findings == expected.findings == ()
    assert {p.name: p.read_bytes() for p in (root / "out").iterdir()} == before
    if ends == "\r\n":  # git rewrites these, so there is nothing to fix
        fix_knowledge(root)
        again = {p: p.read_bytes() for p in (root / "knowledge").rglob("*.*")}
        assert fix_knowledge(root) == []
        assert {p: p.read_bytes() for p in again} == again


def test_a_special_file_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Toy().write(tmp_path)
    os.mkfifo(root / "knowledge/physics/pipe.yaml")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(root)  # the path of a socket has to be short
        server.bind("knowledge/physics/s.md")
        report = compile_knowledge(root, root / "out")
    assert [f.file for f in report.findings] == ["knowledge/physics/pipe.yaml", "knowledge/physics/s.md"]
    assert all("Not a regular file" in f.message for f in report.findings)


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    (root / "knowledge/physics").chmod(0)
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--"] if os.geteuid() == 0 else []
    command = [*bound, sys.executable, "-m", "proda.cli.main", "check"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    finally:
        (root / "knowledge/physics").chmod(0o755)
    assert done.returncode == 1
    assert "knowledge/physics\n  The folder cannot be read" in done.stdout


def test_a_file_name_that_is_not_utf8_or_holds_control_characters_is_printed_safely(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    folder = os.fsencode(root / "knowledge/physics")
    for name in (b"caf\xe9.yaml", b"a\x1b[2Jb.yaml", b"two\nlines.yaml"):
        Path(os.fsdecode(folder + b"/" + name)).write_text("a: b\n")
    report = compile_knowledge(root, root / "out")
    assert len({f.file for f in report.findings}) == 3
    text = report_text(report.findings)
    assert "\x1b" not in text and "two\nlines" not in text
    text.encode()


def test_workers_run_no_code_from_the_folder_that_they_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Toy().write(tmp_path)
    for module in ("queue", "csv", "json", "string", "random", "bisect", "msgspec", "yaml", "sitecustomize", "usercustomize", "proda"):
        put(root, f"{module}.py", f"open({str(tmp_path / 'executed')!r}, 'a').write({module!r})\n")
    monkeypatch.chdir(root)
    monkeypatch.setattr("proda.knowledge.fanout.POOL_FROM", 0)
    for path in ("", ".", os.pathsep, f".{os.pathsep}/nowhere"):
        monkeypatch.setenv("PYTHONPATH", path)
        assert compile_knowledge(root, root / "out", cache=root / "never" / f"{len(path)}.sqlite", jobs=2).ok
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("linked", ["build", "build/knowledge"])
def test_nothing_is_compiled_through_a_link_that_leads_out(tmp_path: Path, linked: str) -> None:
    root = Toy().write(tmp_path / "repository")
    outside = tmp_path / "outside"
    (outside / "knowledge").mkdir(parents=True)
    for name in ("old.jsonl", "left.tmp", "knowledge/old.jsonl", "knowledge/left.tmp"):
        (outside / name).write_text("keep")
    (root / linked).parent.mkdir(parents=True, exist_ok=True)
    (root / linked).symlink_to(outside)
    before = sorted(p for p in outside.rglob("*"))
    with pytest.raises(InputError, match="leads out of the repository"):
        compile_knowledge(root, root / "build/knowledge")
    assert sorted(p for p in outside.rglob("*")) == before
