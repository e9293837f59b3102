"""The Python API on a real git repository: the working tree, a revision, frames."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import proda
from proda.errors import InputError, NotFoundError
from tests.toyresults import commit, make_items_and_samples, make_readings
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repository"))


def test_nodes_of_the_working_tree(root: Path) -> None:
    repo = proda.open(root)
    assert repo.knowledge.concepts["milling/flour"].term == "flour"
    assert len(list(repo.knowledge.active_chains())) == 11
    flour = repo.knowledge.concepts["milling/flour"]
    assert flour.parents == ("milling/dust-needs-care.s1", "milling/wind-grinds-grain.s4", "ovens/flour-feeds-acid.s1")
    assert flour.spans


def test_a_revision_is_read_as_it_was(root: Path) -> None:
    path = root / "knowledge/milling/milling-basics.yaml"
    original = path.read_text()
    path.write_text(original.replace("term: flour\n", "term: fine flour\n"))
    try:
        assert proda.open(root).knowledge.concepts["milling/flour"].term == "fine flour"
        old = proda.open(root, "HEAD")
        assert old.knowledge.concepts["milling/flour"].term == "flour"
        assert (
            old.commit == subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
        )
    finally:
        path.write_text(original)


def test_readings_are_counted_as_they_were_at_the_revision(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path))
    make_readings(root)
    commit(root, "Readings")
    items = len(proda.open(root).items())
    (root / "benchmarks/validation.yaml").unlink()
    now, then = (proda.open(root, revision).validation_counts() for revision in (None, "HEAD"))
    assert (now.validated, now.unread, now.readings) == (0, items, 0)
    assert (then.validated, then.unread, then.readings) == (items, 0, 2 * items)


@pytest.mark.parametrize("through", [False, True])
def test_a_link_that_leads_out_of_a_revision_is_left_out_or_refused(through: bool, tmp_path: Path) -> None:
    """`through`: each link stays inside when its text is read, but the second goes up twice from where the first one leads."""
    root = make_repository(tmp_path / "repository")
    (tmp_path / "secret").write_text("not in the repository")
    drafts = root / "benchmarks/drafts"
    (drafts / "deep").mkdir(parents=True)
    (drafts / "deep/note.md").write_text("a note")
    (drafts / "inside").symlink_to("deep/note.md")
    (drafts / "up").symlink_to("../..")
    (drafts / "out").symlink_to("up/../secret" if through else tmp_path / "secret")
    commit(root, "Drafts")
    old = proda.open(root, "HEAD")
    assert old.knowledge.concepts["milling/flour"].term == "flour"
    unpacked = next((root / "build/cache").glob("revisions-*/*/benchmarks/drafts"))
    assert sorted(path.name for path in unpacked.iterdir()) == ["deep", "inside", "up"]
    assert (unpacked / "inside").read_text() == "a note"
    (root / "knowledge/link").symlink_to("../benchmarks/drafts/up/../secret" if through else tmp_path / "secret")
    commit(root, "A link in the knowledge")
    with pytest.raises(InputError, match=r"knowledge/link\n  In this revision it is a link to .*, outside the repository"):
        proda.open(root, "HEAD")


def test_opened_from_a_folder_within(root: Path) -> None:
    assert proda.open(root / "knowledge" / "milling").root == root


def test_frames(root: Path) -> None:
    repo = proda.open(root)
    statements = repo.frame("statements")
    assert len(statements) == len(repo.knowledge.statements)
    assert {"id", "subject", "relation", "object", "text"} <= set(statements.columns)
    assert len(repo.frame("concepts")) == len(repo.knowledge.concepts)
    assert len(repo.frame("outcomes")) == 0


def test_no_repository_no_revision(tmp_path: Path, root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Not a ProDa repository"):
        proda.open(tmp_path)
    with pytest.raises(NotFoundError, match="No revision 'nonsense'"):
        proda.open(root, "nonsense")


def test_nothing_is_written_into_the_work_tree(root: Path) -> None:
    _ = proda.open(root, "HEAD").knowledge
    assert subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True).stdout == ""
