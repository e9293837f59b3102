"""`--fix` mends what it can, loses nothing, and has nothing left to do the second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.knowledge.fix import fix_knowledge
from proda.yamlio import load_yaml
from tests.knowledge.toy import Toy, findings, put

FILE = "knowledge/physics/heat.yaml"

AUTHORED = """\
# the first line
discipline: physics   # where
topic: heat
source: physics/heat


concepts:
    # about heating
    heating: {term: "heating", type: process, definition: 'an input of heat'}   # flow, kept
    no: {term: no, type: state, definition: 2024-01-01}
    yes:
        term: "yes"
        type: state
        aliases: [12:30:45, 'on', 0x1F, 1_000, 1.50]
        definition: the other answer
    maybe:
        term: maybe
        type: state
        definition: "between: the two"
chains:
  answers:
    explains: how answers come
    steps:
      # the first step
      - id: s1
        subject: heating
        relation: causes
        object: no
        text: Heating causes no.
        evidence: {quote: "One “quoted” line, with: a colon"}
      - {id: s2, subject: no, relation: causes, object: yes, text: No causes yes., evidence: {quote: 'It''s two.'}}
      - id: s3
        subject: yes
        relation: causes
        object: maybe
        text: >-
          Yes causes
          maybe.
        evidence:
          quote: Three is said here.
# the last line"""

SOURCE = "# On answers\n\nOne “quoted” line, with: a colon, opens. It's two. Three is said here.\n"


def base(tmp_path: Path, text: str = AUTHORED) -> Path:
    """A base with one hand-written topic."""
    toy = Toy()
    toy.topics.clear()
    toy.sources = {"physics/heat": SOURCE}
    toy.catalogue.clear()
    root = toy.write(tmp_path)
    put(root, FILE, text)
    return root


def comments(text: str) -> list[str]:
    """The comments of the hand-written topic."""
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


def test_fix_makes_a_hand_written_topic_pass_and_keeps_every_word(tmp_path: Path) -> None:
    root = base(tmp_path)
    before = load_yaml(root / FILE)
    assert findings(root)
    assert fix_knowledge(root) == [FILE, "knowledge/sources/catalogue.yaml"]
    assert findings(root) == []
    text = (root / FILE).read_text()
    assert comments(text) == comments(AUTHORED)
    after = load_yaml(root / FILE)
    for step in after["chains"]["answers"]["steps"]:
        start, end = step["evidence"].pop("span")
        assert SOURCE[start:end] == step["evidence"]["quote"]
    assert after == before
    assert list(after["concepts"]) == list(before["concepts"])
    assert 'evidence: {quote: "One “quoted” line, with: a colon", span: [14, 46]}' in text
    assert text.endswith("# the last line\n")


def test_fix_is_idempotent_and_dry_run_changes_nothing(tmp_path: Path) -> None:
    root = base(tmp_path)
    untouched = (root / FILE).read_bytes()
    planned = fix_knowledge(root, dry_run=True)
    assert (root / FILE).read_bytes() == untouched
    assert fix_knowledge(root) == planned
    assert fix_knowledge(root) == []


@pytest.mark.parametrize(
    "text", [AUTHORED.replace("\n", "\r\n"), AUTHORED + "  \n\n\n", AUTHORED.replace("topic: heat", "topic:   heat  ")]
)
def test_fix_tidies_blanks_and_line_ends(tmp_path: Path, text: str) -> None:
    root = base(tmp_path, text)
    fix_knowledge(root)
    result = (root / FILE).read_bytes()
    assert b"\r" not in result
    assert all(line == line.rstrip() for line in result.decode().splitlines())
    assert result.endswith(b"# the last line\n")
    assert findings(root) == []
    assert fix_knowledge(root) == []


def test_fix_leaves_a_file_alone_that_is_not_yaml_or_not_a_topic(tmp_path: Path) -> None:
    for text in (AUTHORED + "\n  broken: [", AUTHORED.replace("explains", "explain")):
        root = base(tmp_path, text)
        assert FILE not in fix_knowledge(root)
        assert (root / FILE).read_text() == text


def test_fix_keeps_what_people_wrote_in_the_catalogue(tmp_path: Path) -> None:
    root = base(tmp_path)
    catalogue = put(
        root,
        "knowledge/sources/catalogue.yaml",
        f"# ours\nsources:\n  physics/heat:\n    title: Mine  # yes\n    origin: a book\n    licence: MIT\n    sha256: {'0' * 64}\n",
    )
    put(root, "knowledge/sources/physics/new.md", "No heading.\n")
    fix_knowledge(root)
    text = catalogue.read_text()
    assert "# ours" in text
    assert "title: Mine  # yes" in text
    assert load_yaml(catalogue)["sources"]["physics/heat"]["licence"] == "MIT"
    assert load_yaml(catalogue)["sources"]["physics/new"]["title"] == "physics/new"
    assert findings(root) == []
    assert fix_knowledge(root) == []
