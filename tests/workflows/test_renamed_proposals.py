"""Renaming in what waits for review: decisions stay, what is accepted afterwards names the new ids, and comments and layout are kept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import proda
from proda.store.case_proposals import (
    CaseProposals,
    ProposedCase,
    ProposedVariant,
    ProposedWrong,
    SetAside,
    case_proposals_file,
    case_proposals_text,
    load_case_proposals,
)
from proda.store.merges import load_merges
from proda.store.proposals import load_proposals, proposals_path
from proda.tester.case_prompt import case_brief
from proda.workflows.case_decisions import listed_cases
from proda.workflows.file_set import write_together
from proda.workflows.rename import plan_rename
from tests.reviewworld import SOURCE, make_review
from tests.toyresults import commit

PROPOSALS = proposals_path(SOURCE)
TOPIC = f"knowledge/{SOURCE}.yaml"
OVENS = "ovens/ovens-basics"
WARMS, BOILS = "heat-pump-warms-a-room", "liquid-boils-outdoors"


def run(root: Path, *arguments: str, code: int = 0) -> str:
    """What `proda` prints on both streams."""
    command = [sys.executable, "-P", "-m", "proda.cli.main", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository in which one of three proposed chains is accepted, with two proposed merges and a comment in the proposals."""
    root = make_review(tmp_path, git=True, merges=True)
    run(root, "review", SOURCE, "--accept", WARMS)
    text = (root / PROPOSALS).read_text()
    (root / PROPOSALS).write_text(text.replace("    term: condensation\n", "    term: condensation  # not dew\n"))
    commit(root, "Reviewed")
    return root


def mv(root: Path, old: str, new: str) -> dict[str, int]:
    planned = plan_rename(root, old, new)
    write_together(root, planned.texts)
    return planned.places


def test_a_concept_is_renamed_with_every_statement_that_names_it(root: Path) -> None:
    before = load_proposals(root, SOURCE)
    said = run(root, "mv", "energy/condensation", "liquefaction")
    assert re.search(rf"{PROPOSALS} +3 places", said)
    after = load_proposals(root, SOURCE)
    assert list(after.concepts) == ["liquefaction" if name == "condensation" else name for name in before.concepts]
    assert after.concepts["liquefaction"] == before.concepts["condensation"]
    ends = {key: (s.subject, s.object) for key, s in before.statements.items()}
    expected = {key: tuple("liquefaction" if end == "condensation" else end for end in pair) for key, pair in ends.items()}
    assert {key: (s.subject, s.object) for key, s in after.statements.items()} == expected != ends
    assert after.chains == before.chains and "    term: condensation  # not dew\n" in (root / PROPOSALS).read_text()


def test_a_chain_that_is_accepted_afterwards_uses_the_renamed_concept(root: Path) -> None:
    run(root, "mv", "energy/condensation", "liquefaction")
    commit(root, "Renamed")
    assert BOILS in run(root, "review", SOURCE, "--accept", BOILS)
    topic = proda.open(str(root)).knowledge
    ends = [(topic.statements[f"energy/{BOILS}.s{n}"].subject, topic.statements[f"energy/{BOILS}.s{n}"].object) for n in (1, 2)]
    assert ends == [("energy/heat-flow", "energy/liquefaction"), ("energy/liquefaction", "energy/pressure-drop")]
    assert (topic.concepts["energy/condensation"].status, topic.concepts["energy/liquefaction"].status) == ("retired", "active")
    assert "0 errors" in run(root, "check")


def test_an_accepted_chain_stays_accepted_under_its_new_id(root: Path) -> None:
    places = mv(root, f"energy/{WARMS}", "warmth-comes-in")
    assert places[PROPOSALS] == 1
    chains = load_proposals(root, SOURCE).chains
    assert chains["warmth-comes-in"].status == "accepted" and WARMS not in chains and chains[BOILS].status == "proposed"
    before = (root / TOPIC).read_text()
    run(root, "review", SOURCE, "--accept", "warmth-comes-in", code=1)  # decided already: it is not written again
    assert (root / TOPIC).read_text() == before


def test_a_proposed_chain_that_has_the_name_by_chance_is_left_alone(root: Path) -> None:
    text = (root / TOPIC).read_text()
    (root / TOPIC).write_text(text.replace(f"  {WARMS}:\n", f"  {BOILS}:\n"))
    assert PROPOSALS not in mv(root, f"energy/{BOILS}", "another-name")


def test_a_concept_of_another_discipline_is_renamed_as_it_is_written(root: Path) -> None:
    text = (root / PROPOSALS).read_text()
    (root / PROPOSALS).write_text(text.replace("object: comfort\n", "object: ovens/loaf-softness\n"))
    mv(root, "ovens/loaf-softness", "loaf-give")
    assert "object: ovens/loaf-give\n" in (root / PROPOSALS).read_text()
    assert [merge.drop for merge in load_merges(root)] == ["energy/rime", "ovens/loaf-give"]


def test_decisions_about_concepts_that_may_be_one_follow(root: Path) -> None:
    run(root, "review", SOURCE, "--accept", BOILS)
    mv(root, "energy/coil-frost", "hoar")
    text = (root / "knowledge/merges.yaml").read_text()
    assert "  - keep: energy/hoar\n    drop: energy/rime # both are ice\n" in text and "{concept: energy/hoar, term: coil frost," in text
    assert text.startswith("# Decided by people.\n") and load_merges(root)[0].evidence[0].concept == "energy/hoar"


