"""The models that an endpoint serves (`evaluate.backend: endpoint`), scored as the stage `evaluate` scores local ones.

    served = EndpointModels(params, Path("."))
    result = served.evaluate(knowledge, items, suites)      # as proda/tester/evaluate.py, without the held-out loss

The models are "base" and one "seed-N" for each seed of `train.seeds`. Neither build/base nor build/adapters is read.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from proda.debugger.probes import all_statement_probes
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Item
from proda.tester.endpoint_scores import EndpointScorer, served_name
from proda.tester.evaluate import BLINDFOLDED, Evaluation, Examined, evaluation, refuse_empty
from proda.workflows.dependence import known_statements
from proda.workflows.endpoint_prober import EndpointProber


class EndpointModels:
    """The base and the tuned models of `params`, for the repository at `root`."""

    def __init__(self, params: Params, root: Path) -> None:
        self.params = params.evaluate
        self.scorer = EndpointScorer(params.evaluate, root)
        self.tuned = [f"seed-{seed}" for seed in params.train.seeds]
        self.names = ["base", *self.tuned]

    @property
    def served(self) -> dict[str, str]:
        """Model → the name under which the endpoint serves it."""
        return {model: served_name(self.params.endpoint, model) for model in self.names}

    def evaluate(self, knowledge: Knowledge, items: Sequence[Item], suites: Mapping[str, Sequence[Item]]) -> Evaluation:
        """Score every model, one after the other. Raises EndpointError, and EmptyBenchmarkError without items or with an empty suite."""
        refuse_empty(items, suites)
        suite = [item for each in suites.values() for item in each]
        unseen = {name: items if n < BLINDFOLDED else () for n, name in enumerate(self.names)}
        probes = [] if self.scorer.by_letter else [(probe.prompt, probe.options) for probe in all_statement_probes(knowledge)]
        self.scorer.announce([(name, [*items, *suite], unseen[name], probes if name != "base" else []) for name in self.names])
        examined = {
            name: Examined(
                self.scorer.outcomes(name, items),
                self.scorer.outcomes(name, suite),
                self.scorer.outcomes(name, unseen[name], without_stem=True),
                None,
            )
            for name in self.names
        }
        if self.scorer.by_letter:
            print("Letter scoring through an endpoint has no probes: the metrics have no dependence.", file=sys.stderr)
        known = None if self.scorer.by_letter else known_statements(knowledge, EndpointProber(self.scorer, self.tuned))
        return evaluation(examined, items, suites, self.params, known=known)
