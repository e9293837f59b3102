"""Statements that a reviewer adds from the source: what is proposed, and what is refused beside which field."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from proda.findings import errors_of
from proda.store.chunks import Chunk, chunk_id, save_chunks
from proda.store.proposals import load_proposals, proposals_path, save_proposals
from proda.workflows.additions import NewStatement, RefusedAdditionsError
from proda.workflows.check_repository import check_repository
from proda.workflows.concept_names import ConceptNames
from proda.workflows.decisions import ConceptEdit, Remark
from proda.workflows.review import Review
from tests.reviewworld import CHAINS, MERGES, SENTENCES, SOURCE, add_source, key_of, make_review, proposals, source_text

QUOTE = "A heat pump carries warmth from a cold garden into a warm house"
WARMTH = ConceptEdit("house warmth", "state", "the pleasant temperature of the rooms")
ENTRY = NewStatement(QUOTE, "heat-flow", "increases", "house warmth", "The heat flow increases house warmth, since it ends in the rooms.",
                     when=("in winter",), concepts=(WARMTH,))  # fmt: skip
FIRST, SECOND, THIRD = CHAINS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "toy"))


def entry(**fields: Any) -> NewStatement:
    return msgspec.structs.replace(ENTRY, **fields)


def faults(root: Path, *entries: NewStatement) -> tuple[tuple[int, Remark], ...]:
    """The refusals. No file may be written."""
    before = (root / proposals_path(SOURCE)).read_bytes()
    with pytest.raises(RefusedAdditionsError) as caught:
        Review(root, SOURCE).add(entries)
    assert (root / proposals_path(SOURCE)).read_bytes() == before
    return caught.value.faults


def fault(root: Path, *entries: NewStatement) -> tuple[str, str]:
    """The field and the message of the only fault."""
    ((_, remark),) = faults(root, *entries)
    return remark.field, remark.message


def test_an_added_statement_is_proposed_with_its_place_and_its_new_concept(root: Path) -> None:
    review = Review(root, SOURCE)
    made = review.add((ENTRY,))
    read = load_proposals(root, SOURCE)
    statement = read.statements[made.keys[0]]
    assert source_text()[slice(*statement.evidence.span)] == statement.evidence.quote == QUOTE
    assert (statement.subject, statement.object, statement.when) == ("heat-flow", "house-warmth", ("in winter",))
    assert (statement.status, statement.added) == ("proposed", True)
    assert read.concepts["house-warmth"].definition == WARMTH.definition and not read.concepts["house-warmth"].drafted
    assert next(iter(read.statements)) == made.keys[0]  # in the order of the text
    assert list(read.concepts) == sorted([*proposals(source_text()).concepts, "house-warmth"], key=list(read.concepts).index)
    assert made.notes == () and review.undoable == f"add {made.keys[0]}"
    review.undo()
    assert load_proposals(root, SOURCE) == proposals(source_text())


def test_it_is_joined_and_accepted_like_any_other(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    (key,) = review.add((ENTRY,)).keys
    assert review.hints(key) == ()
    after = NewStatement(SENTENCES["comfort"], "House warmth", "causes", "comfort", "House warmth causes comfort, as the rooms stay warm.")
    (last,) = review.add((after,)).keys
    name, _ = review.join((key_of("heat-flow"), key, last))
    assert name == "vapour-temperature-to-comfort" and review.accept_chain(name) == ()
    topic = yaml.safe_load((root / f"knowledge/{SOURCE}.yaml").read_text())
    assert topic["concepts"]["house-warmth"]["term"] == "house warmth" and len(topic["chains"][name]["steps"]) == 3
    assert errors_of(check_repository(root).findings) == ()


def test_the_chunk_is_the_one_that_holds_the_passage(root: Path) -> None:
    text = source_text()
    bare = Review(root, SOURCE).add((ENTRY,))
    line = next(line for line in text.split("\n") if line.startswith(QUOTE))
    assert bare.proposals.statements[bare.keys[0]].chunk == chunk_id(SOURCE, line)
    at = text.index(line)
    cuts = [(0, at + 20), (at + 20, at + len(line) + 1), (at + len(line) + 1, len(text))]
    chunks = [Chunk(f"{n:012x}", SOURCE, (), a, b, text[a:b], 9, kept=n != 1) for n, (a, b) in enumerate(cuts)]
    save_proposals(root, proposals(text))
    save_chunks(root, SOURCE, chunks)
    made = Review(root, SOURCE).add((ENTRY,))
    assert made.proposals.statements[made.keys[0]].chunk == chunks[1].id
    save_proposals(root, proposals(text))
    save_chunks(root, SOURCE, [msgspec.structs.replace(c, text="another text") for c in chunks])  # curated before the text changed
    made = Review(root, SOURCE).add((ENTRY,))
    assert made.proposals.statements[made.keys[0]].chunk == chunk_id(SOURCE, line)


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"quote": " "}, "quote", "Empty, expected a passage"),
        ({"quote": "A heat pump\n\ncarries"}, "quote", "more than one paragraph"),
        ({"quote": "heat"}, "quote", "places. Quote more of it"),
        ({"quote": "brings about condensation"}, "quote", ""),
        ({"quote": "narrow"}, "quote", "is not in the source. Quote it word for word."),
        ({"quote": "noise that"}, "quote", "The quote has 2 words, expected at least 3."),
        ({"quote": QUOTE.replace("carries", " carries")}, "quote", f"in white space. Nearest: “{QUOTE}”"),
        ({"quote": QUOTE.lower()}, "quote", f"upper and lower case. Nearest: “{QUOTE}”"),
        ({"quote": QUOTE.replace("cold garden", "chilly garden")}, "quote", "is not in the source. Nearest: “A heat pump carries"),
        ({"quote": "x" * 1001}, "quote", "1,001 characters, expected at most 1,000"),
        ({"subject": "heat flo"}, "subject", "'heat flo' is no concept. Closest: 'heat flow'."),
        ({"subject": "  "}, "subject", "Empty, expected a concept."),
        ({"subject": "ovens/nothing"}, "subject", "'ovens/nothing' is no concept."),
        ({"subject": "house warmth"}, "object", "Subject and object are one concept, 'house-warmth'."),
        ({"relation": "helps"}, "relation", "'helps' is not a relation"),
        ({"text": " "}, "text", "Empty, expected text."),
        ({"subject_as": "a\u202eb"}, "subject_as", "U+202E"),
        ({"when": ("x" * 2001,)}, "when", "2,001 characters"),
        ({"concepts": ()}, "object", "'house warmth' is no concept."),
        ({"concepts": (msgspec.structs.replace(WARMTH, definition=" "),)}, "definition", "Empty, expected text."),
        ({"concepts": (WARMTH, ConceptEdit("wall", "structure", "a side of a room"))}, "concepts", "No statement names the new"),
        ({"object": "水", "concepts": (ConceptEdit("水", "substance", "what rivers carry"),)}, "term", "gives no id"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_told_beside_its_field(root: Path, fields: dict[str, Any], field: str, said: str) -> None:
    if not said:  # a passage of three words that stands there once is enough
        assert Review(root, SOURCE).add((entry(**fields),)).keys
        return
    told = [(r.field, r.message) for _, r in faults(root, entry(**fields))]
    assert len(told) == 1 and told[0][0] == field and said in told[0][1]


def test_a_statement_that_is_there_already_is_named(root: Path) -> None:
    same = NewStatement(SENTENCES["noise"], "compression", "produces", "noise", "Compression produces noise in the casing.")
    field, message = fault(root, same)
    assert field == "object" and f"The statement {key_of('noise')} says the same from this passage" in message
    elsewhere = msgspec.structs.replace(same, quote=SENTENCES["comfort"])
    assert f"{key_of('noise')} says the same from another passage" in fault(root, elsewhere)[1]
    Review(root, SOURCE).reject(key_of("noise"), "trivial")
    assert f"It was rejected as {key_of('noise')}: trivial. Reopen it." in fault(root, same)[1]
    found = load_proposals(root, SOURCE)
    gone = msgspec.structs.replace(found.statements[key_of("noise")], status="withdrawn", reason="it is no longer found")
    concepts = {**found.concepts, "noise": msgspec.structs.replace(found.concepts["noise"], status="withdrawn", reason="unnamed")}
    save_proposals(root, msgspec.structs.replace(found, statements={**found.statements, key_of("noise"): gone}, concepts=concepts))
    made = Review(root, SOURCE).add((same,))
    back = load_proposals(root, SOURCE)
    assert made.keys == (key_of("noise"),) and back.statements[key_of("noise")].status == "proposed"
    assert (back.concepts["noise"].status, back.concepts["noise"].reason) == ("proposed", "")


def test_a_new_concept_whose_name_or_id_is_taken_is_that_concept(root: Path) -> None:
    described = ConceptEdit("The Air-Flow", "event", "something else altogether")
    made = Review(root, SOURCE).add((entry(object="the air-flow", concepts=(described,)),))
    assert made.proposals.statements[made.keys[0]].object == "air-flow"
    assert made.proposals.concepts["air-flow"] == proposals(source_text()).concepts["air-flow"]
    assert made.notes == ("'The Air-Flow' is the concept air-flow already; what you wrote about it was not needed.",)


def test_concepts_of_the_knowledge_are_named_by_id_term_or_alias_and_other_disciplines_by_their_full_id(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    other = review.add((entry(subject="ovens/loaf-softness", object="Heat flow", concepts=()),))
    statement = other.proposals.statements[other.keys[0]]
    assert (statement.subject, statement.object) == ("ovens/loaf-softness", "heat-flow")
    assert review.add((entry(subject="energy/compression", relation="limits", object="energy/heat-flow", concepts=()),)).keys
    assert "'loaf softness' is no concept" in fault(root, entry(subject="loaf softness"))[1]


def test_merged_rejected_and_retired_concepts(root: Path) -> None:
    (root / "knowledge/merges.yaml").write_text(MERGES.replace("status: proposed", "status: confirmed", 1))
    made = Review(root, SOURCE).add((entry(object="rime", concepts=()),))
    assert made.proposals.statements[made.keys[0]].object == "coil-frost"
    found = load_proposals(root, SOURCE)
    concepts = {**found.concepts, "comfort": msgspec.structs.replace(found.concepts["comfort"], status="rejected", reason="too vague")}
    save_proposals(root, msgspec.structs.replace(found, concepts=concepts))
    assert fault(root, entry(object="comfort", concepts=())) == ("object", "The concept 'comfort' was rejected: too vague. Choose another.")
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    path = root / f"knowledge/{SOURCE}.yaml"
    topic = yaml.safe_load(path.read_text())
    topic["concepts"]["house-warmth"] = {"term": "warmth of houses", "type": "state", "definition": "x y", "status": "retired"}
    path.write_text(yaml.safe_dump(topic))
    told = faults(root, ENTRY)
    assert [(r.field, r.message) for _, r in told] == [
        ("term", "'house-warmth' is a retired concept, and ids are never used again. Choose another term.")
    ]


def test_entries_share_their_new_concepts_and_each_fault_has_the_place_of_its_entry(root: Path) -> None:
    uses = NewStatement(SENTENCES["comfort"], "house warmth", "causes", "comfort", "House warmth causes comfort, as the rooms stay warm.")
    assert len(Review(root, SOURCE).add((uses, ENTRY)).keys) == 2  # the order does not matter
    save_proposals(root, proposals(source_text()))
    told = faults(root, uses, entry(quote="nowhere to be found"), entry(relation="helps"))
    assert [(place, r.field) for place, r in told] == [(1, "quote"), (2, "relation")]
    otherwise = entry(object="House warmth", relation="causes", concepts=(ConceptEdit("house warmth", "event", "another thing"),))
    ((place, remark),) = faults(root, ENTRY, otherwise)
    assert place == 1 and "Another entry describes the concept 'house-warmth' otherwise" in remark.message


def test_a_passage_of_a_text_beyond_the_basic_plane_is_placed_in_code_points(root: Path) -> None:
    made = Review(root, SOURCE).add((entry(quote="warm house — 𝛥 of some thirty kelvin"),))
    statement = made.proposals.statements[made.keys[0]]
    assert source_text()[slice(*statement.evidence.span)] == "warm house — 𝛥 of some thirty kelvin"
    add_source(root, "# Heat pumps\n\nAu cafe\u0301 ou dans la maison on a chaud.\n")
    made = Review(root, SOURCE).add((entry(quote="cafe\u0301 ou dans", relation="causes"),))
    assert made.proposals.statements[made.keys[0]].evidence.quote == "caf\u00e9 ou dans"


def test_without_a_source_nothing_is_added(root: Path) -> None:
    (root / f"knowledge/sources/{SOURCE}.md").unlink()
    with pytest.raises(Exception, match="There is no such file"):
        Review(root, SOURCE).add((ENTRY,))


def test_search_finds_names_that_hold_the_words_the_nearest_first(root: Path) -> None:
    names = ConceptNames(Review(root, SOURCE).state)
    assert [c.id for c in names.search("flow", 3)][:2] == ["air-flow", "heat-flow"]
    assert names.search("heat FL", 8)[0].id == "heat-flow" and names.search("heat fl", 8)[0].topic == ""
    assert [c.topic for c in names.search("loaf softness", 8)] == [
        "ovens/" + c.topic.split("/")[1] for c in names.search("loaf softness", 8)
    ]
    assert [c.id for c in names.search("loaf softness", 1)] == ["ovens/loaf-softness"]
    assert names.search("no such thing", 8) == () and len(names.search("", 4)) == 4
