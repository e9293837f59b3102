"""Score items by the log-likelihood that a model gives to each option as the continuation of the stem.

    outcomes = score_items(model, tokenizer, items, name="seed-0")
    outcomes[0]    Outcome(item="physics/bimetal-strip-bends:dev-bridge", model="seed-0", chosen="B", correct=True, margin=0.41, …)

The score of an option is Σ log p(its tokens | prompt), divided by its number of characters, so that neither long options nor options of
many tokens are at a disadvantage. Prompt and options of an item form one row of tokens, a *tree*: tokens that options share are computed
once, each token attends to its ancestors only, and its position is its depth. A last token of an option, which nothing follows, is not read
by the model. The first items are scored both as trees and option by
option; if the results differ, the architecture does not support such masks, and all options are scored one by one. Scores do not depend on
batch size or order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from proda.records import SUITE_LETTERS, Item, Outcome
from proda.runtime.causal_lm import attention, body_and_head, context_length
from proda.runtime.prompts import answer_tokens, prompt_tokens

Question = tuple[str, tuple[str, ...]]
"""A prompt and its options, the texts that may follow it after one blank."""

NO_STEM = "Answer:"
TOLERANCE = 1e-3  # largest relative difference between the scores of a tree and of its options one by one
PORTION = 512  # tokens whose logits are computed at once
CHECKED = 3  # items that are scored in both ways for comparison


def score_items(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    *,
    name: str,
    batch_tokens: int = 2048,
    without_stem: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Return outcomes in the order of the items. `name` is the name of the model in the outcomes, for example "base" or "seed-0".

    `without_stem` shows the options after a bare "Answer:", so that correct answers come from plausible options alone. `advance` is called
    with the number of items done since the last call.
    """
    questions = [(NO_STEM if without_stem else i.prompt, tuple(o.text for o in i.options)) for i in items]
    totals = option_scores(model, tokenizer, questions, batch_tokens=batch_tokens, advance=advance)
    return [judge(item, name, scores) for item, scores in zip(items, totals, strict=True)]


def judge(item: Item, name: str, totals: Sequence[float]) -> Outcome:
    """Return the outcome for summed log-likelihoods, one per option. The item is unscored if any of them is not a finite number."""
    lengths = [len(o.text) for o in item.options]
    if len(totals) != len(lengths) or not all(lengths) or not all(map(math.isfinite, totals)):
        return outcome(item, name, None, None)
    means = [total / length for total, length in zip(totals, lengths, strict=True)]
    best = max(range(len(means)), key=means.__getitem__)
    wrong = max(m for k, m in enumerate(means) if k != item.key)
    margin = means[item.key] - wrong
    # In a tie the first letter would win by position, so the key does not win it.
    if margin == 0 and best == item.key:
        best = next(k for k, m in enumerate(means) if k != item.key and m == wrong)
    return outcome(item, name, SUITE_LETTERS[best], margin)


def outcome(item: Item, name: str, chosen: str | None, margin: float | None) -> Outcome:
    """Return the record of a choice. `chosen` is None for an unscored item."""
    right = None if chosen is None else chosen == item.answer
    operator = "" if chosen is None or right else item.options[SUITE_LETTERS.index(chosen)].operator or ""
    return Outcome(
        item.id, item.content_hash, name, item.split, item.discipline, item.chain, item.kind, item.answer, chosen, right, margin, operator
    )


def option_scores(
    model: Any,
    tokenizer: Any,
    questions: Sequence[Question],
    *,
    batch_tokens: int = 2048,
    advance: Callable[[int], None] = lambda _: None,
) -> list[list[float]]:
    """Return the summed log-likelihood in nats of every option of every question, in their order.

    A score is NaN if the question does not fit the model's context, or an option is empty.
    """
    import torch

    if not questions:
        return []
    trees = _trees(tokenizer, questions, context_length(model))
    scores: list[list[float]] = [[math.nan] * len(q[1]) for q in questions]
    usable = [n for n, t in enumerate(trees) if t is not None]
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            score = _tree_scores if _honours_trees(model, [trees[n] for n in usable[:CHECKED]]) else _plain_scores
            for group in _groups(usable, trees, batch_tokens):
                found = score(model, [trees[n] for n in group])  # type: ignore[misc]
                for n, values in zip(group, found, strict=True):
                    scores[n] = values
                advance(len(group))
    finally:
        model.train(was_training)
    advance(len(questions) - len(usable))
    return scores


class _Tree(NamedTuple):
    """A prompt and its options. Every token comes after its parent, and those that no token follows come last."""

    tokens: list[int]
    parents: list[int]  # index of each token's parent; -1 for the first token
    depths: list[int]
    prompt: int  # number of tokens of the prompt, which come first
    read: int  # number of tokens that another one follows, which the model has to read
    paths: list[list[int]]  # token indexes of each option


def _trees(tokenizer: Any, questions: Sequence[Question], context: int) -> list[_Tree | None]:
    prompts = prompt_tokens(tokenizer, [q[0] for q in questions])
    flat = answer_tokens(tokenizer, [o for q in questions for o in q[1]])
    trees: list[_Tree | None] = []
    at = 0
    for (_, options), prompt in zip(questions, prompts, strict=True):
        tree = _tree(prompt, flat[at : at + len(options)])
        at += len(options)
        fits = all(options) and len(prompt) > 0 and max(tree.depths) < context
        trees.append(tree if fits else None)
    return trees


