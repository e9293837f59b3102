"""proposals/cases: entries read back as written; broken ones are named; an empty file is no file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError
from proda.store.case_proposals import (
    CaseProposals,
    ProposedCase,
    ProposedVariant,
    ProposedWrong,
    SetAside,
    case_proposals_file,
    case_proposals_text,
    load_case_proposals,
    topics_with_case_proposals,
)
from proda.store.proposals import proposed_sources

WRONG = {letter: ProposedWrong("wind.s1", "Because: no.") for letter in "bcd"}
VARIANT = ProposedVariant("A mill stands still.", "a", "There is no wind.", WRONG)
CASE = ProposedCase("wind", "What now?", {x: f"This {x}." for x in "abcd"}, (VARIANT,), "org/model:7b", "case@1", "0" * 16)
ASIDE = SetAside("invalid", "question: 2 words", "m", "case@1", "1" * 16)
FOUND = CaseProposals({"a-still-mill": CASE}, {"frost": ASIDE})


def put(root: Path, text: str) -> None:
    path = root / case_proposals_file("milling/mill")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_cases_read_back_as_written(tmp_path: Path) -> None:
    assert load_case_proposals(tmp_path, "milling/mill") == CaseProposals() and case_proposals_text(CaseProposals()) is None
    rejected = msgspec.structs.replace(CASE, status="rejected", reason="too easy")
    found = CaseProposals({"z": CASE, "a": rejected}, {"frost": ASIDE})
    put(tmp_path, case_proposals_text(found) or "")
    assert load_case_proposals(tmp_path, "milling/mill") == found and topics_with_case_proposals(tmp_path) == ("milling/mill",)
    assert CASE.is_open and not rejected.is_open and "status: proposed" not in (case_proposals_text(found) or "")
    assert proposed_sources(tmp_path) == ()  # they are no proposals of a source
    put(tmp_path, "")
    assert load_case_proposals(tmp_path, "milling/mill") == CaseProposals()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("      d: This d.\n", "", "expected a, b, c and d"),
        ("answer: a", "answer: e", "expected a, b, c or d"),
        ("    asked:", "    status: rejected\n    asked:", "without a reason"),
        ("    asked:", "    status: maybe\n    asked:", "maybe"),
        ("    question:", "    colour: red\n    question:", "colour"),
        ("    model: org/model:7b\n", "", "model"),
        ("cases:", "case:", "case"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = case_proposals_text(FOUND) or ""
    assert old in text, text
    put(tmp_path, text.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        load_case_proposals(tmp_path, "milling/mill")
