"""Passages in another language than the one that is asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

    from proda.document_settings import CurateSettings

ENOUGH = 120  # letters below which a guess is worth little
SURE = 0.9  # probability from which another language counts
# English function words. A passage of which every seventh word is one of these is English, and the model need not be asked.
_ENGLISH = frozenset(
    ("the", "of", "and", "to", "is", "that", "are", "was", "by", "this", "with", "from", "which", "have", "has", "were", "their", "it",
     "as", "for", "be", "not", "we")
)  # fmt: skip
_OFTEN = 7


def other_language(excerpt: Excerpt, settings: CurateSettings) -> str | None:
    """Enough text, and the identifier is sure that it is not in `settings.language`."""
    tokens = [token for sentence in excerpt.tokens for token in sentence]
    if settings.language == "en" and _OFTEN * sum(map(_ENGLISH.__contains__, tokens)) >= len(tokens):
        return None
    words = [token for token in tokens if token.isalpha()]
    if sum(map(len, words)) < ENOUGH:
        return None
    language, probability = _identifier().classify(excerpt.prose)
    if language == settings.language or probability < SURE:
        return None
    return f"{language} with probability {float(probability):.2f}, expected {settings.language}"


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
