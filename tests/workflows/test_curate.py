"""`curate`: what is kept where, what runs again after an edit, and which of two copies is kept."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from proda.document_settings import CurateSettings
from proda.errors import InputError, NotFoundError
from proda.store.chunks import Chunk, chunks_path, curated_sources, load_chunks, rejected_sample
from proda.workflows.curate import CACHE, CurationReport, counts_by_reason, curate
from proda.yamlio import dump_yaml

HERE = Path(__file__).resolve().parents[2]
SETTINGS = CurateSettings(chunk_words=60, min_words=10)


def _paragraph(topic: str, number: int) -> str:
    return (
        f"The {topic} of kind {number} grows because heat makes the atoms of {topic} number {number} vibrate more strongly than before."
        f" If its ends are fixed, the growth of {topic} {number} causes a stress that depends on the length of the body."
    )


def _source(topic: str, paragraphs: int = 8) -> str:
    return f"# {topic.capitalize()}\n\n" + "\n\n".join(_paragraph(topic, n) for n in range(paragraphs)) + "\n"


def _write(root: Path, texts: dict[str, str]) -> None:
    """Make these the sources of the repository; files that stay the same are not touched."""
    folder = root / "knowledge" / "sources"
    for path in list(folder.glob("*/*.md")):
        if f"{path.parent.name}/{path.stem}" not in texts:
            path.unlink()
    entries = {}
    for source, text in texts.items():
        path = folder / f"{source}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
        entries[source] = {"title": source, "origin": "tests", "licence": "CC0-1.0", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    (folder / "catalogue.yaml").write_text(dump_yaml({"sources": entries}))


@pytest.fixture
def texts() -> dict[str, str]:
    return {"optics/lens": _source("lens"), "physics/rail": _source("rail"), "physics/wire": _source("wire")}


@pytest.fixture
def root(tmp_path: Path, texts: dict[str, str]) -> Path:
    _write(tmp_path, texts)
    shutil.copy(HERE / "knowledge" / "relations.yaml", tmp_path / "knowledge" / "relations.yaml")
    return tmp_path


def _ids(root: Path, source: str) -> list[str]:
    return [chunk.id for chunk in load_chunks(root, source)]


def _stamps(root: Path) -> dict[str, int]:
    return {source: (root / chunks_path(source)).stat().st_mtime_ns for source in curated_sources(root)}


def _all(report: CurationReport) -> list[Chunk]:
    return [chunk for found in report.sources for chunk in found.chunks]


def test_chunks_are_slices_of_the_source_with_unique_ids(root: Path, texts: dict[str, str]) -> None:
    report = curate(root, SETTINGS)
    assert (report.read, report.written, report.removed, report.unlisted) == (3, 3, 0, ())
    for source, text in texts.items():
        chunks = load_chunks(root, source)
        assert chunks == next(found.chunks for found in report.sources if found.source == source)
        assert all(chunk.text == text[chunk.start : chunk.end] and chunk.source == source for chunk in chunks)
    ids = [chunk.id for chunk in _all(report)]
    assert len(set(ids)) == len(ids) >= 24


def test_nothing_is_read_or_written_the_second_time(root: Path) -> None:
    first = curate(root, SETTINGS)
    stamps = _stamps(root)
    second = curate(root, SETTINGS)
    assert (second.read, second.written) == (0, 0)
    assert second.sources == first.sources and _stamps(root) == stamps


def test_an_edited_paragraph_changes_one_id_and_one_file(root: Path, texts: dict[str, str]) -> None:
    curate(root, SETTINGS)
    before, stamps = _ids(root, "physics/rail"), _stamps(root)
    _write(root, texts | {"physics/rail": texts["physics/rail"].replace("rail number 3 vibrate", "rail number 3 oscillate")})
    report = curate(root, SETTINGS)
    after = _ids(root, "physics/rail")
    assert (report.read, report.written) == (1, 1)
    assert len(set(after) - set(before)) == len(set(before) - set(after)) == 1
    changed = {source for source, stamp in _stamps(root).items() if stamp != stamps[source]}
    assert changed == {"physics/rail"}


def test_a_removed_source_loses_its_chunks_and_others_are_untouched(root: Path, texts: dict[str, str]) -> None:
    curate(root, SETTINGS)
    stamps = _stamps(root)
    _write(root, {source: text for source, text in texts.items() if source != "physics/wire"})
    report = curate(root, SETTINGS)
    assert (report.read, report.written, report.removed) == (0, 0, 1)
    assert _stamps(root) == {source: stamp for source, stamp in stamps.items() if source != "physics/wire"}


def test_other_settings_run_the_filters_again(root: Path) -> None:
    curate(root, SETTINGS)
    report = curate(root, CurateSettings(chunk_words=60, min_words=100))
    assert report.read == 3
    assert counts_by_reason(_all(report)).keys() == {"short"}
    assert report.compression is None


@pytest.mark.parametrize("damage", [b"", b"not json\n", b"0" * 64 + b"\n{}"])
def test_a_damaged_cache_is_made_again(root: Path, damage: bytes) -> None:
    first = curate(root, SETTINGS)
    files = sorted((root / CACHE).glob("*.json"))
    assert len(files) == 2  # one for each discipline
    good = files[1].read_bytes()
    files[1].write_bytes(damage)
    second = curate(root, SETTINGS)
    assert second.sources == first.sources and (second.read, second.written) == (2, 0)
    assert files[1].read_bytes() == good


def test_the_copy_that_comes_first_is_kept_and_the_other_names_it(root: Path, texts: dict[str, str]) -> None:
    same = _paragraph("rail", 2)
    near = _paragraph("rail", 4).replace("more strongly than before", "more strongly than ever")
    _write(root, texts | {"zoology/owl": f"# Owl\n\n## A\n\n{same}\n\n## B\n\n{near}\n", "physics/rail": _source("rail")})
    settings = CurateSettings(chunk_words=45, min_words=10, max_similarity=0.6)  # one paragraph to a chunk
    report = curate(root, settings)
    rail, owl = load_chunks(root, "physics/rail"), load_chunks(root, "zoology/owl")
    assert rail[0].kept
    assert [chunk.reason for chunk in owl] == ["duplicate", "near-duplicate"]
    assert owl[0].detail == f"the same words as {rail[2].id} in physics/rail"
    assert f"shared with {rail[4].id} in physics/rail" in owl[1].detail
    _write(root, {"zoology/owl": f"# Owl\n\n## A\n\n{same}\n\n## B\n\n{near}\n"})
    assert curate(root, settings).read == 0
    assert [chunk.kept for chunk in load_chunks(root, "zoology/owl")] == [True, True]
    assert report.compression is not None and report.compression > 1


def test_the_same_passage_twice_in_a_source_has_two_ids(root: Path) -> None:
    same = _paragraph("rail", 2)
    _write(root, {"physics/rail": f"# Rail\n\n## A\n\n{same}\n\n## B\n\n{same}\n"})
    curate(root, SETTINGS)
    first, second = load_chunks(root, "physics/rail")
    assert first.id != second.id
    assert (first.kept, second.reason) == (True, "duplicate")


def test_only_the_sources_that_are_asked_for_are_written(root: Path) -> None:
    report = curate(root, SETTINGS, ["physics/rail"])
    assert [found.source for found in report.sources] == ["physics/rail"]
    assert curated_sources(root) == ("physics/rail",)


def test_without_write_nothing_is_written(root: Path) -> None:
    report = curate(root, SETTINGS, write=False)
    assert report.read == 3 and not (root / "build").exists()


def test_the_judge_sees_what_the_filters_keep_and_its_reason_is_recorded(root: Path) -> None:
    seen: list[Chunk] = []

    def judge(chunks: Sequence[Chunk]) -> list[str | None]:
        seen.extend(chunks)
        return ["about wires" if chunk.source == "physics/wire" else None for chunk in chunks]

    settings = CurateSettings(chunk_words=60, min_words=10, judge="openai")
    report = curate(root, settings, judge=judge)
    assert seen and all(chunk.kept for chunk in seen)
    assert {(c.reason, c.detail) for c in _all(report) if c.source == "physics/wire"} == {("judge", "about wires")}
    with pytest.raises(InputError, match="no judge was given"):
        curate(root, settings)


def test_rejected_chunks_are_drawn_the_same_way_each_time(root: Path) -> None:
    strict = CurateSettings(chunk_words=60, min_words=45)
    report = curate(root, strict)
    drawn = rejected_sample(_all(report), 4)
    assert drawn == rejected_sample(_all(curate(root, strict)), 5)[:4]
    assert len(drawn) == 4 and not any(chunk.kept for chunk in drawn)


def test_an_unknown_source_a_missing_file_and_a_broken_catalogue_stop_the_run(root: Path) -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'physics/rail'"):
        curate(root, SETTINGS, ["physics/rails"])
    (root / "knowledge/sources/physics/wire.md").unlink()
    with pytest.raises(InputError, match=r"physics/wire\.md"):
        curate(root, SETTINGS)
    (root / "knowledge/sources/catalogue.yaml").write_text("sources: [1]\n")
    with pytest.raises(InputError, match=r"catalogue\.yaml"):
        curate(root, SETTINGS)
    assert not (root / "build").exists()


def test_a_source_that_the_catalogue_does_not_list_is_named_and_left_out(root: Path) -> None:
    (root / "knowledge/sources/physics/extra.md").write_text("# Extra\n")
    assert curate(root, SETTINGS).unlisted == ("physics/extra",)
    assert "physics/extra" not in curated_sources(root)


def test_offsets_count_code_points_of_the_composed_text(root: Path) -> None:
    decomposed = "# Rail\n\nCafe\u0301 rails: " + _paragraph("rail", 1) + "\r\n"
    _write(root, {"physics/rail": decomposed})
    curate(root, SETTINGS)
    (chunk,) = load_chunks(root, "physics/rail")
    assert chunk.text.startswith("Café rails: The rail") and chunk.start == 8 and chunk.end == 8 + len(chunk.text)
