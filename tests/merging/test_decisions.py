"""Files that tools and people append to, merged by git in real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.store.allocation import load_allocation
from proda.store.exceptions import load_exceptions
from proda.store.merges import load_merges
from proda.store.validation import load_validation
from proda.yamlio import dump_yaml
from tests.merging.gitworld import Edit, git, loaded, merge, read, replaced, world
from tests.toyresults import commit

EXCEPTIONS, VALIDATION, SOLVED = (f"benchmarks/{name}.yaml" for name in ("exceptions", "validation", "solved"))
CATALOGUE = "knowledge/sources/catalogue.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return world(tmp_path)


def written(file: str, text: str) -> Edit:
    def edit(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)

    return edit


def exemption(item: str, reason: str = "not fair") -> str:
    return f"  - item: {item}\n    hash: 0f3a5c\n    action: retire\n    reason: {reason}   # said so\n"


def test_exceptions_of_both_sides_are_kept(root: Path) -> None:
    ours, theirs = (written(EXCEPTIONS, f"exceptions:\n{exemption(item)}") for item in ("milling/a:dev-1", "milling/b:dev-1"))
    assert merge(root, ours, theirs).returncode == 0
    assert [each.item for each in load_exceptions(root)] == ["milling/a:dev-1", "milling/b:dev-1"]
    assert read(root, EXCEPTIONS) == f"exceptions:\n{exemption('milling/a:dev-1')}{exemption('milling/b:dev-1')}"


def test_one_item_that_both_sides_except_for_another_reason_is_a_conflict_of_that_item(root: Path) -> None:
    ours, theirs = (written(EXCEPTIONS, f"exceptions:\n{exemption('milling/a:dev-1', why)}") for why in ("too easy", "two keys"))
    done = merge(root, ours, theirs)
    assert done.returncode == 1 and f"{EXCEPTIONS}:2  milling/a:dev-1\n" in done.stderr and "too easy" in done.stderr


def test_readings_of_two_readers_of_one_item_are_both_kept_sorted(root: Path) -> None:
    written(VALIDATION, "# kept\nreadings:\n  '00aa000000000000':\n    a: {answer: A, guess: 0.5}\n")(root)
    commit(root, "Read")
    both = "  '00ff000000000000':\n    {}: {{answer: B, guess: 0.25}}\n"
    between = "  '00ab000000000000':\n    c: {answer: C, guess: 0.5}\n"
    extra = "  '00bb000000000000':\n    c: {answer: C, guess: 0.5}\n"

    def add(text: str) -> Edit:
        return lambda r: (r / VALIDATION).write_text(read(r, VALIDATION) + text)

    assert merge(root, add(extra + both.format("b")), add(between + both.format("c"))).returncode == 0
    readings = load_validation(root).readings
    assert list(readings) == ["00aa000000000000", "00ab000000000000", "00bb000000000000", "00ff000000000000"]
    assert list(readings["00ff000000000000"]) == ["b", "c"] and read(root, VALIDATION).startswith("# kept\n")


def test_one_reading_is_one_value(root: Path) -> None:
    text = "readings:\n  '00aa000000000000':\n    a: {answer: A, guess: 0.5}\n"
    written(VALIDATION, text)(root)
    commit(root, "Read")
    done = merge(root, written(VALIDATION, text.replace("answer: A", "answer: B")), written(VALIDATION, text.replace("0.5", "0.7")))
    assert done.returncode == 1 and "00aa000000000000 a\n" in done.stderr


def test_votes_of_two_models_are_both_kept(root: Path) -> None:
    votes = "votes:\n  '00aa000000000000':\n    {}: {{key: B, open: {{B: 5}}, closed: {{B: 2, C: 3}}, prompt: solve@1}}\n"
    assert merge(root, written(SOLVED, votes.format("one")), written(SOLVED, votes.format("two"))).returncode == 0
    assert list(loaded(root, SOLVED)["votes"]["00aa000000000000"]) == ["one", "two"]


def test_sources_that_both_sides_add_are_in_the_catalogue(root: Path) -> None:
    entry = "  {0}:\n    title: {0}\n    origin: a letter\n    licence: CC0-1.0\n    sha256: {1}\n"

    def add(name: str) -> Edit:
        return lambda r: (r / CATALOGUE).write_text(read(r, CATALOGUE) + entry.format(name, "0" * 64))

    assert merge(root, add("ovens/zinc"), add("ovens/yarn")).returncode == 0
    assert {"ovens/zinc", "ovens/yarn"} <= loaded(root, CATALOGUE)["sources"].keys()


def test_shares_of_different_disciplines_merge_and_those_of_one_conflict(root: Path) -> None:
    file = "samples/allocation.yaml"
    assert merge(root, replaced("milling: 40", "milling: 50", file), replaced("ovens: 40", "ovens: 30", file)).returncode == 0
    assert load_allocation(root) == {"lighting": 40, "milling": 50, "ovens": 30}
    git(root, "switch", "-q", "main")
    git(root, "branch", "-q", "-D", "ours", "theirs")
    done = merge(root, replaced("milling: 40", "milling: 50", file), replaced("milling: 40", "milling: 30", file))
    assert done.returncode == 1 and f"{file}:3  milling\n  the whole entry\n    ours: 50\n    theirs: 30\n    base: 40" in done.stderr


def test_pairs_that_two_extractions_propose_are_both_kept_and_two_decisions_on_one_pair_conflict(root: Path) -> None:
    pair = {"keep": "ovens/yeast-growth", "drop": "ovens/gas-pressure", "status": "proposed", "why": "one word"}
    other = {**pair, "drop": "ovens/dough-rise"}
    file = "knowledge/merges.yaml"
    assert merge(root, written(file, dump_yaml({"merges": [pair]})), written(file, dump_yaml({"merges": [other]}))).returncode == 0
    assert [each.drop for each in load_merges(root)] == ["ovens/gas-pressure", "ovens/dough-rise"]
    git(root, "branch", "-q", "-D", "theirs")
    git(root, "branch", "-q", "-m", "ours", "start")
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "start")
    done = merge(root, replaced("status: proposed", "status: confirmed", file), replaced("status: proposed", "status: refused", file))
    assert done.returncode == 1 and "ovens/gas-pressure and ovens/yeast-growth\n  status\n    ours: confirmed\n" in done.stderr


def test_reviewers_who_decide_about_different_proposals_do_not_conflict(root: Path) -> None:
    file = "proposals/milling/milling-notes.yaml"
    entry = {"term": "a", "type": "state", "definition": "b", "status": "proposed"}
    written(file, dump_yaml({"source": "milling/milling-notes", "concepts": {"sieve": entry, "hopper": entry}, "statements": {}}))(root)
    commit(root, "Extracted")

    def decide(number: int, how: str) -> Edit:
        def edit(r: Path) -> None:
            parts = read(r, file).split("status: proposed")
            (r / file).write_text("status: proposed".join(parts[:number]) + f"status: {how}" + "status: proposed".join(parts[number:]))

        return edit

    assert merge(root, decide(1, "accepted"), decide(2, "rejected\n    reason: a name")).returncode == 0
    concepts = loaded(root, file)["concepts"]
    assert (concepts["sieve"]["status"], concepts["hopper"]["status"], concepts["hopper"]["reason"]) == ("accepted", "rejected", "a name")


def test_a_verdict_is_one_value(root: Path) -> None:
    file = "benchmarks/verdicts/1-flour-00000000.yaml"
    done = merge(root, written(file, "patch: p\nsays: helps\nwhy: one\n"), written(file, "patch: p\nsays: hurts\nwhy: one\n"))
    assert done.returncode == 1 and read(root, file).count("<<<<<<<") == 1 and read(root, file).count("patch: p") == 2


def test_repair_branches_with_different_patches_merge_and_one_patch_written_twice_is_a_conflict_of_git(root: Path) -> None:
    first, second = (f"samples/patches/1-{name}.yaml" for name in ("flour-0a", "wind-0b"))
    assert merge(root, written(first, "id: one\n"), written(second, "id: two\n")).returncode == 0
    assert (root / first).is_file() and (root / second).is_file()
    git(root, "switch", "-q", "main")
    git(root, "branch", "-q", "-D", "ours", "theirs")
    done = merge(root, written(first, "id: one\n"), written(first, "id: other\n"))
    assert done.returncode == 1 and "<<<<<<<" in read(root, first)


def test_repairs_of_one_node_on_two_branches_conflict_where_they_differ(root: Path) -> None:
    """A repair that records two confused concepts writes `distinct_from`; different concepts are no conflict, since it is a set."""
    milling = "knowledge/milling/milling-basics.yaml"
    place = "  flour:\n"
    ours, theirs = (replaced(place, f"{place}    distinct_from: [{name}]\n") for name in ("wind", "flour-dust"))
    assert merge(root, ours, theirs).returncode == 0
    assert loaded(root, milling)["concepts"]["flour"]["distinct_from"] == ["wind", "flour-dust"]
