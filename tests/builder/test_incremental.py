"""Samples that are made again only where a change can reach are those of a whole build, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from proda.builder import incremental
from proda.builder.briefs import plan_key
from proda.builder.build import build_corpus, planned
from proda.builder.incremental import CACHE, Made, sample_files
from proda.builder.template_writer import write_sample
from proda.builder.topics import Topics, UntraceableError, read_relations, read_topics
from proda.builder.traced import TracedKnowledge
from proda.errors import InputError
from proda.graph import CompiledTopic, Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.language.near_topics import BESIDE, near_topics
from proda.params import Params
from proda.records import Wording
from proda.store.allocation import load_allocation
from proda.store.corpus import CORPUS, samples_files
from proda.store.files import write_tree
from proda.store.written import WrittenSample
from tests.builder.edited_world import RELATIONS, World, edited, random_world, write_world
from tests.language.test_near_topics import wide

ROOT = Path(__file__).resolve().parents[2]
ALLOCATION = {"weaving": 160, "dyeing": 90, "milling": 25}
PARAMS = Params()
Written = Mapping[str, WrittenSample]
NONE: Written = {}


def build(root: Path, allocation: Mapping[str, int] = ALLOCATION, params: Params = PARAMS, written: Written = NONE, jobs: int = 1) -> Made:
    """Bring samples/corpus up to date, as the stage does."""
    made = sample_files(root, allocation, params, written, jobs=jobs)
    write_tree(root / CORPUS, made.files, ".yaml", kept=made.kept)
    return made


def whole(root: Path, allocation: Mapping[str, int] = ALLOCATION, params: Params = PARAMS, written: Written = NONE) -> dict[str, str]:
    """What a whole build from the same inputs gives."""
    return samples_files(build_corpus(Knowledge.load(root / "build/knowledge"), allocation, params, written))


def topics_in(root: Path) -> Topics:
    folder = root / "build/knowledge"
    return read_topics(folder, read_relations(folder))


def on_disk(root: Path) -> dict[str, str]:
    folder = root / CORPUS
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("*/*") if path.is_file()}


def frozen(root: Path, rng: random.Random, allocation: Mapping[str, int], params: Params) -> dict[str, WrittenSample]:
    """A frozen text for some plans."""
    knowledge = Knowledge.load(root / "build/knowledge")
    plans = [p for group in planned(knowledge, allocation, params).values() for p in group if p.format == "open"]
    found = {}
    for plan in rng.sample(plans, min(3, len(plans))):
        sample = write_sample(knowledge, plan)
        wording = Wording(f"Say it: {sample.question}", sample.answer, "Written by hand.")
        found[plan_key(knowledge, plan)] = WrittenSample(sample.id, sample.format, wording, plan_key(knowledge, plan), "m", "sample@1")
    return found


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_the_files_are_those_of_a_whole_build(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    world, relations, allocation, params = random_world(rng), RELATIONS, dict(ALLOCATION), Params()
    written: dict[str, WrittenSample] = {}
    saved = 0
    for step in range(14):
        write_world(tmp_path, world, relations)
        made = build(tmp_path, allocation, params, written)
        assert on_disk(tmp_path) == whole(tmp_path, allocation, params, written), f"after edit {step}"
        assert set(made.files) | made.kept == set(on_disk(tmp_path))
        saved += len(made.kept)
        kind = rng.choice(("world", "world", "world", "world", "world", "allocation", "params", "relation", "written", "patch", "corpus"))
        if kind == "world":
            _, world = edited(world, rng)
        elif kind == "allocation":
            allocation[rng.choice(list(allocation))] += rng.choice((-7, 1, 30))
        elif kind == "params":
            samples = msgspec.structs.replace(params.samples, window=rng.choice((2, 3)), open_share=rng.choice((0.5, 0.6)))
            params = msgspec.structs.replace(params, seed=rng.choice((0, 1)), samples=samples)
        elif kind == "relation":
            relations = tuple(msgspec.structs.replace(r, transitive=not r.transitive) if r.id == "causes" else r for r in relations)
        elif kind == "written":
            written = {} if written else frozen(tmp_path, rng, allocation, params)
        elif kind == "patch":
            (tmp_path / "samples/patches").mkdir(parents=True, exist_ok=True)
            (tmp_path / "samples/patches/one.yaml").write_text("targets: []\n")
        else:
            harmed = rng.choice(sorted((tmp_path / CORPUS).glob("*/*.yaml")))
            harmed.write_text("samples: []\n")
            if rng.random() < 0.5:
                harmed.unlink()
    assert saved


def test_an_edit_of_a_statement_reaches_few_topics_and_one_file(tmp_path: Path) -> None:
    write_world(tmp_path, _topics(wide(60)))
    allocation = {"weaving": 1200}
    assert build(tmp_path, allocation).computed == 60
    assert build(tmp_path, allocation).computed == 0
    world = _topics(wide(60))
    here = world["weaving", "t5"]
    statements = (msgspec.structs.replace(here.statements[0], text="Told in other words."), *here.statements[1:])
    world["weaving", "t5"] = msgspec.structs.replace(here, statements=statements)
    write_world(tmp_path, world)
    made = build(tmp_path, allocation)
    assert list(made.files) == ["weaving/t5.yaml"]
    assert 1 <= made.computed <= 1 + BESIDE  # its own, and those that it is near
    assert on_disk(tmp_path) == whole(tmp_path, allocation)


def test_what_is_new_in_one_discipline_takes_samples_from_the_last_round_only(tmp_path: Path) -> None:
    write_world(tmp_path, _topics(wide(60)))
    allocation = {"weaving": 900}
    build(tmp_path, allocation)
    write_world(tmp_path, {**_topics(wide(60)), **{place: t for place, t in _topics(wide(61)).items() if place[1] == "t60"}})
    made = build(tmp_path, allocation)
    lost = made.files["weaving/t60.yaml"].count("- id:")  # as many samples as the new topic gets are taken from others
    assert 1 <= made.computed <= 1 + 2 * BESIDE + lost < 60  # topics that have it near them, and topics that have those near them
    assert on_disk(tmp_path) == whole(tmp_path, allocation)


def _topics(knowledge: Knowledge) -> World:
    places = sorted(knowledge.places)
    return {
        place: CompiledTopic(
            *place,
            "s",
            tuple(c for c in knowledge.concepts.values() if (c.discipline, c.topic) == place),
            tuple(c for c in knowledge.chains.values() if (c.discipline, c.topic) == place),
            tuple(s for s in knowledge.statements.values() if (s.discipline, s.topic) == place),
        )
        for place in places
    }


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shipped")
    assert compile_knowledge(ROOT, root / "build/knowledge", cache=root / "check.sqlite").ok
    return root


def test_after_edits_of_the_shipped_knowledge_the_files_are_those_of_a_whole_build(shipped: Path) -> None:
    rng = random.Random(0)
    knowledge = Knowledge.load(shipped / "build/knowledge")
    relations = tuple(knowledge.relations.values())
    allocation = dict.fromkeys(load_allocation(ROOT), 60)
    world = _topics(knowledge)
    for _ in range(3):
        write_world(shipped, world, relations)
        build(shipped, allocation)
        assert on_disk(shipped) == whole(shipped, allocation)
        _, world = edited(world, rng)
    place = "physics", "thermal-expansion"
    write_world(shipped, world, relations)
    build(shipped, allocation)
    here = world[place]
    statements = tuple(msgspec.structs.replace(s, text=f"{s.text} So it is.") for s in here.statements)
    write_world(shipped, {**world, place: msgspec.structs.replace(here, statements=statements)}, relations)
    made = build(shipped, allocation)
    assert list(made.files) == ["physics/thermal-expansion.yaml"]
    assert made.computed < 16  # of 64: those of physics, and those that a statement joins with it
    assert on_disk(shipped) == whole(shipped, allocation)


def _worlds() -> Iterator[World]:
    yield from (random_world(random.Random(seed)) for seed in (1, 2))
    yield _topics(wide(12))


def test_a_traced_view_shows_what_the_view_of_the_whole_knowledge_shows(tmp_path: Path) -> None:
    for world in _worlds():
        write_world(tmp_path, world)
        knowledge, topics = Knowledge.load(tmp_path / "build/knowledge"), topics_in(tmp_path)
        assert topics.places == knowledge.places
        for shuffled in range(3):
            traced = TracedKnowledge(topics)
            concepts = random.Random(shuffled).sample(sorted(knowledge.concepts), len(knowledge.concepts))
            for concept in concepts:
                assert traced.joined.get(concept, set()) == knowledge.joined.get(concept, set())
                assert traced.by_subject.get(concept, []) == knowledge.by_subject.get(concept, [])
                assert traced.by_object.get(concept, []) == knowledge.by_object.get(concept, [])
                assert traced.courses.get(concept, []) == knowledge.courses.get(concept, [])
                assert traced.set_apart.get(concept, []) == knowledge.set_apart.get(concept, [])
                assert (concept in traced.inner) is (concept in knowledge.inner)
                assert traced.concepts[concept] == traced.node(concept) == knowledge.concepts[concept]
                assert traced.words(concept) == knowledge.words(concept)
                assert concept not in traced.statements
            for place in knowledge.places:
                assert near_topics(traced, *place) == near_topics(knowledge, *place)
                assert traced.concepts_of.get(place, []) == knowledge.concepts_of.get(place, [])
                assert traced.statements_of.get(place, []) == knowledge.statements_of.get(place, [])
                assert traced.chains_of.get(place, []) == knowledge.chains_of.get(place, [])
            for triple, stating in knowledge.triples.items():
                assert traced.triples[triple] == stating and triple in traced.triples
                assert traced.holds(*triple) and traced.leads(triple[0], triple[2])
            for chain in knowledge.chains.values():
                assert traced.course(chain) == knowledge.course(chain) and traced.path(chain) == knowledge.path(chain)
                assert traced.node(chain.id) == chain and chain.id not in traced.statements
            for statement in knowledge.statements.values():
                assert traced.node(statement.id) == statement and statement.id not in traced.chains


def test_each_view_of_the_knowledge_is_traced_or_refused(tmp_path: Path) -> None:
    write_world(tmp_path, random_world(random.Random(1)))
    traced = TracedKnowledge(topics_in(tmp_path))
    whole_knowledge = Knowledge.load(tmp_path / "build/knowledge")
    every = {name for name in (*vars(Knowledge), *vars(whole_knowledge)) if not name.startswith("_")}
    views = {
        "relations",
        "concepts",
        "statements",
        "chains",
        "by_subject",
        "by_object",
        "courses",
        "inner",
        "joined",
        "triples",
        "set_apart",
    }
    views |= {"concepts_of", "statements_of", "chains_of"}
    from_views = {"node", "path", "course", "holds", "leads", "words", "places_around"}
    refused = {"cases", "active_statements", "places", "topics_of", "active_chains", "active_paths"}
    assert every == views | from_views | refused | {"load"}
    for name in views:
        assert name in vars(traced)
    for name in refused:
        with pytest.raises(UntraceableError):
            getattr(traced, name)()
    for name in views - {"relations"}:
        with pytest.raises(UntraceableError):
            list(getattr(traced, name))
    with pytest.raises(UntraceableError):
        traced.concepts.get("weaving/unknown")


def test_the_number_of_processes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incremental, "POOL_FROM", 0)
    write_world(tmp_path, random_world(random.Random(5)))
    made = build(tmp_path, jobs=3)
    assert made.computed == 27 and on_disk(tmp_path) == whole(tmp_path)
    cache = (tmp_path / CACHE).read_bytes()
    (tmp_path / CACHE).unlink()
    assert build(tmp_path, jobs=1).files == {}
    assert (tmp_path / CACHE).read_bytes() == cache


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_frozen_text_that_does_not_fit_is_reported_and_nothing_is_written(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incremental, "POOL_FROM", 0)
    write_world(tmp_path, random_world(random.Random(5)))
    wrong = {
        key: msgspec.structs.replace(one, format="true-false")
        for key, one in frozen(tmp_path, random.Random(0), ALLOCATION, Params()).items()
    }
    with pytest.raises(InputError, match="another format"):
        build(tmp_path, written=wrong, jobs=jobs)
    assert not (tmp_path / CORPUS).exists()


def _damages(root: Path, other: Path) -> Iterator[str]:
    """Harm the cache in every way, one after the other."""
    cache = root / CACHE
    good = cache.read_bytes()
    for name, data in {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "one byte": good[:-9] + bytes([good[-9] ^ 1]) + good[-8:],
        "foreign": (other / CACHE).read_bytes(),
        "text": b"not a cache at all",
    }.items():
        cache.write_bytes(data)
        yield name
    cache.unlink()
    cache.mkdir()
    yield "a folder"
    cache.rmdir()
    cache.parent.rename(root / "aside")
    cache.parent.write_text("a file in the place of the folder")
    yield "a file"
    cache.parent.unlink()
    outside = root.parent / f"{root.name}-elsewhere"
    outside.mkdir()
    cache.parent.symlink_to(outside)
    (root / "knowledge").mkdir()
    (root / "knowledge/relations.yaml").write_text("")  # so that it is a repository
    yield "a link out of the repository"
    assert not list(outside.iterdir())


def test_a_damaged_or_foreign_cache_changes_no_result_and_is_never_fatal(tmp_path: Path) -> None:
    root, other = tmp_path / "one", tmp_path / "other"
    write_world(root, random_world(random.Random(5)))
    write_world(other, random_world(random.Random(6)))
    build(root)
    build(other)
    expected = whole(root)
    for number, harm in enumerate(_damages(root, other)):
        victim = sorted((root / CORPUS).glob("*/*.yaml"))[number]
        victim.write_text("samples: []\n")
        build(root)
        assert on_disk(root) == expected, harm


def test_another_version_of_the_code_makes_everything_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_world(tmp_path, random_world(random.Random(5)))
    build(tmp_path)
    code = tmp_path / "package"
    code.mkdir()
    (code / "plan.py").write_text("ROW = 3\n")
    monkeypatch.setattr(incremental, "PACKAGE", code)
    assert build(tmp_path).computed == 27
    assert build(tmp_path).computed == 0
    (code / "plan.py").write_text("ROW = 4\n")
    assert build(tmp_path).computed == 27


def test_knowledge_that_cannot_be_traced_is_built_whole(tmp_path: Path) -> None:
    world = random_world(random.Random(5))
    first, second = list(world)[:2]
    twice = world[first].concepts[0]
    world[second] = msgspec.structs.replace(world[second], concepts=(*world[second].concepts, twice))
    write_world(tmp_path, world)
    with pytest.raises(UntraceableError):
        topics_in(tmp_path)
    build(tmp_path)
    assert on_disk(tmp_path) == whole(tmp_path)


def test_a_link_in_the_place_of_a_file_or_folder_is_not_kept(tmp_path: Path) -> None:
    write_world(tmp_path, random_world(random.Random(5)))
    build(tmp_path)
    expected = on_disk(tmp_path)
    file = tmp_path / CORPUS / "milling/t0.yaml"
    file.rename(tmp_path / "copy.yaml")
    file.symlink_to(tmp_path / "copy.yaml")
    assert "milling/t0.yaml" in build(tmp_path).files
    assert not file.is_symlink() and on_disk(tmp_path) == expected
