"""Numbers in prose that a command can check."""

from __future__ import annotations

from pathlib import Path

from proda.knowledge.compile import check_knowledge
from scripts.write_card import main as write_card

ROOT = Path(__file__).resolve().parent.parent


def test_the_knowledge_base_has_no_findings() -> None:
    report = check_knowledge(ROOT, shape=True)
    assert report.findings == ()
    assert report.orphans == 0
    assert report.shape is not None
    assert min(report.shape.connectivity.values()) >= 0.95
    assert max(report.shape.relations.values()) <= 0.3
    assert len(report.shape.kinds) == 6


def test_the_card_says_what_the_base_holds() -> None:
    assert write_card(ROOT, check=True) == 0
