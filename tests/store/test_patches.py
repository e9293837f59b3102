"""Patch files: named after their content, refused when edited or stale, and undone by deleting them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import InputError
from proda.graph import Knowledge
from proda.records import Dropped, Edit, Overridden, Patch, Sample, Wording
from proda.store.corpus import as_before, load_corpus, recovered, write_corpus
from proda.store.patches import apply_patches, load_patches, load_samples, name_patch, named, node_hash, patch_text, sample_hash, stale
from proda.store.training_texts import training_texts
from proda.tester.items import write_items
from tests.toyworld import ROOT, wide_knowledge

WORLD = wide_knowledge(8)
NODE = "weaving/story-0.s1"
ADDED = recovered(Sample(f"{NODE}:patch-open-1", "open", (NODE,), "What does thing 0 0 cause?", "thing 0 1", "Thing 0 0 causes thing 0 1."))
CHOICE = recovered(Sample(f"{NODE}:patch-choice-1", "choice", (NODE,), "What is caused?", "thing 0 1", "", ("thing 0 2", "thing 0 1")))


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
    with pytest.raises(InputError, match="must not be edited"):
        load_patches(root)


def test_a_malformed_field_of_a_patch_is_named_in_plain_words(root: Path) -> None:
    patch = named(a_patch())
    path = root / "samples/patches" / f"{patch.id}.yaml"
    path.write_text(patch_text(patch).replace("round: 1\n", "round: 99999999999999999999\n"))
    with pytest.raises(InputError, match=r"Not a patch\. round: Got 99999999999999999999, expected a number of at most 18 digits\."):
        load_patches(root)
    path.write_text(patch_text(patch).replace("round: 1\n", "round: first\n"))
    with pytest.raises(InputError, match=r"Not a patch\. round: Got 'first', expected a whole number\."):
        load_patches(root)


def test_a_renamed_patch_is_refused(root: Path) -> None:
    path = put(root, a_patch(samples=[ADDED]))
    path.rename(path.with_name("1-other-00000000.yaml"))
    with pytest.raises(InputError, match="must not be edited"):
        load_patches(root)


def test_removing_what_is_not_there_or_has_changed_is_refused(root: Path) -> None:
    sample = load_corpus(root)[0]
    for dropped, message in (
        (Dropped("no/such:open-1", "0" * 16), "not a sample of the corpus"),
        (Dropped(sample.id, "0" * 16), "has changed"),
    ):
        path = put(root, a_patch(remove=[dropped]))
        with pytest.raises(InputError, match=message):
            load_samples(root)
        path.unlink()


def worded(sample: Sample, answer: str = "thing 0 3") -> Overridden:
    """An override by a text that no builder writes."""
    options = tuple(answer if o == sample.answer else o for o in sample.options)
    return Overridden(sample.id, sample_hash(sample), Wording("What comes of it?", answer, "So it is said.", options))


def test_an_overridden_sample_keeps_its_place_id_and_nodes_and_deleting_the_file_restores_it(root: Path) -> None:
    before = load_samples(root)
    places = {s.format: n for n, s in enumerate(before)}
    chosen = [before[places[f]] for f in ("open", "choice", "true-false")]
    patch = a_patch(samples=[ADDED], override=[worded(s) for s in chosen], remove=[Dropped(before[0].id, sample_hash(before[0]))])
    path = put(root, patch)
    assert load_patches(root) == [patch]
    after = load_samples(root)
    assert [s.id for s in after] == [*(s.id for s in before[1:]), ADDED.id]
    for old, new in zip(before[1:], after, strict=False):
        assert (new.nodes, new.format, new.plan) == (old.nodes, old.format, old.plan) and (new != old) is (old in chosen)
    choice = next(s for s in after if s.id == chosen[1].id)
    assert choice.key == chosen[1].key and choice.answer == "thing 0 3" and choice.question == "What comes of it?"
    path.unlink()
    assert load_samples(root) == before


def test_overriding_what_is_not_there_or_has_changed_is_refused(root: Path) -> None:
    sample = load_corpus(root)[0]
    for entry, message in (
        (msgspec.structs.replace(worded(sample), sample="no/such:open-1"), "nothing is overridden"),
        (msgspec.structs.replace(worded(sample), hash="0" * 16), "has changed"),
    ):
        path = put(root, a_patch(override=[entry]))
        with pytest.raises(InputError, match=message):
            load_samples(root)
        path.unlink()


def test_a_sample_that_is_overridden_and_touched_otherwise_is_refused(root: Path) -> None:
    sample = load_corpus(root)[0]
    drop = Dropped(sample.id, sample_hash(sample))
    both = put(root, a_patch(override=[worded(sample)], remove=[drop]))
    with pytest.raises(InputError, match="twice by this patch"):
        load_samples(root)
    both.unlink()
    other = a_patch(round=2, remove=[drop])
    paths = [put(root, a_patch(override=[worded(sample)])), put(root, other)]
    with pytest.raises(InputError, match=f"by {other.id} too"):
        load_samples(root)
    paths[1].unlink()
    paths.append(put(root, a_patch(round=2, override=[worded(sample, "thing 0 4")])))
    with pytest.raises(InputError, match=" too;"):
        load_samples(root)
    for path in paths[::2]:
        path.unlink()
    put(root, other)
    put(root, a_patch(round=3, remove=[drop]))  # removing it twice has the same effect as once
    assert sample.id not in {s.id for s in load_samples(root)}


def test_the_guard_reads_the_text_that_overrides_and_not_the_one_that_is_gone(root: Path) -> None:
    sample = next(s for s in load_corpus(root) if s.format == "open")
    put(root, a_patch(override=[worded(sample, "a word that no sample says")]))
    (text,) = [t.text for t in training_texts(root, load_samples(root)) if t.where == sample.id]
    assert "a word that no sample says" in text and sample.question not in text


def test_a_malformed_override_is_one_message(root: Path) -> None:
    path = put(root, a_patch(override=[worded(load_corpus(root)[0])]))
    path.write_text(path.read_text().replace("question:", "asked:"))
    with pytest.raises(InputError, match="Not the text of a sample"):
        load_patches(root)


def test_what_a_patch_does_not_do_stays_out_of_its_name(root: Path) -> None:
    """Names given before patches could override and edit are still theirs."""
    assert a_patch(samples=[ADDED]).id == "1-story-0-s1-ad789efd"
    assert a_patch(samples=[ADDED], override=[], edits=[]).id == a_patch(samples=[ADDED]).id
    edit = Edit("knowledge/weaving/weaving-basics.yaml", "weaving/thing-0-1", "weaving/thing-0-2")
    assert len({a_patch(edits=[edit]).id, a_patch().id, a_patch(override=[worded(load_corpus(root)[0])]).id}) == 3


def test_every_committed_patch_still_loads_under_its_name() -> None:
    assert all(p.id == name_patch(p) for p in load_patches(ROOT))


def test_what_a_sample_was_made_from_does_not_enter_the_name_unless_it_differs_from_the_id(root: Path) -> None:
    """Patches of earlier rounds do not record it, and keep their names."""
    sample = next(s for s in load_corpus(root) if s.chain and s.unit not in s.nodes)
    patch, bare = a_patch(samples=[sample]), a_patch(samples=[as_before(sample)])
    assert (as_before(sample).unit, as_before(sample).chain, as_before(sample).number) == ("", "", 0)
    assert patch.id == bare.id and f"unit: {sample.unit}" in patch_text(patch) and "unit:" not in patch_text(bare)
    path = put(root, bare)
    assert load_patches(root) == [patch]
    path.write_text(patch_text(patch).replace(f"unit: {sample.unit}\n", "unit: weaving/story-1.s1\n"))
    with pytest.raises(InputError, match="must not be edited"):
        load_patches(root)


def test_the_samples_of_committed_patches_are_given_what_they_were_made_from() -> None:
    samples = [s for p in load_patches(ROOT) for s in p.samples]
    if not samples:
        pytest.skip("No patch is committed at present.")
    assert all(s.unit and s.discipline and s.number > 1000 for s in samples)
    assert all(s.unit.startswith(s.chain) and s.nodes for s in samples)


def test_a_sample_that_two_branches_added_alike_is_there_once(root: Path) -> None:
    put(root, a_patch(samples=[ADDED]))
    put(root, a_patch(samples=[ADDED], reason="Another."))
    assert [s.id for s in load_samples(root)].count(ADDED.id) == 1


def test_two_samples_of_one_id_are_refused_with_both_files(root: Path) -> None:
    first, second = a_patch(samples=[ADDED]), a_patch(samples=[msgspec.structs.replace(ADDED, answer="Another answer.")])
    for patch in (first, second):
        put(root, patch)
    with pytest.raises(InputError, match="must be unique") as caught:
        load_samples(root)
    assert all(f"samples/patches/{patch.id}.yaml" in str(caught.value) for patch in (first, second))
    twice = a_patch(samples=[ADDED, ADDED], reason="Twice.")
    with pytest.raises(InputError, match="in this patch"):
        apply_patches([], [twice])


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
    # The place of a quote in its source, and other statements that mention a concept, do not make a patch stale.
    concept = WORLD.statements[NODE].subject
    busy = msgspec.structs.replace(WORLD.concepts[concept], parents=("x/y.s1",))
    assert node_hash(WORLD, concept) == node_hash(
        Knowledge(WORLD.relations.values(), [*WORLD.concepts.values(), busy], WORLD.statements.values(), WORLD.chains.values()), concept
    )
    # Nor does `distinct_from`: the edit of a repair makes no patch stale.
    apart = msgspec.structs.replace(WORLD.concepts[concept], distinct_from=("weaving/thing-7-4",))
    assert node_hash(WORLD, concept) == node_hash(
        Knowledge(WORLD.relations.values(), [*WORLD.concepts.values(), apart], WORLD.statements.values(), WORLD.chains.values()), concept
    )
