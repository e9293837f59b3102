"""Errors by discipline → how many samples each gets: the same number in all, more where more goes wrong (the paper's second phase).

    errors = error_rates(outcomes, items, allocation)             {"history": .18, "physics": .44, …}
    reallocate({"history": 800, "physics": 800, …}, errors)       {"history": 412, "physics": 1006, …}

A discipline's share is its error over the mean error, times the even share, but never below half of the even share (FLOOR): what is
known must go on being taught, or it is forgotten. What the floor takes is taken from the others in proportion. The numbers follow from
the total and the errors alone, so doing it twice changes nothing. Pure; reads outcomes of dev and no others.
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
    """Discipline → share of wrong answers among the scored ones of tuned models on dev, over items and seeds; sorted by name.

    A discipline that dev does not ask about gets the mean of the others: nothing is known of it. Raises NotFoundError where no tuned answer
    is scored, InputError where an answered item reads differently now or its discipline is not among `disciplines`.
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
        raise InputError(
            f"benchmarks/results/outcomes/dev.csv  {min(changed)}\n  {len(changed)} answered items read differently now, or are gone:"
            " the answers are stale. Run `dvc repro`, then reallocate."
        )
    if not wrong:
        raise NotFoundError(
            "benchmarks/results/outcomes/dev.csv\n  No scored answer of a tuned model to a dev item: no error is known. Run `dvc repro`."
        )
    named = sorted(disciplines)
    if unknown := sorted(wrong.keys() - set(named)):
        raise InputError(f"samples/allocation.yaml\n  no number for: {', '.join(unknown)}. Name each discipline of the base once.")
    rates = {name: sum(answers) / len(answers) for name, answers in wrong.items()}
    mean = sum(rates[name] for name in sorted(rates)) / len(rates)
    return {name: rates.get(name, mean) for name in named}


def reallocate(allocation: Mapping[str, int], errors: Mapping[str, float]) -> dict[str, int]:
    """Discipline → number of samples, in proportion to `errors` above the floor, by largest remainders (ties by name); sorted by name.

    The sum is exactly that of `allocation`. Where there are no errors at all, `allocation` as it is.
    """
    total, names = sum(allocation.values()), sorted(allocation)
    if not any(errors[name] for name in names):
        return {name: allocation[name] for name in names}
    floor = min(-(-total * FLOOR // len(names)), total // len(names))  # rounded up, unless there are fewer samples than that
    low: set[str] = set()
    while True:
        rest, mass = total - floor * len(low), sum(Fraction(errors[n]) for n in names if n not in low)
        shares = {n: Fraction(floor) if n in low else rest * Fraction(errors[n]) / mass for n in names}
        below = {n for n in names if shares[n] < floor}
        if not below:
            return _rounded(shares, total)
        low |= below


def rewrite(text: str, allocation: Mapping[str, int]) -> str:
    """samples/allocation.yaml with these numbers; every other character, comments and all, as it was.

    `text` must be one that `load_allocation` reads. Disciplines that it does not name are not added.
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
