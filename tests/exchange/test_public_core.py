"""The known faults of the public implementation are found in its files, and correct entries are taken.

The fixtures are made here as its code makes them: ids are renumbered after every merge, and references are not.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, get_args

import pytest

from proda.exchange.faults import Faults
from proda.exchange.found import FoundKnowledge
from proda.exchange.public_core import is_core, read_core
from proda.exchange.relation_names import relation_names
from proda.knowledge.schema import ConceptType
from proda.store.relations import load_relations
from tests.toyworld import ROOT

NAMES = relation_names(load_relations(ROOT / "knowledge/relations.yaml"), {"leads to": "causes"})


def core() -> dict[str, Any]:
    """One chain of three statements and its four concepts, with ids that are no positions."""
    steps = [("wind", "causes", "sail rotation"), ("sail rotation", "leads to", "shaft torque"), ("shaft torque", "produces", "flour")]
    terms = ("wind", "sail rotation", "shaft torque", "flour")
    statements = [
        {"statement_id": f"s-{n}", "parent_chain_id": "c-wind", "subject": s, "predicate": p, "object": o, "source_quote": f"{s} makes {o}"}
        for n, (s, p, o) in enumerate(steps)
    ]
    return {
        "l1_concepts": [
            {
                "concept_id": f"k-{t}",
                "term": t,
                "type": "Physical Process",
                "definition": f"{t.capitalize()} is the thing that turns. More of it.",
                "parent_statement_ids": [s["statement_id"] for s in statements if t in (s["subject"], s["object"])],
            }
            for t in terms
        ],
        "l2_statements": statements,
        "l3_chains": [
            {
                "chain_id": "c-wind",
                "process_name": "How wind makes flour",
                "preconditions": ["the brake is off"],
                "negative_constraints": ["water mills"],
                "steps": ["Wind blows", "Sail rotation begins", "Shaft torque drives the stones", "Flour falls out"],
            }
        ],
        "statistics": {"total_chains": 1},
    }


def read(document: dict[str, Any]) -> tuple[FoundKnowledge, dict[str, int], str]:
    faults = Faults()
    found = read_core(document, "core.json", NAMES, get_args(ConceptType), "entity", faults)
    return found, dict(faults.counts), "\n".join(f.detail for f in faults.kept)


def test_a_sound_core_is_taken_whole() -> None:
    found, counts, _ = read(core())
    assert counts == {}
    assert [(s.subject, s.relation, s.object) for s in found.statements] == [
        ("wind", "causes", "sail rotation"),
        ("sail rotation", "causes", "shaft torque"),
        ("shaft torque", "produces", "flour"),
    ]
    assert found.concepts[0].definition == "the thing that turns" and found.concepts[0].type == "process"
    (chain,) = found.chains
    assert chain.statements == (0, 1, 2) and chain.explains == "how wind makes flour"
    assert chain.preconditions == ("the brake is off",) and chain.exclusions == ("water mills",)


def test_a_project_state_is_read_like_a_core() -> None:
    state = {"finetune_data": [], "knowledge_core": core()}
    assert is_core(state) and is_core(core()) and not is_core({"conversations": []})
    assert read(state) == read(core())


def test_an_inverse_verb_turns_the_statement_round() -> None:
    document = core()
    document["l2_statements"] = [
        {
            "statement_id": "s",
            "parent_chain_id": "c-wind",
            "subject": "flour",
            "predicate": "Are caused by",
            "object": "wind",
            "source_quote": "q",
        }
    ]
    (said,) = read(document)[0].statements
    assert (said.subject, said.relation, said.object) == ("wind", "causes", "flour")


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two cores as the public implementation merges them: everything renumbered, parents left as they were."""
    made: dict[str, Any] = {
        key: [*copy.deepcopy(first[key]), *copy.deepcopy(second[key])] for key in ("l1_concepts", "l2_statements", "l3_chains")
    }
    for key, name, form in (
        ("l1_concepts", "concept_id", "concept"),
        ("l2_statements", "statement_id", "stmt"),
        ("l3_chains", "chain_id", "chain"),
    ):
        for n, entry in enumerate(made[key], start=1):
            entry[name] = f"{form}-{n:03d}"
    for entry in made["l2_statements"]:
        entry["parent_chain_id"] = "chain-001"
    for entry in made["l1_concepts"]:
        entry["parent_statement_ids"] = ["stmt-001"]
    return made


def _frost() -> dict[str, Any]:
    document = core()
    for entry, term in zip(document["l1_concepts"], ("frost", "pond ice", "wheel flow", "wheel speed"), strict=True):
        entry["term"] = term
    for entry, (s, o) in zip(
        document["l2_statements"], (("frost", "pond ice"), ("pond ice", "wheel flow"), ("wheel flow", "wheel speed")), strict=True
    ):
        entry |= {"subject": s, "object": o, "source_quote": f"{s} makes {o}"}
    document["l3_chains"][0] |= {"process_name": "How frost stops mills", "steps": ["Frost", "Pond ice", "Wheel flow", "Wheel speed"]}
    return document


