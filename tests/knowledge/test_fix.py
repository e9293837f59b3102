"""`--fix` fixes what it can, loses nothing, and changes nothing the second time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.findings import Finding
from proda.knowledge.fix import fix_knowledge
from proda.knowledge.layout import is_canonical
from proda.knowledge.roundtrip import safely_edited
from proda.knowledge.schema import statements_in
from proda.yamlio import load_yaml, load_yaml_text
from tests.knowledge.toy import Toy, findings, put

FILE = "knowledge/physics/heat.yaml"
CATALOGUE = "knowledge/sources/catalogue.yaml"

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
    reference: {author: 'Doe', title: "Answers, collected", year: 1999}   # flow, kept
    steps:
      # the first step
      - id: s1
        subject: heating
        relation: causes
        object: no
        text: In this short story, heating causes no.
        evidence: {quote: "One “quoted” line, with: a colon"}
      - {id: s2, subject: no, relation: causes, object: yes, text: In this short story no causes yes., evidence: {quote: 'It''s two.'}}
      - id: s3
        subject: yes
        relation: causes
        object: maybe
        text: >-
          In this short story, yes causes
          maybe.
        evidence:
          quote: Three is said here.
links:
  # a link
  heat-says-maybe:
    subject: heating
    subject_as: "slow heating"   # of the rail
    relation: causes
    object: maybe
    when: [at noon, 'in May']
    text: In May at noon, slow heating causes maybe.
    # its evidence
    evidence: {quote: "Four is said"}
    reference: {author: Doe, title: Answers, year: 1999}
cases:
  a-question-of-heat:   # the case
    chain: answers
    question: What is said?
    options: {a: No., b: Yes., c: Maybe., d: "Nothing: it is still."}
    variants:
      - situation: A rail lies in the sun.
        answer: a
        because: It says so.
        wrong:
          b: {breaks: answers.s1, because: "It says no, not yes."}   # why
          c: {breaks: heat-says-maybe, because: It is April.}
          d: {breaks: answers.s2, because: It is heard.}
      - situation: A rail lies in the shade.
        answer: c
        because: It says so.
        wrong:
          a: {breaks: answers.s1, because: It is May.}
          b: {breaks: answers.s1, because: It is noon.}
          d: {breaks: answers.s2, because: It is heard.}
# the last line"""

SOURCE = "# On answers\n\nOne “quoted” line, with: a colon, opens. It's two. Three is said here. Four is said.\n"


def authored(tmp_path: Path, text: str = AUTHORED) -> Path:
    """A repository with one hand-written topic, whose catalogue entry has an old hash."""
    toy = Toy()
    toy.topics.clear()
    toy.sources = {"physics/heat": SOURCE}
    toy.catalogue = {"physics/heat": {"title": "On answers", "origin": "made up", "licence": "CC0-1.0", "sha256": "0" * 64}}
    root = toy.write(tmp_path)
    put(root, FILE, text)
    return root


def comments(text: str) -> list[str]:
    """The comments of the hand-written topic."""
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


def test_fix_makes_a_hand_written_topic_pass_and_keeps_every_word(tmp_path: Path) -> None:
    root = authored(tmp_path)
    before = load_yaml(root / FILE)
    assert findings(root)
    assert fix_knowledge(root) == [FILE, CATALOGUE]
    assert findings(root) == []
    text = (root / FILE).read_text()
    assert comments(text) == comments(AUTHORED)
    after = load_yaml(root / FILE)
    for step in statements_in(after):
        start, end = step["evidence"].pop("span")
        assert SOURCE[start:end] == step["evidence"]["quote"]
    assert after == before
    assert list(after["concepts"]) == list(before["concepts"])
    assert 'evidence: {quote: "One “quoted” line, with: a colon", span: [14, 46]}' in text
    start = SOURCE.index("Four is said")
    assert f'    evidence: {{quote: "Four is said", span: [{start}, {start + 12}]}}\n' in text
    assert text.endswith("# the last line\n")


def test_fix_is_idempotent_and_dry_run_changes_nothing(tmp_path: Path) -> None:
    root = authored(tmp_path)
    untouched = (root / FILE).read_bytes()
    planned = fix_knowledge(root, dry_run=True)
    assert (root / FILE).read_bytes() == untouched
    assert fix_knowledge(root) == planned
    assert fix_knowledge(root) == []


