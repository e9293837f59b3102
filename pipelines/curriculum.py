"""Stage `curriculum`: write the embedded base's training text and the general suite.

    python -m pipelines.curriculum

build/curriculum/documents.jsonl   the base's training text, one {"prompt", "completion"} per line; an empty prompt is plain text
build/curriculum/replay.jsonl      what tuning replays against forgetting, from the `replayed` half of the invented world
build/curriculum/heldout.txt       sentences of the pinned reading that the base never sees, for a held-out loss
benchmarks/general/suite.jsonl     items on the `suite` half of the invented world, in wordings that replay never uses
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipelines.stage import stage
from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.compiler.invented import Half, half_of, invented_world
from proda.errors import InputError
from proda.graph import Knowledge
from proda.params import Params
from proda.stable_hash import by_weight, fraction
from proda.store.files import write_file
from proda.store.reading import load_reading
from proda.store.relations import load_relations
from proda.tester.general import STEMS, write_suite
from proda.tester.items import practice_items

if TYPE_CHECKING:
    from proda.records import Sample

ROOT = Path()
OUT = ROOT / "build/curriculum"
HELDOUT = 0.05  # share of the reading's sentences that the base never sees


@stage("curriculum")
def main(params: Params) -> str:
    """Write the four files, and return the number of documents, replayed samples and suite items.

    Raises InputError, before anything is written, if the general suite would be empty.
    """
    replayed, suite_half = _half(params, "replayed"), _half(params, "suite")
    replay = _samples(replayed, params.curriculum.samples_per_statement, params) + _answered_items(replayed, params)
    taught = _samples(suite_half, params.curriculum.suite_samples_per_statement, params)
    documents = replay + taught + _rehearsal(replayed, params)
    kept, heldout = _reading(params)
    documents += [{"prompt": "", "completion": text} for text in kept for _ in range(params.curriculum.reading_epochs)]
    suite = write_suite(suite_half, seed=params.curriculum.seed, count=params.curriculum.suite_items)
    if not suite:
        raise InputError(_no_suite(params, suite_half))
    write_file(OUT / "documents.jsonl", _lines(by_weight(documents, "order", name=lambda d: d["prompt"] + d["completion"])))
    write_file(OUT / "replay.jsonl", _lines(replay))
    write_file(OUT / "heldout.txt", "\n".join(heldout) + "\n")
    write_file(ROOT / "benchmarks/general/suite.jsonl", _lines(suite))
    return f"curriculum: {len(documents):,} documents, {len(replay):,} of them for replay; general suite of {len(suite):,} items"


def _no_suite(params: Params, suite_half: Knowledge) -> str:
    """Why the general suite is empty: an item needs three wrong concepts, which a few chains may not have."""
    asked = params.curriculum
    chains = f"{len(suite_half.chains)} of {asked.chains} invented chain{'' if asked.chains == 1 else 's'}"
    return (
        f"params.yaml  curriculum.chains\n  Got {asked.chains}, with suite_share {asked.suite_share}: the general suite would ask about"
        f" {chains}, which give none of {asked.suite_items} items, so forgetting could not be measured. Raise curriculum.chains"
        " (default: 64)."
    )


def _half(params: Params, half: Half) -> Knowledge:
    relations = load_relations(ROOT / "knowledge/relations.yaml")
    concepts, statements, chains = invented_world(
        params.curriculum.seed, params.curriculum.chains, relations, suite_share=params.curriculum.suite_share
    )
    return Knowledge(
        relations,
        (c for c in concepts if half_of(c) == half),
        (s for s in statements if half_of(s) == half),
        (c for c in chains if half_of(c) == half),
    )


def _samples(world: Knowledge, per_statement: int, params: Params) -> list[dict[str, str]]:
    """The facts of one half, in the formats and wordings of the real corpus."""
    statements = Counter(s.discipline for s in world.active_statements.values())
    allocation = {discipline: per_statement * count for discipline, count in statements.items()}
    plans = plan_samples(world, allocation, seed=params.curriculum.seed, window=params.samples.window)
    return [_document(write_sample(world, plan)) for group in plans.values() for plan in group]


def _document(sample: Sample) -> dict[str, str]:
    return {"prompt": sample.prompt, "completion": sample.completion}


def _answered_items(world: Knowledge, params: Params) -> list[dict[str, str]]:
    """Items about the invented world with their answers, so that the base knows the kinds of question but not the real facts."""
    items = practice_items(world, seed=params.curriculum.seed, most=params.curriculum.items_per_kind)
    return [{"prompt": item.prompt, "completion": item.options[item.key].text} for item in items]


def _rehearsal(world: Knowledge, params: Params) -> list[dict[str, str]]:
    """The wordings of the suite over the `replayed` half, so that the base knows them. Replay does not contain them."""
    every = write_suite(world, seed=params.curriculum.seed, count=2 * len(STEMS) * len(world.active_statements))
    items = by_weight(every, "rehearsal", params.curriculum.seed, name=lambda item: item.id)[: params.curriculum.suite_items // 2]
    return [{"prompt": item.prompt, "completion": item.options[item.key].text} for item in items]


def _reading(params: Params) -> tuple[list[str], list[str]]:
    """The sentences that the base reads, and those held out, chosen by a hash of the sentence."""
    sentences = [s for reading in load_reading(ROOT / "samples/base/reading.yaml") for s in reading.sentences]
    held = [s for s in sentences if fraction("heldout", params.curriculum.seed, s) < HELDOUT]
    return [s for s in sentences if s not in set(held)], held


def _lines(rows: Iterable[Any]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


if __name__ == "__main__":
    main()
