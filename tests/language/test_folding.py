"""Texts that look the same fold to the same text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.language.folding import folded, views

SHOWN = "thermal expansion"


@pytest.mark.parametrize(
    "text",
    [
        "Thermal EXPANSION",
        "ther\u200bmal expan\u200bsion",  # zero-width space
        "ther\u00admal expan\u00adsion",  # soft hyphen
        "ther\u2060mal expan\u2060sion",  # word joiner
        "ther\u034fmal expan\ufe0fsion",  # combining grapheme joiner, variation selector
        "ther\u3164mal expan\u115fsion",  # Hangul fillers
        "t\u0338h\u0338e\u0338r\u0338mal e\u0301xpansio\u0308n",  # combining marks
        "thérmäl ëxpansiøn",
        "ｔｈｅｒｍａｌ 𝒆𝓍𝖕𝚊𝐧𝘀𝕚𝑜𝔫",  # compatibility forms
        "ⓣⓗⓔⓡⓜⓐⓛ 🅴🆇🅿🅰🅽🆂🅸🅾🅽",
        "ᴛʜᴇʀᴍᴀʟ expansion",
        "thеrmаl еxраnsіоn",  # Cyrillic
        "ΤΗΕRΜΑL ΕΧΡΑΝSΙΟΝ",  # Greek
        "\U000e0074\U000e0061thermal expansion",  # tag characters are not shown
    ],
)
def test_what_looks_the_same_is_the_same(text: str) -> None:
    assert folded(text) == SHOWN


def test_a_text_in_tag_characters_is_read_as_well() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in SHOWN)
    assert views("A quiz. " + hidden) == ("a quiz. ", "a quiz. " + SHOWN)
    assert views(SHOWN) == (SHOWN,)


def test_other_scripts_are_kept_and_digits_are_no_letters() -> None:
    assert folded("λ 東京 10 → l0") == "λ 東京 10 → l0"


@given(st.text())
def test_folding_twice_changes_nothing_and_normal_forms_make_no_difference(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert {folded(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {folded(text)}
