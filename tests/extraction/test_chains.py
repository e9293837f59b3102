"""Statements over shared concepts are linked as `proda check` wants chains to be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.extraction.chain_proposals import chains_of
from proda.extraction.chains import LEAST, MOST, chain_id, explanation, linked
from proda.extraction.settled import Settled
from proda.knowledge.rules.steps import MAX_STEPS, MIN_STEPS
from proda.store.proposals import ProposedChain, ProposedEvidence, ProposedStatement
from tests.extraction.sources import BY_ID


def _linked(*triples: str, taken: tuple[tuple[str, ...], ...] = ()) -> list[list[str]]:
    given_ = {str(n): tuple(t.split()) for n, t in enumerate(triples)}
    had = [[tuple(t.split()) for t in chain] for chain in taken]
    return [[" ".join(given_[key]) for key in path] for path in linked(given_, BY_ID, had)]  # type: ignore[arg-type]


def test_three_statements_make_a_chain_and_two_do_not() -> None:
    assert _linked("a causes b", "b increases c", "c triggers d") == [["a causes b", "b increases c", "c triggers d"]]
    assert _linked("a causes b", "b increases c") == []
    assert (LEAST, MOST) == (MIN_STEPS, MAX_STEPS)


def test_a_contrast_a_part_or_a_need_is_no_step() -> None:
    for relation in ("contrasts-with", "is-part-of", "requires", "is-a"):
        assert _linked("a causes b", f"b {relation} c", "c triggers d") == []


def test_no_concept_is_passed_twice_and_no_pair_of_statements_is_shared() -> None:
    assert _linked("a causes b", "b causes c", "c causes a") == []
    chains = _linked("a causes b", "b causes c", "c causes d", "c causes e")
    assert chains == [["a causes b", "b causes c", "c causes d"]]
    taken = (("a causes b", "b causes c", "c causes d"),)
    assert _linked("a causes b", "b causes c", "c causes d", "d causes e", taken=taken) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["causes", "requires", "increases"]), st.sampled_from("abcdefg")), max_size=25
    )
)
def test_every_chain_is_as_check_wants_it(triples: list[tuple[str, str, str]]) -> None:
    given_ = {str(n): triple for n, triple in enumerate(dict.fromkeys(triples))}
    chains = [[given_[key] for key in path] for path in linked(given_, BY_ID, [])]
    pairs = [pair for chain in chains for pair in pairwise(chain)]
    assert len(pairs) == len(set(pairs))
    for chain in chains:
        assert LEAST <= len(chain) <= MOST
        assert all(one[2] == two[0] for one, two in pairwise(chain))
        concepts = [chain[0][0], *(triple[2] for triple in chain)]
        assert len(concepts) == len(set(concepts))
        assert all(BY_ID[relation].step for _, relation, _ in chain)


def test_what_a_chain_explains_is_worded_by_its_signs() -> None:
    assert explanation("heat", "wear", [BY_ID["causes"], BY_ID["increases"]]) == "how heat leads to wear"
    assert explanation("heat", "wear", [BY_ID["causes"], BY_ID["decreases"]]) == "how heat affects wear"


def test_an_id_that_is_taken_gets_a_number() -> None:
    assert chain_id("physics/heating", "rail-buckling", {}) == "heating-to-rail-buckling"
    assert chain_id("heating", "rail", {"heating-to-rail", "heating-to-rail-2"}) == "heating-to-rail-3"


@pytest.mark.parametrize("decided", [{"added": True}, {"status": "accepted"}, {"status": "rejected"}])
def test_a_chain_of_the_backend_that_overlaps_with_a_decided_one_is_not_proposed(decided: dict[str, object]) -> None:
    evidence = ProposedEvidence("a quote", (0, 7))
    statements = {key: ProposedStatement(key[0], "causes", key[1], "A text.", evidence, "x") for key in ("pq", "qr", "rs", "st")}
    given_ = [ProposedChain("how p leads to t", ("pq", "qr", "rs", "st"))]
    settled = Settled("physics", BY_ID)
    earlier = {"mine": ProposedChain("how p leads to s", ("pq", "qr", "rs"))}
    assert list(chains_of(statements, given_, earlier, {}, frozenset(), settled)) == ["mine", "p-to-t"]
    earlier = {"mine": ProposedChain("how p leads to s", ("pq", "qr", "rs"), **decided)}  # type: ignore[arg-type]
    assert list(chains_of(statements, given_, earlier, {}, frozenset(), settled)) == ["mine"]
