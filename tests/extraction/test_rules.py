"""Sentences, and the statements that the rules backend reads in them: one table for each family of patterns."""

from __future__ import annotations

import pytest

from proda.extraction.rules.families import amounts, causes, contrasts, limits, needs, parts, sequences
from tests.extraction.reading import read, said, terms, triples
from tests.extraction.sources import BY_ID, RELATIONS

CAUSES = [
    ("Chronic stress leads to high blood pressure in most adults.", "chronic stress causes high blood pressure in most adults"),
    ("Frost damage results from repeated freezing of the pore water.", "repeated freezing of the pore water causes frost damage"),
    ("Steady overgrazing gives rise to soil erosion on steep slopes.", "steady overgrazing causes soil erosion on steep slopes"),
    ("Leaf wilt is caused by a lack of water in the roots of maize.", "a lack of water in the roots of maize causes leaf wilt"),
    ("Volcanic ash clouds trigger rapid cooling of the lower atmosphere.",
     "volcanic ash clouds triggers rapid cooling of the lower atmosphere"),
    ("The thyroid gland secretes several hormones that regulate growth.",
     "the thyroid gland produces several hormones that regulate growth"),
    ("Osmosis enables the uptake of water by root hairs.", "osmosis enables the uptake of water"),
    ("Capillary action makes the transport of water possible, because water sticks to narrow walls.",
     "capillary action enables the transport of water"),
    ("Symptoms of measles include fever, cough, and a red rash.", "measles causes a red rash"),
    ("Causes of anemia include iron deficiency and chronic bleeding.", "chronic bleeding causes anemia"),
]  # fmt: skip
AMOUNTS = [
    ("Regular exercise increases the strength of the heart muscle.", "regular exercise increases the strength of the heart muscle"),
    ("Aspirin lowers the risk of blood clots in older patients.", "aspirin decreases the risk of blood clots in older patients"),
    ("A steeper slope leads to an increase in soil erosion.", "a steeper slope increases soil erosion"),
    ("Higher humidity results in lower evaporation from wet leaves.", "higher humidity decreases evaporation from wet leaves"),
    ("As temperature increases, the solubility of most salts increases.", "a rise in temperature increases the solubility of most salts"),
    ("When the price of bread rises, the demand for wheat flour falls.",
     "a rise in the price of bread decreases the demand for wheat flour"),
    ("The solubility of oxygen decreases with water temperature in all lakes.",
     "water temperature in all lakes decreases the solubility of oxygen"),
    ("Penicillin inhibits the synthesis of bacterial cell walls.", "penicillin decreases the synthesis of bacterial cell walls"),
    ("The gravitational force is inversely proportional to the squared distance between two masses.",
     "the gravitational force inversely-proportional-to the squared distance between two masses"),
    ("A thermometer is used to measure the temperature of a liquid.", "a thermometer measures the temperature of a liquid"),
]  # fmt: skip
LIMITS = [
    ("A thick coat of paint prevents the corrosion of steel bridges.", "a thick coat of paint prevents the corrosion of steel bridges"),
    ("Poor soil limits the growth of young trees in cities.", "poor soil limits the growth of young trees in cities"),
]
PARTS = [
    ("Granite consists of quartz, feldspar, and mica.", "granite consists-of feldspar"),
    ("A heat pump is composed of a compressor and two coils.", "a heat pump consists-of a compressor"),
    ("The retina is part of the human eye.", "the retina is-part-of the human eye"),
    ("Human saliva contains an enzyme called amylase.", "amylase is-part-of human saliva"),
]
NEEDS = [
    ("Seed germination requires liquid water and some warmth.", "seed germination requires liquid water"),
    ("Sunlight is necessary for photosynthesis in green plants.", "photosynthesis in green plants requires sunlight"),
    ("The boiling point of water depends on the air pressure.", "the boiling point of water depends-on the air pressure"),
]
SEQUENCES = [
    ("During glycolysis, glucose is converted into pyruvate in ten steps.", "[during glycolysis] glucose becomes pyruvate in ten steps"),
    ("Boiling is followed by condensation in the upper tube.", "boiling precedes condensation in the upper tube"),
    ("Tadpoles develop into adult frogs within twelve weeks.", "tadpoles becomes adult frogs"),
    ("A generator converts mechanical energy into electrical energy.",
     "[by means of a generator] mechanical energy becomes electrical energy"),
    ("Angiotensin I is converted into angiotensin II by an enzyme.", "angiotensin I becomes angiotensin II"),
]  # fmt: skip
CONTRASTS = [
    ("Brittle fracture differs from ductile fracture in its speed.", "brittle fracture contrasts-with ductile fracture"),
    ("Unlike mammals, reptiles depend on outside warmth for activity.", "reptiles contrasts-with mammals"),
]
DEFINITIONS = [
    ("Insulin is a hormone that lowers the level of glucose in blood.", "insulin is-a hormone"),
    ("Granite is an example of an igneous rock with large crystals.", "granite is-a igneous rock"),
    ("The left atrium is a component of the human heart in adults.", "the left atrium is-part-of the human heart in adults"),
    ("Types of rocks include granite and basalt.", "basalt is-a rocks"),
]


