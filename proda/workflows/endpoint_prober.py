"""Probes of models that an endpoint serves: `proda/workflows/prober.py`, with answers from the endpoint.

    prober = endpoint_prober(params, Path("."))             # an error for letter scoring
    found = prober.examined(knowledge, items, outcomes, samples)

Probes compare the log-likelihoods of options, so an endpoint must return the log-probabilities of the prompt. With letter scoring there is
no dependence in the metrics, and no diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proda.errors import ParamsError
from proda.params import Params
from proda.workflows.endpoint_scorer import endpoint_scorer
from proda.workflows.prober import Prober

if TYPE_CHECKING:
    from proda.tester.endpoint_scores import EndpointScorer
    from proda.tester.scoring import Question


class EndpointProber(Prober):
    """Asks an endpoint instead of loading models. Its answers are kept in build/replies."""

    def __init__(self, scorer: EndpointScorer, models: Sequence[str]) -> None:
        super().__init__(Path(), {model: Path() for model in models}, batch_tokens=1, cache=Path())
        self.scorer = scorer

    def scores(self, questions: Sequence[Question]) -> dict[str, list[list[float]]]:
        """Return model → the summed log-likelihood of each option of each question. Raises EndpointError."""
        return {model: self.scorer.option_scores(model, questions) for model in self.adapters}


def endpoint_prober(params: Params, root: Path) -> EndpointProber:
    """Return what probes the tuned models of `params`, for the repository at `root`. Raises ParamsError for letter scoring.

    Also raises what `endpoint_scorer` raises.
    """
    if params.evaluate.scoring == "letter":
        raise ParamsError(
            "params.yaml  evaluate.scoring\n  Got letter with evaluate.backend endpoint. Probes compare the log-likelihoods of options, so"
            " there is no diagnosis. Use scoring: loglikelihood, with a server that returns the log-probabilities of the prompt."
        )
    return EndpointProber(endpoint_scorer(params, root), [f"seed-{seed}" for seed in params.train.seeds])
