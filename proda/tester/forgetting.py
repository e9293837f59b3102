"""Measure on neutral text how far tuning moved a model from its base: token loss of both, and the Kullback–Leibler divergence.

    passages = neutral_passages(Path("."))                       # texts that neither the knowledge nor the samples are about
    found = forgetting(base, tuned, tokenizer, passages)
    found.base_loss, found.tuned_loss, found.kl                  # 3.012, 3.040, 0.021: nats per token
    found.loss_increase_interval()                               # (0.028, 0.019, 0.037)

Let x₁ … x_T be the tokens of a passage, x₁ being the tokenizer's beginning-of-text token if it has one. Tokens x₂ … x_T are *predicted*:
each model M gives a distribution p_M(· | x₁ … x_{t−1}) over the whole vocabulary for each of them. With N predicted tokens in all passages,

    loss(M)           = −1/N Σ log p_M(x_t | x₁ … x_{t−1})
    KL(base ‖ tuned)  =  1/N Σ Σ_v p_base(v | …) · (log p_base(v | …) − log p_tuned(v | …))

Both are means over tokens, so long passages weigh more. exp(loss) is the perplexity. The loss says whether the tuned model predicts this
text less well; the divergence is larger than 0 whenever the predictions differ at all, also where the text itself is predicted as well as
before. Reinforcement learning from human feedback penalises the same divergence with its arguments exchanged. Here the expectation is over
the base, so tokens count most that the base considered likely and the tuned model does not (forward KL).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from proda.errors import EmptyBenchmarkError, InputError
from proda.runtime.causal_lm import body_and_head, context_length

LENGTH = 512  # tokens of a passage that are read, at most
PORTION = 512  # predicted tokens whose logits are computed at once, as two float32 tensors with a column for each token of the vocabulary


class PassageLoss(msgspec.Struct, frozen=True):
    """Sums over the predicted tokens of one passage, in nats."""

    tokens: int
    base_nats: float
    tuned_nats: float
    kl_nats: float


class Forgetting(msgspec.Struct, frozen=True):
    """What was measured: one entry for each passage, in the order in which they were given."""

    passages: tuple[PassageLoss, ...]

    @property
    def tokens(self) -> int:
        """Number of predicted tokens in all passages."""
        return sum(p.tokens for p in self.passages)

    @property
    def base_loss(self) -> float:
        """Mean loss of the base in nats per token."""
        return sum(p.base_nats for p in self.passages) / self.tokens

    @property
    def tuned_loss(self) -> float:
        """Mean loss of the tuned model in nats per token."""
        return sum(p.tuned_nats for p in self.passages) / self.tokens

    @property
    def kl(self) -> float:
        """Mean divergence KL(base ‖ tuned) in nats per token."""
        return sum(p.kl_nats for p in self.passages) / self.tokens

    def loss_increase_interval(self, *, resamples: int = 2000, seed: int = 0) -> tuple[float, float, float]:
        """Return (loss of the tuned model minus loss of the base, low, high) in nats per token, with a 95 % interval over passages."""
        return _interval([(p.tokens, p.tuned_nats - p.base_nats) for p in self.passages], resamples, seed)

    def kl_interval(self, *, resamples: int = 2000, seed: int = 0) -> tuple[float, float, float]:
        """Return (divergence, low, high) in nats per token, with a 95 % interval over passages."""
        return _interval([(p.tokens, p.kl_nats) for p in self.passages], resamples, seed)


def _interval(sums: Sequence[tuple[int, float]], resamples: int, seed: int) -> tuple[float, float, float]:
    """Percentile bootstrap of a ratio of sums: passages are drawn with replacement. Deterministic."""
    tokens, nats = (np.array(column, dtype=float) for column in zip(*sums, strict=True))
    drawn = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    low, high = np.quantile(nats[drawn].sum(axis=1) / tokens[drawn].sum(axis=1), (0.025, 0.975))
    return float(nats.sum() / tokens.sum()), float(low), float(high)


def forgetting(
    base: Any,
    tuned: Any,
    tokenizer: Any,
    passages: Sequence[str],
    *,
    batch_tokens: int = 4096,
    advance: Callable[[int], None] = lambda _: None,
) -> Forgetting:
    """Compare two causal language models with one tokenizer on `passages`.

    Each passage is a document of its own, of which at most LENGTH tokens are read, fewer if a model's context is shorter. `batch_tokens`
    limits rows × columns of a batch, padding included; results depend on it by rounding only. After each batch `advance` gets its number of
    passages. Deterministic on one machine. Both models are evaluated without dropout, and their training mode is restored. A model that
    gives a number that is not finite makes the result NaN or infinite; nothing is left out.

    Raises EmptyBenchmarkError if no passage has a token to predict, and InputError if the two models have vocabularies of different sizes.
    """
    import torch

    sizes = [int(model.get_output_embeddings().weight.shape[0]) for model in (base, tuned)]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"The base has {sizes[0]:,} tokens in its vocabulary and the tuned model {sizes[1]:,}; expected the same tokens in both."
        )
    rows = _rows(tokenizer, passages, min(LENGTH, context_length(base), context_length(tuned)))
    if not any(len(row.tokens) > 1 for row in rows):
        raise EmptyBenchmarkError(f"Got {len(passages)} passages without a token to predict, expected text. Nothing would be measured.")
    found = [PassageLoss(0, 0.0, 0.0, 0.0)] * len(rows)
    modes = base.training, tuned.training
    base.eval()
    tuned.eval()
    try:
        with torch.inference_mode():
            for batch in _batches(rows, batch_tokens):
                for row, loss in zip(batch, _measured(base, tuned, [row.tokens for row in batch]), strict=True):
                    found[row.place] = loss
                advance(len(batch))
    finally:
        base.train(modes[0])
        tuned.train(modes[1])
    return Forgetting(tuple(found))


class _Row(NamedTuple):
    """The tokens of a passage, and its place among the passages."""

    place: int
    tokens: list[int]


def _rows(tokenizer: Any, passages: Sequence[str], length: int) -> list[_Row]:
    if not passages:
        return []
    head = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    encoded = tokenizer(list(passages), add_special_tokens=False, verbose=False)["input_ids"]
    return [_Row(place, [*head, *ids][:length] if ids else []) for place, ids in enumerate(encoded)]


def _batches(rows: Sequence[_Row], batch_tokens: int) -> Iterator[list[_Row]]:
    """Rows with a token to predict, the longest first, in batches of similar length."""
    todo = sorted((row for row in rows if len(row.tokens) > 1), key=lambda row: (-len(row.tokens), row.place))
    while todo:
        size = max(1, batch_tokens // len(todo[0].tokens))
        yield todo[:size]
        todo = todo[size:]


def _measured(base: Any, tuned: Any, rows: Sequence[list[int]]) -> list[PassageLoss]:
    """Padding comes last, where no token of a causal model attends to it, and is not predicted."""
    import torch

    width = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    at = [(r, t) for r, row in enumerate(rows) for t in range(len(row) - 1)]
    row_at, token_at = (torch.tensor(part) for part in zip(*at, strict=True))
    wanted = tokens[row_at, token_at + 1]
    states = [_States(model, tokens, row_at, token_at) for model in (base, tuned)]
    sums = torch.zeros(len(rows), 3, dtype=torch.float64)
    for start in range(0, len(at), PORTION):
        here = slice(start, start + PORTION)
        p, q = (state.log_probabilities(here) for state in states)
        picked = wanted[here, None]
        nats = [-p.gather(1, picked)[:, 0], -q.gather(1, picked)[:, 0], (p.exp() * (p - q)).double().sum(dim=1)]
        sums.index_add_(0, row_at[here], torch.stack([n.double() for n in nats], dim=1))
    return [PassageLoss(len(row) - 1, *values) for row, values in zip(rows, sums.tolist(), strict=True)]


class _States:
    """What a model computes for the positions at which tokens are predicted; logits are made of it portion by portion."""

    def __init__(self, model: Any, tokens: Any, row_at: Any, token_at: Any) -> None:
        device = next(model.parameters()).device
        inputs = {"input_ids": tokens.to(device), "use_cache": False}
        parts = body_and_head(model)
        self.project = None if parts is None else parts[1]
        whole = model(**inputs).logits if parts is None else parts[0](**inputs).last_hidden_state
        self.found = whole[row_at.to(device), token_at.to(device)]

    def log_probabilities(self, here: slice) -> Any:
        """(positions, vocabulary) of log probabilities in float32, on the CPU."""
        import torch

        part = self.found[here]
        logits = part if self.project is None else self.project(part)
        return torch.log_softmax(logits.float(), dim=-1).cpu()
