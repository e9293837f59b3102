"""The knowledge of a commit is the same however it is read, and many commits are read without unpacking one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from proda.errors import InputError, NotFoundError
from proda.gitrepo import find_commit, open_git
from proda.graph import Knowledge
from proda.history.committed_knowledge import CommittedKnowledge
from proda.history.repository import REVISIONS, Repository
from proda.knowledge.tree import CATALOGUE
from tests.forge.server import git
from tests.toyresults import commit
from tests.toyworld import make_repository

TOPIC = "knowledge/lighting/lighting-basics.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commits: a definition is edited, a discipline is removed and restored, and a branch from the first commit is merged."""
    root = make_repository(tmp_path_factory.mktemp("commits"))
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    first = git(root, "rev-parse", "HEAD")
    _replace(root, TOPIC, "the 14th thing", "another thing")
    commit(root, "A definition")
    for name in ("knowledge/ovens", "knowledge/sources/ovens"):
        shutil.rmtree(root / name)
    catalogue = yaml.safe_load((root / CATALOGUE).read_text())
    del catalogue["sources"]["ovens/ovens-notes"]
    (root / CATALOGUE).write_text(yaml.safe_dump(catalogue, sort_keys=False))
    commit(root, "No ovens")
    git(root, "revert", "--no-edit", "HEAD")
    git(root, "switch", "-q", "-c", "branch", first)
    _replace(root, "knowledge/milling/milling-basics.yaml", "Wind causes sail rotation in the valley.", "Wind turns sails.", 1)
    commit(root, "A sentence")
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "--no-edit", "branch")
    return root


def _replace(root: Path, name: str, old: str, new: str, times: int = -1) -> None:
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new, times))


def content(knowledge: Knowledge) -> tuple[object, ...]:
    return (knowledge.relations, knowledge.concepts, knowledge.statements, knowledge.chains, set(map(repr, knowledge.cases)))


def test_every_commit_has_the_knowledge_that_unpacking_it_gives_and_none_is_unpacked(root: Path) -> None:
    commits = list(open_git(root).iter_commits("main"))
    assert len(commits) == 6
    with CommittedKnowledge(root) as known:
        found = {c.hexsha: content(known.at(c)) for c in commits}
        changed = {str(c.summary): known.changed_nodes(c) for c in commits}
    assert not (root / REVISIONS).exists() and not list((root / "build/cache").iterdir())
    assert changed["A small valley"] == () and len(changed["A definition"]) == len(changed["A sentence"]) == 1
    assert changed["No ovens"] == changed['Revert "No ovens"'] and all(n.startswith("ovens/") for n in changed["No ovens"])
    for revision, here in found.items():
        assert here == content(Repository.open(root, revision).knowledge)


def test_a_link_or_a_conversion_of_files_is_left_to_git(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    (clone / "knowledge/NOTES.md").symlink_to("relations.yaml")
    commit(clone, "A link")
    (clone / "knowledge/NOTES.md").unlink()
    (clone / ".gitattributes").write_text("knowledge/ovens/* export-ignore\n")
    commit(clone, "Ovens are left out")
    repository = open_git(clone)
    with CommittedKnowledge(clone) as known:
        linked, without = (known.at(find_commit(repository, name)) for name in ("HEAD~1", "HEAD"))
    assert len(list((clone / REVISIONS).iterdir())) == 2
    assert "ovens" in {c.discipline for c in linked.chains.values()} and "ovens" not in {c.discipline for c in without.chains.values()}


def test_line_ends_that_are_lf_in_git_and_here_are_no_conversion(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    found = []
    for ends, old, new in (("lf", "another thing", "a new thing"), ("crlf", "a new thing", "a newer thing")):
        (clone / ".gitattributes").write_text(f"* text=auto eol={ends}\n")
        _replace(clone, TOPIC, old, new)
        commit(clone, ends)
        with CommittedKnowledge(clone) as known:
            known.at(find_commit(open_git(clone), "HEAD"))
        found.append((clone / REVISIONS).exists())
    assert found == [False, True]


def test_errors_and_missing_knowledge_are_those_of_the_commit(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    git(clone, "config", "user.name", "Ada")
    git(clone, "config", "user.email", "ada@example.org")
    _replace(clone, TOPIC, "relation: requires", "relation: reqires")
    commit(clone, "A mistake")
    git(clone, "rm", "-q", "-r", "knowledge")
    commit(clone, "Nothing")
    git(clone, "revert", "--no-edit", "HEAD")
    repository = open_git(clone)
    with CommittedKnowledge(clone) as known:
        with pytest.raises(InputError, match="reqires") as here:
            known.at(find_commit(repository, "HEAD~2"))
        with pytest.raises(NotFoundError, match="holds no knowledge"):
            known.at(find_commit(repository, "HEAD~1"))
        assert known.at(find_commit(repository, "HEAD~3")).chains
    with pytest.raises(InputError) as there:
        _ = Repository.open(clone, "HEAD~2").knowledge
    assert str(here.value) == str(there.value)
