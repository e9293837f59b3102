"""Samples that a repair adds, on the shipped knowledge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from proda.builder.extra import extra_samples, worded_again
from proda.builder.plan import SHOWN, plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.language.wording import GAP, bare_name, clause, path_with_gap
from proda.params import Params, load_params
from proda.records import Sample
from proda.stable_hash import by_weight
from proda.store.corpus import recovered
from proda.tester import bridges, conditions, counterfactuals, effects, sequences

ROOT = Path(__file__).resolve().parents[2]
STEMS = (bridges.STEMS, effects.STEMS, counterfactuals.STEMS, *conditions.STEMS.values(), *sequences.STEMS.values())


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    out = tmp_path_factory.mktemp("extra")
    compile_knowledge(ROOT, out / "knowledge", cache=out / "check.sqlite").raise_errors()
    return Knowledge.load(out / "knowledge")


def test_a_contrast_never_brings_the_concepts_of_another_chain_together(shipped: Knowledge) -> None:
    short = [c for c in shipped.active_chains() if len(c.statements) == 3]
    contrasted = 0
    for node in by_weight(shipped.active_statements, "contrast")[:60]:
        statement = shipped.statements[node]
        others = [c for c in short if c.discipline == statement.discipline and c.id != statement.chain]
        for other in by_weight(others, "contrast", node, name=lambda c: c.id)[:3]:
            course = {c for s in shipped.path(other) for c in (s.subject, s.object)}
            for sample in extra_samples(shipped, node, 10, start=1000, params=Params(), contrast=sorted(course)):
                if sample.format == "choice":
                    shown = {c for c in course if shipped.concepts[c].text in (*sample.options, sample.answer)}
                    contrasted += bool(shown)
                    assert len(course - shown - {statement.subject, statement.object}) > 1, (sample.id, other.id)
    assert contrasted > 50


def test_a_gap_leaves_most_of_its_chain_unsaid_and_asks_for_a_concept_inside_it(shipped: Knowledge) -> None:
    stems = {" ".join(words) for variants in STEMS for stems in variants.values() for stem in stems for words in _runs(stem)}
    formats = Counter[str]()
    for node in by_weight(shipped.active_statements, "gaps")[:150]:
        chain = shipped.path(shipped.chains[shipped.statements[node].chain])
        words = {s.id: len(clause(shipped, s).split()) for s in chain}
        for sample in extra_samples(shipped, node, 16, start=1000, params=Params()):
            if "~" not in sample.id:
                continue
            first, length = sample.id.partition(":")[0].split("~")
            place = [s.id for s in chain].index(first)
            row = chain[place : place + int(length)]
            assert 2 <= len(row) <= len(chain) - 2 and sum(words[s.id] for s in row) <= SHOWN * sum(words.values())
            assert node in {s.id for s in row} <= set(sample.nodes) and GAP in sample.question
            hidden = {bare_name(shipped, s.subject) for s in row[1:]}
            told = sample.answer if sample.format != "true-false" else sample.explanation
            assert any(h in told for h in hidden)
            assert sample.format != "open" or not re.search(rf"(?<!\w){re.escape(sample.answer)}(?!\w)", sample.question)
            frame = sample.question.partition(path_with_gap(shipped, row, 1)[:20])[0]
            assert stems.isdisjoint(" ".join(words) for words in _runs(frame))
            formats[sample.format] += 1
    assert formats["open"] > formats["choice"] > formats["true-false"] > 10


def _runs(text: str) -> Iterator[list[str]]:
    """All runs of four consecutive words."""
    words = re.findall(r"[a-z]+", text.partition("{")[0].lower())
    return (words[n : n + 4] for n in range(len(words) - 3))


def test_a_neighbour_that_lacks_too_is_shown_in_the_first_samples(shipped: Knowledge) -> None:
    """The neighbour may stand on either side. A statement that no row can contain has no effect."""
    longer = [c for c in shipped.active_chains() if len(c.statements) >= 4]
    sides = Counter[int]()
    for chain in by_weight(longer, "beside", name=lambda c: c.id)[:40]:
        path = chain.statements
        for place, node in enumerate(path):
            plain = extra_samples(shipped, node, 4, start=1000, params=Params())
            assert [s.nodes for s in plain if path[0] in s.nodes and path[-1] in s.nodes] == []
            for other in (path[n] for n in (place - 1, place + 1) if 0 <= n < len(path)):
                first, *_ = extra_samples(shipped, node, 4, start=1000, params=Params(), beside=[other])
                assert {node, other} <= set(first.nodes), (first.id, other)
                sides[path.index(other) - place] += 1
                stepwise = extra_samples(shipped, node, 4, start=1000, params=Params(), stepwise=True)
                assert extra_samples(shipped, node, 4, start=1000, params=Params(), stepwise=True, beside=[other]) == stepwise
            far = [s for s in path if abs(path.index(s) - place) > 2] + [node, "weaving/no-such-chain.s1"]
            assert extra_samples(shipped, node, 4, start=1000, params=Params(), beside=far) == plain
    assert min(sides[-1], sides[1]) > 100


def test_every_derived_sample_can_be_worded_again_as_it_was(shipped: Knowledge) -> None:
    """Tested on 40 samples of each discipline, which the builder makes from the current knowledge."""
    params = load_params(ROOT / "params.yaml")
    allocation = dict.fromkeys(shipped.topics_of, 40)
    plans = [p for group in plan_samples(shipped, allocation, seed=params.seed, window=params.samples.window).values() for p in group]
    for sample in (write_sample(shipped, plan) for plan in plans):
        spoilt = msgspec.structs.replace(sample, question="Who said so?", answer="Nobody.", options=())
        assert worded_again(shipped, spoilt, params) == sample


def test_what_no_plan_has_made_or_the_base_holds_no_more_cannot_be_worded_again(shipped: Knowledge) -> None:
    chain = next(shipped.active_chains())
    last = chain.statements[-1]
    for sample in ("by hand", f"{chain.id}.s99:open-1", f"{last}+2:open-1", f"{last}:essay-1", f"{last}:open-0"):
        assert worded_again(shipped, recovered(Sample(sample, "open", (), "Q", "A")), Params()) is None, sample
