"""The overlap gate: no training text gives an item away.

Four ways in which a text can, each found exactly (no sampling, no sketch that could miss):

    path    the text names every concept of the path that an item asks for, however it is worded
    stem    the text holds most of the stem's word 5-grams
    key     the text holds most of the word 5-grams of stem and right option together
    near    stem and right option are nearly the whole text (Jaccard similarity of word 3-grams)

A *text* is one sample, or one sentence of the base's reading: what one training document says in one breath. Wording that many
items share ("which explanation leads all the way from …") says nothing of an item, so n-grams found in the stems of more than
`COMMON` chains are left out of the counts.

    report = overlap(items, texts, names, GuardParams())
    report.leaks      # sorted by item id; the build stops unless empty

`names` gives each concept's wordings (term, aliases), so that paraphrase around the concepts does not hide a leak.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.params import GuardParams
from proda.records import Item
from proda.store.training_texts import Text

WORD = re.compile(r"[^\W_]+")
NEAR_GRAM = 3
COMMON = 3
Gram = tuple[str, ...]


class Leak(msgspec.Struct, frozen=True):
    """A text that gives an item away, or comes close: `how` is the measure, `value` what it came to (1 is all of it)."""

    item: str
    where: str
    how: str
    value: float
    text: str


class Overlap(msgspec.Struct, frozen=True):
    """What the gate found. `worst` are the highest values that are no leaks yet, for each measure."""

    items: int
    texts: int
    leaks: list[Leak]
    worst: list[Leak]


class _Index(msgspec.Struct):
    """Items by what to look for in a text; built once, read for every text."""

    grams: dict[str, dict[Gram, list[int]]]  # measure → n-gram → item numbers
    sizes: dict[str, list[int]]  # measure → how many n-grams (or concepts) each item has
    first: dict[str, list[tuple[Gram, str]]]  # first word of a wording → (its words, concept)
    paths: dict[str, list[int]]  # concept → numbers of the items whose path it is on


def words(text: str) -> list[str]:
    """Lower-case words, in order; punctuation, case and line breaks do not count."""
    return WORD.findall(text.lower())


def overlap(
    items: Sequence[Item],
    texts: Iterable[Text],
    paths: Mapping[str, frozenset[str]],
    names: Mapping[str, Sequence[str]],
    params: GuardParams,
    worst: int = 20,
) -> Overlap:
    """Compare every item with every text.

    `paths` maps item id → concept ids of its path; `names` concept id → its wordings. Leaks and near misses are sorted by item,
    then place; independent of the order of the texts. Raises EmptyBenchmarkError without items: nothing would be proven.
    """
    if not items:
        raise EmptyBenchmarkError("There are no items to guard. Build the benchmark first.")
    index = _index(items, paths, names, params)
    limits = {"path": 1.0, "stem": params.containment, "key": params.containment, "near": params.jaccard}
    leaks: list[Leak] = []
    close: dict[str, list[Leak]] = defaultdict(list)
    count = 0
    for text in texts:
        count += 1
        for number, how, value in _measure(index, words(text.text), params.ngram):
            found = Leak(items[number].id, text.where, how, round(value, 4), text.text)
            if value >= limits[how]:
                leaks.append(found)
            else:
                close[how].append(found)
                if len(close[how]) > 50 * worst:
                    close[how] = _highest(close[how], worst)
    near_misses = [leak for how in sorted(close) for leak in _highest(close[how], worst)]
    return Overlap(len(items), count, sorted(leaks, key=_place), near_misses)


def _highest(leaks: list[Leak], count: int) -> list[Leak]:
    return sorted(leaks, key=lambda leak: (-leak.value, *_place(leak)))[:count]


def _place(leak: Leak) -> tuple[str, str, str]:
    return (leak.item, leak.where, leak.how)


def grams(tokens: Sequence[str], size: int) -> set[Gram]:
    """All runs of `size` words; the whole text if it is shorter."""
    if len(tokens) <= size:
        return {tuple(tokens)} if tokens else set()
    return {tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)}


def _index(items: Sequence[Item], paths: Mapping[str, frozenset[str]], names: Mapping[str, Sequence[str]], params: GuardParams) -> _Index:
    stems = [words(item.stem) for item in items]
    template = _template_grams(items, stems, params.ngram)
    index = _Index({how: {} for how in ("stem", "key", "near")}, {how: [] for how in ("stem", "key", "near", "path")}, {}, {})
    for number, item in enumerate(items):
        whole = [*stems[number], *words(item.options[item.key].text)]
        looked_for = {
            "stem": grams(stems[number], params.ngram) - template,
            "key": grams(whole, params.ngram) - template,
            "near": grams(whole, NEAR_GRAM),
        }
        for how, found in looked_for.items():
            index.sizes[how].append(len(found))
            for gram in found:
                index.grams[how].setdefault(gram, []).append(number)
        index.sizes["path"].append(len(paths[item.id]))
        for concept in paths[item.id]:
            index.paths.setdefault(concept, []).append(number)
    for concept in index.paths:
        for wording in {tuple(words(w)) for w in names[concept]}:
            if wording:
                index.first.setdefault(wording[0], []).append((wording, concept))
    return index


def _template_grams(items: Sequence[Item], stems: Sequence[Sequence[str]], size: int) -> set[Gram]:
    chains: dict[Gram, set[str]] = defaultdict(set)
    for item, stem in zip(items, stems, strict=True):
        for gram in grams(stem, size):
            if len(chains[gram]) <= COMMON:
                chains[gram].add(item.chain)
    return {gram for gram, found in chains.items() if len(found) > COMMON}


def _measure(index: _Index, tokens: list[str], size: int) -> Iterator[tuple[int, str, float]]:
    """(item number, measure, value) for whatever the text shares with an item."""
    long, short = grams(tokens, size), grams(tokens, NEAR_GRAM)
    for how, mine in (("stem", long), ("key", long), ("near", short)):
        shared: Counter[int] = Counter()
        for gram in mine:
            shared.update(index.grams[how].get(gram, ()))
        for number, count in shared.items():
            whole = len(mine) + index.sizes[how][number] - count if how == "near" else index.sizes[how][number]
            yield number, how, count / whole
    named = _named(index, tokens)
    on_path: Counter[int] = Counter()
    for concept in named:
        on_path.update(index.paths[concept])
    for number, count in on_path.items():
        yield number, "path", count / index.sizes["path"][number]


def _named(index: _Index, tokens: list[str]) -> set[str]:
    """Concepts that the text names, by their longest wording at each place: "flour dust" does not name flour."""
    found: set[str] = set()
    place = 0
    while place < len(tokens):
        longest = 1
        here: set[str] = set()
        for wording, concept in index.first.get(tokens[place], ()):
            if len(wording) >= longest and tuple(tokens[place : place + len(wording)]) == wording:
                here = {*here, concept} if len(wording) == longest else {concept}
                longest = len(wording)
        found |= here
        place += longest
    return found
