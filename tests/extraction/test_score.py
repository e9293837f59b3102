"""The score of proposals against a glossary, and the same over a corpus whose key terms are hidden."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proda.extraction.score import keys_of, scored, token_f1
from proda.store.proposals import Proposals, ProposedConcept, ProposedEvidence, ProposedStatement
from scripts.key_terms import chunks_of, sections
from tests.extraction.sources import ROOT

CORPUS = Path(os.environ.get("PRODA_CORPUS", ROOT.parent / "shared" / "corpus"))


def test_agreement_counts_shared_words_and_no_articles() -> None:
    assert token_f1("the transfer of energy", "a transfer of heat") == pytest.approx(2 / 3)
    assert token_f1("energy", "energy") == 1.0 and token_f1("energy", "heat") == 0.0


def test_terms_are_compared_by_the_rules_of_names() -> None:
    assert keys_of(["Polymerase chain reaction (PCR)"]) & keys_of(["PCR"])
    assert keys_of(["catalysts"]) & keys_of(["catalyst"])
    assert not keys_of(["nucleus (of a comet)"]) & keys_of(["nucleus"])
    assert not keys_of(["angiotensin I"]) & keys_of(["angiotensin II"])


def test_rejected_concepts_drafts_and_moved_quotes_do_not_count() -> None:
    text = "Heat moves from hot bodies to cold bodies."
    concepts = {
        "heat": ProposedConcept("heat", "quantity", "energy in transit"),
        "cold": ProposedConcept("cold", "state", "what heat leaves", drafted=True),
        "ice": ProposedConcept("ice", "substance", "frozen water", status="rejected"),
    }
    right, wrong = ProposedEvidence("Heat moves", (0, 10)), ProposedEvidence("Heat moves", (1, 11))
    statements = {str(n): ProposedStatement("heat", "causes", "cold", text, e, "c") for n, e in enumerate((right, wrong))}
    found = scored(
        {"heat": "energy in transit", "cold": "x", "ice": "frozen water"},
        [Proposals("a/b", "", "rules", {}, concepts, statements)],
        {"a/b": text},
    )
    assert (found.terms, found.found, found.defined, found.missing) == (3, 2, 1, ("ice",))
    assert (found.quotes, found.located, found.agreement, found.recall) == (2, 1, 1.0, 2 / 3)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the textbook corpus: set PRODA_CORPUS")
def test_the_extractor_never_sees_the_key_terms() -> None:
    seen = 0
    for section in sections(CORPUS, frozenset({"psychology"})):
        assert "## Key Terms" not in section.text
        for chunk in chunks_of(section):
            assert section.text[chunk.start : chunk.end] == chunk.text
        seen += len(section.glossary)
    assert seen > 500


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the textbook corpus: set PRODA_CORPUS")
def test_key_terms_are_found_and_every_quote_is_located() -> None:
    command = [sys.executable, "-P", "-m", "scripts.key_terms", str(CORPUS), "--discipline", "psychology"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}).stdout
    values = next(line for line in out.splitlines() if line.startswith("all")).split()
    assert float(values[2]) >= 0.4 and float(values[4]) >= 0.5 and float(values[7]) == 1.0