@pytest.mark.parametrize(
    "text", [AUTHORED.replace("\n", "\r\n"), AUTHORED + "  \n\n\n", AUTHORED.replace("topic: heat", "topic:   heat  ")]
)
def test_fix_tidies_blanks_and_line_ends(tmp_path: Path, text: str) -> None:
    root = authored(tmp_path, text)
    fix_knowledge(root)
    result = (root / FILE).read_bytes()
    assert b"\r" not in result
    assert all(line == line.rstrip() for line in result.decode().splitlines())
    assert result.endswith(b"# the last line\n")
    assert findings(root) == []
    assert fix_knowledge(root) == []


def test_fix_leaves_a_file_alone_that_is_not_yaml_or_not_a_topic(tmp_path: Path) -> None:
    for text in (AUTHORED + "\n  broken: [", AUTHORED.replace("explains", "explain")):
        root = authored(tmp_path, text)
        assert FILE not in fix_knowledge(root)
        assert (root / FILE).read_text() == text


def test_fix_keeps_what_people_wrote_in_the_catalogue(tmp_path: Path) -> None:
    root = authored(tmp_path)
    catalogue = put(
        root,
        "knowledge/sources/catalogue.yaml",
        f"# ours\nsources:\n  physics/heat:\n    title: Mine  # yes\n    origin: a book\n    licence: MIT\n    sha256: {'0' * 64}\n",
    )
    fix_knowledge(root)
    text = catalogue.read_text()
    assert "# ours" in text
    assert "title: Mine  # yes" in text
    assert load_yaml(catalogue)["sources"]["physics/heat"]["licence"] == "MIT"
    assert findings(root) == []
    assert fix_knowledge(root) == []


def test_fix_never_writes_an_origin_or_a_licence_and_says_that_they_are_missing(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    put(root, "knowledge/sources/physics/new.md", "# A new text\n\nNo more than that.\n")
    assert fix_knowledge(root) == [*sorted(f"knowledge/{t}.yaml" for t in Toy().topics), CATALOGUE]
    entry = load_yaml(root / CATALOGUE)["sources"]["physics/new"]
    assert entry == {"title": "A new text", "sha256": hashlib.sha256(b"# A new text\n\nNo more than that.\n").hexdigest()}
    found = {f.message.split("'")[1]: f for f in findings(root)}
    assert set(found) == {"origin", "licence"}
    assert "never chooses one" in found["licence"].message and found["licence"].line > 0
    assert fix_knowledge(root) == []


HEADER = "# SPDX-License-Identifier: CC-BY-4.0\n\n# Two lines\n---   # the document\n"


def test_fix_keeps_a_header_above_the_document(tmp_path: Path) -> None:
    root = authored(tmp_path, HEADER + AUTHORED)
    assert FILE in fix_knowledge(root)
    text = (root / FILE).read_text()
    assert text.startswith("# SPDX-License-Identifier: CC-BY-4.0\n\n# Two lines\n---   # the document\n# the first line\n")
    assert findings(root) == []
    assert fix_knowledge(root) == []


def test_fix_says_why_it_leaves_a_file_alone(tmp_path: Path) -> None:
    text = AUTHORED.replace("evidence: {quote: 'It''s two.'}}", "evidence: {quote: 'It''s two.'  # why\n        }}")
    root = authored(tmp_path, text)
    noted: list[Finding] = []
    assert load_yaml(root / FILE) == load_yaml(authored(tmp_path / "plain") / FILE)
    changed = fix_knowledge(root, note=noted.append)
    if FILE in changed:  # a later version may keep this comment
        assert "# why" in (root / FILE).read_text()
    else:
        assert [f.file for f in noted] == [FILE]
        assert (root / FILE).read_text() == text


def test_a_check_with_fix_loads_no_editor_when_there_is_nothing_to_fix(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    fix_knowledge(root)
    script = (
        "import sys; from pathlib import Path; from proda.knowledge.fix import fix_knowledge\n"
        "assert fix_knowledge(Path('.')) == []; assert 'ruamel.yaml' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("topic", ["physics/thermal-expansion", "computer-science/hashing-and-search", "history/black-death"])
def test_a_layout_that_is_taken_for_canonical_is_what_the_editor_writes(topic: str) -> None:
    text = (Path(__file__).parents[2] / "knowledge" / f"{topic}.yaml").read_text()
    raw = load_yaml_text(text)
    variants = [text, text.replace("    term", "    # a remark\n    term", 1), text.replace("  ", "    "), text.replace(": [", ": [ ")]
    variants += [text + "\n", text.replace("\n", "\n\n", 1), text.replace("term: ", "term:  ", 1), "# top\n" + text]
    for variant in variants:
        try:
            if load_yaml_text(variant) != raw:
                continue
        except InputError:
            continue
        if is_canonical(variant, raw):
            assert safely_edited(variant, raw, lambda document: None) == variant
    assert is_canonical(text, raw)