@pytest.mark.parametrize(("sentence", "statement"), [*CAUSES, *AMOUNTS, *LIMITS, *PARTS, *NEEDS, *SEQUENCES, *CONTRASTS, *DEFINITIONS])
def test_a_plain_sentence_states_its_relation(sentence: str, statement: str) -> None:
    assert statement in triples(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Acid rain may cause damage to limestone statues.",  # hedged
        "Acid rain is thought to cause damage to limestone statues.",
        "Smoking does not cause short-sightedness in adult people.",  # denied
        "Neither frost nor drought causes the failure of maize crops.",
        "Does prolonged drought cause the failure of maize crops?",  # asked
        "If the seals leak, the pressure loss causes a warning signal in the cabin.",  # of which seals, and where?
        'The speaker said that heavy taxes cause great unrest in "free" towns.',  # quoted
        "It causes a slow loss of heat from the whole body.",  # of what?
        "This causes a slow loss of heat from the whole body.",
        "The reaction causes a slow loss of heat from the body.",
        "In this case, nitrogen gas increases the lifetime of copper filaments.",
        "The act's tax board is a court of appeal for citizens.",
        "If the price of bread falls, the demand for rice falls.",  # says nothing about a rise
        "Penicillin inhibits Escherichia coli in the laboratory.",  # it does not make it less
        "Dry soil prevents the seeds from sprouting in early spring.",
        "Heat causes the metal rods to expand along their length.",  # heat causes no rods
        "High fever causes the human liver to withhold iron from blood.",
        "Hydrogen and oxygen produce water in a violent reaction.",  # together
        "Sulfur dioxide causes acid rain, unless it is removed from flue gas.",  # an exception
        "The plague caused a shortage of labour in western Europe.",  # which plague, and when?
        "Cells can regulate the expression of most genes.",  # says what cells are able to do
        "The rate and depth of breathing affect the blood.",
        "A symbiotic relationship can result in two organisms that need each other.",
        "Profits are a red gateway to the market for small firms.",
        "Figure 3 shows that moist air causes the corrosion of iron nails.",
        "One test of the training set consists of photographs of",  # no sentence
    ],
)
def test_what_is_not_stated_plainly_is_left_out(sentence: str) -> None:
    assert triples(sentence) == []


def test_a_possibility_or_a_frequency_is_carried_as_a_condition() -> None:
    assert triples("Smoking can cause lung disease in later life.") == ["[in some cases] smoking causes lung disease in later life"]
    assert triples("Overgrazing often causes soil erosion on steep slopes.")[0].startswith("[in many cases] overgrazing")


def test_conditions_in_front_and_behind_become_when() -> None:
    assert triples("At low pressure, nitrogen gas increases the lifetime of copper wires.") == [
        "[at low pressure] nitrogen gas increases the lifetime of copper wires"
    ]
    assert triples("High phosphorus loading triggers algal blooms once light and warmth suffice.") == [
        "[once light and warmth suffice] high phosphorus loading triggers algal blooms"
    ]


def test_a_thesis_keeps_its_author_and_a_dated_event_its_tense() -> None:
    (thesis,) = read("According to Malthus, population growth causes recurrent famine in poor lands.").statements
    assert (thesis.according_to, said(thesis)) == ("Malthus", "population growth causes recurrent famine in poor lands")
    (event,) = read("In 1845, potato blight caused a famine in western Ireland.").statements
    assert (event.tense, event.when) == ("past", ("in 1845",))


def test_modifiers_stay_in_the_wording_and_leave_the_term() -> None:
    assert terms("A high dislocation density causes dislocation tangles in worked copper.") == [
        ("dislocation density", "causes", "dislocation tangles")
    ]
    assert triples("A high dislocation density causes dislocation tangles in worked copper.") == [
        "a high dislocation density causes dislocation tangles in worked copper"
    ]


def test_a_degree_stays_in_the_term_where_it_belongs_to_a_quantity() -> None:
    assert terms("High energy radiation causes damage to living cells.")[0][0] == "High energy radiation".lower()
    assert terms("High blood pressure causes damage to small vessels.")[0][0] == "blood pressure"


def test_less_of_a_thing_is_a_concept_of_its_own() -> None:
    """Otherwise the effects of a lack would be stated of the thing itself."""
    assert terms("A decrease in temperature decreases the pressure of a confined gas.")[0][0] == "decrease in temperature"
    assert terms("Low humidity increases the evaporation of water from leaves.")[0][0] == "low humidity"


