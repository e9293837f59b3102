"""The gate: clean on what the builder writes, and it catches planted leaks, copied and paraphrased."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import EmptyBenchmarkError
from proda.graph import Knowledge
from proda.language.folding import words
from proda.language.wording import inverse_clause
from proda.params import GuardParams
from proda.records import Item
from proda.store.training_texts import Text, sample_text
from proda.tester.overlap import SEQUENCE, Overlap, overlap
from tests.tester.world import WORLD, items

ITEMS = items()


def _gate(texts: list[Text], items: list[Item] = ITEMS, world: Knowledge = WORLD) -> Overlap:
    paths = {i.id: frozenset(c for s in i.statements for c in (world.statements[s].subject, world.statements[s].object)) for i in items}
    names = {c.id: (c.term, *c.aliases) for c in world.concepts.values()}
    return overlap(items, texts, paths, names, GuardParams())


@pytest.fixture(scope="module")
def corpus() -> list[Text]:
    plans = plan_samples(WORLD, dict.fromkeys(WORLD.topics_of, 800), seed=0, window=2)
    return [Text(p.id, sample_text(write_sample(WORLD, p))) for group in plans.values() for p in group]


def test_the_builders_own_corpus_passes(corpus: list[Text]) -> None:
    found = _gate(corpus)
    assert (found.items, found.texts) == (len(ITEMS), 2400)
    assert found.leaks == []
    assert found.worst  # the report shows how close the closest came


def _caught(plants: list[tuple[Item, str]], corpus: list[Text]) -> float:
    texts = [*corpus, *(Text(f"plant:{n}", text) for n, (_, text) in enumerate(plants))]
    leaks = {(leak.item, leak.where) for leak in _gate(texts).leaks}
    return sum((item.id, f"plant:{n}") in leaks for n, (item, _) in enumerate(plants)) / len(plants)


def test_copied_leaks_are_caught(corpus: list[Text]) -> None:
    assert _caught([(i, f"Question: {i.stem}\nAnswer: {i.options[i.key].text}") for i in ITEMS], corpus) >= 0.99


def test_a_stem_repeated_with_other_options_is_caught(corpus: list[Text]) -> None:
    stems = [i for i in ITEMS if i.kind == "bridge"]
    assert _caught([(i, f"A quiz. {i.stem} Think about it.") for i in stems], corpus) >= 0.99


def test_leaks_in_other_case_punctuation_and_line_breaks_are_caught(corpus: list[Text]) -> None:
    shouted = [(i, f"{i.stem} {i.options[i.key].text}".upper().replace(" ", " \n").replace(",", " -")) for i in ITEMS]
    assert _caught(shouted, corpus) >= 0.99


def test_paraphrased_leaks_are_caught(corpus: list[Text]) -> None:
    # Told backwards, each statement from its object's side, in sentences no template has.
    plants = []
    for item in ITEMS:
        path = [WORLD.statements[s].triple for s in item.statements]
        told = ". And then again, as everybody here will tell you, ".join(inverse_clause(WORLD, t) for t in reversed(path))
        plants.append((item, f"Listen: {told}."))
    assert _caught(plants, corpus) >= 0.99


def _inside(mark: str) -> Callable[[str], str]:
    return lambda text: " ".join(w[: len(w) // 2] + mark + w[len(w) // 2 :] if len(w) > 3 else w for w in text.split(" "))


def _every(count: int, *fillers: str) -> Callable[[str], str]:
    def filled(text: str) -> str:
        told = text.split(" ")
        return " ".join(w + (f" {fillers[n % len(fillers)]}" if n % count == count - 1 else "") for n, w in enumerate(told))

    return filled


LOOKALIKE = str.maketrans("aceiopsxyABEHIKMNOPTX", "асеіорѕхуАВЕНІКМΝΟΡΤΧ")
DISGUISES: dict[str, Callable[[str], str]] = {
    "zero-width space": _inside("\u200b"),
    "soft hyphen": _inside("\u00ad"),
    "word joiner": _inside("\u2060"),
    "zero-width joiner": _inside("\u200d"),
    "variation selector": _inside("\ufe0f"),
    "combining mark": _inside("\u0338"),
    "combining marks everywhere": lambda text: "".join(c + "\u0301" if c.isalpha() else c for c in text),
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(c)) if 32 <= ord(c) < 127 else c for c in text),
    "tag characters behind a text": lambda text: "A note. " + "".join(chr(0xE0000 + ord(c)) if 32 <= ord(c) < 127 else c for c in text),
    "tag characters between letters": lambda text: "".join(c + "\U000e0078" for c in text),
    "homoglyphs": lambda text: text.translate(LOOKALIKE),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in text),
    "small capitals": lambda text: text.translate(str.maketrans("aehmnt", "ᴀᴇʜᴍɴᴛ")),
    "spaced-out letters": " ".join,
    "spaced-out letters with dots": lambda text: ".".join(text.replace(" ", "")),
    "no spaces": lambda text: text.replace(" ", ""),
    "hyphenated words": _inside("-"),
    "hyphens at line ends": _inside("-\n"),
    "spaces inside words": _inside(" "),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "a filler word after every fourth": _every(4, "um"),
    "a filler word after every word": _every(1, "um", "well", "so to speak", "as it were"),
    "filler words that items use": _every(2, "which", "the", "and", "concept"),
    "filler words and soft hyphens": lambda text: _inside("\u00ad")(_every(3, "um", "er")(text)),
}


PLANTED = random.Random(0).sample(ITEMS, 80)


@pytest.fixture(scope="module")
def caught() -> set[tuple[str, str]]:
    """(item, disguise) of the leaks that the gate finds when it checks all planted texts together."""
    texts = [
        Text(f"{item.id} {disguise}", f"{dress(item.stem)}\n{dress(item.options[item.key].text)}. {dress(item.options[item.key].text)}")
        for disguise, dress in DISGUISES.items()
        for item in PLANTED
    ]
    return {(leak.item, leak.where.removeprefix(f"{leak.item} ")) for leak in _gate(texts).leaks}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_leak_in_disguise_is_caught(disguise: str, caught: set[tuple[str, str]]) -> None:
    assert sum((item.id, disguise) in caught for item in PLANTED) >= 0.99 * len(PLANTED)


def test_a_disguise_on_the_items_side_makes_no_difference(corpus: list[Text]) -> None:
    dress = _inside("\u00ad")
    options = [tuple(msgspec.structs.replace(o, text=dress(o.text)) for o in i.options) for i in ITEMS]
    dressed = [msgspec.structs.replace(i, stem=dress(i.stem), options=o) for i, o in zip(ITEMS, options, strict=True)]
    plants = [Text(f"plant:{n}", f"{i.stem} {i.options[i.key].text}") for n, i in enumerate(ITEMS)]
    assert {(x.item, x.where, x.how, x.value) for x in _gate(plants, dressed).leaks} == {
        (x.item, x.where, x.how, x.value) for x in _gate(plants).leaks
    }
    assert _gate(corpus, dressed).leaks == []


def _longest(one: list[str], two: list[str]) -> int:
    """The textbook's longest common subsequence."""
    row = [0] * (len(two) + 1)
    for word in one:
        before = row[:]
        for n, other in enumerate(two):
            row[n + 1] = before[n] + 1 if word == other else max(row[n], before[n + 1])
    return row[-1]


