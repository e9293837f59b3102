"""A quote is located exactly, or refused with the reason and the passage that it may have meant."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.extraction.quotes import Located, Refused, locate

TEXT = (
    "# Rails\n\nWhen the sun heats a rail, the steel grows longer. A **fixed rail** cannot grow, so its “stress” rises.\nThe end of it.\n"
)


def test_a_quote_is_located_character_for_character() -> None:
    found = locate("the steel grows longer. A **fixed rail**", TEXT)
    assert isinstance(found, Located) and TEXT[found.start : found.end] == "the steel grows longer. A **fixed rail**"
    assert isinstance(
        locate(unicodedata.normalize("NFD", "the café at the end of this long street"), "the café at the end of this long street"), Located
    )


@pytest.mark.parametrize(
    ("quote", "reason", "nearest"),
    [
        ("the steel grows  longer. A **fixed", "differs from the source in white space", "the steel grows longer. A **fixed"),
        ("cannot grow, so its \"stress\" rises.", "differs from the source in quotation marks or dashes",
         "cannot grow, so its “stress” rises."),
        ("when the Sun heats a rail, the steel", "differs from the source in upper and lower case", "When the sun heats a rail, the steel"),
        ("A fixed rail cannot grow, so its “stress”", "leaves out or adds emphasis marks of the source",
         "A **fixed rail** cannot grow, so its “stress”"),
        ("Whenever the sun warms a rail, steel grows longer.", "is not in the source",
         "When the sun heats a rail, the steel grows longer."),
        ("Penguins do not live anywhere near here.", "is not in the source", ""),
        ("too short", "has 9 characters, expected 30 to 300", ""),
        ("“stress” rises.\nThe end of it. And more", "contains a line break; quote from one line", ""),
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_a_reason(quote: str, reason: str, nearest: str) -> None:
    assert locate(quote, TEXT) == Refused(reason, nearest)


def test_a_quote_is_looked_for_in_its_passage_only() -> None:
    text = "the steel of a rail grows longer | the steel of a rail grows longer"
    second = locate("the steel of a rail grows longer", text, (33, len(text)))
    assert second == Located(35, 67)
    assert locate("the steel of a rail grows longer", text, (0, 20)) == Refused("is in the source, but not in this passage")


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), min_size=40, max_size=120), st.integers(0, 9))
def test_whatever_is_cut_from_a_text_is_located_in_it(text: str, start: int) -> None:
    text = unicodedata.normalize("NFC", text)
    quote = text[start : start + 31]
    if unicodedata.normalize("NFC", quote) != quote or len(quote) < 30:
        return
    found = locate(quote, text)
    assert isinstance(found, Located) and text[found.start : found.end] == quote
