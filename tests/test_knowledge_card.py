"""Numbers in prose that a command can check."""

from __future__ import annotations

from pathlib import Path

from proda.knowledge.compile import check_knowledge
from scripts.write_card import main as write_card

ROOT = Path(__file__).resolve().parent.parent


def test_the_knowledge_has_no_errors_and_few_warnings() -> None:
    report = check_knowledge(ROOT, shape=True)
    assert report.ok
    assert len(report.findings) <= 10
    assert report.orphans == 0
    assert report.shape is not None
    assert min(report.shape.connectivity.values()) >= 0.95
    assert max(report.shape.relations.values()) <= 0.3
    assert len(report.shape.kinds) == 6


def test_the_card_says_what_the_knowledge_holds() -> None:
    assert write_card(ROOT, check=True) == 0
