"""`proda bisect` over real git histories of the toy world, with made-up answers; and real rebuilds of a pipeline of one small stage."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from proda.cli.bisect import bisect
from proda.errors import NotFoundError, UsageError
from proda.records import Split
from proda.store.items import load_items
from tests.cli.test_repair import git
from tests.toyresults import commit, make_items_and_samples, make_outcomes
from tests.toyworld import make_repository

ALLOCATION = "samples/allocation.yaml"


def asked(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(bisect, [*arguments, "--root", str(root)])


def flips_of(root: Path, *arguments: str) -> Any:
    done = asked(root, *arguments, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items and samples, no results yet; one commit."""
    root = make_repository(tmp_path_factory.mktemp("bisect"))
    (root / "benchmarks/results").mkdir()
    make_items_and_samples(root)
    commit(root, "Items")
    return root


@pytest.fixture
def root(bare: Path, tmp_path: Path) -> Path:
    """A copy of that repository for each test."""
    return Path(shutil.copytree(bare, tmp_path / "toy"))


def item_of(root: Path, split: Split = "dev") -> str:
    return load_items(root, (split,))[0].id


def results(root: Path, right: bool, subject: str, *, base: bool = False) -> str:
    """Results in which tuned models, and the base, know everything or nothing, as a commit; its hash."""
    make_outcomes(root, lambda item, model: base if model == "base" else right)
    commit(root, subject)
    return git(root, "rev-parse", "HEAD")


def edited(root: Path, subject: str, path: str = ALLOCATION) -> str:
    """A change of data, as a commit; its hash."""
    (root / path).write_text((root / path).read_text() + f"# {subject}\n")
    commit(root, subject)
    return git(root, "rev-parse", "HEAD")


def test_the_first_commit_with_other_answers_is_named_with_what_changed_before_it(root: Path) -> None:
    results(root, False, "First results")
    (root / "notes.txt").write_text("of no weight\n")
    last = results(root, False, "Again", base=True)
    (root / "knowledge/GUIDE.md").write_text("A note to readers.\n")
    commit(root, "Of no weight")
    one = edited(root, "More samples")
    two = edited(root, "Other parameters", "params.yaml")
    first = results(root, True, "Rebuilt")
    results(root, True, "Rebuilt once more", base=True)
    item = item_of(root)
    data = flips_of(root, item)
    (flip,) = data["flips"]
    assert data["monotone"] and (flip["since"], flip["commit"], flip["right"]) == (last, first, True)
    assert flip["changes"] == [
        {"commit": one, "subject": "More samples", "paths": [ALLOCATION]},
        {"commit": two, "subject": "Other parameters", "paths": ["params.yaml"]},
    ]
    done = asked(root, item)
    assert f"wrong → right at {first[:9]} Rebuilt   (0 of 2 seeds at {last[:9]}, 2 of 2 here)" in done.stdout
    assert f"  {one[:9]} More samples   {ALLOCATION}" in done.stdout and "one of the 2 changes since" in done.stdout
    assert "at most 1 rebuild, duration unknown" in done.stderr


def test_a_range_ends_where_it_is_told_to_and_begins_with_the_results_that_it_stands_on(root: Path) -> None:
    first = results(root, False, "Wrong")
    change = edited(root, "More samples")
    flip = results(root, True, "Right")
    results(root, False, "Wrong again")
    item = item_of(root)
    # The range starts at a commit without results; its results were built before that change.
    data = flips_of(root, item, f"{change}..{flip}")
    assert [r["commit"] for r in data["results"]] == [first, flip]
    assert [c["commit"] for c in data["flips"][0]["changes"]] == [change]
    assert len(flips_of(root, item, f"{flip}..")["flips"]) == 1


def test_answers_that_go_back_and_forth_are_all_listed(root: Path) -> None:
    subjects = ("one", "two", "three", "four")
    commits = [results(root, number % 2 == 1, subject) for number, subject in enumerate(subjects)]
    data = flips_of(root, item_of(root))
    assert not data["monotone"] and [f["commit"] for f in data["flips"]] == commits[1:]
    text = asked(root, item_of(root)).stdout
    assert "Not monotone: 3 flips" in text and "only the results were rebuilt" in text
    assert [line[:13] for line in text.splitlines() if "→" in line] == ["wrong → right", "right → wrong", "wrong → right"]


