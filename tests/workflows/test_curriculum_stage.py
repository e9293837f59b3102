"""The stage `curriculum`: what the base reads, what tuning replays, and a suite that replay never shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from pipelines.curriculum import main
from proda.compiler.invented import invented_world
from proda.errors import EmptyBenchmarkError, InputError
from proda.language.folding import words
from proda.params import load_params
from proda.records import Item
from proda.store.relations import load_relations
from proda.tester import bridges, conditions, counterfactuals, effects, sequences
from proda.tester.evaluate import refuse_empty
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_repository(tmp_path_factory.mktemp("curriculum"), git=False)
    (made / "params.yaml").write_text((made / "params.yaml").read_text().replace("chains: 12,", "chains: 36, items_per_kind: 5,"))
    run(made)
    return made


def run(root: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        line: str = main.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return line


def test_parameters_that_give_no_general_suite_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    made = make_repository(tmp_path, git=False)
    (made / "params.yaml").write_text((made / "params.yaml").read_text().replace("chains: 12,", "chains: 2,"))
    with pytest.raises(InputError, match=r"curriculum\.chains\n  Got 2, .* Raise curriculum\.chains"):
        run(made)
    assert not (made / "build/curriculum").exists() and not (made / "benchmarks/general").exists()


def rows(root: Path, name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "build/curriculum" / name).read_text().splitlines()]


def suite(root: Path) -> list[Item]:
    return [msgspec.json.decode(line, type=Item) for line in (root / "benchmarks/general/suite.jsonl").read_text().splitlines()]


def invented(text: str, known: set[str]) -> set[str]:
    return set(words(text)) & known


@pytest.fixture(scope="module")
def known(root: Path) -> set[str]:
    """Every invented word."""
    params = load_params(root / "params.yaml").curriculum
    made = invented_world(params.seed, params.chains, load_relations(root / "knowledge/relations.yaml"), suite_share=params.suite_share)
    return {w for c in made[0] for w in c.term.split()}


def test_the_line_counts_what_was_written(root: Path) -> None:
    line = run(root)
    assert f"{len(rows(root, 'documents.jsonl')):,} documents, {len(rows(root, 'replay.jsonl')):,} of them for replay" in line
    assert line.endswith(f"general suite of {len(suite(root))} items") and len(suite(root)) == 40


def test_the_suite_asks_for_nothing_that_is_replayed_but_for_facts_that_the_base_reads(root: Path, known: set[str]) -> None:
    replayed = {w for row in rows(root, "replay.jsonl") for w in invented(f"{row['prompt']} {row['completion']}", known)}
    read = {w for row in rows(root, "documents.jsonl") for w in invented(f"{row['prompt']} {row['completion']}", known)}
    for item in suite(root):
        asked = invented(f"{item.stem} {' '.join(o.text for o in item.options)}", known)
        assert asked and asked.isdisjoint(replayed) and asked <= read, item.id
    assert replayed <= read


def test_the_base_reads_what_is_replayed_and_no_question_of_the_suite(root: Path) -> None:
    documents = {(row["prompt"], row["completion"]) for row in rows(root, "documents.jsonl")}
    assert {(row["prompt"], row["completion"]) for row in rows(root, "replay.jsonl")} <= documents
    assert {i.prompt for i in suite(root)}.isdisjoint(prompt for prompt, _ in documents)


WORDINGS = {
    "bridge": [bridges.STEMS],
    "effect": [effects.STEMS],
    "counterfactual": [counterfactuals.STEMS],
    "mechanism": [sequences.STEMS["mechanism"]],
    "order": [sequences.STEMS["order"]],
    "condition": [*conditions.STEMS.values()],
}


@pytest.mark.parametrize("kind", WORDINGS)
def test_replay_has_as_many_answered_items_of_each_kind_as_asked_for(root: Path, kind: str) -> None:
    found = []
    for variant in ("a", "b"):  # the wordings of dev and of twin items
        patterns = [re.sub(r"\\{\w+\\}", ".*", re.escape(stem)) for stems in WORDINGS[kind] for stem in stems[variant]]
        matched = [
            row for row in rows(root, "replay.jsonl") if any(re.fullmatch(f"Question: {p}\nAnswer:", row["prompt"]) for p in patterns)
        ]
        assert matched
        found += matched
    assert len(found) == 5 and all(row["completion"] for row in found)


def test_held_out_sentences_are_never_read(root: Path) -> None:
    heldout = (root / "build/curriculum/heldout.txt").read_text().splitlines()
    assert heldout and set(heldout).isdisjoint(row["completion"] for row in rows(root, "documents.jsonl"))


def test_a_second_run_writes_the_same_bytes(root: Path) -> None:
    names = (
        "build/curriculum/documents.jsonl",
        "build/curriculum/replay.jsonl",
        "build/curriculum/heldout.txt",
        "benchmarks/general/suite.jsonl",
    )
    before = [(root / name).read_bytes() for name in names]
    run(root)
    assert [(root / name).read_bytes() for name in names] == before


def test_an_empty_suite_is_refused_with_what_fills_it(root: Path) -> None:
    items = suite(root)
    given: list[tuple[dict[str, list[Item]], str]] = [
        ({"suite": []}, r"raise curriculum\.chains in params\.yaml, then run `dvc repro`"),
        ({"suite": items, "everyday": []}, r"add items to the suite everyday, then run `dvc repro`"),
        ({}, r"name one in evaluate\.general of params\.yaml"),
    ]
    for suites, advice in given:
        with pytest.raises(EmptyBenchmarkError, match=advice):
            refuse_empty(items, suites)
        with pytest.raises(EmptyBenchmarkError, match=r"dvc repro benchmark"):
            refuse_empty([], suites)