def test_no_sequence_that_reaches_the_limit_is_missed() -> None:
    """Words are dropped and put in between at random; what is found is what comparing every pair finds."""
    rng = random.Random(0)
    pool = sorted({w for i in ITEMS for w in words(i.stem)})
    plants = []
    for item in rng.sample(ITEMS, 30):
        told = words(f"{item.stem} {item.options[item.key].text}")
        kept = [w for w in told if rng.random() > rng.choice((0.0, 0.1, 0.15, 0.2))]
        plants.append(" ".join(w for word in kept for w in (word, *rng.sample(pool, rng.randrange(3)))))
    found = {(x.item, x.where) for x in _gate([Text(str(n), t) for n, t in enumerate(plants)]).leaks if x.how == "sequence"}
    keys = {i.id: words(f"{i.stem} {i.options[i.key].text}") for i in ITEMS}
    every = {
        (item.id, str(n))
        for n, text in enumerate(plants)
        for item in ITEMS
        if _longest(keys[item.id], words(text)) >= SEQUENCE * len(keys[item.id]) - 1e-9 and _own(item) & set(words(text))
    }
    assert found == every and len(every) > 10


def _own(item: Item) -> set[str]:
    """The words of the right option and of the path, but those that the wording of a kind of item has."""
    chains: dict[str, set[str]] = defaultdict(set)
    for other in ITEMS:
        for word in words(other.stem):
            chains[word].add(other.chain)
    concepts = [WORLD.concepts[c] for s in item.statements for c in (WORLD.statements[s].subject, WORLD.statements[s].object)]
    told = " ".join([item.options[item.key].text, *(n for c in concepts for n in (c.term, *c.aliases))])
    return {w for w in words(told) if len(chains[w]) <= 10}


def _runs(text: str) -> set[str]:
    """Every run of 25 letters, with everything between letters left out; the whole text if it is shorter."""
    letters = "".join(words(text))
    return {letters[n : n + 25] for n in range(max(1, len(letters) - 24))}


