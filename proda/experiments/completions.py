"""Conventional synthesis, the study's arm without knowledge: sentences of the sources, to be completed. Pure.

    completions({"physics": {"physics/heat#3": "A metal strip bends towards …"}}, {"physics": 40})     # 40 samples

The same sentences and shares give the same samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import cycle, islice

from proda.errors import NotFoundError
from proda.experiments.study import evenly
from proda.records import Sample
from proda.stable_hash import by_weight

FRAMES = (
    "Complete this sentence: {start} …",
    "How does this sentence from a text on {discipline} go on? {start} …",
    "Continue the text on {discipline}: {start} …",
)
MIN_WORDS = 6  # a shorter sentence leaves nothing to complete


def completions(sentences: Mapping[str, Mapping[str, str]], shares: Mapping[str, int]) -> tuple[Sample, ...]:
    """Sentences to be completed, as conventional synthesis has them: discipline → place → sentence becomes what `shares` asks for.

    A discipline's samples are shared evenly among its sentences; one without sentences gives its samples to all others. A sentence is cut
    at another word, or asked for in other words, each time. Raises NotFoundError if there is no sentence long enough.
    """
    usable = {d: {place: s for place, s in told.items() if len(s.split()) >= MIN_WORDS} for d, told in sentences.items()}
    texts = {place: (d, s) for d, told in usable.items() for place, s in told.items()}
    if not texts:
        raise NotFoundError("knowledge/sources\n  No source has a sentence that can be cut in two, so there is nothing to complete.")
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
            yield Sample(f"{place}:open-{lap * len(cuts) + number + 1}", "open", (), asked, " ".join(words[cut:]))
