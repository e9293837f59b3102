"""Samples on disk, and the pinned reading."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import InputError
from proda.records import Sample
from proda.store.corpus import as_before, load_corpus, recovered, write_corpus
from proda.store.patches import load_samples
from proda.store.reading import load_reading, unquoted_sentences
from tests.toyworld import ROOT, wide_knowledge

WORLD = wide_knowledge(8)


def test_round_trip(tmp_path: Path) -> None:
    plans = plan_samples(WORLD, {"weaving": 200, "milling": 30, "lighting": 30}, seed=0, window=2)
    corpus = {key: [write_sample(WORLD, p) for p in group] for key, group in plans.items()}
    write_corpus(tmp_path, corpus)
    assert load_samples(tmp_path) == [s for key in sorted(corpus) for s in corpus[key]]
    assert write_corpus(tmp_path, corpus) == 0


@pytest.mark.parametrize(
    "entry",
    [
        "{id: a, format: open, question: Q, nodes: []}",
        "{id: a, format: song, question: Q, answer: A, nodes: []}",
        "{id: a, format: choice, question: Q, options: {A: x, B: y}, answer: C, nodes: []}",
        "{id: a, format: choice, question: Q, options: [x, y], answer: A, nodes: []}",
        "{id: a, format: open, question: Q, answer: A, nodes: [], mood: glad}",
    ],
)
def test_a_malformed_patch_sample_is_one_clear_message(tmp_path: Path, entry: str) -> None:
    (tmp_path / "samples/patches").mkdir(parents=True)
    (tmp_path / "samples/patches/1-x.yaml").write_text(f"samples:\n  - {entry}\n")
    with pytest.raises(InputError, match=r"1-x\.yaml  a\n  Not a sample"):
        load_samples(tmp_path)


def test_reading_keeps_only_what_no_quote_touches() -> None:
    text = "# Title\n\nFirst fact here. A calm aside. Second fact, with 3.5 units.\n\nAnother aside.\n"
    spans = [(text.index("First"), text.index(" A calm")), (text.index("units"), text.index("units") + 5)]
    assert unquoted_sentences(text, spans) == ["A calm aside.", "Another aside."]


@given(st.lists(st.sampled_from(["Stone falls.", "Water, e.g. rain, runs.", "Ice is 0.9 as dense.", "Why so?"]), min_size=1, max_size=8))
def test_reading_without_quotes_is_the_whole_text(sentences: list[str]) -> None:
    text = "# T\n\n" + " ".join(sentences) + "\n"
    assert " ".join(unquoted_sentences(text, [])) == " ".join(sentences)


def test_a_missing_reading_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="proda reading"):
        load_reading(tmp_path / "reading.yaml")


def test_what_a_sample_was_made_from_is_recorded_and_is_what_its_id_says(tmp_path: Path) -> None:
    plans = plan_samples(WORLD, {"weaving": 200, "milling": 30, "lighting": 30}, seed=0, window=2)
    samples = [write_sample(WORLD, p) for group in plans.values() for p in group]
    assert {p.unit for group in plans.values() for p in group} == {"statement", "window", "concept"}
    for sample in samples:
        assert recovered(as_before(sample)) == sample and as_before(sample) != sample
        assert sample.chain == (WORLD.statements[sample.unit.partition("+")[0]].chain if ".s" in sample.unit else "")


def test_other_right_answers_are_written_and_read_and_take_no_line_where_there_are_none(tmp_path: Path) -> None:
    several = Sample(
        "a/b.s1:open-1", "open", ("a/b.s1",), "Q?", "one", unit="a/b.s1", chain="a/b", discipline="a", number=1, accept=("two", "three")
    )
    write_corpus(tmp_path, {("a", "t"): [several, msgspec.structs.replace(several, id="a/b.s1:open-2", number=2, accept=())]})
    assert [s.accept for s in load_corpus(tmp_path)] == [("two", "three"), ()]
    assert (tmp_path / "samples/corpus/a/t.yaml").read_text().count("accept:") == 1
    assert "two" not in several.prompt + several.completion


def test_committed_samples_record_what_they_were_made_from() -> None:
    samples = load_corpus(ROOT)
    assert len(samples) > 5_000
    text = (ROOT / "samples/corpus/physics/thermal-expansion.yaml").read_text()
    assert text.count("\n    unit: ") == text.count("\n  - id: ") == text.count("\n    number: ")
    assert all(recovered(as_before(s)) == s for s in samples)


def test_a_sample_with_another_id_than_the_builders_is_given_what_can_be_told() -> None:
    by_hand = recovered(Sample("by-hand:one", "open", ("physics/heating",), "Q", "A"))
    assert (by_hand.unit, by_hand.chain, by_hand.discipline, by_hand.number) == ("by-hand", "", "physics", 0)
    assert recovered(msgspec.structs.replace(by_hand, unit="physics/x", discipline="optics")).discipline == "optics"
