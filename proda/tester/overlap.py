"""The overlap gate: no training text gives an item away.

A text gives an item away if it reaches the limit of one of six measures. Each measure is computed exactly, without sampling or sketches:

    path       the text names every concept of the path that an item asks for, in any wording
    stem       share of the word 5-grams of the stem that the text holds
    key        share of the word 5-grams of stem and right option that the text holds
    near       Jaccard similarity of the word 3-grams of the text with those of stem and right option
    letters    share of the 25-grams of letters of stem and right option that the text holds, with everything between letters left out:
               finds spaced-out letters, hyphenated words, and words that are run together
    sequence   longest common subsequence of words, as a share of stem and right option: finds words that are filled up with others

Words are compared after folding (proda/language/folding.py), so case, accents, fonts, look-alike letters and invisible characters make
no difference. A *text* is one sample, or one sentence of the base's reading: one training document. Wording that many items share
("one concept completes both statements") says nothing about an item, so n-grams found in the stems of more than `COMMON` chains
are not counted. A small benchmark has few chains, so every measure but `path` also leaves out texts that hold none of an item's own
words: those of its right option and of the concepts on its path, other than words that many stems have.

    report = overlap(items, texts, paths, names, GuardParams())
    report.leaks      # sorted by item id; the build stops unless empty

`names` are the wordings of each concept (term, aliases, phrase), so that paraphrase around the concepts does not hide a leak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from proda.errors import EmptyBenchmarkError
from proda.language.folding import WORD, views, words
from proda.language.naming import Names
from proda.records import Item
from proda.store.training_texts import Text

if TYPE_CHECKING:
    from proda.params import GuardParams

NEAR_GRAM = 3  # words
LETTERS_GRAM = 25  # letters; about as long as five words, and so compared with the same limit
BLOCK = 13  # letters; of a text cut into blocks of this length, every run of LETTERS_GRAM letters holds a whole one
SEQUENCE = 0.85  # limit of the measure `sequence`
ENOUGH = 3  # of its rarest words that a text must share with an item before the sequence is compared; see _Sequences
COMMON = 3  # chains
COMMON_WORD = 10  # chains; a word in the stems of more belongs to the wording of a kind of item
ROUNDING = 1e-3  # values are compared before they are rounded, and sorted afterwards
Gram = tuple[str, ...]


class Leak(msgspec.Struct, frozen=True):
    """A text that gives an item away, or comes close. `how` names the measure; `value` is 1 if the text holds all that is looked for."""

    item: str
    where: str
    how: str
    value: float
    text: str


class Overlap(msgspec.Struct, frozen=True):
    """What the gate found. `worst` are the highest values below the limit, for each measure.

    The measure `sequence` is computed only for texts that can reach its limit, so its highest values below the limit may be missing.
    """

    items: int
    texts: int
    leaks: list[Leak]
    worst: list[Leak]


class _Sequences(msgspec.Struct):
    """The words of stem and right option, prepared for the longest common subsequence.

    A text that reaches the limit lacks at most `lacking` words of the item. Of any `lacking` + ENOUGH different words of the item it then
    holds at least ENOUGH. These are looked up for the rarest words, and only texts that pass are compared: no text is missed.
    """

    rare: dict[str, list[int]]  # word → items among whose rarest words it is
    needed: list[int]  # how many of its rarest words a text must hold
    words: list[frozenset[str]]
    lacking: list[int]
    places: list[dict[str, int]]  # word → bit mask of the places where the item has it
    lengths: list[int]


class _Index(msgspec.Struct):
    """What to look for in a text. Built once from the items, and read for every text. Items are given by number."""

    grams: dict[str, dict[Any, list[int]]]  # measure → n-gram → items
    blocks: frozenset[str]  # every run of BLOCK letters in the n-grams of `letters`
    smallest: dict[str, int]  # measure → the smallest number of n-grams that an item has
    sizes: dict[str, list[int]]  # measure → how many n-grams (or concepts) each item has
    names: Names  # of all concepts: "flour dust" must not count as flour, even if no item's path has flour dust
    paths: dict[str, list[int]]  # concept → items whose path it is on
    sequences: _Sequences
    own: list[frozenset[str]]  # words of the right option and of the concepts on the path


def overlap(
    items: Sequence[Item],
    texts: Iterable[Text],
    paths: Mapping[str, frozenset[str]],
    names: Mapping[str, Sequence[str]],
    params: GuardParams,
    worst: int = 20,
) -> Overlap:
    """Compare every item with every text.

    `paths` maps item id → concept ids of its path; `names` maps concept id → its wordings. Leaks and near misses are sorted by item and
    place, and do not depend on the order of the texts. Raises EmptyBenchmarkError if there are no items.
    """
    if not items:
        raise EmptyBenchmarkError("There are no items to compare with. Run `dvc repro benchmark` first.")
    index = _index(items, paths, names, params)
    share = params.containment
    limits = {"path": 1.0, "stem": share, "key": share, "near": params.jaccard, "letters": share, "sequence": SEQUENCE}
    leaks: list[Leak] = []
    close: dict[str, list[Leak]] = {how: [] for how in limits}
    floor = dict.fromkeys(limits, 0.0)  # a lower value cannot be among the highest any more
    count = 0
    for text in texts:
        count += 1
        for (number, how), value in _values(index, text.text, params.ngram, floor).items():
            found = Leak(items[number].id, text.where, how, round(value, 4), text.text)
            if value >= limits[how]:
                leaks.append(found)
            else:
                close[how].append(found)
                if len(close[how]) > 50 * worst:
                    close[how] = _highest(close[how], worst)
                    floor[how] = close[how][-1].value - ROUNDING
    near_misses = [leak for how in sorted(close) for leak in _highest(close[how], worst)]
    return Overlap(len(items), count, sorted(leaks, key=_place), near_misses)


def _highest(leaks: list[Leak], count: int) -> list[Leak]:
    return sorted(leaks, key=lambda leak: (-leak.value, *_place(leak)))[:count]


def _place(leak: Leak) -> tuple[str, str, str]:
    return (leak.item, leak.where, leak.how)


def grams(tokens: Sequence[str], size: int) -> list[Gram]:
    """Return all runs of `size` words in order, or the whole text if it is shorter."""
    if len(tokens) <= size:
        return [tuple(tokens)] if tokens else []
    return list(zip(*(tokens[start:] for start in range(size)), strict=False))


def letter_grams(text: str) -> list[str]:
    """Return all runs of LETTERS_GRAM letters in order, or the whole text if it is shorter."""
    if len(text) <= LETTERS_GRAM:
        return [text] if text else []
    return [text[start : start + LETTERS_GRAM] for start in range(len(text) - LETTERS_GRAM + 1)]


def _known_letters(index: _Index, text: str) -> list[str]:
    """Return the runs of LETTERS_GRAM letters that an item can have, and maybe others: those around a block that an item has."""
    last = len(text) - LETTERS_GRAM
    if last <= 0:
        return letter_grams(text)
    found = []
    for block in range(0, len(text) - BLOCK + 1, BLOCK):
        if text[block : block + BLOCK] in index.blocks:
            found += [text[start : start + LETTERS_GRAM] for start in range(max(0, block + BLOCK - LETTERS_GRAM), min(block, last) + 1)]
    return found


def _index(items: Sequence[Item], paths: Mapping[str, frozenset[str]], names: Mapping[str, Sequence[str]], params: GuardParams) -> _Index:
    stems = [words(item.stem) for item in items]
    keys = [[*stem, *words(item.options[item.key].text)] for item, stem in zip(items, stems, strict=True)]
    template = _shared(items, [set(grams(stem, params.ngram)) for stem in stems])
    spelt = _shared(items, [set(letter_grams("".join(stem))) for stem in stems])
    found: dict[str, list[set[Any]]] = {
        "stem": [set(grams(stem, params.ngram)) - template for stem in stems],
        "key": [set(grams(key, params.ngram)) - template for key in keys],
        "near": [set(grams(key, NEAR_GRAM)) for key in keys],
        "letters": [set(letter_grams("".join(key))) - spelt for key in keys],
    }
    places: dict[str, dict[Any, list[int]]] = {}
    for how, each in found.items():
        places[how] = defaultdict(list)
        for number, mine in enumerate(each):
            for gram in mine:
                places[how][gram].append(number)
    sizes = {how: [len(mine) for mine in each] for how, each in found.items()} | {"path": [len(paths[item.id]) for item in items]}
    on_path: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        for concept in paths[item.id]:
            on_path[concept].append(number)
    named = Names(names)
    common = _shared(items, [set(stem) for stem in stems], COMMON_WORD)
    own = [
        frozenset([*words(item.options[item.key].text), *(w for c in paths[item.id] for name in names[c] for w in words(name))]) - common
        for item in items
    ]
    runs = (gram for gram in places["letters"] if len(gram) == LETTERS_GRAM)
    blocks = frozenset(gram[start : start + BLOCK] for gram in runs for start in range(LETTERS_GRAM - BLOCK + 1))
    smallest = {how: min((size for size in each if size), default=0) for how, each in sizes.items()}
    return _Index({how: dict(found) for how, found in places.items()}, blocks, smallest, sizes, named, dict(on_path), _sequences(keys), own)


def _shared(items: Sequence[Item], found: Sequence[set[Any]], most: int = COMMON) -> set[Any]:
    """What is found in items of more than `most` chains."""
    chains: dict[Any, set[str]] = defaultdict(set)
    for item, mine in zip(items, found, strict=True):
        for gram in mine:
            if len(chains[gram]) <= most:
                chains[gram].add(item.chain)
    return {gram for gram, those in chains.items() if len(those) > most}


def _sequences(keys: Sequence[Sequence[str]]) -> _Sequences:
    often = Counter(word for key in keys for word in set(key))
    made = _Sequences({}, [], [], [], [], [len(key) for key in keys])
    for number, key in enumerate(keys):
        lacking = int((1 - SEQUENCE) * len(key) + 1e-9)
        rarest = sorted(set(key), key=lambda word: (often[word], word))[: lacking + ENOUGH]
        for word in rarest:
            made.rare.setdefault(word, []).append(number)
        made.needed.append(max(1, len(rarest) - lacking))
        made.words.append(frozenset(key))
        made.lacking.append(lacking)
        places: dict[str, int] = defaultdict(int)
        for place, word in enumerate(key):
            places[word] |= 1 << place
        made.places.append(dict(places))
    return made


def _values(index: _Index, text: str, size: int, floor: Mapping[str, float]) -> dict[tuple[int, str], float]:
    """(item, measure) → the value, where it is above the floor. Of a text that can be read in two ways, the higher value."""
    first, *others = views(text)
    values = dict(_measure(index, WORD.findall(first), size, floor))
    for other in others:
        for key, value in _measure(index, WORD.findall(other), size, floor):
            values[key] = max(value, values.get(key, 0.0))
    return values


def _measure(index: _Index, tokens: list[str], size: int, floor: Mapping[str, float]) -> Iterator[tuple[tuple[int, str], float]]:
    there, joined = frozenset(tokens), "".join(tokens)
    long, letters = grams(tokens, size), _known_letters(index, joined)
    mine: tuple[tuple[str, Sequence[Any]], ...] = (("stem", long), ("key", long), ("near", grams(tokens, NEAR_GRAM)), ("letters", letters))
    for how, found in mine:
        known, sizes, smallest, least = index.grams[how], index.sizes[how], index.smallest[how], floor[how]
        held = known.keys() & found
        different = len(set(found)) if held and how == "near" else 0
        # With fewer in common, no item, however small, has a value above the floor.
        needed = least * (different + smallest) / (1 + least) if how == "near" else least * smallest
        counts = _counted(known, held) if len(held) > needed else {}
        for number, count in [pair for pair in counts.items() if pair[1] > needed]:
            value = count / (different + sizes[number] - count if how == "near" else sizes[number])
            if value > least and (_spells_own(index, number, joined) if how == "letters" else _holds_own(index, number, there)):
                yield (number, how), value
    for number, count in _counted(index.paths, index.paths.keys() & index.names.found(tokens)).items():
        value = count / index.sizes["path"][number]
        if value > floor["path"]:
            yield (number, "path"), value
    for number, value in _in_order(index.sequences, tokens):
        if _holds_own(index, number, there):
            yield (number, "sequence"), value


def _holds_own(index: _Index, number: int, there: frozenset[str]) -> bool:
    """Whether a text with these words holds one of the item's own words."""
    return not index.own[number].isdisjoint(there)


