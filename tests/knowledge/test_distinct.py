"""An edit adds `distinct_from` to a concept as one line; an edit that would change anything else is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.knowledge.compile import check_knowledge
from proda.knowledge.distinct import set_apart
from proda.knowledge.fix import fix_knowledge
from proda.records import Edit
from tests.knowledge.toy import Toy

FILE = "knowledge/physics/heat.yaml"
EDIT = Edit(FILE, "physics/stress", "physics/expansion")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A knowledge base in canonical layout, with comments."""
    root = Toy().write(tmp_path)
    fix_knowledge(root)
    path = root / FILE
    path.write_text("# the first line\n" + path.read_text().replace("  stress:\n", "  # on stress\n  stress:  # a pull\n"))
    return root


def added(before: str, after: str) -> list[str]:
    """The new lines. All other lines must still be there, in the same order."""
    old, new = before.splitlines(), after.splitlines()
    found = [line for line in new if line not in old]
    assert [line for line in new if line not in found] == [line for line in old if line in new]
    return found


def test_one_line_is_added_before_the_definition_and_the_base_passes(root: Path) -> None:
    before = (root / FILE).read_text()
    after = set_apart(before, EDIT)
    assert added(before, after) == ["    distinct_from: [expansion]"] and len(after.splitlines()) == len(before.splitlines()) + 1
    lines = after.splitlines()
    assert lines[lines.index("    distinct_from: [expansion]") + 1].startswith("    definition: ")
    (root / FILE).write_text(after)
    assert check_knowledge(root).ok and fix_knowledge(root) == []


def test_an_entry_that_has_it_is_not_edited_and_one_that_has_another_gets_both(root: Path) -> None:
    once = set_apart((root / FILE).read_text(), EDIT)
    assert set_apart(once, EDIT) == once
    full = once.replace("[expansion]", "[physics/expansion]")
    assert set_apart(full, EDIT) == full
    twice = set_apart(once, Edit(FILE, "physics/stress", "chemistry/catalyst"))
    assert added(once, twice) == ["    distinct_from: [expansion, chemistry/catalyst]"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("  stress:", "  tension:"), "concept no longer exists"),
        (lambda text: text.replace("  stress:  # a pull\n", "  stress:  # a pull\n    status: retired\n"), "concept is retired"),
        (lambda text: text.replace("chains:\n", "chains:\n  of-nothing: {}\n"), "Not a topic file"),
        (lambda text: text.replace("    term: stress\n", "    term:   'stress'\n"), "as one line"),
        (lambda text: text.replace("concepts:", "concepts: &all"), "anchor"),
    ],
)
def test_a_file_that_is_not_what_was_expected_is_refused(root: Path, change: Callable[[str], str], message: str) -> None:
    text = change((root / FILE).read_text())
    assert text != (root / FILE).read_text()
    with pytest.raises(InputError, match=message) as refused:
        set_apart(text, EDIT)
    assert FILE in str(refused.value)
