"""The version of code: it changes with every change of what a module can run, and with no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import proda.store.code_version as versions
from proda.store.code_version import ROOT, cache_key, code_version, imported_files
from proda.workflows.item_scores import score_model
from proda.workflows.probe_scores import score_questions

SOURCES = {
    "proda/__init__.py": '"""The package."""\n',
    "proda/a/__init__.py": "",
    "proda/a/scores.py": (
        '"""Scores."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from proda.a import types\n\n\n'
        "def score() -> int:\n    from proda.a.words import WORD\n    return len(WORD)\n"
    ),
    "proda/a/words.py": "import proda.b\nWORD = 'heating'  # a comment\n",
    "proda/a/types.py": "X = 1\n",
    "proda/a/other.py": "X = 1\n",
    "proda/b.py": "def shout() -> str:\n    '''Say it.'''\n    return 'A'\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def version(root: Path) -> str:
    code_version.cache_clear()
    return code_version("proda.a.scores", root)


def test_all_that_a_module_imports_counts_inside_functions_and_through_others(root: Path) -> None:
    names = {p.relative_to(root).as_posix() for p in imported_files(root / "proda/a/scores.py", root, ("proda",))}
    assert names == set(SOURCES) - {"proda/a/types.py", "proda/a/other.py"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("proda/a/scores.py", "len(WORD)", "len(WORD) + 1"),
        ("proda/a/words.py", "'heating'", "'cooling'"),
        ("proda/b.py", "'A'", "'B'"),
        ("proda/__init__.py", '"""The package."""', "X = 1"),
    ],
)
def test_a_change_of_code_anywhere_below_is_another_version(root: Path, name: str, old: str, new: str) -> None:
    before = version(root)
    (root / name).write_text(SOURCES[name].replace(old, new))
    assert version(root) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("proda/a/scores.py", "Scores.", "Scores of a model."),
        ("proda/a/words.py", "# a comment", "# another"),
        ("proda/b.py", "'''Say it.'''", '"""Say it aloud."""\n'),
        ("proda/a/types.py", "1", "2"),
        ("proda/a/other.py", "1", "2"),
    ],
)
def test_comments_docstrings_and_modules_that_are_not_run_do_not_count(root: Path, name: str, old: str, new: str) -> None:
    before = version(root)
    (root / name).write_text(SOURCES[name].replace(old, new))
    assert (root / name).read_text() != SOURCES[name]
    assert version(root) == before


def test_a_module_without_source_has_a_version_all_the_same(tmp_path: Path) -> None:
    assert code_version("proda.a.scores", tmp_path) != ""


SCORING = ["proda/tester/scoring.py", "proda/records.py", "proda/compiler/adapter.py", "proda/runtime/causal_lm.py"]


@pytest.mark.parametrize(
    ("compute", "names"), [(score_model, [*SCORING, "proda/tester/letters.py", "proda/statistics.py"]), (score_questions, SCORING)]
)
def test_the_keys_of_scores_cover_what_scores(compute: Callable[..., object], names: list[str]) -> None:
    module = ROOT / f"{compute.__module__.replace('.', '/')}.py"
    assert {ROOT / name for name in names} <= imported_files(module, ROOT, versions.PACKAGE)


def test_a_key_covers_inputs_and_code(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "ROOT", root)

    def score() -> int:
        return 0

    score.__module__ = "proda.a.scores"
    first = cache_key(score, [1, 2])
    assert first == cache_key(score, [1, 2]) != cache_key(score, [2, 1])
    (root / "proda/b.py").write_text("def shout() -> str:\n    return 'B'\n")
    code_version.cache_clear()
    assert cache_key(score, [1, 2]) != first
