"""Exact and near copies are found as by comparing all pairs, and the earlier one is kept."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from proda.curation.near_duplicates import Copy, fingerprints, repeated, rows_for, similarity, words_of

WORDS = [f"word{n}" for n in range(4000)]


def _text(rng: random.Random, words: int = 120) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def _edited(text: str, rng: random.Random, changes: int) -> str:
    words = text.split()
    for place in rng.sample(range(len(words)), changes):
        words[place] = "changed"
    return " ".join(words)


def _copies(texts: list[str], limit: float = 0.8) -> dict[int, Copy]:
    return repeated(fingerprints(texts, limit), texts, limit)


def test_case_punctuation_and_white_space_do_not_count() -> None:
    assert _copies(["The cat, it sat on\nthe mat.", "the cat it  sat on the mat"]) == {1: Copy(0, 1.0)}


def test_of_two_near_copies_the_earlier_is_kept() -> None:
    rng = random.Random(1)
    text = _text(rng)
    near = _edited(text, rng, 2)
    found = _copies([text, _text(rng), near])
    assert found.keys() == {2} and found[2].of == 0
    assert found[2].similarity == similarity(words_of(text), words_of(near)) > 0.8
    assert _copies([near, text]).keys() == {1}


def test_a_copy_of_a_copy_is_compared_with_what_is_kept() -> None:
    rng = random.Random(2)
    first = _text(rng)
    second = _edited(first, rng, 2)
    third = _edited(second, rng, 4)
    texts = [first, second, third]
    assert similarity(words_of(first), words_of(third)) < 0.8 or 2 in _copies(texts)
    assert 1 in _copies(texts)


def test_nothing_at_or_below_the_limit_is_a_copy() -> None:
    rng = random.Random(3)
    text = _text(rng)
    near = _edited(text, rng, 3)
    exactly = similarity(words_of(text), words_of(near))
    assert not _copies([text, near], limit=exactly)
    assert _copies([text, near], limit=exactly - 0.001)


@pytest.mark.parametrize("limit", [0.3, 0.5, 0.8, 0.95])
def test_the_same_copies_are_found_as_by_comparing_all_pairs(limit: float) -> None:
    rng = random.Random(4)
    texts = [_text(rng, words=300) for _ in range(40)]
    texts += [_edited(rng.choice(texts[:40]), rng, rng.randrange(1, 40)) for _ in range(60)]
    kept: list[int] = []
    expected: dict[int, int] = {}
    for n, text in enumerate(texts):
        of = next((k for k in kept if similarity(words_of(texts[k]), words_of(text)) > limit), None)
        if of is None:
            kept.append(n)
        else:
            expected[n] = of
    assert {n: copy.of for n, copy in _copies(texts, limit).items()} == expected
    assert expected


def test_texts_of_fewer_than_five_words_are_copies_only_if_equal() -> None:
    assert _copies(["a b c", "a b d", "A b c!", ""]) == {2: Copy(0, 1.0)}
    assert fingerprints([], 0.8) == []


def test_bands_are_as_long_as_they_may_be() -> None:
    assert [rows_for(t) for t in (0.3, 0.8, 0.99)] == [1, 5, 8]


def test_fingerprints_are_the_same_in_every_process() -> None:
    code = "from proda.curation.near_duplicates import fingerprints; print(fingerprints(['one two three four five six'], 0.8))"
    said = {
        subprocess.run(
            [sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{fingerprints(['one two three four five six'], 0.8)}\n"}
