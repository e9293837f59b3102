"""The rules that compare text, triple and quote, and those on characters: each with what passes and what fails."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from proda.findings import Finding
from proda.knowledge.characters import invisible, lookalikes, skeleton
from proda.knowledge.fix import fix_knowledge
from proda.knowledge.rules.mentions import names_in_other_forms, place_of
from tests.knowledge.toy import Toy, findings

STEP = "chains.rail-buckles.steps[0]"


def of_text(tmp_path: Path, text: str, rule: str, quote: str | None = None) -> list[Finding]:
    """The findings of one rule if `heating causes expansion` has this text (and quote)."""
    toy = Toy()
    step = toy.step("physics/heat", "rail-buckles", 0)
    step["text"] = text
    if quote is not None:
        step["evidence"]["quote"] = quote
        toy.sources["physics/heat"] += quote + "\n"
    found = findings(toy.write(tmp_path), rule)
    assert all(f.severity == "warning" for f in found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "In a long rail, heating causes the expansion that every engineer knows.",
        "A rail that has been heated shows an expansion, which the heating causes.",
        "Expansions of a rail are caused by heating it.",
    ],
)
def test_text_terms_accepts_any_form_of_the_terms(tmp_path: Path, text: str) -> None:
    assert of_text(tmp_path, text, "text-terms") == []


def test_text_terms_accepts_an_alias(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 0)["text"] = "A long summer day of warmth causes expansion in rails."
    assert [f.path for f in findings(toy.write(tmp_path / "a"), "text-terms")] == [f"{STEP}.text"]
    toy.concept("physics/heat", "heating")["aliases"] = ["warmth"]
    assert findings(toy.write(tmp_path / "b"), "text-terms") == []


def test_text_terms_names_the_concept_that_is_missing(tmp_path: Path) -> None:
    found = of_text(tmp_path, "It causes the expansion of every rail in summer.", "text-terms")
    assert [f.path for f in found] == [f"{STEP}.text"]
    assert "does not name the subject, 'heating'" in found[0].message


@pytest.mark.parametrize("relation", ["causes", "leads to", "results in", "has always caused", "brings about"])
def test_text_relation_accepts_common_words_for_the_relation(tmp_path: Path, relation: str) -> None:
    assert of_text(tmp_path, f"In a long rail heating {relation} an expansion.", "text-relation") == []


def test_text_relation_names_the_relation_that_the_text_says(tmp_path: Path) -> None:
    found = of_text(tmp_path, "In a long rail heating prevents the expansion of gaps.", "text-relation")
    assert [f.path for f in found] == [f"{STEP}.text"]
    assert "It says 'prevents' (prevents)" in found[0].message


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("In a long rail heating causes expansion, which not every joint can take.", None),
        ("In a rail that cannot move, heating causes expansion all the same.", None),
        (
            "In a long rail heating causes an expansion.",
            "Heating, which cannot be avoided, causes the expansion of a rail without end.",
        ),
        ("In a long rail heating causes an expansion.", "What does not bend must break."),
    ],
)
def test_text_negation_accepts_a_negation_of_something_else(tmp_path: Path, text: str, quote: str | None) -> None:
    assert of_text(tmp_path, text, "text-negation", quote) == []


@pytest.mark.parametrize("denial", ["does not cause", "doesn't cause", "never causes", "no longer causes", "does not always cause"])
def test_text_negation_finds_a_relation_that_is_denied(tmp_path: Path, denial: str) -> None:
    assert [f.path for f in of_text(tmp_path / "text", f"In a rail heating {denial} any expansion.", "text-negation")] == [f"{STEP}.text"]
    in_quote = of_text(tmp_path / "quote", "In a long rail heating causes an expansion.", "text-negation", f"Heating {denial} expansion.")
    assert [f.path for f in in_quote] == [f"{STEP}.evidence"]


@pytest.mark.parametrize(("words", "warned"), [(5, True), (6, False), (25, False), (26, True)])
def test_text_length_counts_words(tmp_path: Path, words: int, warned: bool) -> None:
    text = " ".join(["heating", "causes", "expansion", *["indeed"] * (words - 3)])
    found = of_text(tmp_path, text, "text-length")
    assert bool(found) == warned
    assert all(f"{words} words" in f.message for f in found)


def test_trivial_finds_an_object_that_is_defined_by_the_subject(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "expansion")["definition"] = "the growth of a body under Heating of any kind"
    found = findings(toy.write(tmp_path / "a"), "trivial")
    assert [(f.path, f.severity) for f in found] == [(STEP, "warning")]
    toy.concept("physics/heat", "expansion")["definition"] = "the growth of a body, overheating aside"
    assert findings(toy.write(tmp_path / "b"), "trivial") == []


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("Poin\u00adcaré recoil", "U+00AD"),
        ("zero\u200bwidth", "U+200B"),
        ("word\u2060joined", "U+2060"),
        ("variation\ufe0f", "U+FE0F"),
        ("tagged\U000e0041", "U+E0041"),
        ("hangul\u3164filler", "U+3164"),
        ("two\u00a0words", "U+00A0"),
        ("thin\u2009space", "U+2009"),
        ("Poincare\u0301 recoil", "not NFC"),
        ("\u0421opper", "Mixes scripts: U+0421"),
        ("str\u0435ss of \u0430 body", "U+0430"),
        ("\u039fxygen", "U+039F"),
    ],
)
@pytest.mark.parametrize("place", ["term", "aliases", "phrase"])
def test_characters_refuses_what_a_reader_cannot_see_in_a_name(tmp_path: Path, term: str, says: str, place: str) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress")[place] = [term] if place == "aliases" else term
    found = findings(toy.write(tmp_path), "characters")
    assert found and all(f.severity == "error" and f.path.startswith(f"concepts.stress.{place}") and f.line for f in found)
    assert any(says in f.message for f in found)


@pytest.mark.parametrize(
    "term", ["Poincaré recoil", "β-cell", "Δt of a signal", "µ-opioid receptor", "naïve T cell", "α-helix", "50 Ω line", "日本"]
)
def test_characters_accepts_letters_that_are_meant(tmp_path: Path, term: str) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress")["term"] = unicodedata.normalize("NFC", term)
    assert findings(toy.write(tmp_path), "characters") == []


def test_fix_composes_accents_and_removes_soft_hyphens(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress").update(term="Poin\u00adcare\u0301 stress", aliases=["zero\u200bwidth"])
    toy.step("physics/heat", "rail-buckles", 1)["text"] = "In the toy world expansion causes Poin\u00adcare\u0301 stress."
    root = toy.write(tmp_path)
    assert findings(root, "characters")
    fix_knowledge(root)
    assert findings(root, "characters") == []
    assert "Poincaré stress" in (root / "knowledge/physics/heat.yaml").read_text()


@pytest.mark.parametrize("twin", ["str\u00adess", "STRESS\u200b", "\u0455tress", "ｓｔｒｅｓｓ", "stress\ufe0f"])
def test_near_terms_finds_a_term_that_only_looks_different(tmp_path: Path, twin: str) -> None:
    toy = Toy()
    toy.concept("chemistry/rates", "catalyst")["term"] = twin
    assert [f.path for f in findings(toy.write(tmp_path), "near-terms")] == ["concepts.stress"]


def test_characters_are_compared_without_what_cannot_be_seen() -> None:
    assert invisible("a\u00adb\u200bc\u00ad") == ["\u00ad", "\u200b"] and invisible("plain") == []
    assert lookalikes("\u0421opper") == ["\u0421"] and lookalikes("\u0421\u043e\u043c") == []
    assert skeleton("\u0421op\u00adper") == skeleton("COPPER") == "copper"


def test_a_name_is_found_from_the_start_of_a_word() -> None:
    assert place_of("unheating and heating", ("heating",)) == (14, 21)
    assert place_of("unheating", ("heating",)) is None
    assert place_of("the far side of the moon", ("side", "far side")) == (4, 12)
    assert names_in_other_forms("a balanced binary tree of self-balancing kind", ("self-balancing trees",))
    assert not names_in_other_forms("a balanced binary graph", ("self-balancing trees",))


@pytest.mark.parametrize(
    ("source", "quote", "says"),
    [
        ("heat makes\nrails long", "heat makes rails long", "line break after line"),
        ("heat makes\u00a0rails long", "heat makes rails long", "U+00A0"),
        ("heat makes  rails long", "heat makes rails long", "number of blanks"),
        ("heat makes rails long", "heat makes\u202frails long", "U+202F"),
        ("heat ma\u00adkes rails long", "heat makes rails long", "invisible characters"),
        ("heat makes “long” rails", 'heat makes "long" rails', "quotation marks"),
        ("Heat makes rails long", "heat makes rails long", "upper and lower case"),
        ("heat makes rails long", "cold makes rails short", "does not say"),
    ],
)
def test_evidence_says_in_what_a_quote_differs(tmp_path: Path, source: str, quote: str, says: str) -> None:
    toy = Toy()
    toy.sources["physics/heat"] += source + "\n"
    toy.step("physics/heat", "rail-buckles", 0)["evidence"]["quote"] = quote
    found = findings(toy.write(tmp_path), "evidence")
    assert [f.path for f in found] == [f"{STEP}.evidence"]
    assert says in found[0].message
