"""Each rule finds nothing in the toy knowledge, and finds the one thing that is broken; where it can fix that, it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.knowledge.fix import fix_knowledge
from proda.knowledge.rules.of_knowledge import KNOWLEDGE_RULES
from proda.knowledge.rules.of_topic import TOPIC_RULES
from tests.knowledge.toy import Toy, findings, put

HEAT = "knowledge/physics/heat.yaml"
ALL_RULES = [*TOPIC_RULES, *KNOWLEDGE_RULES]


@pytest.mark.parametrize("rule", [*(r.name for r in ALL_RULES), "schema", "yaml"])
def test_no_rule_finds_anything_in_the_toy_knowledge(tmp_path: Path, rule: str) -> None:
    assert findings(Toy().write(tmp_path), rule) == []


def test_rules_have_different_names_and_descriptions() -> None:
    names = [r.name for r in ALL_RULES]
    assert len(set(names)) == len(names)
    assert all(r.description.endswith(".") for r in ALL_RULES)


def only(tmp_path: Path, toy: Toy, rule: str, path: str, says: str) -> None:
    """The knowledge breaks `rule` at `path`, and no other rule; warnings do not count."""
    found = [f for f in findings(toy.write(tmp_path)) if f.severity == "error"]
    assert [(f.rule, f.path) for f in found] == [(rule, path)], found
    assert says in found[0].message
    assert found[0].line > 0


def test_schema_refuses_an_unknown_key_and_names_the_closest(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress")["definiton"] = "x"
    only(tmp_path, toy, "schema", "concepts.stress.definiton", "Closest: 'definition'")


def test_schema_gathers_all_faults_of_a_file(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress")["type"] = "proces"
    del toy.step("physics/heat", "rail-buckles", 0)["relation"]
    toy.step("physics/heat", "rail-buckles", 2)["evidence"] = "none"
    toy.topics["physics/heat"]["chains"]["gap-saves-rail"]["preconditions"] = "one"
    found = findings(toy.write(tmp_path, fill=False))
    assert {f.rule for f in found if f.file == HEAT} == {"schema"}
    assert {f.path for f in found if f.file == HEAT} == {
        "concepts.stress.type",
        "chains.rail-buckles.steps[0]",
        "chains.rail-buckles.steps[2].evidence",
        "chains.gap-saves-rail.preconditions",
    }


@pytest.mark.parametrize("name", ["Stress", "stress_1", "../stress", "stress/../../x", "-stress", "a--b", "é", "a" * 101])
def test_ids_refuses_malformed_ids(tmp_path: Path, name: str) -> None:
    toy = Toy()
    concepts = toy.topics["physics/heat"]["concepts"]
    concepts[name] = {**concepts["stress"], "term": "another thing"}
    found = findings(toy.write(tmp_path), "ids")
    assert [f.path for f in found] == [f"concepts.{name}"]


def test_ids_refuses_a_file_that_lies_elsewhere(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["topic"] = "warmth"
    only(tmp_path, toy, "ids", "topic", "Expected 'heat'")


def test_ids_refuses_a_source_that_leads_out(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["source"] = "../../etc/passwd"
    root = toy.write(tmp_path, fill=False)
    assert [f.path for f in findings(root, "ids")] == ["source"]


def test_ids_refuses_yaml_in_a_place_that_is_not_read(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    put(root, "knowledge/stray.yaml", "a: b\n")
    put(root, "knowledge/physics/deep/er.yaml", "a: b\n")
    assert [f.file for f in findings(root, "ids")] == ["knowledge/physics/deep/er.yaml", "knowledge/stray.yaml"]


def test_relations_names_the_closest(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["relation"] = "cause"
    only(tmp_path, toy, "relations", "chains.rail-buckles.steps[1].relation", "Closest: 'causes'")


def test_relations_refuses_a_one_sided_opposite(tmp_path: Path) -> None:
    toy = Toy()
    del toy.relations["prevents"]["opposite"]
    only(tmp_path, toy, "relations", "relations.causes.opposite", "does not name 'causes'")


def test_steps_refuses_a_gap(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["subject"] = "clamping"
    only(tmp_path, toy, "steps", "chains.rail-buckles.steps[1].subject", "ends at 'physics/expansion'")


def test_steps_refuses_short_chains_loops_and_repeated_ids(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/cooling"]["chains"]["bridge-contracts"]["steps"].pop()
    toy.step("physics/heat", "rail-buckles", 2)["object"] = "heating"
    toy.step("physics/heat", "gap-saves-rail", 1)["id"] = "s1"
    toy.step("physics/heat", "gap-saves-rail", 2)["id"] = "third"
    assert {f.path for f in findings(toy.write(tmp_path), "steps")} == {
        "chains.bridge-contracts.steps",
        "chains.rail-buckles.steps[2].object",
        "chains.gap-saves-rail.steps[1].id",
        "chains.gap-saves-rail.steps[2].id",
    }


def test_evidence_refuses_a_quote_that_the_source_does_not_hold(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["evidence"]["quote"] += " Not so."
    only(tmp_path, toy, "evidence", "chains.rail-buckles.steps[1].evidence", "does not say")
    [found] = findings(toy.write(tmp_path), "evidence")
    quoted = toy.step("physics/heat", "rail-buckles", 1)["evidence"]["quote"].removesuffix(" Not so.")
    number = next(n for n, line in enumerate(toy.sources["physics/heat"].splitlines(), start=1) if quoted in line)
    assert found.message.startswith("knowledge/sources/physics/heat.md does not say") and f"Line {number} says “{quoted}”" in found.message


def test_evidence_refuses_a_missing_or_moved_span_and_fix_fixes_both(tmp_path: Path) -> None:
    toy = Toy()
    root = toy.write(tmp_path, fill=False)
    toy.step("physics/cooling", "bridge-contracts", 0)["evidence"]["span"] = [0, 5]
    toy.write(root, fill=False)
    assert len(findings(root, "evidence")) == 12
    fix_knowledge(root)
    assert findings(root, "evidence") == []


def test_evidence_leaves_a_quote_that_occurs_twice_to_people(tmp_path: Path) -> None:
    toy = Toy()
    toy.sources["physics/heat"] += toy.sources["physics/heat"]
    root = toy.write(tmp_path, fill=False)
    fix_knowledge(root)
    left = findings(root, "evidence")
    assert len(left) == 6
    assert all("more than once" in f.message for f in left)


def test_evidence_counts_code_points_of_the_nfc_text(tmp_path: Path) -> None:
    toy = Toy()
    toy.sources["physics/heat"] = "# Café naïve 🧲\n" + toy.sources["physics/heat"]  # written decomposed
    root = toy.write(tmp_path, fill=False)
    fix_knowledge(root)
    assert findings(root) == []


def test_evidence_may_come_from_another_source(tmp_path: Path) -> None:
    toy = Toy()
    evidence = toy.step("physics/heat", "rail-buckles", 1)["evidence"]
    evidence.update(quote="In physics/cooling bridge-contracts we see that cooling", source="physics/cooling")
    assert findings(toy.write(tmp_path)) == []
    evidence["source"] = "physics/absent"
    assert [f.path for f in findings(toy.write(tmp_path, fill=False), "evidence") if "source" in f.path] == [
        "chains.rail-buckles.steps[1].evidence.source"
    ]


def test_definitions_warn_and_do_not_fail_and_fix_removes_the_stop(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress")["definition"] = "the stress in a body."
    toy.concept("physics/heat", "friction")["definition"] = "when things rub"
    root = toy.write(tmp_path)
    found = findings(root)
    assert {f.severity for f in found} == {"warning"}
    assert len(found) == 3
    fix_knowledge(root)
    assert len(findings(root)) == 2


def test_unique_ids_refuses_a_concept_defined_twice(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/cooling"]["concepts"]["heating"] = {**toy.concept("physics/heat", "heating"), "term": "warming up"}
    found = findings(toy.write(tmp_path), "unique-ids")
    assert [(f.file, f.path) for f in found] == [(HEAT, "concepts.heating")]
    assert "knowledge/physics/cooling.yaml" in found[0].message


def test_unique_ids_refuses_a_chain_named_like_a_concept(tmp_path: Path) -> None:
    toy = Toy()
    chains = toy.topics["physics/cooling"]["chains"]
    chains["heating"] = chains.pop("bridge-contracts")
    assert [f.path for f in findings(toy.write(tmp_path), "unique-ids")] == ["chains.heating"]


def test_references_names_the_closest_concept(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("chemistry/rates", "heat-speeds", 0)["subject"] = "physics/heatin"
    only(tmp_path, toy, "references", "chains.heat-speeds.steps[0].subject", "Closest: 'physics/heating'")


def test_a_misspelt_reference_is_one_finding_and_its_concept_no_orphan(tmp_path: Path) -> None:
    toy = Toy()
    steps = toy.topics["physics/heat"]["chains"]["rail-buckles"]["steps"]
    last = steps[-1]["object"]
    assert findings(toy.write(tmp_path), "orphans") == []
    steps[-1]["object"] = f"{last}s"
    root = toy.write(tmp_path)
    assert [f.path for f in findings(root, "references")] == [f"chains.rail-buckles.steps[{len(steps) - 1}].object"]
    assert findings(root, "orphans") == []
    steps[-1]["object"] = "entirely-different"
    root = toy.write(tmp_path)
    assert "Closest" not in findings(root, "references")[0].message
    assert [f.path for f in findings(root, "orphans")] == [f"concepts.{last}"]


def test_references_refuses_retired_concepts_and_loose_replacements(tmp_path: Path) -> None:
    toy = Toy()
    toy.concept("physics/heat", "heating").update(status="retired", replaced_by="warmth")
    toy.concept("physics/heat", "stress")["distinct_from"] = ["chemistry/strain"]
    toy.concept("physics/heat", "friction")["replaced_by"] = "stress"
    toy.topics["physics/heat"]["chains"]["rail-buckles"]["replaced_by"] = "nothing"
    assert {f.path for f in findings(toy.write(tmp_path), "references")} == {
        "concepts.heating.replaced_by",
        "concepts.stress.distinct_from",
        "concepts.friction.replaced_by",
        "chains.rail-buckles.replaced_by",
        "chains.rail-buckles.steps[0].subject",
        "chains.heat-speeds.steps[0].subject",
    }
    said = [f.message for f in findings(toy.write(tmp_path / "again"), "references") if f.path.endswith(".subject")]
    assert said and all("'physics/heating' is retired. Refer to 'physics/warmth', which replaced it" in line for line in said)
    del toy.concept("physics/heat", "heating")["replaced_by"]
    said = [f.message for f in findings(toy.write(tmp_path / "alone"), "references") if f.path.endswith(".subject")]
    assert said and all("Refer to a concept in use" in line for line in said)


def test_a_retired_chain_may_keep_its_retired_concepts(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["chains"]["rail-buckles"].update(status="retired", replaced_by="gap-saves-rail")
    for name in ("buckling", "expansion"):
        toy.concept("physics/heat", name)["status"] = "retired"
    assert findings(toy.write(tmp_path)) == []


def test_orphans_refuses_a_concept_that_no_statement_mentions(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["concepts"]["inertia"] = {**toy.concept("physics/heat", "stress"), "term": "inertia"}
    only(tmp_path, toy, "orphans", "concepts.inertia", "No statement mentions 'physics/inertia'")


def test_orphans_does_not_count_retired_chains(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["chains"]["rail-buckles"]["status"] = "retired"
    assert {f.path for f in findings(toy.write(tmp_path))} == {"concepts.buckling", "concepts.expansion"}


def test_both_ways_refuses_the_reverse_of_an_asymmetric_relation(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/heat", "z-back", ["friction causes buckling", "buckling causes stress", "stress causes heating"])
    only(tmp_path, toy, "both-ways", "chains.z-back.steps[1]", "rail-buckles.s3 says the reverse")


def test_both_ways_allows_it_of_other_relations(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/heat", "z", ["friction causes stress", "stress prevents expansion-gap", "expansion-gap causes heating"])
    assert findings(toy.write(tmp_path)) == []


def test_contradictions_refuses_opposites_of_one_pair(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/heat", "z", ["friction causes heating", "heating prevents expansion", "expansion causes buckling"])
    only(tmp_path, toy, "contradictions", "chains.z.steps[1]", "rail-buckles.s1 says causes")


def test_contradictions_turns_symmetric_relations_round(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/heat", "y", ["friction proportional-to heating", "heating causes clamping", "clamping causes buckling"])
    toy.add_chain("physics/heat", "z", ["heating inverse-to friction", "friction causes clamping", "clamping requires buckling"])
    found = findings(toy.write(tmp_path), "contradictions")
    assert [f.path for f in found] == ["chains.z.steps[0]"]


@pytest.mark.parametrize("term", ["Stress", "stresses!", "STRESS", "heat-stress"])
def test_near_terms_refuses_the_same_word_in_another_discipline(tmp_path: Path, term: str) -> None:
    toy = Toy()
    toy.concept("physics/heat", "stress").update(term="stress", aliases=["heat stress", "stresse"])
    toy.concept("chemistry/rates", "catalyst")["term"] = term
    found = findings(toy.write(tmp_path), "near-terms")
    assert [f.path for f in found] == ["concepts.stress"]
    assert "'chemistry/catalyst'" in found[0].message


def test_near_terms_respects_distinct_from_on_either_side(tmp_path: Path) -> None:
    for holder, other in (("physics/heat", "chemistry/catalyst"), ("chemistry/rates", "physics/stress")):
        toy = Toy()
        toy.concept("chemistry/rates", "catalyst")["term"] = "stress"
        toy.concept(holder, "stress" if holder == "physics/heat" else "catalyst")["distinct_from"] = [other]
        assert findings(toy.write(tmp_path), "near-terms") == []


def test_near_terms_tells_c_from_c_plus_plus(tmp_path: Path) -> None:
    toy = Toy()
    for name, term in (("catalyst", "C"), ("reaction", "C++"), ("collision", "C#")):
        toy.concept("chemistry/rates", name)["term"] = term
    assert findings(toy.write(tmp_path), "near-terms") == []


def test_shared_pairs_refuses_two_chains_with_two_steps_in_common(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/cooling", "z", ["tension causes expansion", "expansion causes stress", "stress causes buckling"])
    found = findings(toy.write(tmp_path))
    assert [(f.rule, f.file, f.path) for f in found] == [("shared-pairs", HEAT, "chains.rail-buckles.steps[1]")]
    assert "'physics/z'" in found[0].message


def test_shared_pairs_allows_one_step_in_common(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_chain("physics/cooling", "z", ["tension causes expansion", "expansion causes stress", "stress causes heating"])
    assert findings(toy.write(tmp_path)) == []


def test_sources_refuses_changed_and_missing_texts_and_fix_updates_the_catalogue(tmp_path: Path) -> None:
    toy = Toy()
    toy.catalogue["physics/heat"]["sha256"] = "0" * 64
    del toy.catalogue["physics/cooling"]
    root = toy.write(tmp_path)
    assert {(f.rule, f.file, f.path) for f in findings(root)} == {
        ("sources", "knowledge/sources/catalogue.yaml", "sources.physics/heat.sha256"),
        ("sources", "knowledge/physics/cooling.yaml", "source"),
    }
    assert fix_knowledge(root) == [*sorted(f"knowledge/{t}.yaml" for t in toy.topics), "knowledge/sources/catalogue.yaml"]
    assert {f.message.split("'")[1] for f in findings(root)} == {"origin", "licence"}
    assert "title: About cooling" in (root / "knowledge/sources/catalogue.yaml").read_text()


def test_sources_refuses_an_entry_without_its_text(tmp_path: Path) -> None:
    toy = Toy()
    toy.catalogue["physics/lost"] = {**toy.catalogue["physics/heat"], "sha256": "0" * 64}
    only(tmp_path, toy, "sources", "sources.physics/lost", "There is no knowledge/sources/physics/lost.md")


def test_sources_refuses_an_entry_without_licence(tmp_path: Path) -> None:
    toy = Toy()
    toy.catalogue["physics/heat"]["licence"] = ""
    only(tmp_path, toy, "schema", "sources.physics/heat.licence", "text that is not empty")


def test_a_topic_whose_source_is_missing_is_one_finding(tmp_path: Path) -> None:
    toy = Toy()
    del toy.sources["physics/cooling"]
    del toy.catalogue["physics/cooling"]
    only_root = toy.write(tmp_path, fill=False)
    found = [f for f in findings(only_root) if f.file == "knowledge/physics/cooling.yaml"]
    assert [(f.rule, f.path) for f in found] == [("evidence", "source")]


@pytest.mark.parametrize(
    ("field", "wording", "accepted"),
    [
        ("subject_as", "a rapid heating", True),
        ("subject_as", "rapid warming", True),  # the alias
        ("subject_as", "a rapid change", False),
        ("object_as", "slow expansions", True),
        ("object_as", "growth", False),
    ],
)
def test_qualifiers_must_name_their_concept(tmp_path: Path, field: str, wording: str, accepted: bool) -> None:
    toy = Toy()
    toy.concept("physics/heat", "heating")["aliases"] = ["warming"]
    toy.step("physics/heat", "rail-buckles", 0)[field] = wording
    if accepted:
        assert findings(toy.write(tmp_path), "qualifiers") == []
    else:
        only(tmp_path, toy, "qualifiers", f"chains.rail-buckles.steps[0].{field}", f"'{wording}' does not name the concept")


def test_qualifiers_refuses_a_condition_that_is_a_sentence_in_chains_and_links(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 0)["when"] = ["at noon", "in May"]
    link = toy.add_link("physics/heat", "heat-rubs", "heating causes friction")
    link["when"] = ["in June"]
    assert findings(toy.write(tmp_path / "sound")) == []
    link["when"] = ["in June", "It is hot."]
    only(tmp_path / "broken", toy, "qualifiers", "links.heat-rubs.when[1]", "ends like a sentence")


def test_links_must_state_something_new(tmp_path: Path) -> None:
    toy = Toy()
    link = toy.add_link("physics/heat", "heat-rubs", "heating causes friction")
    assert findings(toy.write(tmp_path / "new")) == []
    link["object"] = "expansion"
    link["text"] = "In the toy world heating causes expansion."
    only(tmp_path / "known", toy, "links", "links.heat-rubs", "physics/rail-buckles.s1 states the same triple")
    link["status"] = "retired"
    assert findings(toy.write(tmp_path / "retired")) == []


def test_links_are_compared_with_each_other_over_topics(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_link("physics/heat", "heat-rubs", "heating causes friction")
    toy.add_link("physics/cooling", "heat-rubs-too", "heating causes friction")
    found = findings(toy.write(tmp_path), "links")
    assert {(f.file, f.path) for f in found} == {(HEAT, "links.heat-rubs"), ("knowledge/physics/cooling.yaml", "links.heat-rubs-too")}


def test_references_checks_the_concepts_of_a_link(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_link("physics/heat", "heat-rubs", "heating causes friction")["object"] = "frictoin"
    only(tmp_path, toy, "references", "links.heat-rubs.object", "Closest: 'physics/friction'")


def test_unique_ids_refuses_a_link_named_like_a_chain(tmp_path: Path) -> None:
    toy = Toy()
    toy.add_link("physics/cooling", "rail-buckles", "cooling causes friction")
    assert {f.rule for f in findings(toy.write(tmp_path)) if f.severity == "error"} == {"unique-ids"}


def test_referenced_warns_of_chains_and_links_without_a_published_work(tmp_path: Path) -> None:
    toy = Toy()
    del toy.add_link("physics/heat", "heat-rubs", "heating causes friction")["reference"]
    chain = toy.topics["physics/heat"]["chains"]["rail-buckles"]
    del chain["reference"]
    found = findings(toy.write(tmp_path / "none"))
    assert [(f.path, f.rule, f.severity) for f in found] == [
        ("chains.rail-buckles", "referenced", "warning"),
        ("links.heat-rubs", "referenced", "warning"),
    ]
    chain["reference"] = {"author": "Doe", "title": "Rails", "year": 1999, "section": "chapter 2"}
    toy.topics["physics/heat"]["links"]["heat-rubs"]["status"] = "retired"
    assert findings(toy.write(tmp_path / "given"), "referenced") == []


def cased(tmp_path: Path, change: dict[str, object]) -> list[tuple[str, str, str]]:
    """Rule, path and message of the errors in a knowledge with a case, after `change` of some of its values, by dotted path."""
    toy = Toy()
    toy.add_link("physics/heat", "heat-rubs", "heating causes friction")
    toy.add_case("physics/heat", "rail-in-the-sun", "rail-buckles", "rail-buckles.s2")
    for path, value in change.items():
        *inner, last = path.split(".")
        at = toy.topics["physics/heat"]["cases"]["rail-in-the-sun"]
        for key in inner:
            at = at[int(key) if key.isdigit() else key]
        if value is None:
            del at[last]
        else:
            at[last] = value
    return [(f.rule, f.path, f.message) for f in findings(toy.write(tmp_path))]


OTHERS = ["physics/heat-rubs", "bridge-contracts.s1", "chemistry/heat-speeds.s2"]
SAME_ANSWER = {"variants.0.answer": "d", "variants.0.wrong.a": {"breaks": "heat-rubs", "because": "No."}, "variants.0.wrong.d": None}


@pytest.mark.parametrize("breaks", ["rail-buckles.s1", "physics/rail-buckles.s1", "heat-rubs", *OTHERS])
def test_a_case_may_break_any_statement(tmp_path: Path, breaks: str) -> None:
    assert cased(tmp_path, {"variants.0.wrong.b.breaks": breaks}) == []


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"options.d": None}, "options", "expected a, b, c and d"),
        ({"options.d": "it bends"}, "options", "Two options are the same"),
        (SAME_ANSWER, "variants", "same answer"),
        ({"variants.1.situation": "A rail lies in the sun."}, "variants", "same situation"),
        ({"variants.0.wrong.c": None}, "variants[0].wrong", "Got b, d, expected b, c, d"),
        ({"variants.0.wrong.c.breaks": "rail-buckles"}, "variants[0].wrong.c.breaks", "'rail-buckles' is a chain. Name its statement"),
    ],
)
def test_cases_refuses_what_gives_the_answer_away_or_is_incomplete(tmp_path: Path, change: dict[str, object], path: str, says: str) -> None:
    ((rule, where, message),) = cased(tmp_path, change)
    assert (rule, where) == ("cases", f"cases.rail-in-the-sun.{path}")
    assert says in message


@pytest.mark.parametrize("breaks", ["rail-buckles.s9", "heat-rub", "chemistry/heat-rubs", "gap-saves-rails.s1"])
def test_references_refuses_a_case_that_breaks_no_statement(tmp_path: Path, breaks: str) -> None:
    ((rule, where, message),) = cased(tmp_path, {"variants.1.wrong.b.breaks": breaks})
    assert (rule, where) == ("references", "cases.rail-in-the-sun.variants[1].wrong.b.breaks")
    assert "is not a statement" in message


@pytest.mark.parametrize("chain", ["bridge-contracts", "heat-rubs", "rail-buckle"])
def test_references_refuses_a_case_of_no_chain_of_its_topic(tmp_path: Path, chain: str) -> None:
    ((rule, where, _),) = cased(tmp_path, {"chain": chain})
    assert (rule, where) == ("references", "cases.rail-in-the-sun.chain")