@pytest.mark.parametrize("new", ["energy/rime", "energy/noise"])
def test_an_id_that_a_source_proposes_for_another_concept_is_refused(root: Path, new: str) -> None:
    before = {path: path.read_bytes() for path in root.glob("[kp]*/**/*.yaml")}
    said = run(root, "mv", "energy/condensation", new, code=1)
    assert f"{PROPOSALS}  concepts.{new.partition('/')[2]}" in said and "Choose another id" in said
    assert {path: path.read_bytes() for path in root.glob("[kp]*/**/*.yaml")} == before


def test_there_and_back_gives_the_same_bytes(root: Path) -> None:
    before = (root / PROPOSALS).read_bytes()
    for old, new in (("condensation", "liquefaction"), (WARMS, "warmth-comes-in")):
        mv(root, f"energy/{old}", new)
        assert (root / PROPOSALS).read_bytes() != before
        mv(root, f"energy/{new}", old)
        assert (root / PROPOSALS).read_bytes() == before


def test_uncommitted_proposals_are_not_overwritten(root: Path) -> None:
    (root / PROPOSALS).write_text((root / PROPOSALS).read_text() + "# a note\n")
    assert PROPOSALS in run(root, "mv", "energy/condensation", "liquefaction", code=1)


def propose_case(root: Path, chain: str, *breaks: str) -> None:
    """Write a proposed case about a chain of `ovens`, and a chain that was set aside."""
    knowledge = proda.open(str(root)).knowledge

    def asked(name: str) -> str:
        return case_brief(knowledge, knowledge.chains[f"ovens/{name}"], ()).key

    wrong = {letter: ProposedWrong(said, "It says otherwise.") for letter, said in zip("bcd", breaks, strict=True)}
    variants = (ProposedVariant("Old Marek bakes at noon.", "a", "It follows.", wrong),)
    case = ProposedCase(chain, "What does he find?", {x: f"Outcome {x}." for x in "abcd"}, variants, "m", "case@1", asked(chain))
    old = msgspec.structs.replace(case, status="withdrawn", reason="its chain has changed", asked="0" * 16)
    aside = {"rye-sours-dough": SetAside("invalid", "too short", "m", "case@1", asked("rye-sours-dough"))}
    text = case_proposals_text(CaseProposals({"at-noon": case, "long-ago": old}, aside))
    assert text is not None
    path = root / case_proposals_file(OVENS)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def statuses(root: Path) -> dict[str, str]:
    """Key → status of the proposed cases as `proda write --cases --list` has them."""
    return {one.key: one.case.status for one in listed_cases(root, proda.open(str(root)).knowledge)}


def test_an_open_case_follows_its_chain_and_stays_open(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "ovens/heat-sets-crumb.s2", "gas-opens-crumb")
    assert statuses(root) == {"at-noon": "proposed", "long-ago": "withdrawn"}
    assert mv(root, "ovens/heat-sets-crumb", "warmth-sets-crumb")[case_proposals_file(OVENS)] == 7
    found = load_case_proposals(root, OVENS).cases["at-noon"]
    assert found.chain == "warmth-sets-crumb"
    breaks = [wrong.breaks for wrong in found.variants[0].wrong.values()]
    assert breaks == ["warmth-sets-crumb.s1", "ovens/warmth-sets-crumb.s2", "gas-opens-crumb"]
    assert statuses(root) == {"at-noon": "proposed", "long-ago": "withdrawn"}


def test_a_link_that_a_case_was_written_with_leaves_it_open(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "heat-sets-crumb.s2", "gas-opens-crumb")
    mv(root, "ovens/gas-opens-crumb", "bubbles-open-crumb")
    assert load_case_proposals(root, OVENS).cases["at-noon"].variants[0].wrong["d"].breaks == "bubbles-open-crumb"
    assert statuses(root)["at-noon"] == "proposed"


def test_a_concept_of_its_chain_leaves_a_case_open(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "heat-sets-crumb.s2", "heat-sets-crumb.s3")
    mv(root, "ovens/oven-heat", "a-zeal")
    mv(root, "ovens/crust-depth", "zz")
    assert statuses(root)["at-noon"] == "proposed"


def test_a_case_whose_chain_had_changed_before_stays_withdrawn(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "heat-sets-crumb.s2", "heat-sets-crumb.s3")
    path = root / f"knowledge/{OVENS}.yaml"
    path.write_text(path.read_text().replace("explains: how heat sets the crumb", "explains: how warmth sets the crumb"))
    assert statuses(root)["at-noon"] == "withdrawn"
    mv(root, "ovens/heat-sets-crumb", "warmth-sets-crumb")
    assert statuses(root)["at-noon"] == "withdrawn"


def test_a_chain_that_was_set_aside_is_not_asked_about_again(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "heat-sets-crumb.s2", "heat-sets-crumb.s3")
    mv(root, "ovens/rye-sours-dough", "rye-makes-sour")
    (name,), knowledge = load_case_proposals(root, OVENS).set_aside, proda.open(str(root)).knowledge
    assert name == "rye-makes-sour"
    assert load_case_proposals(root, OVENS).set_aside[name].asked == case_brief(knowledge, knowledge.chains[f"ovens/{name}"], ()).key


def test_a_topic_takes_its_proposed_cases_along(root: Path) -> None:
    propose_case(root, "heat-sets-crumb", "heat-sets-crumb.s1", "heat-sets-crumb.s2", "heat-sets-crumb.s3")
    before = load_case_proposals(root, OVENS)
    assert mv(root, OVENS, "ovens/hearths")[case_proposals_file(OVENS)] == 1
    assert load_case_proposals(root, "ovens/hearths") == before and not (root / case_proposals_file(OVENS)).exists()
    assert statuses(root)["at-noon"] == "proposed"
