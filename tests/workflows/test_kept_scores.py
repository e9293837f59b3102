"""Scores in the cache: equal to computed ones, never computed twice, and not lost when a run is killed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from msgspec import structs

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base
from proda.compiler.train import train_seeds
from proda.store.cached import read_cached, write_cached
from proda.tester.scoring import option_scores, score_items
from proda.workflows.kept_scores import Kept, TunedFolder, kept_scores, stem_outcomes
from tests.compiler.tiny import FACTS, TRAIN, WORDS, tiny_base
from tests.killing import kill_when
from tests.toyitems import linked_knowledge, toy_items

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [
    (f"Question: What does {word} cause?\nAnswer:", tuple(WORDS[(n + k) % len(WORDS)] for k in range(4))) for n, word in enumerate(WORDS)
]
SCORE = """
import sys
from pathlib import Path
from proda.workflows.kept_scores import kept_scores
from tests.workflows.test_kept_scores import many_questions
kept_scores(Path(sys.argv[1]), None, many_questions(), cache=Path(sys.argv[2]), portion=8)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("kept"))


def many_questions() -> list[tuple[str, tuple[str, ...]]]:
    return [(f"Question: What does {a} of {b} cause?\nAnswer:", options) for a in WORDS for b in WORDS for _, options in QUESTIONS[:2]]


def stored(cache: Path) -> Path:
    (path,) = cache.glob("questions/*.json")
    return path


def test_scores_are_those_of_scoring_in_the_order_of_the_questions(base: Path, tmp_path: Path) -> None:
    found = kept_scores(base, None, QUESTIONS, cache=tmp_path, portion=5)
    expected = option_scores(*load_base(base), QUESTIONS)
    assert found == [pytest.approx(values, rel=1e-4) for values in expected]
    assert found == kept_scores(base, None, QUESTIONS, cache=tmp_path)
    assert found[::-1] == kept_scores(base, None, QUESTIONS[::-1], cache=tmp_path)


def test_outcomes_with_and_without_the_stem_are_those_of_the_evaluation(base: Path, tmp_path: Path) -> None:
    items = toy_items(linked_knowledge(4))
    seen, unseen = stem_outcomes(base, None, items, cache=tmp_path, name="seed-7")
    model, tokenizer = load_base(base)
    for found, blind in ((seen, False), (unseen, True)):
        expected = score_items(model, tokenizer, items, name="seed-7", without_stem=blind)
        assert [(o.item, o.model, o.chosen, o.correct) for o in found] == [(o.item, o.model, o.chosen, o.correct) for o in expected]
        assert [o.margin for o in found] == pytest.approx([o.margin for o in expected], abs=1e-4)
    assert seen != unseen


def test_a_question_that_does_not_fit_the_model_is_unscored_and_stays_so(base: Path, tmp_path: Path) -> None:
    long = (" ".join(WORDS * 20), ("a", "b", "c", "d"))
    for _ in range(2):
        assert all(value != value for value in kept_scores(base, None, [long], cache=tmp_path)[0])


def test_only_new_questions_are_scored_and_without_any_the_model_is_not_loaded(base: Path, tmp_path: Path) -> None:
    mine = shutil.copytree(base, tmp_path / "base")
    kept_scores(mine, None, QUESTIONS[:3], cache=tmp_path)
    path = stored(tmp_path)
    invented = {key: [-9.0, -8.0, -7.0, -6.0] for key in read_cached(path, Kept) or {}}
    assert len(invented) == 3 and write_cached(path, invented)
    found = kept_scores(mine, None, QUESTIONS[:5], cache=tmp_path)
    assert found[:3] == [[-9.0, -8.0, -7.0, -6.0]] * 3 and -9.0 not in (*found[3], *found[4])
    (mine / "model.safetensors").unlink()
    assert kept_scores(mine, None, QUESTIONS[:5], cache=tmp_path) == found


def test_a_damaged_file_is_computed_again(base: Path, tmp_path: Path) -> None:
    found = kept_scores(base, None, QUESTIONS[:3], cache=tmp_path)
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    assert kept_scores(base, None, QUESTIONS[:3], cache=tmp_path) == found


def test_a_tuned_model_has_scores_of_its_own(base: Path, tmp_path: Path) -> None:
    (run,) = train_seeds(base, FACTS, [], structs.replace(TRAIN, seeds=(0,), method="lora"), None, cache=tmp_path)
    adapter = TunedFolder(tmp_path / "train" / run.inputs / "seed-0" / "adapter", run.adapter)
    before, after = (kept_scores(base, which, QUESTIONS, cache=tmp_path) for which in (None, adapter))
    assert before != after
    assert after == [pytest.approx(values, rel=1e-4) for values in option_scores(*load_tuned(base, adapter.path), QUESTIONS)]
    assert len(list(tmp_path.glob("questions/*.json"))) == 2


def test_a_killed_run_keeps_the_portions_that_it_finished(base: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", SCORE, str(base), str(tmp_path)]
    there = {**os.environ, "PYTHONPATH": str(ROOT)}
    kill_when(lambda: bool(list(tmp_path.glob("questions/*.json"))), command, env=there)
    before = read_cached(stored(tmp_path), Kept)
    assert before and len(before) < len(many_questions()) and len(before) % 8 == 0
    kept_scores(base, None, many_questions(), cache=tmp_path)
    after = read_cached(stored(tmp_path), Kept) or {}
    assert len(after) == len(many_questions()) and before.items() <= after.items()
