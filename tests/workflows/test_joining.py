"""Statements that a reviewer joins into a chain: what fits, what is refused and why, and what becomes of the chain."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from proda.findings import errors_of
from proda.store.proposals import ProposedChain, load_proposals, proposals_path, save_proposals
from proda.workflows.check_repository import check_repository
from proda.workflows.decisions import RefusedDecisionError
from proda.workflows.joining import joined
from proda.workflows.known_nodes import KnownNodes
from proda.workflows.review import Review
from proda.workflows.review_state import make_state
from tests.extraction.sources import BY_ID
from tests.reviewworld import CHAINS, MERGES, SOURCE, TRIPLES, key_of, make_review, proposals, source_text

TOPIC = f"knowledge/{SOURCE}.yaml"
FIRST, SECOND, THIRD = CHAINS
PATH = ("compression", "heat-flow", "condensation", "pressure-drop", "evaporation", "ice", "airflow", "defrost")


def keys(*names: str) -> tuple[str, ...]:
    return tuple(map(key_of, names))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    """The world without its chains, so that any path of its statements can be joined."""
    root = Path(shutil.copytree(made, tmp_path / "toy"))
    save_proposals(root, msgspec.structs.replace(proposals(source_text()), chains={}))
    return root


def refusal(review: Review, *names: str, explains: str = "") -> RefusedDecisionError:
    before = (review.root / proposals_path(SOURCE)).read_bytes()
    with pytest.raises(RefusedDecisionError) as caught:
        review.join(keys(*names), explains)
    assert (review.root / proposals_path(SOURCE)).read_bytes() == before
    return caught.value


def with_chains(root: Path, **chains: ProposedChain) -> Review:
    save_proposals(root, msgspec.structs.replace(load_proposals(root, SOURCE), chains=chains))
    return Review(root, SOURCE)


def test_a_joined_chain_is_proposed_with_a_default_explanation_and_written_when_its_statements_are_accepted(root: Path) -> None:
    review = Review(root, SOURCE)
    name, left = review.join(keys(*PATH[1:4]))
    assert (name, left) == ("vapour-temperature-to-pressure-drop", ())
    chain = load_proposals(root, SOURCE).chains[name]
    assert chain == ProposedChain("how a high vapour temperature leads to pressure drop", keys(*PATH[1:4]), added=True)
    assert not (root / TOPIC).exists()
    for part in PATH[1:4]:
        review.accept(key_of(part))
    assert list(yaml.safe_load((root / TOPIC).read_text())["chains"]) == [name]
    assert errors_of(check_repository(root).findings) == ()


def test_a_chain_of_accepted_statements_is_written_at_once_and_undone_as_a_whole(root: Path) -> None:
    review = Review(root, SOURCE)
    review.join(keys(*PATH[:3]))
    review.accept_chain("compression-to-condensation")
    review.join(keys(*PATH[2:6]))
    review.accept_chain("heat-flow-to-coil-frost")
    before = {name: (root / name).read_bytes() for name in (TOPIC, proposals_path(SOURCE))}
    review.join(keys(*PATH[5:8]), "  why a frosted\n pump turns round ")
    review.accept_chain("evaporation-to-defrost-cycle")
    assert (
        yaml.safe_load((root / TOPIC).read_text())["chains"]["evaporation-to-defrost-cycle"]["explains"] == "why a frosted pump turns round"
    )
    review.undo()
    review.undo()
    assert {name: (root / name).read_bytes() for name in before} == before


def test_joining_accepted_statements_writes_the_chain(root: Path) -> None:
    found = load_proposals(root, SOURCE)
    accepted = {k: msgspec.structs.replace(s, status="accepted") for k, s in found.statements.items()}
    save_proposals(root, msgspec.structs.replace(found, statements=accepted))
    review = Review(root, SOURCE)
    name, _ = review.join(keys(*PATH[:3]))
    assert review.state.written_chains == {name} and review.undoable == f"join {name}"
    assert errors_of(check_repository(root).findings) == ()
    review.undo()
    assert not (root / TOPIC).exists() and name not in load_proposals(root, SOURCE).chains


def test_a_chain_that_the_check_refuses_is_not_joined_when_it_would_be_written(root: Path) -> None:
    found = load_proposals(root, SOURCE)
    accepted = {k: msgspec.structs.replace(s, status="accepted", subject_as="it") for k, s in found.statements.items()}
    save_proposals(root, msgspec.structs.replace(found, statements=accepted))
    error = refusal(Review(root, SOURCE), *PATH[:3])
    assert {(r.statement, r.field) for r in error.remarks} == {(key_of(n), "subject_as") for n in PATH[:3]}


def test_what_does_not_fit_is_named_with_its_statement(root: Path) -> None:
    review = Review(root, SOURCE)
    error = refusal(review, "compression", "heat-flow", "evaporation")
    assert [str(r.message) for r in error.remarks] == ["It starts at 'pressure drop', but " + key_of("heat-flow") + " ends at 'heat flow'."]
    assert error.remarks[0].statement == key_of("evaporation")
    assert f"{key_of('evaporation')}: It starts at 'pressure drop'" in str(error)
    assert "Got 2 statements, expected 3 to 6" in str(refusal(review, "compression", "heat-flow"))
    assert "Got 7 statements, expected 3 to 6" in str(refusal(review, *PATH[:7]))
    with pytest.raises(RefusedDecisionError, match="feed: There is no such statement"):
        review.join((key_of("compression"), key_of("heat-flow"), "feed"))
    error = refusal(review, "compression", "heat-flow", "heat-flow")
    assert f"{key_of('heat-flow')}: It is named twice." in str(error)
    assert refusal(review, *PATH[:3], explains="a\u202eb").remarks[0].field == "explains"


def test_a_rejected_or_withdrawn_statement_cannot_be_joined(root: Path) -> None:
    review = Review(root, SOURCE)
    review.reject(key_of("heat-flow"), "wrong way round")
    assert "It is rejected: wrong way round. Reopen it first." in str(refusal(review, *PATH[:3]))
    gone = msgspec.structs.replace(
        review.state.proposals.statements[key_of("heat-flow")], status="withdrawn", reason="it is no longer found"
    )
    save_proposals(
        root, msgspec.structs.replace(review.state.proposals, statements={**review.state.proposals.statements, key_of("heat-flow"): gone})
    )
    assert str(refusal(Review(root, SOURCE), *PATH[:3])).endswith("It is withdrawn: it is no longer found.")


def test_a_relation_that_is_no_step_cannot_be_in_a_chain(root: Path) -> None:
    found = load_proposals(root, SOURCE)
    statements = {
        **found.statements,
        key_of("heat-flow"): msgspec.structs.replace(found.statements[key_of("heat-flow")], relation="requires"),
    }
    save_proposals(root, msgspec.structs.replace(found, statements=statements))
    assert f"{key_of('heat-flow')}: 'requires' is no step from one thing to the next" in str(refusal(Review(root, SOURCE), *PATH[:3]))


def test_a_chain_passes_no_concept_twice(root: Path) -> None:
    found = load_proposals(root, SOURCE)
    statements = {
        **found.statements,
        key_of("condensation"): msgspec.structs.replace(found.statements[key_of("condensation")], object="compression"),
    }
    save_proposals(root, msgspec.structs.replace(found, statements=statements))
    error = refusal(Review(root, SOURCE), *PATH[:3])
    assert "It ends at 'compression', which the path has passed already" in str(error)
    assert [r.statement for r in error.remarks] == [key_of("condensation")]


def test_confirmed_merges_connect_statements_and_close_loops(root: Path) -> None:
    found = load_proposals(root, SOURCE)
    rime = msgspec.structs.replace(found.statements[key_of("airflow")], subject="rime")
    save_proposals(root, msgspec.structs.replace(found, statements={**found.statements, key_of("airflow"): rime}))
    assert "It starts at 'rime', but" in str(refusal(Review(root, SOURCE), *PATH[5:8]))
    (root / "knowledge/merges.yaml").write_text(MERGES.replace("status: proposed", "status: confirmed", 1))
    review = Review(root, SOURCE)
    name, _ = review.join(keys(*PATH[5:8]))
    review.accept_chain(name)
    assert yaml.safe_load((root / TOPIC).read_text())["chains"][name]["steps"][1]["subject"] == "coil-frost"
    (root / "knowledge/merges.yaml").write_text(
        MERGES.replace("energy/rime", "energy/evaporation").replace("status: proposed", "status: confirmed", 1)
    )
    assert "It ends at 'coil frost', which the path has passed" in str(refusal(Review(root, SOURCE), *PATH[4:7]))


def test_a_link_of_the_knowledge_cannot_be_joined(root: Path) -> None:
    review = with_chains(root, **{FIRST: proposals(source_text()).chains[FIRST], THIRD: proposals(source_text()).chains[THIRD]})
    review.accept_chain(FIRST)
    review.accept_chain(THIRD)
    found = load_proposals(root, SOURCE)
    link = msgspec.structs.replace(found.statements[key_of("noise")], subject="condensation", object="coil-frost", relation="enables",
                                   text="Condensation enables coil frost, because the liquid is what boils later.")  # fmt: skip
    save_proposals(root, msgspec.structs.replace(found, statements={**found.statements, key_of("noise"): link}))
    review = Review(root, SOURCE)
    review.accept(key_of("noise"))
    error = refusal(review, "condensation", "noise", "airflow")
    assert f"{key_of('noise')}: It is in the knowledge as the link condensation-enables-coil-frost" in str(error)


def test_an_undecided_chain_gives_way_to_a_longer_one_and_keeps_its_statements(root: Path) -> None:
    review = with_chains(root, **{FIRST: proposals(source_text()).chains[FIRST]})
    name, _ = review.join(keys(*PATH[:5]))
    read = load_proposals(root, SOURCE)
    assert (read.chains[FIRST].status, read.chains[FIRST].reason) == ("rejected", f"part of the chain {name}")
    assert {s.status for s in read.statements.values()} == {"proposed"}
    review.accept_chain(name)
    assert errors_of(check_repository(root).findings) == ()


def test_no_two_chains_share_two_consecutive_statements(root: Path) -> None:
    review = with_chains(root, **{SECOND: proposals(source_text()).chains[SECOND]})
    error = refusal(review, *PATH[:4])
    assert [r.statement for r in error.remarks] == [key_of("pressure-drop")]
    assert f"{key_of('pressure-drop')}: The one before it leads to it in the chain {SECOND} too" in str(error)
    assert "reject that chain, and reopen its statements" in str(error)
    review.accept_chain(SECOND)
    assert f"in the chain {SECOND} too" in str(refusal(review, *PATH[1:6]))  # a chain of the knowledge gives way to nothing
    topic = (root / TOPIC).read_text().replace(f"  {SECOND}:", "  by-hand:")
    (root / TOPIC).write_text(topic)
    review = with_chains(root)
    assert "in the chain by-hand too" in str(refusal(review, *PATH[:4]))


def test_the_same_statements_are_one_chain(root: Path) -> None:
    review = with_chains(root, **{FIRST: proposals(source_text()).chains[FIRST]})
    assert f"{FIRST}: It is the chain of these statements already." in str(refusal(review, *CHAINS[FIRST][1]))
    review.reject_chain(FIRST, "no explanation")
    for name in CHAINS[FIRST][1]:
        review.reopen(key_of(name)) if review.state.proposals.statements[key_of(name)].status == "rejected" else None
    assert "It is rejected: reopen it." in str(refusal(review, *CHAINS[FIRST][1]))


def test_an_id_that_a_concept_or_a_chain_has_is_not_given_again(root: Path) -> None:
    other = ProposedChain("something else", keys("airflow", "defrost", "noise"), status="rejected")
    review = with_chains(root, **{"compression-to-condensation": other})
    assert review.join(keys(*PATH[:3]))[0] == "compression-to-condensation-2"
    review.accept_chain("compression-to-condensation-2")
    review = with_chains(root)
    found = load_proposals(root, SOURCE)
    concepts = {**found.concepts, "heat-flow-to-coil-frost": found.concepts["rime"]}
    save_proposals(root, msgspec.structs.replace(found, concepts=concepts))
    assert Review(root, SOURCE).join(keys(*PATH[2:6]))[0] == "heat-flow-to-coil-frost-2"


@given(st.lists(st.sampled_from(sorted(TRIPLES)), min_size=1, max_size=7))
def test_what_is_joined_is_a_chain_as_the_check_wants_it_and_everything_else_is_refused(names: list[str]) -> None:
    text = source_text()
    state = make_state("", msgspec.structs.replace(proposals(text), chains={}), "", (), KnownNodes({}, {}, frozenset()))
    triples = [TRIPLES[name] for name in names]
    passed = [triples[0][0], *(t[2] for t in triples)]
    fits = 3 <= len(names) <= 6 and all(a[2] == b[0] for a, b in zip(triples, triples[1:], strict=False)) and len({*passed}) == len(passed)
    try:
        after, name = joined(state, BY_ID, keys(*names))
    except RefusedDecisionError as error:
        assert not fits and all(remark.message for remark in error.remarks)
    else:
        assert fits and after.chains[name].statements == keys(*names) and after.chains[name].explains.startswith("how ")


@pytest.mark.parametrize("path", [PATH[start : start + length] for length in (3, 6) for start in range(len(PATH) - length + 1)])
def test_every_path_of_the_world_passes_the_check_when_it_is_accepted(root: Path, path: tuple[str, ...]) -> None:
    review = Review(root, SOURCE)
    name, _ = review.join(keys(*path))
    assert review.accept_chain(name) == ()
    assert errors_of(check_repository(root).findings) == () and name in review.state.written_chains


def test_proposals_without_added_entries_are_written_as_before(root: Path) -> None:
    assert "added" not in (root / proposals_path(SOURCE)).read_text()
    review = Review(root, SOURCE)
    review.join(keys(*PATH[:3]))
    assert (root / proposals_path(SOURCE)).read_text().count("added: true") == 1
