"""Tuned models → which statements each of them knows, so that the stage `evaluate` can say whether outcomes hang on the statements.

    prober = Prober(Path("build/base"), adapters, batch_tokens=2048, cache=Path("build/cache"))
    known_statements(knowledge, prober)["seed-0"]["physics/bimetal-strip-bends.s1"]        # True

The probes, and the rule by which a statement counts as unknown, are those of the diagnosis.
"""

from __future__ import annotations

from proda.debugger.answered import UNKNOWN
from proda.debugger.probes import all_condition_probes, all_statement_probes
from proda.graph import Knowledge
from proda.workflows.prober import Prober


def known_statements(knowledge: Knowledge, prober: Prober) -> dict[str, dict[str, bool]]:
    """Return model → active statement → whether the model knows it: it answers at least half of the statement's probes correctly.

    Chains stand for their conditions. What no probe can be worded for is left out. Raises what loading a model raises.
    """
    known: dict[str, dict[str, bool]] = {}
    for probes in (all_statement_probes(knowledge), all_condition_probes(knowledge)):
        for model, answers in prober.answers(probes).items():
            right: dict[str, list[bool]] = {}
            for answer in (a for a in answers if a.scored):
                right.setdefault(answer.probe.node, []).append(answer.right)
            known.setdefault(model, {}).update({node: sum(each) >= UNKNOWN * len(each) for node, each in right.items()})
    return known
