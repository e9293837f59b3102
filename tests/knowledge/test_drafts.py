"""Each placeholder of `proda new` is an error until it is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.toy import Toy, findings


def test_a_topic_with_entries_and_a_written_source_passes(tmp_path: Path) -> None:
    toy = Toy()
    toy.sources["physics/heat"] += "A TODO: in the middle of a line is text.\n"
    assert findings(toy.write(tmp_path), "drafts") == []


def test_an_empty_topic_is_found(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/light"] = {"discipline": "physics", "topic": "light", "source": "physics/heat", "concepts": {}, "chains": {}}
    [found] = findings(toy.write(tmp_path), "drafts")
    assert (found.file, found.path, found.severity) == ("knowledge/physics/light.yaml", "chains", "error")
    assert "proda check --fix" in found.message


@pytest.mark.parametrize("line", ["TODO: write this", "TODO:"])
def test_a_placeholder_in_a_source_is_found_with_its_line(tmp_path: Path, line: str) -> None:
    toy = Toy()
    toy.sources["physics/heat"] += f"{line}\n"
    [found] = findings(toy.write(tmp_path), "drafts")
    number = toy.sources["physics/heat"].splitlines().index(line) + 1
    assert (found.file, found.line, found.path) == ("knowledge/sources/physics/heat.md", number, "") and line in found.message
