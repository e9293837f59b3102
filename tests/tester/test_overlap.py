"""The gate: clean on what the builder writes, and it catches planted leaks, copied and paraphrased."""

from __future__ import annotations

import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import EmptyBenchmarkError
from proda.graph import Knowledge
from proda.language.wording import inverse_clause
from proda.params import GuardParams
from proda.records import Item
from proda.store.training_texts import Text, sample_text
from proda.tester.items import write_items
from proda.tester.overlap import Overlap, overlap
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge()
ITEMS = write_items(WORLD, seed=0, sealed_share=0.2)


def _gate(texts: list[Text], items: list[Item] = ITEMS, world: Knowledge = WORLD) -> Overlap:
    paths = {i.id: frozenset(c for s in i.statements for c in (world.statements[s].subject, world.statements[s].object)) for i in items}
    names = {c.id: (c.term, *c.aliases) for c in world.concepts.values()}
    return overlap(items, texts, paths, names, GuardParams())


@pytest.fixture(scope="module")
def corpus() -> list[Text]:
    plans = plan_samples(WORLD, {"weaving": 2000, "milling": 100, "lighting": 100}, seed=0, window=2)
    return [Text(p.id, sample_text(write_sample(WORLD, p))) for group in plans.values() for p in group]


def test_the_builders_own_corpus_passes(corpus: list[Text]) -> None:
    found = _gate(corpus)
    assert (found.items, found.texts) == (len(ITEMS), 2200)
    assert found.leaks == []
    assert found.worst  # the report shows how close the closest came


def _caught(plants: list[tuple[Item, str]], corpus: list[Text]) -> float:
    texts = [*corpus, *(Text(f"plant:{n}", text) for n, (_, text) in enumerate(plants))]
    leaks = {(leak.item, leak.where) for leak in _gate(texts).leaks}
    return sum((item.id, f"plant:{n}") in leaks for n, (item, _) in enumerate(plants)) / len(plants)


def test_copied_leaks_are_caught(corpus: list[Text]) -> None:
    assert _caught([(i, f"Question: {i.stem}\nAnswer: {i.options[i.key].text}") for i in ITEMS], corpus) >= 0.99


def test_a_stem_repeated_with_other_options_is_caught(corpus: list[Text]) -> None:
    stems = [i for i in ITEMS if i.kind == "missing-link"]
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


def test_half_a_path_is_no_leak(corpus: list[Text]) -> None:
    item = next(i for i in ITEMS if i.kind == "path")
    half = [WORLD.statements[s].text for s in item.statements[:2]]
    assert _gate([Text("half", " ".join(half))]).leaks == []


def test_an_empty_benchmark_proves_nothing(corpus: list[Text]) -> None:
    with pytest.raises(EmptyBenchmarkError):
        _gate(corpus, items=[])


def test_order_of_the_texts_does_not_matter(corpus: list[Text]) -> None:
    planted = [*corpus[:200], Text("plant", f"{ITEMS[0].stem} {ITEMS[0].options[ITEMS[0].key].text}")]
    assert _gate(planted) == _gate(planted[::-1])
