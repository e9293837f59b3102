"""Random edits: disjoint ones merge to the result of both, in any order; others leave markers, and either side can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proda.merging.merge import Labels, merge_file
from proda.merging.read import UnsplittableError, parsed
from proda.merging.tree import plain, text_of
from proda.yamlio import dump_yaml, load_yaml_text
from tests.merging.gitworld import chain, concept
from tests.toyworld import LINKED, ROOT, topic_files

PATH = "knowledge/lighting/lighting-basics.yaml"
BASE = topic_files()["lighting/lighting-basics.yaml"] + LINKED
RAW: dict[str, Any] = load_yaml_text(BASE)
CHAINS, CONCEPTS, LINKS = (list(RAW[section]) for section in ("chains", "concepts", "links"))
Edit = Callable[[str], str]


def block(text: str, name: str) -> tuple[int, int]:
    """Where the entry `name` of any section begins and ends."""
    start = re.search(rf"^  {name}:.*\n", text, re.MULTILINE)
    assert start, name
    end = re.compile(r"^ {0,2}\S", re.MULTILINE).search(text, start.end())
    return start.start(), end.start() if end else len(text)


def in_entry(name: str, pattern: str, new: str) -> Edit:
    def edit(text: str) -> str:
        start, end = block(text, name)
        return text[:start] + re.sub(pattern, new, text[start:end], count=1, flags=re.MULTILINE) + text[end:]

    return edit


def removed(name: str) -> Edit:
    return lambda text: text[: block(text, name)[0]] + text[block(text, name)[1] :]


def added(before: str, text_of_entry: str) -> Edit:
    return lambda text: text[: block(text, before)[0]] + text_of_entry + text[block(text, before)[0] :]


# Target → edit. Edits of different targets are disjoint.
EDITS: dict[str, Edit] = {}
for each in CONCEPTS:
    EDITS[f"{each} term"] = in_entry(each, r"^    term: .*$", f"    term: new {each}")
    EDITS[f"{each} definition"] = in_entry(each, r"^    definition: .*$", "    definition: a thing   # changed")
    EDITS[f"{each} aliases"] = in_entry(each, r"\Z", f"    aliases: [{each} too]\n")
for each in CHAINS:
    EDITS[f"{each} explains"] = in_entry(each, r"^    explains: .*$", "    explains: 'another: thing'")
    EDITS[f"{each} relation"] = in_entry(each, r"^      relation: .*$", "      relation: enables")
    EDITS[f"{each} quote"] = in_entry(each, r"^        quote: .*$", '        quote: "two\\\\nlines"')
    EDITS[f"{each} before"] = added(each, chain(f"before-{each}"))
for each in LINKS:
    EDITS[f"{each} text"] = in_entry(each, r"^    text: .*$", "    text: |-\n      On\n\n      lines.")
    EDITS[f"{each} thesis"] = in_entry(each, r"\Z", "    according_to: the guild\n")
    EDITS[f"{each} reference"] = in_entry(each, r"year: 1901", "year: 1902")
    EDITS[f"{each} author"] = in_entry(each, r"author: Miller", "author: Chandler")
for number, each in enumerate(CONCEPTS):
    EDITS[f"{each} before"] = added(each, concept(f"new-{number}"))
for each in (*CHAINS, *CONCEPTS):
    EDITS[f"{each} comment"] = added(each, f"  # about {each}\n")
# Whole entries can be removed if nothing else of them changes.
REMOVED = {name: removed(name) for name in (*CHAINS, *LINKS, *CONCEPTS)}


def comparable(value: Any) -> Any:
    """The value with sets sorted, and nothing in place of a section whose last entry was removed."""
    if isinstance(value, dict):
        return {key: sorted(inner) if key == "aliases" else comparable(inner) or None for key, inner in value.items()}
    return [comparable(inner) for inner in value] if isinstance(value, list) else value


def applied(text: str, names: list[str]) -> str:
    for name in names:
        text = (EDITS.get(name) or REMOVED[name])(text)
    return text


def owner(name: str) -> str:
    return name.partition(" ")[0]


@st.composite
def disjoint(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    names = draw(st.lists(st.sampled_from([*EDITS, *REMOVED]), unique=True, max_size=16))
    gone = {name for name in names if name in REMOVED}
    kept = [name for name in names if name in gone or owner(name) not in gone]
    # A removal and the anchor of an addition must not be the same entry.
    sides = draw(st.lists(st.booleans(), min_size=len(kept), max_size=len(kept)))
    return [n for n, side in zip(kept, sides, strict=True) if side], [n for n, side in zip(kept, sides, strict=True) if not side]


@settings(max_examples=60, deadline=None)
@given(disjoint(), st.booleans())
@example((["wick-widens-reach author"], ["wick-widens-reach reference"]), True)  # on one line, and on several
def test_disjoint_edits_give_what_both_give_together(edits: tuple[list[str], list[str]], laid_out: bool) -> None:
    ours, theirs = (applied(BASE, names) for names in edits)
    if laid_out:  # one side has written the file again, in the layout of the tools
        ours = dump_yaml(load_yaml_text(ours))
    both = applied(BASE, [*edits[0], *edits[1]])
    for first, second in ((ours, theirs), (theirs, ours)):
        result = merge_file(PATH, BASE.encode(), first.encode(), second.encode())
        assert result.conflicts == ()
        assert comparable(load_yaml_text(result.data.decode())) == comparable(load_yaml_text(both))
        if not laid_out:
            lines = sorted(line for line in both.splitlines() if "#" in line)
            assert lines == sorted(line for line in result.data.decode().splitlines() if "#" in line)


def any_edits() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*EDITS, *REMOVED]), unique=True, max_size=10)


def edited(names: list[str], word: str) -> str:
    """The base with the edits that are possible, in an order in which removals come last; what they write differs by `word`."""
    text = applied(BASE, sorted(names, key=lambda name: name in REMOVED))
    return text.replace("new ", f"{word} ").replace("a thing", f"thing {word}").replace("works", word)


@settings(max_examples=60, deadline=None)
@given(any_edits(), any_edits())
@example(  # all that is left of the chains is a comment
    ["lamp-oil term", "oil-feeds-flame before", "oil-feeds-flame"], ["lamp-oil term", "oil-feeds-flame before", "soot-dims-glass"]
)
def test_conflicts_stand_in_markers_and_either_choice_can_be_read(first: list[str], second: list[str]) -> None:
    ours, theirs = edited(first, "one"), edited(second, "two")
    result = merge_file(PATH, BASE.encode(), ours.encode(), theirs.encode(), Labels("a", "b"))
    said = result.data.decode()
    assert said.count("<<<<<<< a\n") == said.count("=======\n") == said.count(">>>>>>> b\n") == len(result.conflicts)
    for keep in (1, 2):
        chosen = re.sub(r"<<<<<<< a\n(.*?)=======\n(.*?)>>>>>>> b\n", lambda m, keep=keep: m[keep], said, flags=re.DOTALL)  # type: ignore[misc]
        load_yaml_text(chosen)
    for conflict in result.conflicts:
        assert said.splitlines()[conflict.line - 1] == "<<<<<<< a"
    inner = merge_file(PATH, BASE.encode(), ours.encode(), theirs.encode(), inner=True)
    assert inner.conflicts == () and "<<<<" not in inner.data.decode()


@settings(max_examples=60, deadline=None)
@given(any_edits())
def test_a_side_that_changed_nothing_leaves_the_other_byte_for_byte(names: list[str]) -> None:
    text = edited(names, "one")
    for versions in ((BASE, text, BASE), (BASE, BASE, text), (BASE, text, text)):
        base, ours, theirs = (each.encode() for each in versions)
        assert merge_file(PATH, base, ours, theirs).data == text.encode()


PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Z"]), max_size=12)
VALUES = st.recursive(
    PLAIN | st.booleans() | st.none() | st.integers(-99, 99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN.filter(bool), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(PLAIN.filter(bool), VALUES, min_size=1, max_size=4), st.booleans())
def test_a_tree_gives_its_text_back(document: dict[str, Any], by_pyyaml: bool) -> None:
    import yaml

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True) if by_pyyaml else dump_yaml(document)
    try:
        tree = parsed(text, "t")
    except UnsplittableError:
        assert text.startswith(("? ", "{")) or "\n? " in text
        return
    assert text_of(tree) == text and plain(tree, "ours") == load_yaml_text(text, numbers=True)


FILES = sorted([*(ROOT / "knowledge").glob("**/*.yaml"), *(ROOT / "benchmarks").glob("*.yaml"), ROOT / "samples/allocation.yaml"])


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_files_of_the_project_come_back_as_they_are(folder: Path) -> None:
    for path in (each for each in FILES if each.parent == folder):
        text = path.read_text()
        tree = parsed(text, path.name)
        assert text_of(tree) == text and plain(tree, "ours") == load_yaml_text(text, numbers=True)
