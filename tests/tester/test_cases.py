"""Case items: the variants of a case share their options and their split, and a sealed case is asked once."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from proda.graph import Knowledge
from proda.records import Case, Item
from proda.tester.items import write_items
from tests.toyworld import knowledge

WORLD = knowledge(ovens=True)
HEAT, STEAM = "ovens/heat-sets-crumb", "ovens/steam-glazes-crust"


def with_cases(*cases: Case, retired: str = "") -> Knowledge:
    chains = [msgspec.structs.replace(c, status="retired") if c.id == retired else c for c in WORLD.chains.values()]
    return Knowledge(WORLD.relations.values(), WORLD.concepts.values(), WORLD.statements.values(), chains, cases or WORLD.cases)


def asked(world: Knowledge = WORLD, sealed_share: float = 0.0) -> list[Item]:
    return [i for i in write_items(world, seed=0, sealed_share=sealed_share) if i.kind == "case"]


def share_that_seals(*chains: str) -> float:
    """The least share in steps of a hundredth that seals these chains."""
    from proda.tester.splits import sealed_chains

    return next(n / 100 for n in range(100) if sealed_chains(WORLD.chains, n / 100) >= set(chains))


def test_each_variant_is_an_item_with_the_options_of_the_file() -> None:
    found = asked()
    assert len(found) == len(WORLD.cases) == 4
    for case in WORLD.cases:
        (item,) = (i for i in found if i.stem == f"{case.situation} {case.question}")
        assert {o.text for o in item.options} == {o.text for o in case.options}
        assert item.options[item.key].text == case.options[case.answer].text
        assert {o.text: (o.breaks, o.wrong_because) for o in item.options if o.operator} == {
            o.text: ((o.breaks,), o.because) for o in case.options if o.breaks
        }
        assert item.options[item.key].breaks == () and {b for o in item.options for b in o.breaks} == set(item.statements)
        assert item.chain == case.chain


def test_variants_share_options_and_have_different_answers() -> None:
    groups = defaultdict(list)
    for item in asked():
        groups[item.id.rpartition("-")[0]].append(item)
    assert len(groups) == 2
    for one, other in groups.values():
        assert {o.text for o in one.options} == {o.text for o in other.options} and one.split == other.split
        assert one.options[one.key].text != other.options[other.key].text


def test_the_cases_of_a_chain_are_in_dev_and_twin_by_turns_with_all_their_variants() -> None:
    third = [
        msgspec.structs.replace(c, id=c.id + "-too", chain=HEAT, situation=f"Too. {c.situation}") for c in WORLD.cases if c.chain == HEAT
    ]
    split = {(i.stem, i.split) for i in asked(with_cases(*WORLD.cases, *third))}
    of_case = {case.id: {s for stem, s in split if stem.startswith(case.situation)} for case in (*WORLD.cases, *third)}
    assert of_case == {"ovens/a-hotter-oven": {"dev"}, "ovens/a-hotter-oven-too": {"twin"}, "ovens/a-leaking-vent": {"dev"}}


def test_of_a_sealed_case_only_the_first_variant_is_asked() -> None:
    share = share_that_seals(STEAM)
    found = [i for i in asked(sealed_share=share) if i.chain == STEAM]
    first = next(c for c in WORLD.cases if c.chain == STEAM)
    assert [(i.split, i.stem) for i in found] == [("sealed", f"{first.situation} {first.question}")]


def test_a_sealed_chain_has_one_case() -> None:
    both = [msgspec.structs.replace(c, chain=STEAM) for c in WORLD.cases]
    assert [i.split for i in asked(with_cases(*both), share_that_seals(STEAM))] == ["sealed"]


def test_a_case_of_an_open_chain_is_sealed_if_it_rests_on_a_sealed_one() -> None:
    """The case of the open chain denies a statement of the sealed one in one option."""
    from proda.tester.splits import sealed_chains

    share = min(share_that_seals(HEAT), share_that_seals(STEAM))
    (closed,) = sealed_chains(WORLD.chains, share) & {HEAT, STEAM}
    case = next(c for c in WORLD.cases if c.chain != closed)
    wrong = next(n for n, o in enumerate(case.options) if o.breaks)
    options = [msgspec.structs.replace(o, breaks=f"{closed}.s1") if n == wrong else o for n, o in enumerate(case.options)]
    changed = msgspec.structs.replace(case, options=tuple(options))
    assert [i.split for i in asked(with_cases(case), share)] == ["dev"]
    assert [i.split for i in asked(with_cases(changed), share)] == ["sealed"]


@pytest.mark.parametrize("chain", [HEAT, STEAM])
def test_a_case_of_a_retired_chain_is_not_asked(chain: str) -> None:
    found = asked(with_cases(retired=chain))
    assert {i.chain for i in found} == {HEAT, STEAM} - {chain}
