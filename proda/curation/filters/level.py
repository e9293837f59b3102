"""Passages below the level of a college textbook: short words in short sentences, and no technical vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

LONG = 8  # letters
LOWEST_GRADE = 5.0
FEWEST_LONG = 0.1
MOST_LETTERS = 0.03  # single letters among the words
ENOUGH = 40  # words


def below_level(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Both the grade by Coleman and Liau (1975) and the share of words of `LONG` letters or more are below what textbooks show.

    grade = 0.0588 × letters per 100 words − 0.296 × sentences per 100 words − 15.8
    """
    if "$" in excerpt.text or "`" in excerpt.text or excerpt.share("equation", "code", "table"):
        return None  # what is left of a formula or a program says nothing about its level
    letters = sum(len(token) == 1 and token not in "ai" for sentence in excerpt.tokens for token in sentence)
    if letters > MOST_LETTERS * sum(map(len, excerpt.tokens)):  # "if X is a random variable"
        return None
    sizes = [len(token) for sentence in excerpt.tokens for token in sentence if token.isalpha()]
    if len(sizes) < ENOUGH:
        return None
    long = sum(size >= LONG for size in sizes) / len(sizes)
    if long >= FEWEST_LONG:
        return None
    grade = 5.88 * sum(sizes) / len(sizes) - 29.6 * len(excerpt.sentences) / len(sizes) - 15.8
    if grade >= LOWEST_GRADE:
        return None
    return f"reading grade {grade:.1f}, {long:.0%} of the words have {LONG} letters or more"
