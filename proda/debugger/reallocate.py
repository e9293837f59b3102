"""Error rates by discipline → number of samples for each: the same total, more for more errors (the paper's second phase).

    errors = error_rates(outcomes, items, allocation)             {"history": .18, "physics": .44, …}
    reallocate({"history": 800, "physics": 800, …}, errors)       {"history": 412, "physics": 1006, …}

A discipline's share is the even share times its error over the mean error, but at least half of the even share (FLOOR), so that what is
known is not forgotten. The others give up samples for the floor in proportion. The result depends on the total and the errors only, so a
second call changes nothing. Pure; reads outcomes of dev and of no other split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from proda.errors import InputError, NotFoundError
from proda.records import Item, Outcome

FLOOR = Fraction(1, 2)  # of the even share


def error_rates(outcomes: Iterable[Outcome], items: Iterable[Item], disciplines: Iterable[str]) -> dict[str, float]:
    """Return discipline → share of wrong answers among the scored answers of tuned models to dev items, over seeds; sorted by name.

    A discipline without dev items gets the mean of the others. Raises NotFoundError if no answer of a tuned model is scored, InputError if
    an answered item has another text now or its discipline is not among `disciplines`.
    """
    known = {item.id: item.content_hash for item in items}
    wrong: dict[str, list[bool]] = defaultdict(list)
    changed = set()
    for outcome in outcomes:
        if outcome.model != "base" and outcome.split == "dev":
            if known.get(outcome.item) != outcome.hash:
                changed.add(outcome.item)
            elif outcome.correct is not None:
                wrong[outcome.discipline].append(not outcome.correct)
    if changed:
        count = "1 answered item has" if len(changed) == 1 else f"{len(changed)} answered items have"
        raise InputError(
            f"benchmarks/results/outcomes/dev.csv  {min(changed)}\n  {count} changed or been removed: the answers are stale."
            " Run `dvc repro`, then reallocate."
        )
    if not wrong:
        raise NotFoundError("benchmarks/results/outcomes/dev.csv\n  No answer of a tuned model to a dev item is scored. Run `dvc repro`.")
    named = sorted(disciplines)
    if unknown := sorted(wrong.keys() - set(named)):
        raise InputError(f"samples/allocation.yaml\n  no number for: {', '.join(unknown)}. List each discipline of the knowledge once.")
    rates = {name: sum(answers) / len(answers) for name, answers in wrong.items()}
    mean = sum(rates[name] for name in sorted(rates)) / len(rates)
    return {name: rates.get(name, mean) for name in named}


def reallocate(allocation: Mapping[str, int], errors: Mapping[str, float]) -> dict[str, int]:
    """Return discipline → number of samples, in proportion to `errors` above the floor; sorted by name.

    Rounded by largest remainders (ties by name), so that the sum is exactly that of `allocation`. Without any errors, returns `allocation`.
    """
    total, names = sum(allocation.values()), sorted(allocation)
    if not any(errors[name] for name in names):
        return {name: allocation[name] for name in names}
    floor = min(-(-total * FLOOR // len(names)), total // len(names))  # rounded up if there are enough samples
    low: set[str] = set()
    while True:
        rest, mass = total - floor * len(low), sum(Fraction(errors[n]) for n in names if n not in low)
        shares = {n: Fraction(floor) if n in low else rest * Fraction(errors[n]) / mass for n in names}
        below = {n for n in names if shares[n] < floor}
        if not below:
            return _rounded(shares, total)
        low |= below


def rewrite(text: str, allocation: Mapping[str, int]) -> str:
    """Return the text of samples/allocation.yaml with these numbers; every other character, comments included, stays as it was.

    `load_allocation` must accept `text`. Disciplines that it does not list are not added.
    """
    import yaml

    document: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    [(_, numbers)] = document.value
    for key, value in reversed(numbers.value):
        text = text[: value.start_mark.index] + str(allocation[key.value]) + text[value.end_mark.index :]
    return text


def _rounded(shares: Mapping[str, Fraction], total: int) -> dict[str, int]:
    found = {name: int(share) for name, share in shares.items()}
    left = total - sum(found.values())
    for name in sorted(shares, key=lambda n: (found[n] - shares[n], n))[:left]:
        found[name] += 1
    return found
