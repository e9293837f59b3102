"""Proposed cases → the items that they would become, for comparing them with the other items and with training texts.

case_items(knowledge, {"a-line-at-twice-the-voltage": proposed}, "physics", seed=0, sealed_share=0.2)
    [Item(id="physics/high-voltage-saves-energy:dev-case-a-line-at-twice-the-voltage-1", …), …]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proda.graph import Knowledge
from proda.records import SPLITS, Case, CaseOption, Item
from proda.store.case_proposals import ProposedCase
from proda.tester.items import write_items


def case_items(
    knowledge: Knowledge, proposed: Mapping[str, ProposedCase], discipline: str, *, seed: int, sealed_share: float
) -> list[Item]:
    """Return the items of proposed cases, by their names in the knowledge, as they would be beside the other cases of their chains.

    Sorted by id. References to statements that do not exist are left out, as the benchmark does.
    """
    made = [case for name, one in proposed.items() for case in compiled(knowledge, name, one, discipline)]
    chains = {case.chain for case in made}
    cases = [*(case for case in knowledge.cases if case.chain in chains), *made]
    # The other items would be written too, and take seconds: so only what the cases rest on is given, and what decides what is sealed.
    used = {option.breaks for case in cases for option in case.options if option.breaks in knowledge.statements}
    needed = chains | {knowledge.statements[s].chain for s in used}
    near = [c for c in knowledge.chains.values() if c.id in needed or c.replaced_by is not None]
    stated = [knowledge.statements[s] for c in near for s in c.statements]
    world = Knowledge(knowledge.relations.values(), knowledge.concepts.values(), stated, near, cases)
    wanted = {f"{c.chain}:{split}-case-{c.id.removeprefix(f'{discipline}/')}-{c.variant}" for c in made for split in SPLITS}
    return [item for item in write_items(world, seed=seed, sealed_share=sealed_share) if item.id in wanted]


def compiled(knowledge: Knowledge, name: str, case: ProposedCase, discipline: str) -> Iterator[Case]:
    """Yield the variants of a proposed case as records, as the compiled knowledge would have them."""
    chain = knowledge.chains[f"{discipline}/{case.chain}"]
    letters = sorted(case.options)
    for number, variant in enumerate(case.variants, start=1):
        options = tuple(
            CaseOption(case.options[x], variant.wrong[x].because, _statement(variant.wrong[x].breaks, discipline))
            if x in variant.wrong
            else CaseOption(case.options[x], variant.because)
            for x in letters
        )
        where = (chain.id, discipline, chain.topic)
        yield Case(f"{discipline}/{name}", number, *where, variant.situation, case.question, options, letters.index(variant.answer))


def _statement(reference: str, discipline: str) -> str:
    full = reference if "/" in reference else f"{discipline}/{reference}"
    return full if "." in full else f"{full}.s1"
