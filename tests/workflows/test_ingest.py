"""Ingesting: what is new, what is known by its bytes, what an update changes, and what is never overwritten."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from proda.documents.blocks import ReadDocument, UnreadableDocumentError
from proda.documents.read import file_bytes, read_document
from proda.errors import InputError, UsageError
from proda.knowledge.compile import check_knowledge
from proda.knowledge.schema import DocumentEntry, SourceEntry
from proda.workflows import ingest as ingest_module
from proda.workflows import ingest_files, ingest_run
from proda.workflows.catalogue import catalogue_text, load_catalogue
from proda.workflows.dvc_tracking import is_tracked, require_dvc, track
from proda.workflows.ingest import Details, IngestBatch, plan_ingest, quotes_of, slug, write_batch
from proda.workflows.ingest_files import catalogued_name, gather, match
from tests.toyworld import make_repository

STATED = Details(licence="CC-BY-4.0", origin="written for the tests")
TEXT = "# Heat pumps\n\nA heat pump moves heat.\n\n## How\n\nIt does so by evaporation.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    (tmp_path / "papers").mkdir()
    return tmp_path / "papers"


def read(path: Path) -> ReadDocument:
    return read_document(path.name, file_bytes(path))


def ingest(
    root: Path, *paths: Path, details: Details = STATED, reader: Callable[[Path], ReadDocument] = read, write: bool = True
) -> IngestBatch:
    files = match(gather(paths).files, load_catalogue(root), "milling", details.topic)
    batch = plan_ingest(root, files, "milling", details, reader)
    if write:
        write_batch(root, batch)
    return batch


def states(batch: IngestBatch) -> list[tuple[str, str]]:
    return [(result.state, result.source) for result in batch.results]


def test_a_new_document_becomes_a_source_with_an_entry_and_passes_check(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    batch = ingest(root, papers)
    assert states(batch) == [("new", "milling/heat-pumps")]
    source = (root / "knowledge/sources/milling/heat-pumps.md").read_text()
    assert source == TEXT
    entry = yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["milling/heat-pumps"]
    assert entry == {
        "title": "Heat pumps",
        "origin": "written for the tests",
        "licence": "CC-BY-4.0",
        "sha256": hashlib.sha256(source.encode()).hexdigest(),
        "document": {"name": "pump.md", "format": "markdown", "sha256": hashlib.sha256(TEXT.encode()).hexdigest()},
    }
    assert check_knowledge(root).findings == ()
    diff = subprocess.run(["git", "diff", "--numstat"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    assert diff[1:2] == ["0"]  # the catalogue loses no line


def test_ingesting_again_knows_the_bytes_under_any_name(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    ingest(root, papers)
    before = (root / "knowledge/sources/catalogue.yaml").read_text()

    def never(path: Path) -> ReadDocument:
        raise AssertionError(path)

    assert states(ingest(root, papers, reader=never)) == [("unchanged", "milling/heat-pumps")]
    (papers / "pump.md").rename(papers / "heat.md")
    assert states(ingest(root, papers, reader=never)) == [("renamed", "milling/heat-pumps")]
    assert (root / "knowledge/sources/catalogue.yaml").read_text() == before
    ingest(root, papers, details=Details(update=True), reader=never)
    assert load_catalogue(root)["milling/heat-pumps"].document.name == "heat.md"  # type: ignore[union-attr]
    (papers / "copy.md").write_text(TEXT)
    assert [s for s, _ in states(ingest(root, papers / "heat.md", papers / "copy.md", reader=never))] == ["unchanged", "repeated"]


def test_a_changed_document_is_shown_and_only_an_update_writes_it(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    ingest(root, papers)
    (papers / "pump.md").write_text(TEXT.replace("by evaporation", "with a compressor") + "\nOne more paragraph.\n")
    shown = ingest(root, papers)
    [result] = shown.results
    assert (result.state, result.source, result.added, result.removed) == ("changed", "milling/heat-pumps", 2, 1)
    assert result.changes == ("-It does so by evaporation.", "+It does so with a compressor.", "+One more paragraph.")
    assert shown.entries == {} and (root / "knowledge/sources/milling/heat-pumps.md").read_text() == TEXT
    [result] = ingest(root, papers, details=Details(update=True)).results
    assert result.state == "updated"
    assert "compressor" in (root / "knowledge/sources/milling/heat-pumps.md").read_text()
    entry = load_catalogue(root)["milling/heat-pumps"]
    assert entry.licence == "CC-BY-4.0" and entry.document is not None
    assert entry.document.sha256 == hashlib.sha256((papers / "pump.md").read_bytes()).hexdigest()
    assert check_knowledge(root).findings == ()
    assert states(ingest(root, papers)) == [("unchanged", "milling/heat-pumps")]


def test_a_name_is_looked_up_once_however_many_entries_there_are(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (papers / f"{number}.md").write_text(f"new {number}")
    names = {f"{discipline}/{n}": f"{n}.md" for discipline in ("milling", "ovens") for n in range(0, 200, 3)}
    catalogue = {
        source: SourceEntry(name, "here", "CC0-1.0", "0" * 64, DocumentEntry(name, "markdown", "0" * 64)) for source, name in names.items()
    }
    asked: list[Path] = []
    monkeypatch.setattr(ingest_files, "catalogued_name", lambda path: asked.append(path) or catalogued_name(path))
    found = match(gather([papers]).files, catalogue, "milling")
    assert {f.source for f in found if f.state == "changed"} == {f"milling/{n}" for n in range(0, 20, 3)}
    assert len(asked) <= 20
    assert [f.source for f in match(gather([papers]).files, catalogue, "milling", "3") if f.state == "changed"] == ["milling/3"]


def test_statements_whose_quote_is_gone_are_named(root: Path, papers: Path) -> None:
    source = (
        "milling/milling-notes"
        if "milling/milling-notes" in quotes_of(root)
        else next(s for s in quotes_of(root) if s.startswith("milling/"))
    )
    path = root / f"knowledge/sources/{source}.md"
    text = path.read_text()
    entry = load_catalogue(root)[source]
    fields = {"document": {"name": "notes.md", "format": "markdown", "sha256": "0" * 64}}
    (root / "knowledge/sources/catalogue.yaml").write_text(catalogue_text(root, {source: {"title": entry.title, **fields}}))
    statement, quote = quotes_of(root)[source][0]
    (papers / "notes.md").write_text(text.replace(quote, "Something else is said here."))
    [result] = ingest(root, papers).results
    assert result.state == "changed" and statement in result.lost
    assert statement.startswith("milling/") and statement.count(".") == 1


def test_topic_files_are_read_once_for_all_batches(root: Path, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        (papers / f"{number}.md").write_text(TEXT + f"\n{number}\n")
    ingest(root, papers)
    for number in range(3):
        (papers / f"{number}.md").write_text(TEXT + f"\nNow {number}\n")
    parsed: list[Path] = []
    monkeypatch.setattr(ingest_module, "quotes_of", lambda root: parsed.append(root) or quotes_of(root))
    monkeypatch.setattr(ingest_run, "BATCH", 1)
    files = match(gather([papers]).files, load_catalogue(root), "milling")
    batches = list(ingest_run.run_ingest(root, files, "milling", STATED, dvc=False, dry_run=True))
    assert [r.state for batch in batches for r in batch.results] == ["changed"] * 3 and len(batches) == 3
    assert parsed == [root]


def test_an_edit_by_hand_is_not_lost(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    ingest(root, papers)
    path = root / "knowledge/sources/milling/heat-pumps.md"
    path.write_text(TEXT.replace("moves heat", "moves heat (checked by hand)"))
    (papers / "pump.md").write_text(TEXT + "\nNew.\n")
    [result] = ingest(root, papers, details=Details(update=True)).results
    assert result.state == "refused" and "edited by hand" in result.reason and "checked by hand" in path.read_text()
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qm", "Edited"], cwd=root, check=True)
    assert ingest(root, papers, details=Details(update=True)).results[0].state == "updated"
    path.unlink()
    (papers / "pump.md").write_text(TEXT + "\nNewer.\n")
    assert "is missing" in ingest(root, papers, details=Details(update=True)).results[0].reason


def test_one_bad_file_stops_no_other(root: Path, papers: Path) -> None:
    (papers / "a.pdf").write_bytes(b"%PDF-1.7 broken")
    (papers / "b.md").write_text(TEXT)
    (papers / "c.docx").write_bytes(b"")
    (papers / "d.txt").write_text("A text of its own, with words enough to be one.")
    batch = ingest(root, papers)
    assert [state for state, _ in states(batch)] == ["refused", "new", "refused", "new"]
    assert all(result.reason for result in batch.results if result.state == "refused")


def test_topics_are_free_ids_of_the_title_or_the_file(root: Path, papers: Path) -> None:
    (root / "knowledge/sources/milling/introduction.md").write_text("# Introduction\n\nBy hand.\n")
    for name in ("chapter-1.md", "chapter-2.md"):
        (papers / name).write_text(f"# Introduction\n\nText of {name}.\n")
    (papers / "wind.md").write_text("# Wind grinds grain\n\nText.\n")
    (papers / "日本.md").write_text("# 日本\n\n本文。\n")
    assert states(ingest(root, papers)) == [
        ("new", "milling/chapter-1"),
        ("new", "milling/chapter-2"),
        ("new", "milling/wind-grinds-grain"),
        ("new", "milling/document-2"),
    ]
    assert (root / "knowledge/sources/milling/introduction.md").read_text() == "# Introduction\n\nBy hand.\n"


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Heat pumps", "heat-pumps"),
        ("Poincaré's “Größe” & Co.", "poincares-grosse-co"),
        ("../../etc/passwd", "etc-passwd"),
        ("$(rm -rf /)", "rm-rf"),
        ("a " * 80, "-".join("a" * 30)),
        ("日本", ""),
    ],
)
def test_slugs(title: str, topic: str) -> None:
    assert slug(title) == topic and len(topic) <= 60


def test_a_stated_topic_is_taken_and_never_that_of_another_document(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    assert states(ingest(root, papers, details=Details("x", "y", topic="pumps", title="Own title"))) == [("new", "milling/pumps")]
    assert (root / "knowledge/sources/milling/pumps.md").read_text().startswith("# Own title\n")
    (papers / "other.md").write_text("# Other\n\nText.\n")
    [result] = ingest(root, papers / "other.md", details=Details("x", "y", topic="pumps")).results
    assert result.state == "refused" and "another document" in result.reason


def test_files_of_one_name_in_several_folders_are_several_documents(root: Path, papers: Path) -> None:
    for n in (1, 2):
        (papers / f"part{n}").mkdir()
        (papers / f"part{n}/index.md").write_text(f"# Part {n}\n\nText {n}.\n")
    assert states(ingest(root, papers)) == [("new", "milling/part-1"), ("new", "milling/part-2")]
    (papers / "part2/index.md").write_text("# Part 2\n\nText 2, changed.\n")
    assert states(ingest(root, papers)) == [("unchanged", "milling/part-1"), ("changed", "milling/part-2")]


def test_a_document_without_a_title_is_named_after_its_file(root: Path, papers: Path) -> None:
    (papers / "rail_heat-2.txt").write_text("The sun heats a rail. The steel grows, and it has nowhere to go then.")
    [result] = ingest(root, papers).results
    assert result.title == "rail heat 2" and "file name is used" in result.notes[0]


def test_a_folder_is_searched_without_following_links(tmp_path: Path, papers: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n")
    (papers / "sub").mkdir()
    (papers / "sub/a.md").write_text("# A\n")
    (papers / ".hidden.md").write_text("# H\n")
    (papers / "picture.png").write_bytes(b"x")
    (papers / "old.RTF").write_bytes(b"{\\rtf1 heat}")
    (papers / "old.odt").write_bytes(b"PK")
    (papers / "link.md").symlink_to(outside / "secret.md")
    (papers / "folder").symlink_to(outside)
    os.mkfifo(papers / "pipe.md")
    found = gather([papers, papers / "sub/a.md"])
    assert found.files == [papers / "sub/a.md"]
    assert {path.name for path, _ in found.skipped} == {"link.md", "folder", "pipe.md", "old.RTF", "old.odt"}
    advice = {path.name: reason for path, reason in found.skipped}
    assert "Save it as DOCX" in advice["old.RTF"] and "Save it as DOCX" in advice["old.odt"]
    assert found.others == {".png": 1}
    assert gather([papers / "link.md"]).files == [papers / "link.md"]  # given by name, so it is meant
    with pytest.raises(UsageError, match="No such file"):
        gather([papers / "missing.md"])


def test_sources_are_not_ingested_again(root: Path) -> None:
    (root / "notes.md").write_text(TEXT)
    found = gather([root], root / "knowledge")
    assert [path.name for path in found.files if "knowledge" in path.parts] == [] and root / "notes.md" in found.files
    assert "knowledge itself" in found.skipped[0][1].replace("The k", "k")
    with pytest.raises(UsageError, match="knowledge itself"):
        gather([root / "knowledge/sources"], root / "knowledge")


def test_nothing_is_written_through_a_link(root: Path, papers: Path, tmp_path: Path) -> None:
    (papers / "pump.md").write_text(TEXT)
    (root / "knowledge/sources/milling/heat-pumps.md").symlink_to(tmp_path / "victim.md")
    [result] = ingest(root, papers, write=False).results
    assert result.source == "milling/pump" or result.state == "refused"
    (root / "knowledge/sources/milling/heat-pumps.md").unlink()
    for path in (root / "knowledge/sources/milling").iterdir():
        path.rename(tmp_path / path.name)
    (root / "knowledge/sources/milling").rmdir()
    (root / "knowledge/sources/milling").symlink_to(tmp_path)
    [result] = ingest(root, papers, write=False).results
    assert result.state == "refused" and "symbolic link" in result.reason


def test_a_hostile_document_stays_text_in_source_catalogue_and_report(root: Path, papers: Path) -> None:
    title = 'x: {y: [z]} # "q" \\'
    name = "a; rm -rf $(echo 'b').md"
    (papers / name).write_text(f"# {title}\n\n<script>alert(1)</script> !!python/object \x1b[31m\n")
    [result] = ingest(root, papers).results
    assert result.state == "new"
    entry = load_catalogue(root)[result.source]
    assert entry.document is not None and entry.document.name == name
    assert "\x1b" not in (root / f"knowledge/sources/{result.source}.md").read_text()
    assert check_knowledge(root).findings == ()


def test_a_reader_that_fails_for_one_file_is_a_refusal(root: Path, papers: Path) -> None:
    (papers / "pump.md").write_text(TEXT)

    def broken(path: Path) -> ReadDocument:
        raise UnreadableDocumentError("No.")

    [result] = ingest(root, papers, reader=broken).results
    assert (result.state, result.reason) == ("refused", "No.")


def test_entries_are_added_to_a_large_catalogue_without_touching_the_rest(root: Path) -> None:
    path = root / "knowledge/sources/catalogue.yaml"
    many = {f"milling/t{n:04}": {"title": f"T{n}", "origin": "o: [x]", "licence": "no", "sha256": f"{n:064}"} for n in range(400)}
    path.write_text(catalogue_text(root, many))
    before = path.read_text().splitlines()
    after = catalogue_text(
        root, {"milling/t0007x": {"title": "12", "origin": "o", "licence": "y", "sha256": "1" * 64, "document": {"name": "a: b"}}}
    )
    added = [line for line in after.splitlines() if line not in set(before)]
    assert added[0] == "  milling/t0007x:" and "    title: '12'" in added
    assert after.splitlines().index("  milling/t0007x:") == before.index("  milling/t0008:")
    path.write_text("# a comment\n" + path.read_text() + "# the end\n")
    again = catalogue_text(root, {"milling/zz": {"title": "Z", "origin": "o", "licence": "l", "sha256": "2" * 64}})
    assert again.startswith("# a comment\n") and "# the end\n" in again and load_catalogue(root)


def test_sources_may_be_tracked_by_dvc(root: Path, papers: Path) -> None:
    with pytest.raises(UsageError, match="dvc init"):
        require_dvc(root)
    subprocess.run(["dvc", "init", "-q"], cwd=root, check=True, env={**os.environ, "DVC_NO_ANALYTICS": "1"})
    require_dvc(root)
    (papers / "pump.md").write_text(TEXT)
    batch = ingest(root, papers)
    track(root, batch.texts)
    [name] = batch.texts
    assert is_tracked(root, name) and "heat-pumps.md" in (root / "knowledge/sources/milling/.gitignore").read_text()
    assert check_knowledge(root).findings == ()
    with pytest.raises(InputError, match="DVC did not take"):
        track(root, ["knowledge/sources/milling/missing.md"])
    (root / name).unlink()  # not checked out: its topic is not free
    (papers / "pump.md").write_text("# Heat pumps\n\nAnother document.\n")
    assert "dvc pull" in ingest(root, papers).results[0].reason
