"""The shortcut audit: baseline solvers that do not know the answer must stay near chance.

    longest, shortest        the option with the most, the fewest characters
    letter                   always the same letter (the best of the four, chosen afterwards)
    options-typical, -odd    the option most, least like the other three by shared words; does not see the stem
    options-learned          logistic regression on features and words of the options; does not see the stem; cross-validated over
                             chains (five folds)
    overlap, overlap-least   the option that shares most, fewest words with the stem
    echo                     the option that shares most word stems with the stem, articles and prepositions left out
    same-topic               the option whose concepts are nearest to those of the stem in the knowledge graph (`_nearness`)

If each solver scores .25, none of them can pass the benchmark. This says nothing about other solvers; the stage `evaluate` adds a tuned
model that sees the options only (`without_stem`). Scores are computed before quarantine. Tied options share the credit, so a solver
without a preference scores at chance. Intervals are 95 % bootstrap intervals over chains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from proda.errors import EmptyBenchmarkError
from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.naming import names_of
from proda.language.word_stems import stems
from proda.records import LETTERS, Item
from proda.stable_hash import seed_of
from proda.statistics import mean_interval

Scores = NDArray[np.float64]  # (items, options): the solver picks the option with the highest score
FOLDS = 5
FAR = 3  # distance in the knowledge graph beyond which concepts are not told apart


class SolverScore(TypedDict):
    """Accuracy of a solver, with a 95 % interval over chains."""

    accuracy: float
    ci95_low: float
    ci95_high: float


def audit(items: Sequence[Item], knowledge: Knowledge | None = None, *, resamples: int = 2000) -> dict[str, SolverScore]:
    """Return solver → accuracy over `items` with its interval, before quarantine; chance is .25.

    The solver `same-topic` needs the knowledge, and is left out without it. Deterministic. Raises EmptyBenchmarkError without items.
    """
    if not items:
        raise EmptyBenchmarkError("There are no items to audit, so nothing would be proven. Expected at least one item.")
    keys = np.array([item.key for item in items])
    credited = {solver: _credit(solve(items), keys) for solver, solve in SOLVERS.items()}
    if knowledge is not None:
        credited["same-topic"] = _credit(_nearness(knowledge, items), keys)
    favourite = int(np.bincount(keys, minlength=len(LETTERS)).argmax())
    credited["letter"] = (keys == favourite).astype(float)
    return {solver: _score(items, credit, resamples) for solver, credit in credited.items()}


def _score(items: Sequence[Item], credit: NDArray[np.float64], resamples: int) -> SolverScore:
    cells = [(item.chain, "", float(value)) for item, value in zip(items, credit, strict=True)]
    mean, low, high = (round(value, 4) for value in mean_interval(cells, resamples=resamples))
    return {"accuracy": mean, "ci95_low": low, "ci95_high": high}


def giveaways(items: Sequence[Item]) -> dict[str, str]:
    """Return item id → reason for items whose right option stands out both in length and in overlap with the stem."""
    overlap, lengths = _overlap(items), _length(items)
    found = {}
    for row, item in enumerate(items):
        rivals = [n for n in range(len(item.options)) if n != item.key]
        longer = lengths[row, item.key] > 1.5 * lengths[row, rivals].max()
        closer = overlap[row, item.key] > overlap[row, rivals].max()
        if longer and closer:
            found[item.id] = "the right option is half as long again as any other and alone shares most words with the stem"
    return found


def _credit(scores: Scores, keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each item 1 if the solver is right, 0 if it is wrong, and a share of 1 if the right option is tied for the best."""
    best = scores == scores.max(axis=1, keepdims=True)
    return np.asarray(best[np.arange(len(keys)), keys] / best.sum(axis=1))


def _length(items: Sequence[Item]) -> Scores:
    return np.array([[float(len(o.text)) for o in item.options] for item in items])


def _overlap(items: Sequence[Item]) -> Scores:
    rows = []
    for item in items:
        stem = set(words(item.stem))
        rows.append([float(len(stem & set(words(o.text)))) for o in item.options])
    return np.array(rows)


def _echo(items: Sequence[Item]) -> Scores:
    rows = []
    for item in items:
        stem = stems(item.stem)
        rows.append([float(len(stem & stems(o.text))) for o in item.options])
    return np.array(rows)


def _nearness(knowledge: Knowledge, items: Sequence[Item]) -> Scores:
    """(items, options): minus the mean distance of the option's concepts to the nearest concept that the stem names.

    The distance is 0 for a concept that the stem names, 1 if a statement joins the two or both are of one topic, 2 for two such steps, and
    3 for more, or if either text names no concept. Statements that the item rests on do not count: the solver knows what lies together,
    and not the answer.
    """
    names = names_of(knowledge)
    rows = []
    for item in items:
        reached = _reached(knowledge, names.found(words(item.stem)), frozenset(item.statements))
        row = []
        for option in item.options:
            named = sorted(names.found(words(option.text)))
            row.append(-sum(reached.get(c, FAR) for c in named) / len(named) if named else -float(FAR))
        rows.append(row)
    return np.round(np.array(rows), 9)


