"""Concepts are found in a text by their longest wording."""

from __future__ import annotations

from proda.language.folding import words
from proda.language.naming import Names

NAMES = Names({"flour": ("flour",), "dust": ("flour dust", "mill dust"), "mill": ("a mill", "mill"), "meal": ("flour",), "none": ("",)})


def test_the_longest_wording_counts() -> None:
    assert NAMES.found(words("Flour dust is in the air.")) == {"dust"}
    assert NAMES.found(words("Dust of flour, in a mill.")) == {"flour", "meal", "mill"}


def test_a_wording_that_is_longer_than_the_rest_of_a_text_is_not_found() -> None:
    assert NAMES.found(["flour"]) == {"flour", "meal"} and NAMES.found(["a"]) == frozenset()
    assert NAMES.found(["a", "mill", "a"]) == {"mill"}


def test_aliases_and_shared_wordings_are_found_at_the_bounds_of_words() -> None:
    assert NAMES.found(words("MILL-DUST")) == {"dust"}
    assert NAMES.found(words("flour")) == {"flour", "meal"}
    assert NAMES.found(words("floury millers")) == frozenset()
