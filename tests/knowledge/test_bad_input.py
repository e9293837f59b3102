"""Hostile and broken files: one clear finding each, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

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
