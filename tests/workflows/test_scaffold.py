"""What `proda new` plans: skeletons, the catalogue entry, the discipline's share of samples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from proda.errors import InputError, UsageError
from proda.knowledge.compile import check_knowledge
from proda.knowledge.fix import fix_knowledge
from proda.store.allocation import load_allocation
from proda.workflows.file_set import write_together
from proda.workflows.scaffold import Origin, plan_allocation, plan_topic, statement_counts
from tests.toyworld import make_repository

ORIGIN = Origin("Lenses", "written for the tests", "CC-BY-4.0")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.mark.parametrize(
    "topic_id",
    [
        "optics",
        "optics/",
        "/lenses",
        "optics/lenses/x",
        "../optics/lenses",
        "optics/..",
        "Optics/lenses",
        "optics/le nses",
        "o--o/x",
        "optics/-x",
        "opt/lenses.yaml",
        "é/x",
        "optics/" + "a" * 101,
        "sources/lenses",
        "optics/lenses\n",
        "",
    ],
)
def test_an_id_that_is_not_well_formed_is_refused(root: Path, topic_id: str) -> None:
    with pytest.raises(UsageError):
        plan_topic(root, topic_id, ORIGIN)


@pytest.mark.parametrize("field", ["title", "origin", "licence"])
@pytest.mark.parametrize(
    "value", ["", "  ", "two\nlines", "bell\x07", "a\ttab", "https://me:secret@example.org/x", "https://me@example.org"]
)
def test_a_field_that_cannot_stand_in_the_catalogue_is_refused(root: Path, field: str, value: str) -> None:
    fields = {"title": "Lenses", "origin": "here", "licence": "CC0-1.0"} | {field: value}
    with pytest.raises(UsageError, match=f"--{field}"):
        plan_topic(root, "optics/lenses", Origin(**fields))


@pytest.mark.parametrize(
    "value", ["12", "no", "null", "a: b", "# x", "'quoted'", 'say "x"', "2024-01-01", "[x", "https://example.org/?a=b", "Ü"]
)
def test_any_line_of_text_comes_back_from_the_catalogue(root: Path, value: str) -> None:
    write_together(root, plan_topic(root, "optics/lenses", Origin(value, value, value)).texts)
    entry = yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["optics/lenses"]
    assert {str(entry[k]) for k in ("title", "origin", "licence")} <= {value}
    assert {f.rule for f in check_knowledge(root).findings} == {"drafts"}


@pytest.mark.parametrize("catalogue", [None, "sources: {}\n", "# all of them\nsources: {}\n", "sources:\n  # first\n  a/b: {x: y}\n"])
def test_a_catalogue_in_any_form_takes_the_entry_and_keeps_its_comments(root: Path, catalogue: str | None) -> None:
    path = root / "knowledge/sources/catalogue.yaml"
    path.unlink() if catalogue is None else path.write_text(catalogue)
    write_together(root, plan_topic(root, "optics/lenses", ORIGIN).texts)
    after = path.read_text()
    assert yaml.safe_load(after)["sources"]["optics/lenses"]["licence"] == "CC-BY-4.0"
    assert all(comment in after for comment in re.findall("#.*", catalogue or ""))


def test_ids_that_look_like_numbers_or_words_of_yaml_stay_text(root: Path) -> None:
    for topic_id in ("12/34", "no/null"):
        write_together(root, plan_topic(root, topic_id, ORIGIN).texts)
    assert {f.rule for f in check_knowledge(root).findings} == {"drafts"}
    assert {"12", "no"} < set(load_allocation(root))


def test_a_file_or_entry_that_exists_is_never_overwritten(root: Path) -> None:
    with pytest.raises(InputError, match="milling-basics"):
        plan_topic(root, "milling/milling-basics", ORIGIN)
    with pytest.raises(InputError, match="milling-notes"):
        plan_topic(root, "milling/milling-notes", ORIGIN)
    (root / "knowledge/sources/milling/milling-notes.md").unlink()
    with pytest.raises(InputError, match="catalogue"):
        plan_topic(root, "milling/milling-notes", ORIGIN)


@pytest.mark.parametrize("link", ["knowledge/optics", "knowledge/sources/optics", "knowledge/sources", "knowledge", "samples"])
def test_a_link_on_the_way_is_refused(root: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    if (root / link).exists():
        (root / link).rename(outside)
    outside.mkdir(exist_ok=True)
    (root / link).symlink_to(outside)
    before = sorted(outside.rglob("*"))
    with pytest.raises(InputError, match="symbolic link"):
        plan_topic(root, "optics/lenses", ORIGIN)
    assert sorted(outside.rglob("*")) == before


def test_a_new_discipline_gets_samples_for_a_first_chain_at_the_others_rate(root: Path) -> None:
    (root / "samples/allocation.yaml").write_text("# how many\nsamples:\n  lighting: 70  # dim\n  milling: 100\n  ovens: 180\n")
    counts = statement_counts(root)
    assert counts == {"lighting": 7, "milling": 10, "ovens": 18}
    planned = plan_topic(root, "optics/lenses", ORIGIN)
    assert planned.share.after == 30 == planned.share.by_statements
    write_together(root, planned.texts)
    assert (
        root / "samples/allocation.yaml"
    ).read_text() == "# how many\nsamples:\n  lighting: 70  # dim\n  milling: 100\n  optics: 30\n  ovens: 180\n"


def test_an_existing_discipline_keeps_its_number_unless_asked(root: Path) -> None:
    (root / "samples/allocation.yaml").write_text("samples:\n  lighting: 70\n  milling: 500\n  ovens: 180\n")
    planned = plan_topic(root, "milling/water-wheels", ORIGIN)
    assert planned.share.before == planned.share.after == 500 and planned.share.by_statements == 100
    assert "samples/allocation.yaml" not in planned.texts
    assert plan_topic(root, "milling/water-wheels", ORIGIN, samples=7).share.after == 7
    share, texts = plan_allocation(root, "milling", update=True)
    assert share.after == 100
    write_together(root, texts)
    assert load_allocation(root) == {"lighting": 70, "milling": 100, "ovens": 180}
    assert plan_allocation(root, "milling", update=True)[1] == {}


def test_the_worked_example_passes_the_check_with_a_source_that_says_it(root: Path) -> None:
    write_together(root, plan_topic(root, "optics/lenses", ORIGIN).texts)
    path = root / "knowledge/optics/lenses.yaml"
    example = [line.removeprefix("# ") for line in path.read_text().splitlines() if re.match(r"# ( |concepts|chains)", line)]
    path.write_text("discipline: optics\ntopic: lenses\nsource: optics/lenses\n" + "\n".join(example) + "\n")
    quotes = [step["evidence"]["quote"] for chain in yaml.safe_load(path.read_text())["chains"].values() for step in chain["steps"]]
    assert len(quotes) == 3
    (root / "knowledge/sources/optics/lenses.md").write_text("# Lenses\n\n" + "\n".join(quotes) + "\n")
    fix_knowledge(root)
    assert check_knowledge(root).findings == ()
