"""Disciplines → all sentences of their sources, whether or not a statement quotes them.

sentences_of(root, ["physics"])     # {"physics": {"physics/heating#1": "Heating raises the temperature of a body.", …}}
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from proda.knowledge.tree import scan, source_path
from proda.store.reading import unquoted_sentences


def sentences_of(root: Path, disciplines: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the sentences of each discipline by their place: the source, and the number of the sentence in it, from 1."""
    found: dict[str, dict[str, str]] = {d: {} for d in sorted(disciplines)}
    for source in scan(root).sources:
        discipline = source.partition("/")[0]
        if discipline in found:
            sentences = unquoted_sentences((root / source_path(source)).read_text(encoding="utf-8"), ())
            found[discipline] |= {f"{source}#{n}": sentence for n, sentence in enumerate(sentences, start=1)}
    return found