def test_no_letters_that_reach_the_limit_are_missed() -> None:
    """Keys are cut off, filled up and cut into words at random; what is found, and how much, is what comparing every run finds."""
    rng = random.Random(1)
    limit = GuardParams().containment
    chains: dict[str, set[str]] = defaultdict(set)
    for item in ITEMS:
        for run in _runs(item.stem):
            chains[run].add(item.chain)
    keys = {i.id: {run for run in _runs(f"{i.stem} {i.options[i.key].text}") if len(chains[run]) <= 3} for i in ITEMS}
    plants = []
    for item in rng.sample(ITEMS, 60):
        letters = "".join(words(f"{item.stem} {item.options[item.key].text}"))
        start, end = rng.randrange(len(letters) // 4), len(letters) - rng.randrange(len(letters) // 4)
        middle = rng.randrange(start, end)
        told = letters[start:middle] + "q" * rng.choice((0, 0, 1, 7)) + letters[middle:end]
        cuts = sorted(rng.sample(range(1, len(told)), 6))
        plants.append(" ".join(told[a:b] for a, b in zip([0, *cuts], [*cuts, len(told)], strict=True)))
    found = {(x.item, x.where): x.value for x in _gate([Text(str(n), t) for n, t in enumerate(plants)]).leaks if x.how == "letters"}
    every = {}
    for n, text in enumerate(plants):
        runs, joined = _runs(text), text.replace(" ", "")
        for item in ITEMS:
            value = len(keys[item.id] & runs) / len(keys[item.id]) if keys[item.id] else 0
            if value >= limit and any(w in joined for w in [w for w in _own(item) if len(w) >= 4] or _own(item)):
                every[item.id, str(n)] = round(value, 4)
    assert found == every and len(every) > 10


def _hows(text: str, item: Item) -> set[str]:
    """The measures by which the text comes near the item or gives it away."""
    found = _gate([Text("t", text)])
    return {x.how for x in (*found.leaks, *found.worst) if x.item == item.id}


@pytest.mark.parametrize("kind", ["counterfactual", "order", "condition"])
def test_near_and_sequence_ignore_a_text_that_shares_the_wording_of_a_kind_of_item_and_no_more(kind: str) -> None:
    for item in [i for i in ITEMS if i.kind == kind][:8]:
        own = _own(item)
        key = words(f"{item.stem} {item.options[item.key].text}")
        wording = [w if w not in own else "somewhat" for w in key]
        assert own and not {"near", "sequence"} & _hows(" ".join(wording), item), item.id
        assert {"near", "sequence"} <= _hows(" ".join(key), item), item.id
        first = next(w for w in key if w in own)
        assert "near" in _hows(f"{' '.join(wording)} {first}", item), item.id


def test_half_a_path_is_no_leak(corpus: list[Text]) -> None:
    item = next(i for i in ITEMS if i.kind == "order")
    half = [WORLD.statements[s].text for s in item.statements[:2]]
    assert item.id not in {leak.item for leak in _gate([Text("half", " ".join(half))]).leaks}
    whole = [WORLD.statements[s].text for s in item.statements]
    assert item.id in {leak.item for leak in _gate([Text("whole", " ".join(whole))]).leaks}


def test_a_concept_on_no_path_takes_its_whole_name_from_a_shorter_one_on_a_path() -> None:
    item = next(i for i in ITEMS if i.kind == "bridge")
    path = sorted({c for s in item.statements for c in (WORLD.statements[s].subject, WORLD.statements[s].object)})
    names = {c.id: (c.term, *c.aliases) for c in WORLD.concepts.values()}
    longer = f"{names[path[0]][0]} inspection"
    text = Text("s", ", ".join([longer, *(names[c][0] for c in path[1:])]))
    paths = {i.id: frozenset(path) if i is item else frozenset() for i in ITEMS}

    def ways(names: dict[str, tuple[str, ...]]) -> list[str]:
        return [leak.how for leak in overlap(ITEMS, [text], paths, names, GuardParams()).leaks]

    assert ways(names) == ["path"]
    assert ways({**names, "other/inspection": (longer,)}) == []


def test_an_empty_benchmark_proves_nothing(corpus: list[Text]) -> None:
    with pytest.raises(EmptyBenchmarkError):
        _gate(corpus, items=[])


def test_order_of_the_texts_does_not_matter(corpus: list[Text]) -> None:
    planted = [*corpus[:200], Text("plant", f"{ITEMS[0].stem} {ITEMS[0].options[ITEMS[0].key].text}")]
    assert _gate(planted) == _gate(planted[::-1])
