"""A statement, or the conditions of a chain, count as known by the rule of the diagnosis: half of the probes are answered correctly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proda.debugger.probes import Answer, Probe, condition_probes, statement_probes
from proda.workflows.dependence import known_statements
from proda.workflows.prober import Prober
from tests.toyworld import knowledge

WORLD = knowledge(ovens=True)
HALF, LESS, ALL = "milling/wind-grinds-grain.s1", "milling/wind-grinds-grain.s2", "milling/wind-grinds-grain.s3"


class Recorded(Prober):
    """Answers by rule instead of by model."""

    def __init__(self) -> None:
        super().__init__(Path(), {"seed-0": Path(), "seed-1": Path()}, batch_tokens=1, cache=Path())
        self.asked: list[Probe] = []

    def answers(self, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        self.asked += probes
        number: dict[str, int] = {}
        found = []
        for probe in probes:
            number[probe.node] = number.get(probe.node, 0) + 1
            count = sum(p.node == probe.node for p in probes)
            share = {HALF: 0.5, LESS: 0.49}.get(probe.node, 1.0)
            right = number[probe.node] <= -(-share * count // 1) if probe.node != LESS else number[probe.node] <= (count - 1) // 2
            found.append(Answer(probe, 0.1 if right else -0.1, probe.means[1]))
        return {"seed-0": found, "seed-1": [Answer(p, -0.1, p.means[1]) for p in probes]}


def test_every_active_statement_and_the_conditions_of_every_chain_are_probed_and_half_of_the_probes_decide() -> None:
    prober = Recorded()
    known = known_statements(WORLD, prober)
    asked = {p.node for p in prober.asked}
    statements = {s for s in WORLD.active_statements if list(statement_probes(WORLD, WORLD.statements[s]))}
    chains = {c.id for c in WORLD.active_chains() if list(condition_probes(WORLD, c))}
    assert asked == statements | chains and len(statements) > 10 and len(chains) > 2
    assert known["seed-0"] == {s: s != LESS for s in asked}
    assert known["seed-1"] == dict.fromkeys(asked, False)
