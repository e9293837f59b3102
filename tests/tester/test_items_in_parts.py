"""Items that several processes write are those of one process, each once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import NotFoundError, ProdaError
from proda.graph import CompiledTopic, Knowledge
from proda.tester import items_in_parts as module
from proda.tester.items import ItemsPart, write_items
from proda.tester.items_in_parts import items_in_parts
from tests.builder.edited_world import write_world
from tests.toyworld import knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    whole = knowledge(ovens=True)
    places = {(n.discipline, n.topic) for n in (*whole.concepts.values(), *whole.chains.values())}
    world = {
        place: CompiledTopic(
            *place,
            "s",
            tuple(c for c in whole.concepts.values() if (c.discipline, c.topic) == place),
            tuple(c for c in whole.chains.values() if (c.discipline, c.topic) == place),
            tuple(s for s in whole.statements.values() if (s.discipline, s.topic) == place),
            tuple(c for c in whole.cases if (c.discipline, c.topic) == place),
        )
        for place in places
    }
    write_world(tmp_path, world, tuple(whole.relations.values()))
    return tmp_path / "build/knowledge"


@pytest.mark.parametrize("of", [2, 3, 7])
def test_the_parts_together_are_all_items_each_once(of: int, folder: Path) -> None:
    whole = Knowledge.load(folder)
    every = write_items(whole, seed=0, sealed_share=0.4)
    assert {item.split for item in every} == {"dev", "twin", "sealed"} and any(item.kind == "case" for item in every)
    parts = [write_items(whole, seed=0, sealed_share=0.4, part=ItemsPart(number, of)) for number in range(of)]
    assert all(part != every for part in parts) and sum(map(len, parts)) == len(every)
    assert sorted((item for part in parts for item in part), key=lambda item: item.id) == every


def test_the_number_of_processes_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = write_items(Knowledge.load(folder), seed=0, sealed_share=0.4)
    assert items_in_parts(folder, seed=0, sealed_share=0.4) == every
    monkeypatch.setattr(module, "POOL_FROM", 0)
    for jobs in (1, 2):
        assert msgspec.json.encode(items_in_parts(folder, seed=0, sealed_share=0.4, jobs=jobs)) == msgspec.json.encode(every)


def test_a_process_that_fails_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POOL_FROM", 0)
    (folder / "milling.jsonl").write_text("{")
    with pytest.raises(ProdaError, match="worker process of the items"):
        items_in_parts(folder, seed=0, sealed_share=0.4, jobs=2)


def test_without_compiled_knowledge_the_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No compiled knowledge"):
        items_in_parts(tmp_path, seed=0, sealed_share=0.4)
