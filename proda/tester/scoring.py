"""Items × model → outcomes, by the log-likelihood of each option as the continuation of the stem.

    outcomes = score_items(model, tokenizer, items, name="seed-0")
    outcomes[0]    Outcome(item="physics/bimetal-strip-bends:dev-path", model="seed-0", chosen="B", correct=True, margin=0.41, …)

An option's score is Σ log p(its tokens | prompt), divided by its number of characters (so that neither a long option nor a finely cut
one is at a disadvantage). Prompt and options of an item are one row of tokens, a *tree*: what options share is computed once, each
token sees its ancestors alone, and its position is its depth. Where an architecture does not honour such a mask, found out by
comparing both ways on the first items, the options are scored one by one. Scores do not depend on batch size or order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from proda.records import LETTERS, Item, Outcome
from proda.runtime.causal_lm import attention, body_and_head, context_length

Question = tuple[str, tuple[str, ...]]
"""A prompt and the texts that may follow it after one blank."""

NO_STEM = "Answer:"
TOLERANCE = 1e-3  # nats by which tree and plain scores of a whole option may differ before the tree is given up
PORTION = 512  # tokens whose logits are computed at once
CHECKED = 3  # items on which both ways are compared


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
    """Outcomes in the order of the items. `name` is the outcomes' model: "base", "seed-0".

    `without_stem` shows the options behind a bare "Answer:": what a model gets right then, it owes to plausibility. `advance` is told how
    many more items are done.
    """
    questions = [(NO_STEM if without_stem else i.prompt, tuple(o.text for o in i.options)) for i in items]
    totals = option_scores(model, tokenizer, questions, batch_tokens=batch_tokens, advance=advance)
    return [judge(item, name, scores) for item, scores in zip(items, totals, strict=True)]


def judge(item: Item, name: str, totals: Sequence[float]) -> Outcome:
    """The outcome of summed log-likelihoods, one an option. A score that is no finite number leaves the item unscored."""
    lengths = [len(o.text) for o in item.options]
    if len(totals) != len(lengths) or not all(lengths) or not all(map(math.isfinite, totals)):
        return outcome(item, name, None, None)
    means = [total / length for total, length in zip(totals, lengths, strict=True)]
    best = max(range(len(means)), key=means.__getitem__)
    wrong = max(m for k, m in enumerate(means) if k != item.key)
    margin = means[item.key] - wrong
    # A tie is no knowledge: whichever letter came first would win it.
    if margin == 0 and best == item.key:
        best = next(k for k, m in enumerate(means) if k != item.key and m == wrong)
    return outcome(item, name, LETTERS[best], margin)


def outcome(item: Item, name: str, chosen: str | None, margin: float | None) -> Outcome:
    """The record of a choice; `chosen` None is unscored."""
    right = None if chosen is None else chosen == item.answer
    operator = "" if chosen is None or right else item.options[LETTERS.index(chosen)].operator or ""
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
    """Summed log-likelihood in nats of every option of every question, in their order.

    Not a number where a question does not fit the model's context, or an option is empty.
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
    """Tokens in an order in which parents come first; `parents[0]` is -1; `paths` are each option's token indexes."""

    tokens: list[int]
    parents: list[int]
    depths: list[int]
    prompt: int  # tokens of the prompt, the first of the tree
    paths: list[list[int]]


def _trees(tokenizer: Any, questions: Sequence[Question], context: int) -> list[_Tree | None]:
    prompts = tokenizer([q[0] for q in questions], add_special_tokens=False, verbose=False)["input_ids"]
    flat = tokenizer([f" {o}" for q in questions for o in q[1]] or [" "], add_special_tokens=False, verbose=False)["input_ids"]
    head = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    trees: list[_Tree | None] = []
    at = 0
    for (_, options), prompt in zip(questions, prompts, strict=True):
        tree = _tree([*head, *prompt], flat[at : at + len(options)])
        at += len(options)
        fits = all(options) and len(prompt) + len(head) > 0 and max(tree.depths) < context
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
    return _Tree(tokens, parents, depths, len(prompt), paths)


def _groups(usable: Sequence[int], trees: Sequence[_Tree | None], batch_tokens: int) -> Iterator[list[int]]:
    """Question numbers of alike length together, at most `batch_tokens` with padding; at least one a group."""
    group: list[int] = []
    for n in sorted(usable, key=lambda n: (-len(trees[n].tokens), n)):  # type: ignore[union-attr]
        if group and len(trees[group[0]].tokens) * (len(group) + 1) > batch_tokens:  # type: ignore[union-attr]
            yield group
            group = []
        group.append(n)
    if group:
        yield group


def _tree_scores(model: Any, trees: Sequence[_Tree]) -> list[list[float]]:
    width = max(len(t.tokens) for t in trees)
    tokens = np.zeros((len(trees), width), dtype=np.int64)
    depths = np.zeros((len(trees), width), dtype=np.int64)
    mask = np.zeros((len(trees), width, width), dtype=bool)
    mask[:, np.arange(width), np.arange(width)] = True  # padding sees itself, so that no row is empty
    wanted_row, wanted_at, wanted_token = [], [], []
    for r, tree in enumerate(trees):
        n, p = len(tree.tokens), tree.prompt
        tokens[r, :n], depths[r, :n] = tree.tokens, tree.depths
        mask[r, :p, :p] |= np.tri(p, dtype=bool)
        for child in range(p, n):
            mask[r, child] |= mask[r, tree.parents[child]]
        wanted_row += [r] * (n - p)
        wanted_at += tree.parents[p:]
        wanted_token += tree.tokens[p:]
    values = _log_likelihoods(model, tokens, depths, mask, (wanted_row, wanted_at), wanted_token)
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
    at: tuple[list[int], list[int]],
    wanted: list[int],
) -> np.ndarray[Any, Any]:
    """Log-likelihood of the wanted token after each (row, column) of `at`; only these pass through the vocabulary, a portion at a time
    (the logits of a whole batch do not fit any cache), where body and head can be had apart.
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
    rows, columns = (torch.tensor(part, device=first.device) for part in at)
    parts = body_and_head(model)
    if parts is None:
        found, project = model(**inputs).logits[rows, columns], None
    else:
        body, project = parts
        found = body(**inputs).last_hidden_state[rows, columns]
    picked = torch.tensor(wanted, device=first.device)
    values = []
    for start in range(0, len(wanted), PORTION):
        part = found[start : start + PORTION]
        logits = part if project is None else project(part)
        losses = torch.nn.functional.cross_entropy(logits.float(), picked[start : start + PORTION], reduction="none")
        values.append(-losses.double().cpu().numpy())
    return np.concatenate(values) if values else np.zeros(0)


def _plain_scores(model: Any, trees: Sequence[_Tree]) -> list[list[float]]:
    """Each option by itself behind its prompt, no padding, no mask: slow, and right for every causal model."""
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
    """Whether the model scores these trees as it scores their options one by one. An architecture that refuses the inputs does not."""
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
