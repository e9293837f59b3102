"""Three short texts → one: comments, order, layout, and what cannot be merged by entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.merging.driver import merged_in_place
from proda.merging.files import node_and_field
from proda.merging.merge import Labels, UnmergeableError, merge_file

TOPIC = "knowledge/physics/optics.yaml"
NODE = "  a:\n    term: x\n    type: y\n"
RETIRED = "    status: retired\n    replaced_by: b\n"
Sides = tuple[str, str, str, str]
CASES: dict[str, Sides] = {  # base, ours, theirs, merged
    "a comment behind a value and the value": (
        "concepts:\n  a:\n    term: x # old\n    type: y\n",
        "concepts:\n  a:\n    term: z # old\n    type: y\n",
        "concepts:\n  a:\n    term: x # new\n    type: y\n",
        "concepts:\n  a:\n    term: z # new\n    type: y\n",
    ),
    "two comments behind one value": (
        "concepts:\n  a:\n    term: x\n",
        "concepts:\n  a:\n    term: x # one\n",
        "concepts:\n  a:\n    term: x # two\n",
        "concepts:\n  a:\n    term: x # one  # two\n",
    ),
    "two comments above one entry": (
        "concepts:\n  # old\n  a: {term: x}\n",
        "concepts:\n  # old\n  # one\n  a: {term: x}\n",
        "concepts:\n  # old\n  # two\n  a: {term: y}\n",
        "concepts:\n  # old\n  # one\n  # two\n  a: {term: y}\n",
    ),
    "a comment that only they removed": (
        "concepts:\n  # old\n  a: {term: x}\n",
        "concepts:\n  # old\n  a: {term: y}\n",
        "concepts:\n  a: {term: x}\n",
        "concepts:\n  a: {term: y}\n",
    ),
    "their order, our field": (
        "concepts:\n  a: {term: x}\n  b: {term: y}\n",
        "concepts:\n  a: {term: z}\n  b: {term: y}\n",
        "concepts:\n  b: {term: y}\n  a: {term: x}\n",
        "concepts:\n  b: {term: y}\n  a: {term: z}\n",
    ),
    "fields on one line": (
        "concepts:\n  a: {term: x, type: 'y'}\n",
        "concepts:\n  a: {term: z, type: 'y'}\n",
        "concepts:\n  a: {term: x, type: \"w\", plural: true}\n",
        "concepts:\n  a: {term: z, type: \"w\", plural: true}\n",
    ),
    "a node on one line, renamed by them": (
        "concepts:\n  a: {term: x, type: y}\n",
        "concepts:\n  a: {term: x, type: z}\n",
        "concepts:\n  b: {term: w, type: y}\n  a: {term: x, type: y, status: retired, replaced_by: b}\n",
        "concepts:\n  b: {term: w, type: z}\n  a: {term: x, type: y, status: retired, replaced_by: b}\n",
    ),
    "comments above a node that they renamed": (
        f"concepts:\n{NODE}",
        f"concepts:\n  # ours\n{NODE.replace(': y', ': z')}",
        f"concepts:\n  # new\n  b:\n    term: w\n    type: y\n{NODE}{RETIRED}",
        f"concepts:\n  # new\n  b:\n    term: w\n    type: z\n  # ours\n{NODE}{RETIRED}",
    ),
    "an alias each, one removed": (
        "concepts:\n  a:\n    aliases: [x, y]\n",
        "concepts:\n  a:\n    aliases: [y, 'z: 1']\n",
        "concepts:\n  a:\n    aliases: [x, y, w]\n",
        "concepts:\n  a:\n    aliases: [y, 'z: 1', w]\n",
    ),
    "another indentation": (
        "chains:\n  a:\n    steps:\n    - id: s1\n      text: x\n",
        "chains:\n  a:\n    steps:\n    - id: s1\n      text: y\n",
        "chains:\n  a:\n    steps:\n      - id: s1\n        text: x\n      - id: s2\n        text: |-\n          two\n\n          lines\n",
        "chains:\n  a:\n    steps:\n    - id: s1\n      text: y\n    - id: s2\n      text: |-\n        two\n\n        lines\n",
    ),
    "an entry that the dash does not begin with": (
        "cases:\n  a:\n    variants:\n      - situation: x\n        answer: a\n",
        "cases:\n  a:\n    variants:\n      - situation: y\n        answer: a\n",
        "cases:\n  a:\n    variants:\n      - situation: x\n        answer: b\n",
        "cases:\n  a:\n    variants:\n      - situation: y\n        answer: b\n",
    ),
    "a comment below, indented like the entry above": (
        "chains:\n  a:\n    explains: x\n  b:\n    explains: y\n",
        "chains:\n  a:\n    explains: x\n    # more of a\n  b:\n    explains: y\n",
        "chains:\n  a:\n    explains: x\n  c:\n    explains: z\n  b:\n    explains: y\n",
        "chains:\n  a:\n    explains: x\n    # more of a\n  c:\n    explains: z\n  b:\n    explains: y\n",
    ),
    "nothing left": (
        "links:\n  a: {text: x}\n  b: {text: y}\n",
        "links:\n  a: {text: x}\n",
        "links:\n  b: {text: y}\n",
        "links: {}\n",
    ),
}  # fmt: skip


def merged(base: str, ours: str, theirs: str, path: str = TOPIC) -> str:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    assert result.conflicts == ()
    return result.data.decode()


@pytest.mark.parametrize("name", CASES)
def test_both_changes_are_in_the_result(name: str) -> None:
    base, ours, theirs, wanted = CASES[name]
    assert merged(base, ours, theirs) == wanted


def test_the_field_beside_a_dash_conflicts_with_its_dash_on_both_sides() -> None:
    base = "cases:\n  a:\n    variants:\n      - situation: x\n        answer: a\n"
    result = merge_file(TOPIC, base.encode(), base.replace("x", "y").encode(), base.replace("x", "z").encode())
    said = result.data.decode()
    head = "cases:\n  a:\n    variants:\n"
    markers = "<<<<<<< ours\n      - situation: y\n=======\n      - situation: z\n>>>>>>> theirs\n"
    assert said == f"{head}{markers}        answer: a\n"
    assert (result.conflicts[0].node, result.conflicts[0].field) == ("physics/a", "variants.#1.situation")


def test_if_the_field_beside_a_dash_is_gone_on_one_side_the_item_conflicts_as_a_whole() -> None:
    base = "cases:\n  a:\n    variants:\n      - situation: x\n        answer: a\n"
    ours = base.replace("- situation: x\n        answer", "- answer")
    result = merge_file(TOPIC, base.encode(), ours.encode(), base.replace("x", "z").encode())
    said = result.data.decode()
    assert "<<<<<<< ours\n      - answer: a\n=======\n      - situation: z\n        answer: a\n>>>>>>> theirs\n" in said


def test_an_inner_merge_keeps_the_base_version_of_what_conflicts() -> None:
    base = "concepts:\n  a:\n    term: x\n    type: y\n"
    ours, theirs = base.replace("x", "o"), base.replace("x", "t").replace("y", "z")
    result = merge_file(TOPIC, base.encode(), ours.encode(), theirs.encode(), inner=True)
    assert (result.data.decode(), result.conflicts) == (base.replace("y", "z"), ())


def test_markers_have_the_length_and_the_names_that_git_asks_for() -> None:
    base = "concepts:\n  a:\n    term: x\n"
    result = merge_file(TOPIC, base.encode(), base.replace("x", "o").encode(), base.replace("x", "t").encode(), Labels("HEAD", "topic", 9))
    assert "<<<<<<<<< HEAD\n    term: o\n=========\n    term: t\n>>>>>>>>> topic\n" in result.data.decode()


@pytest.mark.parametrize("broken", [b"\xff\xfe", b"a: [", b"a: &x 1\n", b"a: 1\na: 2\n", b"- 1\n", b"<<<<<<< ours\n"])
def test_what_is_no_block_of_keys_is_refused(broken: bytes) -> None:
    for versions in ((broken, b"a: 1\n", b"a: 2\n"), (b"a: 0\n", broken, b"a: 2\n"), (b"a: 0\n", b"a: 1\n", broken)):
        with pytest.raises(UnmergeableError):
            merge_file(TOPIC, *versions)


def test_a_text_that_merges_line_by_line_to_no_yaml_is_a_conflict(tmp_path: Path) -> None:
    """Each side is YAML that is laid out in another way, and adds the same key at another place."""
    lines = [f"  k{n}: {n},\n" for n in range(9)]
    base = "{\n" + "".join(lines) + "}\n"
    for name, text in (
        ("base", base),
        ("ours", base.replace(lines[1], f"{lines[1]}  new: 1,\n")),
        ("theirs", base.replace(lines[7], "  new: 2,\n")),
    ):
        (tmp_path / name).write_text(text)
    result, message = merged_in_place(TOPIC, *(tmp_path / name for name in ("base", "ours", "theirs")), Labels())
    assert "Merged as text, line by line" in message and "laid out in another way" in message
    assert result.conflicts[0].why == "the text merges, but the result is not YAML"
    assert (tmp_path / "ours").read_bytes() == result.data and b"new: 1" in result.data and b"new: 2" in result.data


def test_ids_of_nodes() -> None:
    assert node_and_field(TOPIC, ("chains", "snell", "steps", "s1", "text")) == ("physics/snell.s1", "text")
    assert node_and_field(TOPIC, ("chains", "snell", "steps")) == ("physics/snell", "steps")
    assert node_and_field(TOPIC, ("links", "a-b", "reference", "year")) == ("physics/a-b", "reference.year")
    assert node_and_field(TOPIC, ("source",)) == ("", "source")
    assert node_and_field("benchmarks/validation.yaml", ("readings", "00", "a")) == ("00 a", "")
    assert node_and_field("benchmarks/exceptions.yaml", ("exceptions", "physics/x:dev-1", "reason")) == ("physics/x:dev-1", "reason")
