"""The glossary of the report and docs/glossary.md say the same of a term."""

from __future__ import annotations

import re

from proda.report.glossary import GLOSSARY
from tests.docs.pages import ROOT


def rows() -> dict[str, str]:
    """Term → meaning in docs/glossary.md; a term loses what stands behind it in brackets."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {re.sub(r" \(.*\)", "", term): meaning.replace("*", "") for term, meaning in found}


def first_clause(meaning: str) -> str:
    """A meaning up to the first full stop or semicolon that ends a clause."""
    return re.split(r"\. |; |\.$", meaning)[0]


def test_an_entry_of_the_report_begins_as_that_of_the_book() -> None:
    book = rows()
    assert {"chain", "link", "case", "node", "sealed", "interval", "probe"} <= {term for term, _ in GLOSSARY}
    assert [term for term, _ in GLOSSARY if term not in book] == []
    wrong = [term for term, meaning in GLOSSARY if first_clause(meaning).lower() != first_clause(book[term]).lower()]
    assert not wrong, {term: (first_clause(dict(GLOSSARY)[term]), first_clause(book[term])) for term in wrong}


def test_clauses_end_at_a_full_stop_or_a_semicolon() -> None:
    assert first_clause("One fact: a, b (c). More.") == "One fact: a, b (c)" and first_clause("x; y") == "x" and first_clause("Z.") == "Z"
