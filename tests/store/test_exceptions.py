"""Items retired or amended by people: applied when fresh, refused when stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.errors import InputError
from proda.store.exceptions import Exemption, apply_exceptions, load_exceptions
from proda.tester.items import write_items
from tests.toyworld import wide_knowledge

ITEMS = write_items(wide_knowledge(8), seed=0, sealed_share=0.2)
ITEM = ITEMS[0]


def _exemption(**changes: object) -> Exemption:
    fields = {"item": ITEM.id, "hash": ITEM.content_hash, "action": "retire", "reason": "two answers are right"}
    return Exemption(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_retired_item_is_gone_and_no_other() -> None:
    assert [i.id for i in apply_exceptions(ITEMS, [_exemption()])] == [i.id for i in ITEMS[1:]]


def test_an_amended_item_has_another_hash_and_the_same_id() -> None:
    amended = apply_exceptions(ITEMS, [_exemption(action="amend", stem="A better stem?", options={"B": "a better text"})])[0]
    assert (amended.id, amended.stem, amended.options[1].text) == (ITEM.id, "A better stem?", "a better text")
    assert amended.content_hash != ITEM.content_hash
    assert [o.operator for o in amended.options] == [o.operator for o in ITEM.options]


def test_a_corrected_key_moves_the_right_option() -> None:
    other = next(letter for letter in "ABCD" if letter != ITEM.answer)
    amended = apply_exceptions(ITEMS, [_exemption(action="amend", answer=other)])[0]
    assert amended.answer == other
    assert amended.options[amended.key].operator is None
    assert amended.options[ITEM.key].wrong_because == "two answers are right"


@pytest.mark.parametrize("change", [{"hash": "0" * 16}, {"item": "weaving/nothing:dev-path"}])
def test_a_stale_exception_stops_the_build(change: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"has changed since|no longer writes this item"):
        apply_exceptions(ITEMS, [_exemption(**change)])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("exceptions:\n  - {item: a:b, hash: c, action: retire}\n", "reason"),
        ("exceptions:\n  - {item: a:b, hash: c, action: retire, reason: ' '}\n", "reason is empty"),
        ("exceptions:\n  - {item: a:b, hash: c, action: hide, reason: x}\n", "action"),
        ("exceptions:\n  - {item: a:b, hash: c, action: amend, reason: x, options: {E: y}}\n", "expected letters A to D"),
        ("exceptions:\n  - {item: a:b, hash: c, action: amend, reason: x}\n", "amends nothing"),
        ("exceptions:\n" + 2 * "  - {item: a:b, hash: c, action: retire, reason: x}\n", "has an exception above"),
        ("- a\n", "Got a list"),
        ("exceptions: 5\n", "Got 5"),
        ("exceptions: [a]\n", "Got text"),
        ("exceptions:\n  - {item: a:b, hash: c, action: retire, reason: x, colour: red}\n", "colour"),
    ],
)
def test_a_malformed_entry_is_refused(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/exceptions.yaml").write_text(text)
    with pytest.raises(InputError, match=what):
        load_exceptions(tmp_path)


def test_no_file_no_exceptions(tmp_path: Path) -> None:
    assert load_exceptions(tmp_path) == ()
