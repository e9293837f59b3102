"""Reads real textbook text with our own readers. Skipped unless the corpus is beside the repository or at the path in PRODA_CORPUS."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from proda.language.folding import words
from proda.store.reading import unquoted_sentences
from proda.yamlio import dump_yaml, load_yaml_text

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("PRODA_CORPUS", ROOT.parent / "shared" / "corpus"))
needs_corpus = pytest.mark.skipif(
    not (CORPUS / "MANIFEST.json").is_file(), reason=f"no textbook corpus at {CORPUS}; set PRODA_CORPUS to its folder"
)


@needs_corpus
def test_every_section_survives_our_yaml() -> None:
    read = 0
    for path in sorted(CORPUS.glob("mini/**/*.md")):
        text = "".join(c for c in unicodedata.normalize("NFC", path.read_text()) if c in "\n" or c.isprintable())
        assert load_yaml_text(dump_yaml({"quote": text})) == {"quote": text}, path
        read += 1
    assert read >= 16


@needs_corpus
def test_sentences_of_real_prose_are_found_in_it_and_in_order() -> None:
    paths = sorted(CORPUS.glob("mini/**/*.md"))
    assert len(paths) >= 16
    for path in paths:
        text = path.read_text()
        at = 0
        for sentence in unquoted_sentences(text, []):
            at = text.index(sentence, at) + len(sentence)
        kept = set(words(" ".join(unquoted_sentences(text, []))))
        assert kept <= set(words(text))


@needs_corpus
def test_no_statement_of_ours_quotes_a_textbook() -> None:
    # The sources are our own text. Thirteen consecutive words in common with a textbook would mean that text was copied.
    size = 13
    ours = {}
    for path in sorted((ROOT / "knowledge/sources").glob("*/*.md")):
        tokens = words(path.read_text())
        ours |= {tuple(tokens[i : i + size]): path.name for i in range(len(tokens) - size + 1)}
    paths = sorted(CORPUS.glob("*/*/*.md"))[::25]
    assert ours and paths
    for path in paths:
        tokens = words(path.read_text())
        shared = [ours[g] for i in range(len(tokens) - size + 1) if (g := tuple(tokens[i : i + size])) in ours]
        assert not shared, (path, shared[:3])
