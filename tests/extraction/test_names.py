"""Which names are one concept: keys, acronyms, plurals, and what is never merged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.extraction.acronyms import acronyms
from proda.extraction.canonical import KnownConcept, Naming, canonical, indefinite
from proda.extraction.concept_types import type_of
from proda.extraction.definitions import drafted, fitted
from proda.extraction.found import Mention
from proda.extraction.names import concept_id, differ_in_number, join_key, opposed, singular_keys
from proda.extraction.rules.nouns import is_plural_noun
from proda.extraction.worded import wording_for
from proda.knowledge.rules.ids import SLUG
from tests.extraction.sources import BY_ID


def named(*terms: str, **given: object) -> Naming:
    mentions = [Mention(term, term, "", is_plural_noun(term.lower().split()[-1])) for term in terms]
    return canonical(mentions, given.get("short", {}), given.get("known", ()), given.get("earlier", ()))  # type: ignore[arg-type]


def one(naming: Naming, first: str, second: str) -> bool:
    a, b = naming.of(first), naming.of(second)
    assert a is not None and b is not None
    return a.id == b.id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("X-ray diffraction", "x ray diffraction"),
        ("hypothesis", "hypotheses"),
        ("catalyst", "catalysts"),
        ("nucleus", "nuclei"),
        ("rate of reaction", "rates of reaction"),
        ("Down's syndrome", "Downs syndrome"),
        ("cell–cell contact", "cell-cell contact"),
    ],
)
def test_these_names_are_one_concept(first: str, second: str) -> None:
    assert one(named(first, second), first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("angiotensin I", "angiotensin II"),
        ("voluntary muscle", "involuntary muscle"),
        ("nucleus", "nucleus (of a comet)"),
        ("type 1 diabetes", "type 2 diabetes"),
        ("vitamin B", "vitamin B12"),
        ("AIDS", "aid"),
        ("gluconeogenesis", "glucogenesis"),
        ("carbon", "carbon dioxide"),
        ("hypothesis", "hypothesis testing"),
    ],
)
def test_these_names_are_two_concepts(first: str, second: str) -> None:
    assert not one(named(first, second), first, second)


def test_a_plural_is_joined_only_to_a_singular_that_occurs() -> None:
    alone = named("hypotheses").of("hypotheses")
    assert alone is not None and (alone.id, alone.plural) == ("hypotheses", True)
    both = named("hypotheses", "hypothesis").of("hypotheses")
    assert both is not None and (both.id, both.term, both.plural) == ("hypothesis", "hypothesis", False)


def test_an_acronym_is_joined_to_the_long_form_that_the_text_gives() -> None:
    text = "Antidiuretic hormone (ADH) acts on the kidney, unlike polymerase chain reaction (PCR)."
    assert acronyms(text) == {"ADH": "Antidiuretic hormone", "PCR": "polymerase chain reaction"}
    naming = named("ADH", "antidiuretic hormone", short={"ADH": "antidiuretic hormone"})
    found = naming.of("ADH")
    assert found is not None and (found.id, found.aliases) == ("antidiuretic-hormone", ("ADH",))
    assert not one(named("ADH", "antidiuretic hormone"), "ADH", "antidiuretic hormone")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("deoxyribonucleic acid (DNA)", {"DNA": "deoxyribonucleic acid"}),
        ("**angiotensin-converting enzyme (ACE)** inhibitors", {"ACE": "angiotensin-converting enzyme"}),
        ("ATP (adenosine triphosphate) is spent", {"ATP": "adenosine triphosphate"}),
        ("the value (see XYZ) of the gas", {}),
        ("a red house (QQQ)", {}),
        ("angiotensin receptor blockers (ARBs)", {"ARBs": "angiotensin receptor blockers"}),
    ],
)
def test_acronyms_are_confirmed_by_their_letters(text: str, found: dict[str, str]) -> None:
    assert acronyms(text) == found


def test_a_known_concept_is_reused_by_its_id_and_two_known_ones_are_never_joined() -> None:
    known = (KnownConcept("heat-expansion", "thermal expansion", aliases=("heat expansion",)), KnownConcept("catalysts", "catalysts", True))
    naming = named("Thermal expansion", "heat expansion", "catalyst", known=known)
    assert one(naming, "thermal expansion", "heat expansion")
    found = naming.of("thermal expansion")
    assert found is not None and (found.id, found.known) == ("heat-expansion", True)
    twice = (*known, KnownConcept("catalyst", "catalyst"))
    assert not one(named("catalyst", "catalysts", known=twice), "catalyst", "catalysts")


def test_an_earlier_id_stays_when_the_singular_turns_up() -> None:
    naming = named("catalysts", "catalyst", earlier=(KnownConcept("catalysts", "catalysts", True),))
    found = naming.of("catalyst")
    assert found is not None and (found.id, found.plural) == ("catalysts", True)


def test_names_differ_in_number_or_by_a_prefix() -> None:
    assert differ_in_number("angiotensin I", "angiotensin II")
    assert differ_in_number("phase 1", "phase 2") and differ_in_number("hepatitis B", "hepatitis C")
    assert not differ_in_number("heat pump", "heat pumps")
    assert opposed("voluntary control", "involuntary control") and opposed("hyperkalemia", "hypokalemia")
    assert not opposed("heat pump", "heat pumps")


def test_ids_are_slugs_of_plain_letters() -> None:
    assert concept_id("Young's modulus") == "youngs-modulus"
    assert concept_id("the β-oxidation of fatty acids") == "beta-oxidation-of-fatty-acids"
    assert concept_id("Poincaré map") == "poincare-map"


@given(st.text(max_size=60))
def test_an_id_is_well_formed_or_empty(name: str) -> None:
    found = concept_id(name)
    assert found == "" or (SLUG.fullmatch(found) and len(found) <= 80)


@given(st.text(max_size=40))
def test_blanks_never_matter_to_a_key(name: str) -> None:
    key = join_key(name)
    assert key == " ".join(key.split())
    assert join_key(f"  {name.replace(' ', '  ')} ") == key


def test_singular_candidates_include_the_singular() -> None:
    for plural, singular in [("bodies", "body"), ("theses", "thesis"), ("bacteria", "bacterium"), ("axes", "axis"), ("leaves", "leaf"),
                             ("boxes", "box"), ("foci", "focus"), ("vertices", "vertex"), ("phenomena", "phenomenon")]:  # fmt: skip
        assert singular in singular_keys(plural)
    assert singular_keys("mass") == () and singular_keys("analysis") == ()


def test_wordings_take_the_number_of_their_concept() -> None:
    naming = canonical([Mention("catalyst", "a catalyst", "a"), Mention("catalysts", "solid catalysts", "", True)], {}, (), ())
    concept = naming.of("catalyst")
    assert concept is not None and concept.phrase == "a catalyst"
    assert wording_for(Mention("catalysts", "solid catalysts", "", True), concept) == "a solid catalyst"
    assert wording_for(Mention("catalysts", "catalysts", "", True), concept) is None
    assert wording_for(Mention("catalyst", "a good catalyst", "a"), concept) == "a good catalyst"


def test_articles_follow_the_sound() -> None:
    assert [indefinite(t) for t in ("enzyme", "heat pump", "NMR tube", "unit cell", "hour", "universal law", "DNA strand")] == [
        "an", "a", "an", "a", "an", "a", "a",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "kind"),
    [("rate of reaction", "quantity"), ("photosynthesis", "process"), ("law of demand", "law"), ("heat pump", "artefact"),
     ("fungal disease", "state"), ("blood vessels", "structure"), ("damage to small vessels", "entity"), ("Zorblax", "entity")],
)  # fmt: skip
def test_types_come_from_the_head_noun(term: str, kind: str) -> None:
    assert type_of(term) == kind


def test_definitions_are_fitted_or_refused() -> None:
    assert fitted("the transfer of energy.", "heating") == "the transfer of energy"
    assert fitted("when things heat up", "heating") is None
    assert fitted("the heating of a body", "heating") is None
    causes = BY_ID["causes"]
    assert drafted("wear", causes, "friction", end="object", plural=False, other_plural=False) == "what is caused by friction"
    assert drafted("oxidation", causes, "rust", end="subject", plural=False, other_plural=False) == "the process that causes rust"
    assert "wear" not in drafted("wear", causes, "wear of brakes", end="object", plural=False, other_plural=False)


def test_an_article_inside_a_name_belongs_to_it() -> None:
    assert join_key("the reactions on a hot day") == "reactions on a hot day"
    assert concept_id("a fire on a hill") == "fire-on-a-hill"


def test_an_article_inside_a_wording_stays() -> None:
    naming = canonical([Mention("heat of a body", "the heat of a body", "the")], {}, (), ())
    concept = naming.of("heat of a body")
    assert concept is not None
    assert wording_for(Mention("heat of a body", "the heat of a body", "the"), concept) is None
    assert wording_for(Mention("heat of a body", "the great heat of a body", "the"), concept) == "the great heat of a body"
