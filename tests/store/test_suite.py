"""General suites on disk: read in order, by the names of evaluate.general; damaged lines and missing suites are named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, NotFoundError
from proda.records import Item, Option
from proda.store.suite import SUITE, chance, load_suite, load_suites
from tests.tester.models import items, suite_items


def test_items_are_read_in_order_and_a_damaged_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="dvc repro curriculum"):
        load_suite(tmp_path)
    path = tmp_path / SUITE
    path.parent.mkdir(parents=True)
    lines = [msgspec.json.encode(item) for item in items(3)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert load_suite(tmp_path) == items(3)
    for damage in (b"{", b"[]", b"<<<<<<< HEAD", b"\xff", b'{"id": 3}'):
        path.write_bytes(b"\n".join([lines[0], damage, lines[2]]))
        with pytest.raises(InputError, match=r"suite\.jsonl:2\n"):
            load_suite(tmp_path)


def _with(item: Item, texts: list[str], answer: str) -> Item:
    return msgspec.structs.replace(item, options=tuple(map(Option, texts)), answer=answer)


def test_questions_have_two_to_ten_different_options_and_one_of_their_letters(tmp_path: Path) -> None:
    path = tmp_path / SUITE
    path.parent.mkdir(parents=True)
    whole = suite_items((2, 3, 4, 5, 10))
    path.write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in whole))
    assert load_suite(tmp_path) == whole
    refused = [
        (["a"], "A", r"Got 1 options \(a\), expected 2 to 10 different texts"),
        ([], "A", r"Got 0 options \(\), expected"),
        (list("abcdefghijk"), "A", r"Got 11 options \(a, b, .*\), expected"),
        (["a", "b", "a"], "A", r"Got 3 options \(a, b, a\), expected"),
        (["a", " "], "A", r"Got 2 options"),
        (["a", "b"], "C", r"Got the answer 'C', expected a letter from A to B"),
        (["a", "b"], "AB", r"Got the answer 'AB'"),
        (["a", "b"], "", r"Got the answer ''"),
        (list("abcdefghij"), "K", r"Got the answer 'K', expected a letter from A to J"),
    ]
    for texts, answer, message in refused:
        path.write_bytes(b"\n".join(msgspec.json.encode(item) for item in (whole[0], _with(whole[1], texts, answer))))
        with pytest.raises(InputError, match=rf"suite\.jsonl:2\n  toy/heat:\w+: {message}.*dvc repro curriculum"):
            load_suite(tmp_path)


def test_chance_is_the_mean_of_one_over_the_number_of_options() -> None:
    assert chance(suite_items((4, 4, 4))) == 0.25
    assert chance(suite_items((2, 2, 5, 10))) == pytest.approx((0.5 + 0.5 + 0.2 + 0.1) / 4)


def test_suites_are_read_by_name_and_share_no_item(tmp_path: Path) -> None:
    lines = [msgspec.json.encode(item) for item in items(4)]
    folder = (tmp_path / SUITE).parent
    folder.mkdir(parents=True)
    (tmp_path / SUITE).write_bytes(b"\n".join(lines[:2]) + b"\n")
    (folder / "winds.jsonl").write_bytes(b"\n".join(lines[2:]) + b"\n")
    found = load_suites(tmp_path, ("winds", "suite"))
    assert list(found) == ["winds", "suite"] and found == {"winds": items(4)[2:], "suite": items(4)[:2]}
    with pytest.raises(NotFoundError, match=r"names 'tides'\. Suites there are: suite, winds\. Import the suite with `proda import"):
        load_suites(tmp_path, ("suite", "tides"))
    with pytest.raises(NotFoundError, match=r"names 'everyday'\. .* with `proda init DIR`, and copy DIR/benchmarks/general/everyday\.\*"):
        load_suites(tmp_path, ("suite", "everyday"))
    (folder / "winds.jsonl").write_bytes(b"\n".join(lines[1:]) + b"\n")
    with pytest.raises(InputError, match="is in the suite 'suite' too"):
        load_suites(tmp_path, ("suite", "winds"))
