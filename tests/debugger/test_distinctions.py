"""Two concepts that are confused at two nodes or more are set apart, once, by the patch of the first such node."""

from __future__ import annotations

import msgspec
import pytest

from proda.debugger.distinctions import before_edits, confused, right_concept, with_distinctions
from proda.debugger.probes import statement_probes
from proda.graph import Knowledge
from proda.records import Edit, Evidence, Patch
from proda.store.patches import name_patch, named, node_hash, stale
from tests.toyworld import knowledge

WORLD = knowledge()
FLOW, FLOUR = "milling/wheel-flow", "milling/flour"
FIRST, SECOND, THIRD = "milling/frost-halts-mill.s2", "milling/frost-halts-mill.s3", "milling/dust-needs-care.s1"
EITHER, REACH = "lighting/oil-feeds-flame.s1", "lighting/lamp-reach"  # a rival at both of its ends
FILE = "knowledge/milling/milling-basics.yaml"


def wrong(node: str, preferred: str, failed: int = 9, probe: str = "statement") -> Evidence:
    """Evidence as diagnosing records it when `preferred` was chosen wherever a probe offered it."""
    asked = statement_probes(WORLD, WORLD.statements[node]) if node in WORLD.statements and probe == "statement" else ()
    right = {p.means[0] for p in asked if preferred in p.means[1:]}
    expected = right.pop() if len(right) == 1 else ""
    return Evidence(node, probe, 12, failed, -0.1, preferred, expected)  # type: ignore[arg-type]


def patch(*targets: str) -> Patch:
    return named(Patch("", 1, targets, (), "concept gap", "Asked for.", {t: node_hash(WORLD, t) for t in targets}))


PATCHES = [patch("milling/wind-grinds-grain.s1"), patch(SECOND), patch(FIRST, THIRD)]


def changed(world: Knowledge, concept: str, **fields: object) -> Knowledge:
    entry = msgspec.structs.replace(world.concepts[concept], **fields)
    return Knowledge(world.relations.values(), [*world.concepts.values(), entry], world.statements.values(), world.chains.values())


def test_the_patch_of_the_first_node_names_the_edit_and_expects_the_concept_as_it_is() -> None:
    found = [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR)]
    after = with_distinctions(WORLD, PATCHES, found)
    assert [p.edits for p in after] == [(), (Edit(FILE, FLOW, FLOUR),), ()] and after[::2] == PATCHES[::2]
    assert after[1].id == name_patch(after[1]) != PATCHES[1].id and after[1].expect[FLOW] == node_hash(WORLD, FLOW)
    assert after == with_distinctions(WORLD, PATCHES, found[::-1])
    edited = changed(WORLD, FLOW, distinct_from=(FLOUR,))
    assert [stale(p, edited, {}) for p in after] == [[], [], []]  # its own edit makes no patch stale
    assert stale(after[1], changed(WORLD, FLOW, definition="a stream"), {}) != []


def test_one_patch_brings_all_that_a_concept_is_set_apart_from_since_they_stand_in_one_line() -> None:
    """Two commits that write the same line could not be reverted one by one."""
    shown = [(n, c) for n in WORLD.active_statements for c in WORLD.concepts if right_concept(WORLD, wrong(n, c)) == FLOW]
    turned = [(n, FLOW, c) for n in WORLD.active_statements if (c := right_concept(WORLD, wrong(n, FLOW)))]
    other, third = next((c, n) for n, _, c in turned if c != FLOUR and (SECOND, c) in shown)  # not confused at FIRST
    found = [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR), wrong(SECOND, other), wrong(third, FLOW)]
    assert len(confused(WORLD, found)) == 2
    after = with_distinctions(WORLD, [patch(FIRST), patch(SECOND)], found)
    assert [len(p.edits) for p in after] == [2, 0] and {e.distinct_from for e in after[0].edits} == {FLOUR, other}


def test_either_of_the_two_may_be_the_right_one() -> None:
    assert right_concept(WORLD, wrong(FIRST, FLOUR)) == FLOW and right_concept(WORLD, wrong(THIRD, FLOW)) == FLOUR
    (pair,) = confused(WORLD, [wrong(FIRST, FLOUR), wrong(THIRD, FLOW)])
    assert pair == {FIRST: (FLOW, FLOUR), THIRD: (FLOUR, FLOW)}
    assert with_distinctions(WORLD, [patch(THIRD), patch(FIRST)], [wrong(FIRST, FLOUR), wrong(THIRD, FLOW)])[0].edits == (
        Edit(FILE, FLOUR, FLOW),
    )


@pytest.mark.parametrize(
    "found",
    [
        [wrong(FIRST, FLOUR)],
        [wrong(FIRST, FLOUR), wrong(FIRST, FLOUR, 12)],  # one node, asked about twice
        [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR, 6)],  # no more than half of its answers are wrong
        [wrong(FIRST, FLOUR), wrong(SECOND, "inversion")],
        [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR, probe="step")],
        [wrong(FIRST, FLOUR), wrong("milling/gone.s1", FLOUR)],
    ],
)
def test_less_than_that_is_no_confusion(found: list[Evidence]) -> None:
    assert confused(WORLD, found) == [] and with_distinctions(WORLD, PATCHES, found) == PATCHES


def test_a_concept_probe_says_what_is_right_by_its_node() -> None:
    (pair,) = confused(WORLD, [wrong(FLOW, FLOUR, probe="concept"), wrong(FIRST, FLOUR)])
    assert pair == {FLOW: (FLOW, FLOUR), FIRST: (FLOW, FLOUR)}


def test_what_was_preferred_at_either_end_of_a_statement_blames_neither() -> None:
    ends = {p.means[0] for p in statement_probes(WORLD, WORLD.statements[EITHER]) if REACH in p.means[1:]}
    assert len(ends) == 2 and right_concept(WORLD, wrong(EITHER, REACH)) is None


def test_what_is_set_apart_on_either_side_or_shares_a_name_gets_no_edit() -> None:
    found = [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR)]
    assert confused(changed(WORLD, FLOW, distinct_from=(FLOUR,)), found) == []
    assert confused(changed(WORLD, FLOUR, distinct_from=(FLOW,)), found) == []
    assert confused(changed(WORLD, FLOUR, aliases=("Wheel Flow",)), found) == []


def test_no_patch_for_any_of_the_nodes_no_edit() -> None:
    assert with_distinctions(WORLD, PATCHES[:1], [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR)]) == PATCHES[:1]


def test_a_round_that_is_partly_committed_is_planned_from_the_base_before_its_edits() -> None:
    after = with_distinctions(WORLD, PATCHES, [wrong(FIRST, FLOUR), wrong(SECOND, FLOUR)])
    edited = changed(WORLD, FLOW, distinct_from=("milling/wind", FLOUR))
    assert before_edits(edited, after).concepts[FLOW].distinct_from == ("milling/wind",)
    assert before_edits(edited, PATCHES) is edited
