"""The stage `guard` stops the build for a text that gives an item away, and for a sample that words an item's statements."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from pipelines.guard import main
from proda.errors import GateError
from proda.knowledge.compile import compile_knowledge
from proda.params import Params, load_params
from proda.records import Sample
from proda.store.items import load_items
from proda.store.patches import load_patches, named, patch_text
from tests.toyresults import make_items_and_samples, make_patch
from tests.toyworld import make_repository


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_repository(tmp_path, git=False)
    compile_knowledge(made, made / "build/knowledge")
    monkeypatch.chdir(make_items_and_samples(made))
    return made


def guard(root: Path) -> str:
    line: str = main.__wrapped__(params(root))  # type: ignore[attr-defined]  # the stage without its printing
    return line


def params(root: Path) -> Params:
    return load_params(root / "params.yaml")


def plant(root: Path, sample: Sample) -> None:
    """Put the sample into a patch."""
    path = root / f"samples/patches/{make_patch(root).id}.yaml"
    (patch,) = load_patches(root)
    path.unlink()
    planted = named(msgspec.structs.replace(patch, samples=(sample,)))
    (root / f"samples/patches/{planted.id}.yaml").write_text(patch_text(planted))


def report(root: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / "benchmarks/results/overlap.json").read_text())
    return found


def test_a_sound_corpus_passes(root: Path) -> None:
    assert "0 leaks" in guard(root)
    assert (root / "build/guard-passed").is_file()
    assert (report(root)["n_leaks"], report(root)["n_shown_whole"]) == (0, 0)


def test_a_sample_that_words_all_statements_of_an_item_stops_the_build_though_its_words_are_others(root: Path) -> None:
    guard(root)
    item = load_items(root)[0]
    sample = Sample(f"{item.statements[0]}:open-1001", "open", tuple(sorted(item.statements)), "What comes of it?", "All of this.")
    plant(root, sample)
    with pytest.raises(GateError) as caught:
        guard(root)
    rest = {i.id for i in load_items(root) if set(i.statements) <= set(item.statements)}
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{len(rest)} items are shown whole: one training sample words every statement")
    assert f"  {item.id}  shown by {sample.id}" in lines
    assert not (root / "build/guard-passed").exists()
    assert report(root)["shown_whole"] == [{"item": i, "sample": sample.id} for i in sorted(rest)]


def test_a_text_that_gives_an_item_away_stops_it_too(root: Path) -> None:
    item = load_items(root)[0]
    plant(root, Sample(f"{item.statements[0]}:open-1001", "open", (item.statements[0],), item.stem, item.options[item.key].text))
    with pytest.raises(GateError, match=r"give.? items away\. Remove or reword the samples"):
        guard(root)