def _reached(knowledge: Knowledge, start: frozenset[str], without: frozenset[str]) -> dict[str, int]:
    """Concept → its distance from the nearest concept in `start`, for distances below FAR."""
    found = dict.fromkeys(start, 0)
    edge: set[str] = set(start)
    for distance in range(1, FAR):
        nearby: set[str] = set()
        for concept in edge:
            here = knowledge.concepts[concept]
            nearby.update(knowledge.concepts_of.get((here.discipline, here.topic), ()))
            nearby.update(s.object for s in knowledge.by_subject.get(concept, ()) if s.id not in without)
            nearby.update(s.subject for s in knowledge.by_object.get(concept, ()) if s.id not in without)
        edge = nearby - found.keys()
        found |= dict.fromkeys(edge, distance)
    return found


def _typical(items: Sequence[Item]) -> Scores:
    rows = []
    for item in items:
        bags = [Counter(words(o.text)) for o in item.options]
        rows.append([sum(_similarity(bag, other) for other in bags if other is not bag) for bag in bags])
    # Rounded, so that sums added up in another order are still equal.
    return np.round(np.array(rows), 9)


def _similarity(one: Counter[str], two: Counter[str]) -> float:
    shared = sum((one & two).values())
    return 2 * shared / max(sum(one.values()) + sum(two.values()), 1)


def _learned(items: Sequence[Item]) -> Scores:
    """Cross-validated over chains: an item is not scored by a model that was fitted to an item of the same chain."""
    chains = np.array([item.chain for item in items])
    folds = np.array([seed_of("fold", item.chain) % FOLDS for item in items])
    keys = np.array([item.key for item in items])
    features = np.concatenate([_looks(items), _word_evidence(items)[..., None]], axis=2)
    features[..., -1] -= features[..., -1].mean(axis=1, keepdims=True)
    scores = np.zeros((len(items), len(LETTERS)))
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(np.unique(chains[train])) > 1 and len(test):
            scores[test] = features[test] @ _conditional_logit(features[train], keys[train])
    return np.round(scores, 9)


def _word_evidence(items: Sequence[Item]) -> NDArray[np.float64]:
    """(items, options): sum over the option's words of the log odds of being in a right option, estimated on *other* chains."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    own: dict[str, tuple[Counter[str], Counter[str]]] = {}
    bags = []
    for item in items:
        options = [set(words(o.text)) for o in item.options]
        common = set.intersection(*options)
        options = [bag - common for bag in options]
        bags.append(options)
        mine = own.setdefault(item.chain, (Counter(), Counter()))
        for place, bag in enumerate(options):
            (right if place == item.key else wrong).update(bag)
            mine[0 if place == item.key else 1].update(bag)
    rows = []
    for item, options in zip(items, bags, strict=True):
        mine_right, mine_wrong = own[item.chain]
        odds = {w: np.log((right[w] - mine_right[w] + 1) / ((wrong[w] - mine_wrong[w]) / 3 + 1)) for bag in options for w in bag}
        rows.append([float(sum(odds[w] for w in sorted(bag))) for bag in options])
    return np.array(rows)


def _looks(items: Sequence[Item]) -> NDArray[np.float64]:
    """(items, options, features): length, words, commas, repeated words, typicality, place; centred within each item."""
    raw = []
    for item, typical in zip(items, _typical(items), strict=True):
        rows = []
        for place, option in enumerate(item.options):
            tokens = words(option.text)
            repeats = len(tokens) - len(set(tokens))
            marks = option.text.count(",") + option.text.count(";")
            rows.append([len(option.text) / 50, len(tokens) / 10, marks, repeats / 3, typical[place], float(place == 0)])
        raw.append(rows)
    looks = np.array(raw)
    return np.asarray(looks - looks.mean(axis=1, keepdims=True))


def _conditional_logit(features: NDArray[np.float64], keys: NDArray[np.int64], steps: int = 200) -> NDArray[np.float64]:
    """Weights of a conditional logit model of the right option, by gradient ascent with a small ridge penalty."""
    weights = np.zeros(features.shape[2])
    chosen = features[np.arange(len(keys)), keys]
    for _ in range(steps):
        logits = features @ weights
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        gradient = (chosen - np.einsum("no,nof->nf", odds, features)).mean(axis=0) - 1e-3 * weights
        weights += 0.5 * gradient
    return weights


SOLVERS: dict[str, Callable[[Sequence[Item]], Scores]] = {
    "longest": _length,
    "shortest": lambda items: -_length(items),
    "options-typical": _typical,
    "options-odd": lambda items: -_typical(items),
    "options-learned": _learned,
    "overlap": _overlap,
    "overlap-least": lambda items: -_overlap(items),
    "echo": _echo,
}
# What a solver picks, in words.
SOLVED_BY = {
    "longest": "the longest option",
    "shortest": "the shortest option",
    "letter": "the same letter always",
    "options-typical": "the option most like the other three, without reading the question",
    "options-odd": "the option least like the other three, without reading the question",
    "options-learned": "the option whose length and words suggest it, as learned from other chains, without reading the question",
    "overlap": "the option that shares most words with the question",
    "overlap-least": "the option that shares fewest words with the question",
    "echo": "the option that repeats most words of the question, whatever their endings",
    "same-topic": "the option whose concepts are nearest to those of the question: same topic, or joined by a statement",
}