def test_a_reworded_item_stops_the_walk(root: Path) -> None:
    item = load_items(root, ("dev",))[0]
    results(root, True, "Right, as it was worded then")
    old = results(root, False, "Wrong, as it was worded then")
    for path in (root / "benchmarks/results/outcomes").glob("*.csv"):
        path.write_text(path.read_text().replace(item.content_hash, "0123456789abcdef"))
    commit(root, "Reworded")
    reworded = git(root, "rev-parse", "HEAD")
    data = flips_of(root, item.id)
    assert data["flips"] == [] and data["reworded"] == old
    assert [r["commit"] for r in data["results"]] == [reworded]
    text = asked(root, item.id).stdout
    assert f"Results up to {old[:9]} hold the item with another text" in text and "No flip: wrong in every result" in text
    assert len(flips_of(root, load_items(root, ("dev",))[1].id)["flips"]) == 1


def test_an_item_that_never_flipped_is_said_to_be_one(root: Path) -> None:
    results(root, True, "First")
    edited(root, "More samples")
    results(root, True, "Second", base=True)
    done = asked(root, item_of(root, "twin"))
    assert done.exit_code == 0 and "No flip: right in every result, in the last one for 2 of 2 seeds" in done.stdout


def test_a_merge_stands_for_its_branch(root: Path) -> None:
    results(root, False, "First")
    git(root, "switch", "-q", "-c", "side")
    edited(root, "On the side")
    results(root, True, "Rebuilt on the side")
    git(root, "switch", "-q", "main")
    (root / "notes.txt").write_text("meanwhile\n")
    commit(root, "Meanwhile")
    git(root, "-c", "user.name=Toy", "-c", "user.email=toy@example.org", "merge", "-q", "--no-ff", "-m", "Merge side", "side")
    merge, item = git(root, "rev-parse", "HEAD"), item_of(root)
    (flip,) = flips_of(root, item)["flips"]
    assert (flip["commit"], flip["subject"]) == (merge, "Merge side")
    assert [(c["commit"], c["paths"]) for c in flip["changes"]] == [(merge, [ALLOCATION])]
    (inside,) = flips_of(root, item, f"{merge}^1..{merge}^2")["flips"]
    assert inside["subject"] == "Rebuilt on the side" and [c["subject"] for c in inside["changes"]] == ["On the side"]


def test_what_cannot_be_asked_is_one_message(root: Path) -> None:
    def refused(error: type[Exception], match: str, *arguments: str) -> None:
        done = asked(root, *arguments)
        assert isinstance(done.exception, error) and re.search(match, str(done.exception)), done.exception

    item = item_of(root)
    refused(NotFoundError, "No commit here holds results", item)
    results(root, True, "First")
    results(root, False, "Second")
    refused(NotFoundError, f"is in none of the 2 results read. Closest: '{re.escape(item)}'", item + "x")
    refused(NotFoundError, "is not an item", "milling/wind-grinds-grain")
    refused(UsageError, "is sealed", item_of(root, "sealed"))
    refused(UsageError, "expected A..B", item, "main")
    refused(UsageError, "expected A..B", item, "HEAD~1...HEAD")
    refused(UsageError, "no commit lies between", item, "HEAD..HEAD~1")
    refused(NotFoundError, "No revision 'nowhere'", item, "nowhere..HEAD")
    assert UsageError.exit_code == 2


def test_the_estimate_comes_from_the_last_run_and_a_dry_run_rebuilds_nothing(root: Path) -> None:
    record = {"train": {"seconds": 500.0, "seeds": {"0": {"seconds": 480.0, "fresh": True}}}, "evaluate": {"seconds": 100.0}}
    (root / "benchmarks/results/run.json").write_text(json.dumps(record))
    results(root, False, "First")
    for number in range(5):
        edited(root, f"Change {number}")
    results(root, True, "Second")
    before = git(root, "worktree", "list")
    done = asked(root, item_of(root), "--rebuild", "--dry-run")
    assert done.exit_code == 0 and "At most 3 rebuilds, about 30 min." in done.stderr and "5 changes" in done.stdout
    assert git(root, "worktree", "list") == before and not (root / "build/bisect").exists()


