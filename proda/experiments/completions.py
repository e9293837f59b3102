"""Conventional synthesis, the arm of the study that uses no knowledge: sentences of the sources to be completed. Pure.

    completions({"physics": {"physics/heat#3": "A metal strip bends towards …"}}, {"physics": 40})     # 40 samples

Deterministic: the same sentences and shares give the same samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import cycle, islice

import msgspec

from proda.errors import NotFoundError
from proda.experiments.arms import evenly
from proda.records import Sample
from proda.stable_hash import by_weight

FRAMES = (
    "Complete this sentence: {start} …",
    "How does this sentence from a text on {discipline} go on? {start} …",
    "Continue the text on {discipline}: {start} …",
)
MIN_WORDS = 6  # a shorter sentence leaves nothing to complete


def completions(sentences: Mapping[str, Mapping[str, str]], shares: Mapping[str, int]) -> tuple[Sample, ...]:
    """Returns samples that ask to complete a sentence, as many for each discipline as `shares` says.

    `sentences` maps each discipline to sentences by place. A discipline's samples are shared evenly among its sentences; the samples of a
    discipline without sentences go to all others. Samples of one sentence differ in where it is cut or in how the question is worded.
    Raises NotFoundError if no sentence has MIN_WORDS words.
    """
    usable = {d: {place: s for place, s in told.items() if len(s.split()) >= MIN_WORDS} for d, told in sentences.items()}
    texts = {place: (d, s) for d, told in usable.items() for place, s in told.items()}
    if not texts:
        raise NotFoundError(
            f"knowledge/sources\n  No source has a sentence of {MIN_WORDS} words or more, so there is nothing to complete."
            " Leave out the arm `sentences`."
        )
    orders = [o for d, count in sorted(shares.items()) for o in evenly(usable.get(d, ()), count, "sentences")]
    orders += evenly(texts, sum(count for d, count in shares.items() if not usable.get(d)), "sentences")
    wanted: Counter[str] = Counter()
    for order in orders:
        wanted[order.node] += order.count
    return tuple(s for place, count in sorted(wanted.items()) for s in islice(cycle(_cuts(place, *texts[place])), count))


def _cuts(place: str, discipline: str, sentence: str) -> Iterator[Sample]:
    words = sentence.split()
    cuts = by_weight(range(2, len(words) - 1), "cut", place)
    for lap in range(len(FRAMES)):
        for number, cut in enumerate(cuts):
            frame = FRAMES[(number + lap) % len(FRAMES)]
            asked = frame.replace("{discipline}", discipline.replace("-", " ")).replace("{start}", " ".join(words[:cut]))
            ordinal = lap * len(cuts) + number + 1
            sample = Sample(f"{place}:open-{ordinal}", "open", (), asked, " ".join(words[cut:]))
            yield msgspec.structs.replace(sample, unit=place, discipline=discipline, number=ordinal)
