"""Patch files: named after their content, refused when edited or stale, and undone by deleting them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.corpus import load_corpus, write_corpus
from proda.errors import InputError
from proda.graph import Knowledge
from proda.patches import load_patches, load_samples, name_patch, named, node_hash, patch_text, sample_hash, stale
from proda.records import Dropped, Patch, Sample
from proda.tester.items import write_items
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(8)
NODE = "weaving/story-0.s1"
ADDED = Sample(f"{NODE}:patch-open-1", "open", (NODE,), "What does thing 0 0 cause?", "thing 0 1", "Thing 0 0 causes thing 0 1.")
CHOICE = Sample(f"{NODE}:patch-choice-1", "choice", (NODE,), "What is caused?", "thing 0 1", "", ("thing 0 2", "thing 0 1"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plans = plan_samples(WORLD, {"weaving": 60, "milling": 9, "lighting": 9}, seed=0, window=2)
    write_corpus(tmp_path, {key: [write_sample(WORLD, p) for p in group] for key, group in plans.items()})
    (tmp_path / "samples/patches").mkdir()
    return tmp_path


def a_patch(**changes: object) -> Patch:
    fields = {
        "id": "",
        "round": 1,
        "targets": (NODE,),
        "items": (),
        "category": "concept gap",
        "reason": "Two of three seeds.",
        "expect": {},
    }
    return named(msgspec.convert({**fields, **changes}, Patch))


def put(root: Path, patch: Patch) -> Path:
    path = root / f"samples/patches/{patch.id}.yaml"
    path.write_text(patch_text(patch))
    return path


def test_a_patch_is_read_as_it_was_written_and_adds_its_samples(root: Path) -> None:
    patch = a_patch(samples=[ADDED, CHOICE], expect={NODE: node_hash(WORLD, NODE)}, confusions={NODE: "weaving/thing-0-2"})
    put(root, patch)
    assert load_patches(root) == [patch]
    assert load_samples(root) == [*load_corpus(root), ADDED, CHOICE]


def test_deleting_the_file_restores_what_was_trained_on(root: Path) -> None:
    before = load_samples(root)
    path = put(root, a_patch(samples=[ADDED], remove=[Dropped(before[3].id, sample_hash(before[3]))]))
    assert load_samples(root) == [*before[:3], *before[4:], ADDED]
    path.unlink()
    assert load_samples(root) == before


def test_an_edited_patch_is_refused(root: Path) -> None:
    path = put(root, a_patch(samples=[ADDED]))
    path.write_text(path.read_text().replace("thing 0 1", "thing 0 3"))
    with pytest.raises(InputError, match="never edited"):
        load_patches(root)


def test_a_renamed_patch_is_refused(root: Path) -> None:
    path = put(root, a_patch(samples=[ADDED]))
    path.rename(path.with_name("1-other-00000000.yaml"))
    with pytest.raises(InputError, match="never edited"):
        load_patches(root)


def test_removing_what_is_not_there_or_has_changed_is_refused(root: Path) -> None:
    sample = load_corpus(root)[0]
    for dropped, message in ((Dropped("no/such:open-1", "0" * 16), "no sample"), (Dropped(sample.id, "0" * 16), "has changed")):
        path = put(root, a_patch(remove=[dropped]))
        with pytest.raises(InputError, match=message):
            load_samples(root)
        path.unlink()


def test_the_same_sample_twice_is_refused(root: Path) -> None:
    put(root, a_patch(samples=[ADDED]))
    put(root, a_patch(samples=[ADDED], reason="Another."))
    with pytest.raises(InputError, match="already"):
        load_samples(root)


def test_names_differ_with_content_and_round() -> None:
    patches = [a_patch(), a_patch(round=2), a_patch(reason="x"), a_patch(samples=[ADDED]), a_patch(targets=["weaving/story-1.s1"])]
    assert len({p.id for p in patches}) == 5
    assert patches[0].id == name_patch(patches[0]) and patches[0].id.startswith("1-story-0-s1-")


def test_a_patch_is_stale_when_its_node_or_its_item_has_changed() -> None:
    item = write_items(WORLD, seed=0, sealed_share=0.0)[0]
    patch = a_patch(expect={NODE: node_hash(WORLD, NODE), item.id: item.content_hash})
    assert stale(patch, WORLD, {item.id: item}) == []
    moved = msgspec.structs.replace(WORLD.statements[NODE], text="Thing 0 0 always causes thing 0 1.")
    other = Knowledge(WORLD.relations.values(), WORLD.concepts.values(), [*WORLD.statements.values(), moved], WORLD.chains.values())
    assert [line.split(":")[0] for line in stale(patch, other, {item.id: item})] == [NODE]
    assert len(stale(patch, other, {})) == 2
    # Where a quote stands in its source, and who else mentions a concept, is nobody's edit.
    concept = WORLD.statements[NODE].subject
    busy = msgspec.structs.replace(WORLD.concepts[concept], parents=("x/y.s1",))
    assert node_hash(WORLD, concept) == node_hash(
        Knowledge(WORLD.relations.values(), [*WORLD.concepts.values(), busy], WORLD.statements.values(), WORLD.chains.values()), concept
    )