def _tree(prompt: list[int], options: Sequence[list[int]]) -> _Tree:
    tokens, parents, depths = list(prompt), list(range(-1, len(prompt) - 1)), list(range(len(prompt)))
    children: dict[tuple[int, int], int] = {}
    paths = []
    for option in options:
        at, path = len(prompt) - 1, list[int]()
        for token in option:
            child = children.get((at, token))
            if child is None:
                child = children[at, token] = len(tokens)
                tokens.append(token)
                parents.append(at)
                depths.append(len(prompt) + len(path))
            path.append(child)
            at = child
        paths.append(path)
    followed = {*range(len(prompt)), *parents}
    order = sorted(range(len(tokens)), key=lambda n: n not in followed)
    number = {-1: -1} | {old: new for new, old in enumerate(order)}
    return _Tree(
        tokens=[tokens[n] for n in order],
        parents=[number[parents[n]] for n in order],
        depths=[depths[n] for n in order],
        prompt=len(prompt),
        read=len(followed - {-1}),
        paths=[[number[n] for n in path] for path in paths],
    )


def _groups(usable: Sequence[int], trees: Sequence[_Tree | None], batch_tokens: int) -> Iterator[list[int]]:
    """Groups of questions of similar length, with at most `batch_tokens` tokens including padding, or a single question."""
    group: list[int] = []
    for n in sorted(usable, key=lambda n: (-trees[n].read, n)):  # type: ignore[union-attr]
        if group and trees[group[0]].read * (len(group) + 1) > batch_tokens:  # type: ignore[union-attr]
            yield group
            group = []
        group.append(n)
    if group:
        yield group


def _tree_scores(model: Any, trees: Sequence[_Tree]) -> list[list[float]]:
    width = max(t.read for t in trees)
    tokens = np.zeros((len(trees), width), dtype=np.int64)
    depths = np.zeros((len(trees), width), dtype=np.int64)
    mask = np.zeros((len(trees), width, width), dtype=bool)
    mask[:, np.arange(width), np.arange(width)] = True  # padding attends to itself, so that no row of the mask is empty
    places: dict[tuple[int, int], int] = {}  # (row, column) that a wanted token follows → its number
    wanted: list[tuple[int, int]] = []  # number of the place before the token, token
    for r, tree in enumerate(trees):
        n, p = tree.read, tree.prompt
        tokens[r, :n], depths[r, :n] = tree.tokens[:n], tree.depths[:n]
        mask[r, :p, :p] |= np.tri(p, dtype=bool)
        for child in range(p, n):
            mask[r, child] |= mask[r, tree.parents[child]]
        wanted += [
            (places.setdefault((r, parent), len(places)), token) for parent, token in zip(tree.parents[p:], tree.tokens[p:], strict=True)
        ]
    values = _log_likelihoods(model, tokens, depths, mask, list(places), wanted)
    scores, at = [], 0
    for tree in trees:
        by_token = values[at : at + len(tree.tokens) - tree.prompt]
        scores.append([float(by_token[np.asarray(path) - tree.prompt].sum()) for path in tree.paths])
        at += len(by_token)
    return scores


def _log_likelihoods(
    model: Any,
    tokens: np.ndarray[Any, Any],
    positions: np.ndarray[Any, Any],
    mask: np.ndarray[Any, Any],
    places: Sequence[tuple[int, int]],
    wanted: Sequence[tuple[int, int]],
) -> np.ndarray[Any, Any]:
    """Log-likelihood of each wanted (place, token): of the token after the (row, column) that `places` has at this number.

    If body and head of the model can be separated, logits are computed for these places only, a portion at a time, because the logits of
    a whole batch exceed the processor's cache.
    """
    import torch

    first = next(model.parameters())
    allowed = attention(model, torch.from_numpy(mask).to(first.device)[:, None])
    inputs = {
        "input_ids": torch.from_numpy(tokens).to(first.device),
        "attention_mask": allowed,
        "position_ids": torch.from_numpy(positions).to(first.device),
        "use_cache": False,
    }
    rows, columns = torch.tensor(places, device=first.device).reshape(-1, 2).T
    parts = body_and_head(model)
    if parts is None:
        found, project = model(**inputs).logits[rows, columns], None
    else:
        body, project = parts
        found = body(**inputs).last_hidden_state[rows, columns]
    after, token = np.asarray(wanted, dtype=np.int64).reshape(-1, 2).T
    values = np.zeros(len(wanted))
    for start in range(0, len(places), PORTION):
        part = found[start : start + PORTION]
        likelihoods = torch.log_softmax((part if project is None else project(part)).float(), dim=-1)
        here = np.flatnonzero((after >= start) & (after < start + PORTION))
        values[here] = likelihoods[torch.from_numpy(after[here] - start), torch.from_numpy(token[here])].double().cpu().numpy()
    return values


def _plain_scores(model: Any, trees: Sequence[_Tree]) -> list[list[float]]:
    """Score each option alone after its prompt, without padding or mask: slow, but correct for every causal model."""
    import torch

    device = next(model.parameters()).device
    scores = []
    for tree in trees:
        values = []
        for path in tree.paths:
            tokens = torch.tensor([*tree.tokens[: tree.prompt], *(tree.tokens[k] for k in path)], device=device)
            logits = model(input_ids=tokens[None], use_cache=False).logits[0, tree.prompt - 1 : -1].float()
            values.append(-float(torch.nn.functional.cross_entropy(logits, tokens[tree.prompt :], reduction="none").double().sum()))
        scores.append(values)
    return scores


def _honours_trees(model: Any, trees: Sequence[Any]) -> bool:
    """Whether the model gives these trees the scores of their options one by one. False if it rejects the inputs."""
    try:
        tree = _tree_scores(model, trees)
    except (TypeError, ValueError, RuntimeError, IndexError):
        return False
    plain = _plain_scores(model, trees)
    return all(
        abs(a - b) <= TOLERANCE * max(1.0, abs(b)) or (math.isnan(a) and math.isnan(b))
        for left, right in zip(tree, plain, strict=True)
        for a, b in zip(left, right, strict=True)
    )