def test_what_follows_from_a_clause_in_the_same_sentence() -> None:
    assert triples("Vasodilation increases blood flow, causing redness of the skin.") == [
        "increased blood flow causes redness of the skin",
        "vasodilation increases blood flow",
    ]
    assert triples("Vasodilation increases blood flow, which causes redness of the skin.") == [
        "increased blood flow causes redness of the skin",
        "vasodilation increases blood flow",
    ]
    assert triples("Cold air reduces blood flow, which causes pallor of the skin.") == ["cold air decreases blood flow"]


def test_a_second_verb_has_the_subject_of_the_first() -> None:
    assert triples("Insulin binds to its receptor and increases the uptake of glucose.") == ["insulin increases the uptake of glucose"]
    assert triples("Disadvantages of wood include a higher cost and lower strength.") == []


def test_a_pronoun_is_resolved_only_after_a_definition_of_its_only_candidate() -> None:
    text = "Insulin is a hormone of the pancreas. It increases the uptake of glucose by muscle cells."
    found = [s for s in read(text).statements if s.relation == "increases"]
    assert [(s.subject.term, s.text) for s in found] == [("insulin", "Insulin increases the uptake of glucose by muscle cells.")]
    assert text[found[0].start : found[0].end] == text
    other = "Insulin and glucagon act in turn on the liver. It increases the uptake of glucose by muscle cells."
    assert triples(other) == []
    plural = "Insulin is a hormone of the pancreas. They increase the uptake of glucose by muscle cells."
    assert "increases" not in {s.relation for s in read(plural).statements}


@pytest.mark.parametrize(
    ("sentence", "term", "definition"),
    [
        ("Osmosis refers to the movement of water across a membrane.", "osmosis", "the movement of water across a membrane"),
        ("The movement of water across a membrane is called osmosis.", "osmosis", "the movement of water across a membrane"),
        ("Viscosity is defined as the resistance of a fluid to flow.", "viscosity", "the resistance of a fluid to flow"),
        ("Basalt, a dark volcanic rock, covers much of the floor.", "basalt", "a dark volcanic rock"),
        ("The law of demand states that a higher price reduces the quantity that buyers want.", "law of demand",
         "the law that a higher price reduces the quantity that buyers want"),
        ("- **anode**: the electrode at which oxidation takes place", "anode", "the electrode at which oxidation takes place"),
        ("We then reach the **latent period**, during which the signal travels along the fibre.", "latent period",
         "the period during which the signal travels along the fibre"),
        ("Many of us worry about the **digital divide**, the uneven access to technology among groups.", "digital divide",
         "the uneven access to technology among groups"),
    ],
)  # fmt: skip
def test_a_definition_is_found(sentence: str, term: str, definition: str) -> None:
    assert [(d.concept.term, d.definition, d.drafted) for d in read(sentence).definitions] == [(term, definition, False)]


def test_what_a_sentence_says_of_a_bold_term_is_a_draft() -> None:
    (found,) = read("The **vagus nerve** slows the heart and widens small vessels.").definitions
    assert (found.definition, found.drafted) == ("the nerve that slows the heart and widens small vessels", True)


def test_an_alias_is_given_by_also_called() -> None:
    (found,) = read("**Quenching**, also called rapid cooling, is a treatment that hardens steel.").definitions
    assert found.concept.aliases == ("rapid cooling",)


def test_texts_stand_alone_and_have_six_to_twenty_five_words() -> None:
    sentences = [sentence for table in (CAUSES, AMOUNTS, LIMITS, PARTS, NEEDS, SEQUENCES, CONTRASTS, DEFINITIONS) for sentence, _ in table]
    texts = [s.text for sentence in sentences for s in read(f"However, {sentence[:1].lower()}{sentence[1:]}").statements]
    assert len(texts) > 30
    for text in texts:
        assert 6 <= len(text.split()) <= 25 and text[0].isupper() and text.endswith(".")
        assert not text.startswith("However")


def test_every_family_is_off_without_its_relation() -> None:
    for family in (causes, amounts, limits, parts, needs, sequences, contrasts):
        assert {pattern.relation for pattern in family.PATTERNS} <= BY_ID.keys()
    others = [r for r in RELATIONS if r.id != "requires"]
    assert read("Seed germination requires liquid water and some warmth.", relations=others).statements == ()


def test_exercises_and_references_are_not_read() -> None:
    sentence = "Chronic stress leads to high blood pressure in most adults."
    assert read(sentence, ("Stress", "Exercises:")).statements == ()
    assert read(sentence, ("Stress", "Causes")).statements != ()


def test_headings_tables_code_and_mathematics_are_not_read() -> None:
    sentence = "Chronic stress leads to high blood pressure in most adults."
    for text in (f"# {sentence}", f"| {sentence} |", f"> {sentence}", f"```\n{sentence}\n```", f"<!-- {sentence} -->", f"$$ {sentence} $$"):
        assert read(text).statements == (), text