def _spells_own(index: _Index, number: int, joined: str) -> bool:
    """Whether a text with these letters spells one of the item's own words, those of at least four letters if it has any."""
    long = [word for word in index.own[number] if len(word) >= 4] or index.own[number]
    return any(word in joined for word in long)


def _counted(known: Mapping[Any, list[int]], held: AbstractSet[Any]) -> Counter[int]:
    """Item → how many of the things it has, all of which are known."""
    return Counter(chain.from_iterable(map(known.__getitem__, held)))


def _in_order(sequences: _Sequences, tokens: Sequence[str]) -> Iterator[tuple[int, float]]:
    """(item, value of `sequence`) for the items whose limit the text can reach."""
    there = set(tokens)
    for number, count in _counted(sequences.rare, sequences.rare.keys() & there).items():
        if count >= sequences.needed[number] and len(sequences.words[number] - there) <= sequences.lacking[number]:
            length = sequences.lengths[number]
            yield number, _common_subsequence(sequences.places[number], length, tokens) / length


def _common_subsequence(places: Mapping[str, int], length: int, tokens: Iterable[str]) -> int:
    """Length of the longest common subsequence, with one bit for each place of the first sequence (Hyyrö 2004)."""
    whole = (1 << length) - 1
    row = whole
    for token in tokens:
        if mask := places.get(token):
            hit = row & mask
            row = ((row + hit) | (row - hit)) & whole
    return length - row.bit_count()
