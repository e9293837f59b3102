"""Branches that change one topic file, merged by git in real repositories."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.merging.gitworld import (
    MILLING,
    Edit,
    appended,
    branch,
    chain,
    concept,
    git,
    loaded,
    merge,
    read,
    replaced,
    world,
)
from tests.toyresults import commit

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return world(tmp_path)


def proda(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=root, capture_output=True, text=True, check=False)


def test_chains_that_two_branches_add_are_both_there_as_their_authors_wrote_them(root: Path) -> None:
    before = loaded(root)
    done = merge(root, appended(chain("rain-turns-wheel")), appended(chain("wind-cools-miller", 3)))
    assert done.returncode == 0, done.stderr + done.stdout
    after = loaded(root)
    assert list(after["chains"]) == [*before["chains"], "rain-turns-wheel", "wind-cools-miller"]
    assert chain("rain-turns-wheel") in read(root) and chain("wind-cools-miller", 3) in read(root)
    git(root, "switch", "-q", "theirs")
    git(root, "merge", "-q", "--no-edit", "ours")
    assert loaded(root) == after


def test_without_the_drivers_the_same_branches_conflict_as_text(tmp_path: Path) -> None:
    root = world(tmp_path, installed=False)
    done = merge(root, appended(chain("rain-turns-wheel")), appended(chain("wind-cools-miller", 3)))
    assert done.returncode == 1 and "<<<<<<< HEAD" in read(root)


def test_without_the_drivers_distant_edits_merge_as_before(tmp_path: Path) -> None:
    root = world(tmp_path, installed=False)
    assert merge(root, replaced("term: wind", "term: breeze"), appended(chain("a-b"))).returncode == 0
    assert loaded(root)["concepts"]["wind"]["term"] == "breeze" and "a-b" in loaded(root)["chains"]


def test_concepts_at_one_place_are_both_kept(root: Path) -> None:
    done = merge(root, replaced("chains:\n", concept("sieve") + "chains:\n"), replaced("chains:\n", concept("hopper") + "chains:\n"))
    assert done.returncode == 0, done.stderr
    assert list(loaded(root)["concepts"])[-2:] == ["sieve", "hopper"]
    assert proda(root, "check", "--json").stdout.count('"rule": "schema"') == 0


def test_a_new_entry_stands_behind_the_one_that_its_author_put_it_behind(root: Path) -> None:
    place = "  sail-rotation:\n"
    done = merge(root, replaced(place, concept("sieve") + place), appended(chain("a-b")))
    assert done.returncode == 0
    assert list(loaded(root)["concepts"])[:3] == ["wind", "sieve", "sail-rotation"]


def test_different_fields_of_one_statement_merge(root: Path) -> None:
    first, second = "      text: Wind causes sail rotation in the valley.\n", "      relation: causes\n      object: sail-rotation\n"
    done = merge(
        root,
        replaced(first, "      text: Wind makes sails turn.   # shorter\n"),
        replaced(second, "      relation: enables\n      object: sail-rotation\n      when: [in autumn]\n"),
    )
    assert done.returncode == 0, done.stderr
    step = loaded(root)["chains"]["wind-grinds-grain"]["steps"][0]
    assert (step["text"], step["relation"], step["when"]) == ("Wind makes sails turn.", "enables", ["in autumn"])
    assert "# shorter\n" in read(root)


def test_one_field_changed_on_both_sides_is_a_conflict_of_its_node_alone(root: Path) -> None:
    text = "text: Wind causes sail rotation in the valley."
    ours = [replaced(text, "text: Wind turns the sails."), appended(chain("rain-turns-wheel"))]
    theirs = [replaced(text, "text: The sails turn in wind."), appended(chain("wind-cools-miller")), replaced("term: flour", "term: meal")]
    done = merge(root, lambda r: [e(r) for e in ours], lambda r: [e(r) for e in theirs])
    assert done.returncode == 1
    assert "milling/wind-grinds-grain.s1\n  text\n    ours: Wind turns the sails.\n    theirs: The sails turn in wind.\n" in done.stderr
    assert "    base: Wind causes sail rotation in the valley.\n" in done.stderr
    markers = "<<<<<<< ours\n      text: Wind turns the sails.\n=======\n      text: The sails turn in wind.\n>>>>>>> theirs\n"
    markers = markers.replace(" ours", f" {label(root, 0)}").replace(" theirs", f" {label(root, 1)}")
    assert markers in read(root) and read(root).count("<<<<<<<") == 1
    left = read(root).replace(markers, "      text: Wind turns the sails.\n")
    (root / MILLING).write_text(left)
    assert list(loaded(root)["chains"])[-2:] == ["rain-turns-wheel", "wind-cools-miller"]
    assert loaded(root)["concepts"]["flour"]["term"] == "meal"


def label(root: Path, place: int) -> str:
    """What conflict markers call a side; git before 2.44 does not tell."""
    lines = [line for line in read(root).splitlines() if line.startswith(("<<<<<<< ", ">>>>>>> "))]
    return lines[place].partition(" ")[2]


def test_proda_merge_lists_open_conflicts_by_node_until_they_are_resolved(root: Path) -> None:
    done = merge(root, replaced("term: flour", "term: meal"), replaced("term: flour", "term: powder"))
    assert done.returncode == 1
    shown = proda(root, "merge")
    assert shown.returncode == 1 and "milling/flour\n  term\n    ours: meal\n    theirs: powder\n    base: flour" in shown.stdout
    assert '"node": "milling/flour"' in proda(root, "merge", "--json").stdout
    check = proda(root, "check")
    assert check.returncode == 1 and "A merge conflict is not resolved here" in check.stdout
    git(root, "checkout", "--theirs", "--", MILLING)
    commit(root, "Resolved")
    shown = proda(root, "merge")
    assert (shown.returncode, shown.stdout) == (0, "") and "No conflict is open." in shown.stderr


def test_a_chain_that_one_side_removes_and_the_other_edits_is_a_conflict(root: Path) -> None:
    text = read(root)
    start, end = text.index("  frost-halts-mill:"), text.index("  dust-needs-care:")
    done = merge(root, replaced(text[start:end], ""), replaced("why frost halts a mill", "why frost stops a mill"))
    assert (
        done.returncode == 1 and "milling/frost-halts-mill\n  the whole entry (changed on one side and removed on the other)" in done.stderr
    )
    assert "    ours: (not there)" in done.stderr
    after = read(root)
    inside = after[after.index("<<<<<<<") : after.index(">>>>>>>")]
    assert "frost-halts-mill" in inside and "dust-needs-care" not in inside


def test_a_chain_that_one_side_removes_is_gone_if_the_other_left_it_alone(root: Path) -> None:
    text = read(root)
    start, end = text.index("  frost-halts-mill:"), text.index("  dust-needs-care:")
    assert merge(root, replaced(text[start:end], ""), replaced("why mill dust needs care", "why dust needs care")).returncode == 0
    assert list(loaded(root)["chains"]) == ["wind-grinds-grain", "dust-needs-care"]


def test_the_same_entry_on_both_sides_is_there_once(root: Path) -> None:
    done = merge(root, appended(chain("a-b")), lambda r: [appended(chain("a-b"))(r), replaced("term: flour", "term: meal")(r)])
    assert done.returncode == 0 and read(root).count("  a-b:") == 1


def test_one_id_with_different_content_on_both_sides_is_a_conflict(root: Path) -> None:
    done = merge(root, appended(chain("a-b", 2)), appended(chain("a-b", 3)))
    assert done.returncode == 1 and "milling/a-b\n  the whole entry (added on both sides)" in done.stderr


def test_an_edit_of_a_node_that_the_other_side_renamed_goes_to_its_new_name(root: Path) -> None:
    assert proda(root, "check", "--fix").returncode == 0
    commit(root, "Laid out")

    def rename(r: Path) -> None:
        done = proda(r, "mv", "milling/flour", "meal")
        assert done.returncode == 0, done.stderr

    definition = loaded(root)["concepts"]["flour"]["definition"]
    for ours, theirs in ((rename, None), (None, rename)):
        edit = replaced(definition, "ground grain")
        for name in ("ours", "theirs"):
            git(root, "branch", "-q", "-D", name, check=False)
        done = merge(root, ours or edit, theirs or edit)
        assert done.returncode == 0, done.stderr
        concepts = loaded(root)["concepts"]
        assert concepts["meal"]["definition"] == "ground grain" and concepts["flour"]["replaced_by"] == "meal"
        check = proda(root, "check")
        assert check.returncode == 0, check.stdout
        git(root, "switch", "-q", "main")


def test_an_edit_of_a_node_that_the_other_side_retired_is_a_conflict(root: Path) -> None:
    retired = replaced("  flour:\n", "  flour:\n    status: retired\n    replaced_by: wind\n")
    done = merge(root, retired, replaced("term: flour", "term: meal"))
    assert done.returncode == 1 and "milling/flour\n  the whole entry (retired on one side and changed on the other)" in done.stderr


@pytest.mark.parametrize("how", ["rebase", "cherry-pick"])
def test_rebase_and_cherry_pick_merge_entries_too(root: Path, how: str) -> None:
    branch(root, "ours", appended(chain("rain-turns-wheel")))
    branch(root, "theirs", appended(chain("wind-cools-miller")))
    git(root, "switch", "-q", "ours")
    git(root, *(["rebase", "-q", "theirs"] if how == "rebase" else ["cherry-pick", "theirs"]))
    assert {"rain-turns-wheel", "wind-cools-miller"} <= loaded(root)["chains"].keys()


def test_a_revert_of_one_of_two_merged_commits_takes_out_that_one_alone(root: Path) -> None:
    assert merge(root, appended(chain("rain-turns-wheel")), appended(chain("wind-cools-miller"))).returncode == 0
    git(root, "revert", "--no-edit", "ours^1")
    assert "rain-turns-wheel" not in read(root) and chain("wind-cools-miller") in read(root)


def test_line_ends_and_a_missing_last_one_stay_as_a_side_has_made_them(root: Path) -> None:
    def windows(r: Path) -> None:
        (r / MILLING).write_bytes(read(r).removesuffix("\n").replace("\n", "\r\n").encode())

    rules = (root / ".gitattributes").read_text().replace("* text=auto eol=lf\n", "")  # of a repository from before: LF is not enforced
    (root / ".gitattributes").write_text(rules)
    git(root, "commit", "-qam", "Line ends as they are")
    git(root, "config", "core.autocrlf", "false")
    assert merge(root, windows, appended(chain("a-b"))).returncode == 0
    data = (root / MILLING).read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") and not data.endswith(b"\n")
    assert "a-b" in loaded(root)["chains"]


def test_a_file_that_one_side_broke_is_merged_as_text_and_nothing_is_lost(root: Path) -> None:
    done = merge(root, replaced("concepts:", "concepts: ["), appended(chain("a-b")), as_text=True)
    assert done.returncode == 0 and "Merged as text, line by line: the version of ours cannot be read" in done.stderr
    assert "concepts: [" in read(root) and chain("a-b") in read(root)


def test_a_broken_file_with_a_textual_conflict_has_both_texts(root: Path) -> None:
    done = merge(root, replaced("term: flour", "term: [meal"), replaced("term: flour", "term: powder"), as_text=True)
    assert done.returncode == 1 and "Merged as text" in done.stderr
    assert "term: [meal" in read(root) and "term: powder" in read(root) and "<<<<<<< " in read(root)


def test_if_proda_cannot_run_git_merges_the_text(root: Path) -> None:
    driver = git(root, "config", "merge.proda.driver").stdout.strip()
    git(root, "config", "merge.proda.driver", driver.replace(sys.executable, "/nowhere/python"))
    done = merge(root, replaced("term: flour", "term: meal"), replaced("term: flour", "term: powder"))
    assert done.returncode == 1 and "<<<<<<< ours\n    term: meal\n=======\n    term: powder\n" in read(root)


def test_histories_that_cross_merge(root: Path) -> None:
    """Both sides have merged the other one before, so that there are two common ancestors, which conflict with one another."""
    branch(root, "a", replaced("term: flour", "term: meal"))
    branch(root, "b", replaced("term: flour", "term: powder"))
    for name, other in (("a", "b"), ("b", "a")):
        git(root, "branch", "-q", f"{name}-cross", name)
        git(root, "switch", "-q", f"{name}-cross")
        assert git(root, "merge", other, check=False).returncode == 1
        git(root, "checkout", "-q", "--ours" if name == "a" else "--theirs", MILLING)
        git(root, "commit", "-q", "-am", f"Merge {other}")
        appended(chain(f"of-{name}"))(root)
        commit(root, f"A chain of {name}")
    done = git(root, "merge", "--no-edit", "a-cross", check=False)
    assert done.returncode == 0, done.stderr
    assert loaded(root)["concepts"]["flour"]["term"] == "meal" and {"of-a", "of-b"} <= loaded(root)["chains"].keys()


def test_histories_that_cross_and_were_resolved_differently_conflict_in_that_field_alone(root: Path) -> None:
    branch(root, "a", replaced("term: flour", "term: meal"))
    branch(root, "b", replaced("term: flour", "term: powder"))
    for name, other in (("a", "b"), ("b", "a")):
        git(root, "branch", "-q", f"{name}-cross", name)
        git(root, "switch", "-q", f"{name}-cross")
        git(root, "merge", other, check=False)
        git(root, "checkout", "-q", "--ours", MILLING)
        git(root, "commit", "-q", "-am", f"Merge {other}")
        appended(chain(f"of-{name}"))(root)
        commit(root, f"A chain of {name}")
    done = git(root, "merge", "--no-edit", "a-cross", check=False)
    assert done.returncode == 1 and "    ours: powder\n    theirs: meal\n    base: flour\n" in done.stderr
    assert read(root).count("<<<<<<<") == 1


def test_a_section_that_both_sides_start_has_the_entries_of_both(root: Path) -> None:
    link = "links:\n  {}:\n    subject: wind\n    relation: causes\n    object: flour\n    text: T.\n    evidence: {{quote: Q.}}\n"
    assert merge(root, appended(link.format("a-b")), appended(link.format("c-d"))).returncode == 0
    assert list(loaded(root)["links"]) == ["a-b", "c-d"] and read(root).count("links:") == 1


def test_steps_that_both_sides_add_to_one_chain_are_a_conflict_of_the_chain(root: Path) -> None:
    """Two sequences of steps that continue a chain differently do not form one chain together."""

    def step(name: str) -> Edit:
        place = "    reference:\n"
        return replaced(
            place, f"    - id: {name}\n      subject: flour\n      relation: causes\n      object: wind\n      text: T.\n{place}"
        )

    done = merge(root, step("s5"), step("s6"))
    assert done.returncode == 1 and "milling/wind-grinds-grain\n  steps (steps added, removed or moved on both sides)" in done.stderr
    assert merge_again(root, step("s5"), replaced("text: Wind causes", "text: A wind causes")).returncode == 0
    assert [each["id"] for each in loaded(root)["chains"]["wind-grinds-grain"]["steps"]] == ["s1", "s2", "s3", "s4", "s5"]


def merge_again(root: Path, ours: Edit, theirs: Edit) -> subprocess.CompletedProcess[str]:
    git(root, "merge", "--abort", check=False)
    git(root, "switch", "-q", "main")
    git(root, "branch", "-q", "-D", "ours", "theirs")
    return merge(root, ours, theirs)


def test_an_alias_each_is_no_conflict_but_a_quote_and_its_span_are_one_value(root: Path) -> None:
    place = "    term: wind\n"
    ours, theirs = (replaced(place, f"{place}    aliases: [{name}]\n") for name in ("breeze", "draught"))
    assert merge(root, ours, theirs).returncode == 0
    assert loaded(root)["concepts"]["wind"]["aliases"] == ["breeze", "draught"]
    done = merge_again(
        root, replaced("quote: Wind causes", "quote: A wind causes"), replaced("        span:\n        - ", "        span:\n        - 1")
    )
    assert done.returncode == 1 and "milling/wind-grinds-grain.s1\n  evidence\n" in done.stderr


def test_a_chain_that_one_side_adds_to_a_topic_that_the_other_renamed_is_in_the_renamed_file(root: Path) -> None:
    assert proda(root, "check", "--fix").returncode == 0
    commit(root, "Laid out")

    def rename(r: Path) -> None:
        done = proda(r, "mv", "milling/milling-basics", "grinding", "--topic")
        assert done.returncode == 0, done.stderr

    done = merge(root, rename, appended(chain("a-b")))
    assert done.returncode == 0, done.stdout + done.stderr
    after = loaded(root, "knowledge/milling/grinding.yaml")
    assert after["topic"] == "grinding" and "a-b" in after["chains"] and not (root / MILLING).exists()
