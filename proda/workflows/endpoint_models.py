"""The models that an endpoint serves (`evaluate.backend: endpoint`), scored as the stage `evaluate` scores local ones.

    served = EndpointModels(params, Path("."))
    result = served.evaluate(knowledge, items, suites)      # as proda/tester/evaluate.py, without the held-out loss

The models are "base" and one "seed-N" for each seed of `train.seeds`. Neither weights of the base nor build/adapters are read.
Of neutral text only the loss is measured: the divergence from the base needs the probabilities of all tokens of the vocabulary, which no
such endpoint returns.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proda.debugger.probes import all_statement_probes
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Item, content_hash
from proda.store.neutral_losses import NeutralLoss
from proda.tester.endpoint_scores import served_name
from proda.tester.evaluate import Evaluation, Examined, evaluation, refuse_empty
from proda.tester.forgetting import LENGTH
from proda.tester.neutral_metrics import finite
from proda.workflows.dependence import known_statements
from proda.workflows.endpoint_prober import EndpointProber
from proda.workflows.endpoint_scorer import endpoint_scorer

if TYPE_CHECKING:
    from proda.tester.scoring import Question


class EndpointModels:
    """The base and the tuned models of `params`, for the repository at `root`."""

    def __init__(self, params: Params, root: Path) -> None:
        self.params = params.evaluate
        self.scorer = endpoint_scorer(params, root)
        self.tuned = [f"seed-{seed}" for seed in params.train.seeds]
        self.names = ["base", *self.tuned]

    @property
    def served(self) -> dict[str, str]:
        """Model → the name under which the endpoint serves it."""
        return {model: served_name(self.params.endpoint, model) for model in self.names}

    def evaluate(
        self, knowledge: Knowledge, items: Sequence[Item], suites: Mapping[str, Sequence[Item]], passages: Sequence[str] = ()
    ) -> Evaluation:
        """Score every model, one after the other. `passages` is neutral text, whose loss is measured by log-likelihood scoring only.

        Raises EndpointError, and EmptyBenchmarkError without items or with an empty suite.
        """
        refuse_empty(items, suites)
        suite = [item for each in suites.values() for item in each]
        probes = [] if self.scorer.by_letter else [(probe.prompt, probe.options) for probe in all_statement_probes(knowledge)]
        texts: list[Question] = [(passage, ()) for passage in passages]
        self.scorer.announce([(n, [*items, *suite], items, [*texts, *(probes if n != "base" else [])]) for n in self.names])
        examined = {
            name: Examined(
                self.scorer.outcomes(name, items),
                self.scorer.outcomes(name, suite),
                self.scorer.outcomes(name, items, without_stem=True),
                None,
            )
            for name in self.names
        }
        if self.scorer.by_letter:
            print("Letter scoring through an endpoint has no probes: the metrics have no dependence.", file=sys.stderr)
        known = None if self.scorer.by_letter else known_statements(knowledge, EndpointProber(self.scorer, self.tuned))
        return evaluation(examined, items, suites, self.params, known=known, neutral=self._neutral(passages))

    def _neutral(self, passages: Sequence[str]) -> list[NeutralLoss]:
        """Return the losses on passages that the base and all tuned models scored with the same number of tokens."""
        if not passages:
            return []
        measured = {name: self.scorer.text_losses(name, passages, length=LENGTH) for name in self.names}
        found = []
        for number, text in enumerate(passages):
            each = {name: loss for name, losses in measured.items() if (loss := losses[number])}
            if len(each) == len(self.names) and len({tokens for tokens, _ in each.values()}) == 1:
                found += [NeutralLoss(content_hash(text), tokens, name, finite(nats)) for name, (tokens, nats) in each.items()]
        if left_out := len(passages) - len({loss.passage for loss in found}):
            print(f"neutral text: {left_out:,} of {len(passages):,} passages are not scored by all models, and left out.", file=sys.stderr)
        return found
