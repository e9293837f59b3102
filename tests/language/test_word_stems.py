"""The light stemmer joins forms of a word."""

from __future__ import annotations

import pytest

from proda.language.word_stems import stem, stems


@pytest.mark.parametrize(("one", "two"), [("heating", "heats"), ("nucleation", "nucleations"), ("flames", "flame")])
def test_forms_of_a_word_have_one_stem(one: str, two: str) -> None:
    assert stem(one) == stem(two)


def test_at_least_four_letters_are_left() -> None:
    assert stem("rings") == "ring" and stem("ring") == "ring" and stem("uses") == "uses"


def test_articles_and_prepositions_are_left_out_and_case_and_apostrophes_do_not_count() -> None:
    assert stems("The heating of a Rail’s end") == stems("heats rail's end") == {"heat", "rail'", "end"}