TRAIN = """
import pathlib, sys
text = pathlib.Path("samples/allocation.yaml").read_text()
if "broken" in text:
    sys.exit("broken")
pathlib.Path("build").mkdir(exist_ok=True)
pathlib.Path("build/model").write_text(str("known" in text).lower())
with pathlib.Path("build/cache/trained.txt").open("a") as log:
    print("once more", file=log)
"""
EVALUATE = """
import pathlib
folder = pathlib.Path("benchmarks/results/outcomes")
folder.mkdir(parents=True, exist_ok=True)
right = pathlib.Path("build/model").read_text()
(folder / "dev.csv").write_text("item,hash,model,correct\\nd/c:dev-path,h,seed-0," + right + "\\n")
"""
STAGES = """
stages:
  train:
    cmd: python train.py
    deps: [train.py, samples/allocation.yaml]
    outs: [build/model]
  evaluate:
    cmd: python evaluate.py
    deps: [evaluate.py, build/model]
    outs:
      - benchmarks/results/outcomes: {cache: false}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A pipeline of two small stages: an item is right once `known` stands in the allocation. Results at both ends, four changes."""
    root = tmp_path / "small"
    for name, text in {
        "knowledge/relations.yaml": "relations: {}\n",
        "train.py": TRAIN,
        "evaluate.py": EVALUATE,
        "dvc.yaml": STAGES,
        ".dvc/config": "[core]\n    analytics = false\n    no_scm = true\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".gitignore": "/build/\n",
        ALLOCATION: "# start\n",
        "benchmarks/results/outcomes/dev.csv": "item,hash,model,correct\nd/c:dev-path,h,seed-0,false\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root, "Start")
    for word in ("one", "two", "known", "four"):
        edited(root, word)
    (root / "benchmarks/results/outcomes/dev.csv").write_text("item,hash,model,correct\nd/c:dev-path,h,seed-0,true\n")
    commit(root, "Rebuilt")
    return root


def test_rebuilds_leave_the_one_change_that_did_it_and_nothing_else_behind(small: Path) -> None:
    left_by_a_killed_run = small / "build/bisect" / git(small, "rev-parse", "HEAD~3")  # of "two"
    left_by_a_killed_run.mkdir(parents=True)
    (left_by_a_killed_run / "half").write_text("of a worktree")
    before = git(small, "rev-parse", "HEAD"), git(small, "status", "--porcelain"), git(small, "worktree", "list")
    data = flips_of(small, "d/c:dev-path", "--rebuild")
    assert [c["subject"] for c in data["flips"][0]["changes"]] == ["known"]
    assert (git(small, "rev-parse", "HEAD"), git(small, "status", "--porcelain"), git(small, "worktree", "list")) == before
    assert list((small / "build/bisect").iterdir()) == []
    trained = (small / "build/cache/trained.txt").read_text()
    assert len(trained.splitlines()) == 2  # log₂ 4; build/cache is that of the repository
    # A second search takes results from build/cache, or without them models from DVC's cache. No model is trained twice.
    assert flips_of(small, "d/c:dev-path", "--rebuild") == data
    shutil.rmtree(small / "build/cache/bisect")
    assert flips_of(small, "d/c:dev-path", "--rebuild") == data
    assert (small / "build/cache/trained.txt").read_text() == trained


def test_a_commit_that_does_not_build_tells_nothing_and_another_is_asked(small: Path) -> None:
    git(small, "reset", "-q", "--hard", "HEAD~4")
    edited(small, "broken")
    (small / ALLOCATION).write_text("# one\n# known\n")
    commit(small, "known")
    (small / "benchmarks/results/outcomes/dev.csv").write_text("item,hash,model,correct\nd/c:dev-path,h,seed-0,true\n")
    commit(small, "Rebuilt")
    done = asked(small, "d/c:dev-path", "--rebuild")
    assert done.exit_code == 0, done.exception
    broken, known = git(small, "rev-parse", "HEAD~2", "HEAD~1").split()
    assert f"{broken[:9]} cannot be judged: it cannot be rebuilt" in done.stderr
    # The item was still wrong after the first change. Either of the other two may have made it right.
    assert "2 changes since" in done.stdout and f"  {broken[:9]} broken" in done.stdout and f"  {known[:9]} known" in done.stdout