def test_statements_that_a_merge_put_on_the_first_chain_are_not_taken_for_its_steps() -> None:
    found, counts, details = read(_merged(core(), _frost()))
    assert [c.name for c in found.chains] == ["How wind makes flour"] and found.chains[0].statements == (0, 1, 2)
    assert counts["positional-ids"] == 3
    assert "stmt-004 names chain-001, whose steps mention neither" in details
    assert counts["chain-length"] == 1  # the second chain has lost its statements
    assert len(found.statements) == 6  # they are proposed without a chain
    assert counts["wrong-parent"] >= 3 + 6


def test_a_merge_that_gives_most_statements_to_one_chain_is_named() -> None:
    document = _merged(_frost(), core())
    document["l2_statements"] = document["l2_statements"][2:]
    assert "chain-001 has 3 statements of other chains, and 1 of its own: documents were merged." in read(document)[2]


@pytest.mark.parametrize(
    ("where", "change", "kind"),
    [
        ("l2_statements", {"parent_chain_id": "chain-099"}, "dangling-parent"),
        ("l2_statements", {"parent_chain_id": ""}, "orphan"),
        ("l2_statements", {"source_quote": "  "}, "missing-quote"),
        ("l2_statements", {"predicate": "reacts with"}, "unknown-relation"),
        ("l2_statements", {"subject": "It"}, "unclear-end"),
        ("l2_statements", {"object": 7}, "unclear-end"),
        ("l2_statements", {"object": "Wind"}, "self"),
        ("l1_concepts", {"parent_statement_ids": ["stmt-404"]}, "dangling-parent"),
        ("l1_concepts", {"parent_statement_ids": ["s-2"]}, "wrong-parent"),
        ("l1_concepts", {"definition": ""}, "no-definition"),
        ("l1_concepts", {"type": "Legal Entity-ish"}, "other-type"),
        ("l1_concepts", {"term": "moon"}, "orphan"),
        ("l1_concepts", {"term": "§§"}, "unclear-end"),
        ("l3_chains", {"chain_id": "c-other"}, "dangling-parent"),
    ],
)
def test_each_fault_is_found_and_nothing_is_made_up_in_its_place(where: str, change: dict[str, Any], kind: str) -> None:
    document = core()
    document[where][0] |= change
    found, counts, _ = read(document)
    assert counts.get(kind), counts
    whole = read(core())[0]
    assert set(found.statements) <= set(whole.statements)


def test_variants_of_a_concept_become_one_with_the_others_as_aliases() -> None:
    document = core()
    variants = ("The Wind", "winds", "WIND")
    document["l1_concepts"] += [{**document["l1_concepts"][0], "concept_id": f"k-{v}", "term": v} for v in variants]
    found, counts, _ = read(document)
    (wind,) = [c for c in found.concepts if c.term == "wind"]
    assert counts["duplicate-concept"] == 1
    assert wind.aliases == ("The Wind", "winds")


def test_a_bracketed_qualifier_keeps_two_concepts_apart() -> None:
    document = core()
    document["l1_concepts"].append({**document["l1_concepts"][0], "concept_id": "k-x", "term": "wind (of a star)"})
    assert {"wind", "wind (of a star)"} <= {c.term for c in read(document)[0].concepts}


def test_an_id_that_is_used_twice_is_found() -> None:
    document = core()
    document["l2_statements"][1]["statement_id"] = document["l2_statements"][0]["statement_id"]
    assert read(document)[1]["duplicate-id"] == 1


def test_a_chain_is_taken_in_the_order_of_its_path() -> None:
    document = core()
    document["l2_statements"].reverse()
    found, _, _ = read(document)
    assert [found.statements[n].subject for n in found.chains[0].statements] == ["wind", "sail rotation", "shaft torque"]


def test_statements_that_do_not_connect_make_no_chain() -> None:
    document = core()
    document["l2_statements"][1]["subject"] = "flour"
    found, counts, _ = read(document)
    assert not found.chains and counts["not-connected"] == 1


@pytest.mark.parametrize("key", ["l1_concepts", "l2_statements", "l3_chains"])
@pytest.mark.parametrize("value", [None, "text", [1, "x", None], {"a": 1}])
def test_a_part_of_another_type_is_a_fault_and_no_crash(key: str, value: Any) -> None:
    document = core() | {key: value}
    assert read(document)[1].get("malformed")


def test_the_file_itself_is_not_changed(tmp_path: Path) -> None:
    document = core()
    before = copy.deepcopy(document)
    read(document)
    assert document == before
