"""Each operator makes what it says, and only what is verified wrong."""

from __future__ import annotations

from proda.language.neighbours import near_concepts
from proda.tester import operators
from proda.tester.splits import sealed_chains
from tests.toyworld import knowledge, wide_knowledge

WORLD = knowledge()
PATH = [s.triple for s in WORLD.path(WORLD.chains["milling/wind-grinds-grain"])]


def test_substitution_replaces_one_concept_in_both_statements_that_meet_in_it() -> None:
    wrong = operators.substitution(WORLD, PATH, 1, "milling/pond-ice")
    assert wrong is not None
    assert operators.concepts_along(wrong.triples)[1] == "milling/pond-ice"
    assert [t[1] for t in wrong.triples] == [t[1] for t in PATH]
    assert "neither stated nor implied" in wrong.because


def test_substitution_by_something_true_is_refused() -> None:
    extra = {
        "milling": [("gale-too", "how a gale grinds", ["wind", "causes", "gale-rotation", "produces", "shaft-torque", "enables", "meal"])]
    }
    world = knowledge(extra)
    assert operators.substitution(world, PATH, 1, "milling/gale-rotation") is None


def test_inversion_swaps_two_concepts() -> None:
    wrong = operators.inversion(WORLD, PATH, 1, 2)
    assert wrong is not None
    before, after = operators.concepts_along(PATH), operators.concepts_along(wrong.triples)
    assert (after[1], after[2]) == (before[2], before[1])


def test_inversion_of_a_symmetric_relation_alone_is_no_wrong_path() -> None:
    soot = [s.triple for s in WORLD.path(WORLD.chains["lighting/soot-dims-glass"])][:1]
    assert soot[0][1] == "proportional-to"
    assert operators.inversion(WORLD, soot, 0, 1) is None


def test_truncation_stops_one_step_short() -> None:
    wrong = operators.truncation(WORLD, PATH)
    assert wrong is not None
    assert wrong.triples == tuple(PATH[:-1])
    assert "short of flour" in wrong.because


def test_detour_is_true_in_each_statement_and_does_not_connect() -> None:
    world = wide_knowledge(8)
    chain = world.chains["weaving/story-0"]
    path = [s.triple for s in world.path(chain)]
    aside = operators.asides(world, world.statements[chain.statements[0]], path, "key")[:2]
    wrong = operators.detour(world, path, 1, aside)
    assert wrong is not None
    assert all(world.holds(*t) for t in wrong.triples)
    assert any(a[2] != b[0] for a, b in zip(wrong.triples, wrong.triples[1:], strict=False))


def test_a_skipped_step_does_not_count_as_false() -> None:
    # wind → sail rotation → shaft torque: that wind causes shaft torque is not stated, but may well be true.
    skipped = (PATH[0][0], "produces", PATH[1][2])
    assert operators.unsupported(WORLD, [skipped]) is None
    assert operators.unsupported(WORLD, [skipped], strict=False) == skipped


def test_near_concepts_never_lead_on() -> None:
    found = list(near_concepts(WORLD, "milling/wind", "milling/sail-rotation", "milling/shaft-torque", frozenset(), "key"))
    assert found
    assert "milling/millstone-motion" not in found  # wind leads to it
    assert "milling/wind" not in found  # it leads to shaft torque


def test_sealed_share_and_inheritance() -> None:
    import msgspec

    world = wide_knowledge(400)
    sealed = sealed_chains(world.chains, 0.2)
    assert 0.15 < len(sealed) / len(world.chains) < 0.25
    old = next(c for c in sorted(sealed) if c.startswith("weaving/"))
    heir = msgspec.structs.replace(world.chains[old], id="weaving/renamed")
    retired = msgspec.structs.replace(world.chains[old], status="retired", replaced_by="weaving/renamed")
    after = sealed_chains({**world.chains, old: retired, "weaving/renamed": heir}, 0.2)
    assert "weaving/renamed" in after
    open_one = next(c for c in sorted(world.chains) if c not in sealed)
    for name in (f"weaving/heir-{n}" for n in range(30)):
        moved = {
            **world.chains,
            open_one: msgspec.structs.replace(world.chains[open_one], status="retired", replaced_by=name),
            name: msgspec.structs.replace(world.chains[open_one], id=name),
        }
        assert name not in sealed_chains(moved, 0.2)  # by its own hash some of the thirty would be
