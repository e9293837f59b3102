"""Proposals quote the source word for word, know what the discipline has, and keep what reviewers decided."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.exchange.faults import Faults
from proda.exchange.found import FoundKnowledge, ImportedChain, ImportedConcept, ImportedStatement, noun_phrase, slug, term_key
from proda.exchange.proposing import GONE, merged, propose
from proda.exchange.relation_names import NamedRelation, relation_names, verb_key
from proda.store.proposals import Proposals, load_proposals, save_proposals
from proda.store.relations import load_relations
from tests.toyworld import ROOT

TEXT = "# Terms\n\nWind turns the sails. Sails turn the shaft.\n\nThe shaft turns stones.\n"
CONCEPTS = tuple(
    ImportedConcept(t, "entity", f"a thing called {t} here", file="f", line=n) for n, t in enumerate(("wind", "sails", "shaft", "stones"))
)
STATEMENTS = (
    ImportedStatement("Wind", "causes", "the sails", "Wind causes sails.", "Wind turns the sails."),
    ImportedStatement("sails", "causes", "shaft", "Sails cause the shaft.", "Sails turn the shaft."),
    ImportedStatement("shaft", "causes", "stone", "The shaft causes stones.", "The shaft turns stones."),
)
FOUND = FoundKnowledge(CONCEPTS, STATEMENTS, (ImportedChain("How wind turns stones", "how wind turns stones", (0, 1, 2)),))


def _propose(found: FoundKnowledge = FOUND, text: str = TEXT, known: dict[str, str] | None = None) -> tuple[Proposals, Faults]:
    faults = Faults()
    return propose(found, source="milling/terms", text=text, backend="import obo", known=known or {}, faults=faults), faults


def test_a_statement_quotes_its_source_at_its_place() -> None:
    made, faults = _propose()
    assert not faults.counts
    for said in made.statements.values():
        start, end = said.evidence.span
        assert TEXT[start:end] == said.evidence.quote and said.chunk in made.chunks
    first = next(iter(made.statements.values()))
    assert (first.subject, first.object, first.status) == ("wind", "sails", "proposed")
    (chain,) = made.chains.values()
    assert chain.statements == tuple(made.statements)


def test_the_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    made, _ = _propose()
    assert save_proposals(tmp_path, made) and load_proposals(tmp_path, "milling/terms") == made


def test_a_quote_that_is_not_in_the_source_word_for_word_is_not_proposed() -> None:
    made, faults = _propose(text=TEXT.replace("turns the sails", "turns  the sails"))
    assert faults.counts["quote-not-found"] == 1 and len(made.statements) == 2
    assert not made.chains and faults.counts["not-connected"] == 1


def test_a_concept_that_the_discipline_has_is_referred_to_and_not_proposed() -> None:
    made, faults = _propose(known={"wind": "mountain-wind", "stones": "millstone"})
    assert set(made.concepts) == {"sails", "shaft"}
    assert [s.subject for s in made.statements.values()] == ["mountain-wind", "sails", "shaft"]
    assert faults.counts["known"] == 2


def test_a_statement_about_a_term_that_is_not_there_is_a_fault() -> None:
    made, faults = _propose(FoundKnowledge(CONCEPTS[:3], STATEMENTS))
    assert len(made.statements) == 2 and faults.counts["dangling-parent"] == 1


def test_an_id_that_another_concept_has_is_not_taken() -> None:
    concepts = (*CONCEPTS, ImportedConcept("wind!", "entity", "another thing altogether"))
    made, faults = _propose(FoundKnowledge(concepts, STATEMENTS))
    assert made.concepts["wind"].definition == "a thing called wind here" and faults.counts["id-taken"] == 1
    assert _propose(known={"gale": "wind"})[1].counts["id-taken"] == 1


def test_the_same_import_again_changes_nothing() -> None:
    made, _ = _propose()
    assert merged(made, made, TEXT) == made


def test_decisions_and_edits_of_reviewers_stay_and_places_follow_the_text() -> None:
    old, _ = _propose()
    first, second, _ = old.statements
    edited = msgspec.structs.replace(old.statements[first], status="accepted", text="Wind turns sails, because it pushes them.")
    rejected = msgspec.structs.replace(old.statements[second], status="rejected", reason="trivial")
    concepts = old.concepts | {"wind": msgspec.structs.replace(old.concepts["wind"], definition="moving air", status="accepted")}
    old = msgspec.structs.replace(old, statements=old.statements | {first: edited, second: rejected}, concepts=concepts)
    text = TEXT.replace("# Terms", "# Longer terms")
    new, _ = _propose(text=text)
    found = merged(old, new, text)
    assert found.statements[first].text == edited.text and found.statements[first].status == "accepted"
    assert found.statements[first].evidence.span[0] == old.statements[first].evidence.span[0] + len("Longer ")
    assert found.statements[second].status == "rejected" and found.concepts["wind"].definition == "moving air"
    assert found.sha256 == new.sha256


def test_what_is_not_found_any_more_is_withdrawn_and_comes_back() -> None:
    old, _ = _propose()
    text = TEXT.replace("The shaft turns stones.", "")
    gone, _ = _propose(text=text)
    third = list(old.statements)[2]
    withdrawn = merged(old, gone, text)
    assert (withdrawn.statements[third].status, withdrawn.statements[third].reason) == ("withdrawn", GONE)
    assert merged(withdrawn, old, TEXT).statements[third].status == "proposed"


def test_proposals_of_another_backend_are_never_withdrawn() -> None:
    old, _ = _propose()
    read = {key: msgspec.structs.replace(s, by="") for key, s in old.statements.items()}
    old = msgspec.structs.replace(old, backend="rules", statements=read)
    found = merged(old, _propose(FoundKnowledge(CONCEPTS, ()))[0], TEXT)
    assert {s.status for s in found.statements.values()} == {"proposed"} and found.backend == "rules, import obo"


def test_what_a_reviewer_added_stays_while_its_passage_is_there_though_the_import_does_not_find_it() -> None:
    old, _ = _propose()
    key, statement = next(iter(old.statements.items()))
    quote = statement.evidence.quote
    added = msgspec.structs.replace(statement, relation="enables", added=True)
    old = msgspec.structs.replace(old, statements={**old.statements, "feedfeedfeed": added})
    text = TEXT.replace("# Terms", "# Longer terms")
    stays = merged(old, _propose(text=text)[0], text).statements["feedfeedfeed"]
    assert stays.status == "proposed" and text[slice(*stays.evidence.span)] == quote
    text = TEXT.replace(quote, "")
    gone = merged(old, _propose(text=text)[0], text)
    assert (gone.statements["feedfeedfeed"].status, gone.statements[key].status) == ("withdrawn", "withdrawn")
    assert merged(gone, _propose()[0], TEXT).statements["feedfeedfeed"].status == "proposed"


def test_spelling_variants_share_a_key_and_qualifiers_do_not() -> None:
    assert term_key("The Heat-Pump") == term_key("heat pump") == "heat pump"
    assert term_key("nucleus (of a comet)") != term_key("nucleus")
    assert slug("Ångström’s  law (1853)") == "angstroms-law-1853" and slug("水") == ""


def test_a_definition_becomes_a_noun_phrase() -> None:
    assert noun_phrase("The heat pump is a machine that moves heat. It is used in houses.", "heat pump") == "a machine that moves heat"
    assert noun_phrase("DNA that is wound.", "x") == "DNA that is wound"
    assert noun_phrase("A unit, e.g. a metre.", "x") == "a unit, e.g. a metre"


def test_verbs_are_relations_in_every_form_and_what_two_relations_share_is_none() -> None:
    relations = load_relations(ROOT / "knowledge/relations.yaml")
    names = relation_names(relations, {"gives rise to": "causes"})
    assert names[verb_key("was caused by")] == NamedRelation("causes", turned=True)
    assert names[verb_key("Gives_rise-to")] == NamedRelation("causes") and names[verb_key("is a kind of")] == NamedRelation("is-a")
    for relation in relations:
        assert names.get(verb_key(relation.phrase), NamedRelation(relation.id)).relation == relation.id
    for relation in relations:
        others = {form for o in relations if o.id != relation.id for form in (o.phrase, o.plural, o.past, o.inverse, o.id)}
        assert (relation.inverse in others) == (verb_key(relation.inverse) not in names) or relation.inverse == relation.phrase
