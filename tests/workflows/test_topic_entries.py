"""New entries are added at the ends of their sections, and everything else in the file stays the same."""

from __future__ import annotations

import difflib

import pytest

from proda.errors import InputError
from proda.workflows.topic_entries import plain_with_entries, with_entries
from proda.yamlio import load_yaml_text

CHAIN = {
    "explains": "how x: works",
    "preconditions": ["at 20, or so"],
    "steps": [
        {
            "id": "s1",
            "subject": "no",
            "relation": "causes",
            "object": "y",
            "when": ["in: a"],
            "text": "X causes y: so",
            "evidence": {"quote": 'It\'s "so" $\\frac{a}{b}$ <b>', "span": [1, 2]},
        }
    ],
}
ENTRIES = {
    "concepts": {"no": {"term": "no", "plural": True, "type": "process", "aliases": ["a, b", "- c"], "definition": "the: thing # here"}},
    "chains": {"x-y": CHAIN},
    "links": {"l": {"subject": "no", "relation": "causes", "object": "y", "text": "T", "evidence": {"quote": "12", "span": [3, 9]}}},
}
TEXT = """\
# head
discipline: physics
topic: hp
source: physics/hp
concepts:
  a: # first
    term: a
    definition: the a # why
  # about b
  b:
    term: b
    type: state

# The chains of the topic
#   in two lines
chains:
  c:
    explains: how
    steps:
      - id: s1
        subject: a
        relation: causes
        object: b
        text: t
        evidence: {quote: "q", span: [0, 1]}
# now the cases
cases: {}
# the end
"""


def _only_added(before: str, after: str) -> bool:
    return not [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith(("-", "?"))]


def test_a_new_file_has_its_ids_and_says_what_was_given() -> None:
    raw = load_yaml_text(with_entries("", "physics/hp", ENTRIES))
    assert raw == {"discipline": "physics", "topic": "hp", "source": "physics/hp", **ENTRIES}
    assert raw == load_yaml_text(plain_with_entries("", "physics/hp", ENTRIES))


@pytest.mark.parametrize("aliases", [{}, {"a": ("alpha", "beta, gamma")}], ids=["lines inserted", "round trip"])
def test_only_lines_are_added_and_comments_stay_above_what_they_are_about(aliases: dict[str, tuple[str, ...]]) -> None:
    after = with_entries(TEXT, "physics/hp", ENTRIES, aliases)
    assert _only_added(TEXT, after)
    assert "#   in two lines\nchains:\n" in after and "# now the cases\ncases: {}\n# the end\n" in after
    assert after.index("  no:") < after.index("# The chains of the topic")
    assert after.index("  x-y:") < after.index("links:") < after.index("# now the cases")
    raw = load_yaml_text(after)
    assert raw["chains"]["x-y"] == CHAIN and raw["links"] == ENTRIES["links"] and list(raw["chains"]) == ["c", "x-y"]
    assert raw["concepts"]["a"].get("aliases", []) == list(aliases.get("a", ()))


def test_a_skeleton_of_proda_new_is_filled(tmp_path: object) -> None:
    from proda.workflows.scaffold import TOPIC

    skeleton = TOPIC.format(discipline="physics", topic="hp", source="physics/hp")
    after = with_entries(skeleton, "physics/hp", ENTRIES)
    assert load_yaml_text(after)["chains"] == {"x-y": CHAIN}
    assert "# Write concepts and chains" in after


def test_another_layout_is_kept_as_far_as_the_round_trip_keeps_it() -> None:
    wide = TEXT.replace("  a: # first\n    term", "  a: # first\n        term").replace(
        "    definition: the a", "        definition: the a"
    )
    raw = load_yaml_text(with_entries(wide, "physics/hp", ENTRIES))
    assert raw["concepts"]["a"]["term"] == "a" and raw["chains"]["x-y"] == CHAIN


def test_a_file_that_is_not_yaml_is_refused() -> None:
    with pytest.raises(InputError, match=r"knowledge/physics/hp\.yaml"):
        with_entries("concepts: [", "physics/hp", ENTRIES)
