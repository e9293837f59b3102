"""Renaming: no old id is left but the retired one, splits stay, and there and back changes nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

import proda
from proda.errors import InputError, UsageError
from proda.knowledge.compile import check_knowledge
from proda.knowledge.fix import fix_knowledge
from proda.params import load_params
from proda.records import Dropped, Edit, Overridden, Patch, Sample, Wording
from proda.stable_hash import fraction
from proda.store.patches import load_patches, named, node_hash, patch_text
from proda.store.verdicts import read_verdicts, write_round
from proda.tester.splits import sealed_chains
from proda.workflows.file_set import write_together
from proda.workflows.rename import plan_rename
from proda.yamlio import dump_yaml, load_yaml, load_yaml_text
from tests.toyworld import CHAINS, LINKED, make_repository

CONCEPTS = sorted({f"{d}/{c}" for d, told in CHAINS.items() for _, _, course in told for c in course[::2]} - {"lighting/flour"})
LINK = "lighting/wick-widens-reach"
NODES = sorted({*CONCEPTS, LINK, *(f"{d}/{name}" for d, told in CHAINS.items() for name, _, _ in told)})
WRITTEN = ("knowledge", "samples/patches", "benchmarks")
LIGHTING = "knowledge/lighting/lighting-basics.yaml"


def make_world(path: Path) -> Path:
    """The toy world in canonical layout, with references of every kind, a patch on most nodes, a verdict and an exception."""
    root = make_repository(path, git=False)
    file = root / LIGHTING
    text = file.read_text().replace("  wick:\n", "  wick: # the cord\n").replace("chains:\n", "# chains follow\nchains:\n")
    text = text.replace("    term: lamp reach\n", "    term: lamp reach\n    distinct_from: [lamp-oil, milling/wind]\n")
    text += "  old-story: {explains: an old story, steps: [], status: retired, replaced_by: soot-dims-glass}\n"
    file.write_text(text + LINKED)
    fix_knowledge(root)
    knowledge = proda.open(str(root)).knowledge
    for number, statement in enumerate(knowledge.active_statements.values()):
        nodes = tuple(sorted({statement.id, statement.subject, statement.object}))
        sample = Sample(f"{statement.id}:open-{1001 + number}", "open", nodes, f"What is {number}?", "This.")
        item = f"{statement.chain}:dev-path"
        expect = {statement.id: node_hash(knowledge, statement.id), item: "0" * 16}
        edits = (Edit("knowledge/milling/milling-basics.yaml", statement.subject, statement.object),)
        patch = Patch(
            "", 1, (statement.id,), (item,), "concept gap", "Why.", expect, {statement.id: statement.object}, (sample,), edits=edits
        )
        made = named(patch)
        (root / f"samples/patches/{made.id}.yaml").write_text(patch_text(made))
    patches = [p.id for p in load_patches(root)]
    write_round(root, 1, {"round": 1, "says": "unproven", "reasons": [], "patches": patches})
    first = load_patches(root)[0]
    verdict = {"patch": first.id, "round": 1, "says": "necessary", "why": "x", "retrained": {"seeds": [3, 4], "full": "00"}}
    verdict["effects"] = {"necessary": {"change": 0.25}}
    verdict["items"] = {first.items[0]: {"hash": "9b1c", "shown": "necessary"}}
    (root / f"benchmarks/verdicts/{first.id}.yaml").write_text(dump_yaml(verdict))
    (root / "benchmarks/exceptions.yaml").write_text(
        "exceptions: # by people\n  - item: milling/frost-halts-mill:dev-path\n    hash: '00'\n    action: retire\n    reason: unfair\n"
    )
    assert check_knowledge(root).findings == ()
    return root


def texts(root: Path) -> dict[str, str]:
    """Every file that a rename may write."""
    return {p.relative_to(root).as_posix(): p.read_text() for top in WRITTEN for p in sorted((root / top).rglob("*")) if p.is_file()}


def without_retired(found: dict[str, str], root: Path) -> dict[str, Any]:
    """The same with topic files as data, and their retired entries left out."""
    kept: dict[str, Any] = dict(found)
    for name in found:
        if re.fullmatch(r"knowledge/(milling|lighting|ovens)/[a-z-]+\.yaml", name):
            document = load_yaml(root / name, root=root)
            for kind in ("concepts", "chains", *(["links"] if "links" in document else [])):
                active = [(k, v) for k, v in document[kind].items() if v.get("status") != "retired"]
                document[kind] = active  # as pairs: the order counts
            kept[name] = document
    return kept


def mentions(value: Any) -> Iterator[str]:
    """Every string of a document, but for what retired entries hold and are called."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not (isinstance(inner, dict) and inner.get("status") == "retired"):
                yield key
                yield from mentions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mentions(inner)


def references(topic: dict[str, Any]) -> Iterator[str]:
    """Every id of a topic file, but for those of retired entries."""
    for kind in ("concepts", "chains", "links"):
        for name, entry in topic.get(kind, {}).items():
            if entry.get("status") != "retired":
                yield name
                yield from entry.get("distinct_from", ())
                for step in [entry] if kind == "links" else entry.get("steps", ()):
                    yield from (step["subject"], step["object"])
    for case in topic.get("cases", {}).values():
        yield case["chain"]
        yield from (wrong["breaks"].partition(".")[0] for variant in case["variants"] for wrong in variant["wrong"].values())


def rename(root: Path, old: str, new: str, **options: bool) -> dict[str, int]:
    planned = plan_rename(root, old, new, **options)
    write_together(root, planned.texts)
    return planned.places


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("rename"))


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # an example takes half a second
@example("lighting/capillary-rise", "0")
@example("milling/frost-halts-mill", "no")
@example("lighting/soot-dims-glass", "12")
@example(LINK, "off")
@example("lighting/wick", "1e3")
@given(st.sampled_from(NODES), st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True))
def test_there_and_back_changes_nothing_but_retired_entries(world: Path, old: str, name: str) -> None:
    before = texts(world)
    discipline = old.partition("/")[0]
    new = f"{discipline}/{name}"
    if new in NODES or name in ("old-story", "milling-basics", "lighting-basics"):
        return
    start = without_retired(before, world)
    try:
        assert rename(world, old, name)
        # `text-terms` looks for a concept of another topic by its id, and a name drawn at random stands in no text.
        assert not [f for f in check_knowledge(world).findings if f.rule != "text-terms"]
        found = texts(world)
        bare = re.compile(rf"(?<![\w/-]){re.escape(old)}(?![\w-])")
        for file, text in found.items():
            said = mentions(load_yaml_text(text)) if file.endswith(".yaml") else [text]
            assert not [s for s in said if bare.search(s)], file
        home = load_yaml_text(found[f"knowledge/{discipline}/{discipline}-basics.yaml"])
        assert old.partition("/")[2] not in set(references(home))
        load_patches(world)
        assert set(read_verdicts(world)) == {p.id for p in load_patches(world)}
        rename(world, new, old)
        assert check_knowledge(world).findings == ()
        assert without_retired(texts(world), world) == start
    finally:
        for file in texts(world).keys() - before.keys():
            (world / file).unlink()
        for file, text in before.items():
            (world / file).write_text(text)


def test_a_chain_takes_its_patches_verdicts_and_exceptions_along(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    before = {p.id: p for p in load_patches(root)}
    places = rename(root, "milling/frost-halts-mill", "cold-halts-mill")
    assert places["benchmarks/exceptions.yaml"] == 1
    assert "item: milling/cold-halts-mill:dev-path\n" in (root / "benchmarks/exceptions.yaml").read_text()
    moved = [p for p in load_patches(root) if p.targets[0].startswith("milling/cold-halts-mill.s")]
    assert len(moved) == 3 and all(p.id.startswith("1-cold-halts-mill-s") for p in moved)
    for patch in moved:
        assert list(patch.expect) == [patch.targets[0], "milling/cold-halts-mill:dev-path"] == [*patch.confusions, *patch.items]
        [old] = [p for p in before.values() if p.samples[0].question == patch.samples[0].question]
        assert list(patch.expect.values()) == list(old.expect.values())
        assert patch.samples[0].prompt == old.samples[0].prompt and patch.samples[0].id.startswith("milling/cold-halts-mill.s")
    round_1 = load_yaml(root / "benchmarks/verdicts/round-1.yaml", root=root)
    assert set(round_1["patches"]) == {p.id for p in load_patches(root)} == set(read_verdicts(root))


def test_a_link_and_the_cases_that_rest_on_it_are_renamed(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    assert plan_rename(root, LINK, "wick-carries-far").renaming.kind == "link"
    assert rename(root, LINK, "wick-carries-far")[LIGHTING] == 4
    text = (root / LIGHTING).read_text()
    document = load_yaml_text(text)
    retired = document["links"]["wick-widens-reach"]
    assert (retired["status"], retired["replaced_by"]) == ("retired", "wick-carries-far")
    assert re.search(r"^  wick-carries-far: +# a link$", text, re.MULTILINE) and "because: The soot is less.} # a comment\n" in text
    wrong = [variant["wrong"] for variant in document["cases"]["a-trimmed-wick"]["variants"]]
    assert wrong[0]["c"]["breaks"] == "wick-carries-far"
    assert [wrong[1][letter]["breaks"] for letter in "ac"] == ["lighting/wick-carries-far", "lighting/wick-carries-far.s1"]
    knowledge = proda.open(str(root)).knowledge
    assert [c.id for c in knowledge.active_paths() if c.is_link and c.discipline == "lighting"] == ["lighting/wick-carries-far"]
    with pytest.raises(UsageError, match=r"follows its link\. Rename the link: proda mv lighting/wick-carries-far NEW"):
        plan_rename(root, "lighting/wick-carries-far.s1", "x")


def test_a_chain_takes_its_cases_along_from_other_disciplines_too(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    rename(root, "lighting/soot-dims-glass", "soot-hides-light")
    rename(root, "milling/frost-halts-mill", "cold-halts-mill")
    rename(root, "lighting/wick", "cord")
    document = load_yaml_text((root / LIGHTING).read_text())
    case = document["cases"]["a-trimmed-wick"]
    assert case["chain"] == "soot-hides-light"
    assert [case["variants"][0]["wrong"][letter]["breaks"] for letter in "bd"] == ["soot-hides-light.s2", "milling/cold-halts-mill.s1"]
    assert document["links"]["wick-widens-reach"]["subject"] == "cord"


def test_a_verdict_keeps_all_that_it_says(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    first = load_patches(root)[0]
    chain = first.targets[0].partition(".")[0]
    before = load_yaml(root / f"benchmarks/verdicts/{first.id}.yaml", numbers=True, root=root)
    rename(root, chain, "another-story")
    after = next(v for v in read_verdicts(root).values() if v["says"] == "necessary")
    path = root / f"benchmarks/verdicts/{after['patch']}.yaml"
    expected = copy.deepcopy(before)
    discipline = chain.partition("/")[0]
    expected["patch"] = next(p.id for p in load_patches(root) if p.samples[0].question == first.samples[0].question)
    expected["items"] = {f"{discipline}/another-story:dev-path": before["items"][first.items[0]]}
    assert load_yaml(path, numbers=True, root=root) == expected


def test_items_keep_their_split_however_often_a_chain_is_renamed(tmp_path: Path) -> None:
    root = make_world(tmp_path)

    share = load_params(root / "params.yaml").items.sealed_share
    sealed = sealed_chains(proda.open(str(root)).knowledge.chains, share)
    chains = [f"{discipline}/{name}" for discipline, told in CHAINS.items() for name, _, _ in told]
    assert 0 < len(sealed.intersection(chains)) < len(chains)
    for chain in chains:
        now = chain
        for turn in ("a", "z", "m", "z"):  # the last rename takes a name that was used before
            rename(root, now, f"{chain}-{turn}")
            now = f"{chain}-{turn}"
            assert (now in sealed_chains(proda.open(str(root)).knowledge.chains, share)) == (chain in sealed), now


def test_a_rename_that_would_move_items_between_splits_is_refused(tmp_path: Path) -> None:
    """The chain was renamed, and another was merged into it. Under its first name again, its items would change their split."""
    root = make_world(tmp_path)
    path = root / "knowledge/milling/milling-basics.yaml"
    share = load_params(root / "params.yaml").items.sealed_share
    rename(root, "milling/frost-halts-mill", "zz")
    before = path.read_text()
    is_sealed = "milling/zz" in sealed_chains(proda.open(str(root)).knowledge.chains, share)
    merged = next(n for n in map(str, range(100, 200)) if (fraction("sealed", f"milling/a{n}") < share) != is_sealed)
    path.write_text(before + f"  a{merged}: {{explains: x, steps: [], status: retired, replaced_by: zz}}\n")
    with pytest.raises(InputError, match="sealed split"):
        plan_rename(root, "milling/zz", "frost-halts-mill")
    path.write_text(before)
    assert plan_rename(root, "milling/zz", "frost-halts-mill").places


def test_comments_order_and_references_of_other_topics_stay(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    before = (root / LIGHTING).read_text()
    rename(root, "milling/wind", "breeze")
    assert (root / LIGHTING).read_text() == before.replace("milling/wind]", "milling/breeze]")
    rename(root, "lighting/wick", "cord")
    after = (root / LIGHTING).read_text()
    assert "  cord: # the cord\n" in after and "# chains follow" in after
    assert list(load_yaml_text(after)["concepts"])[-1] == "wick"
    assert load_yaml_text(after)["concepts"]["wick"]["replaced_by"] == "cord"


def test_a_retired_id_is_never_reused(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    rename(root, "milling/flour", "meal")
    with pytest.raises(InputError, match="never reused"):
        plan_rename(root, "milling/frost", "flour")
    with pytest.raises(InputError, match="retired id stays"):
        plan_rename(root, "milling/flour", "bran")
    with pytest.raises(InputError, match="never reused"):
        plan_rename(root, "lighting/oil-feeds-flame", "old-story")


@pytest.mark.parametrize("kind", ["remove", "override"])
def test_a_patch_that_rests_on_the_old_wording_is_named(tmp_path: Path, kind: str) -> None:
    root = make_world(tmp_path)
    sample = "milling/frost-halts-mill.s1+2:open-3"
    touched = (
        {"remove": (Dropped(sample, "0" * 16),)} if kind == "remove" else {"override": (Overridden(sample, "0" * 16, Wording("Q", "A")),)}
    )
    patch = named(msgspec.structs.replace(load_patches(root)[0], **touched))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    before = texts(root)
    with pytest.raises(InputError, match=re.escape(f"{patch.id}.yaml")):
        plan_rename(root, "milling/frost-halts-mill", "x")
    assert texts(root) == before
    assert plan_rename(root, "lighting/soot-dims-glass", "x").places


def test_a_topic_takes_its_file_and_the_edits_of_patches_along(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    places = rename(root, "milling/milling-basics", "mills")
    assert not (root / "knowledge/milling/milling-basics.yaml").exists()
    assert check_knowledge(root).findings == ()
    assert {e.file for p in load_patches(root) for e in p.edits} == {"knowledge/milling/mills.yaml"}
    assert places["knowledge/milling/milling-basics.yaml"] == 1
    rename(root, "milling/mills", "milling-basics")
    assert check_knowledge(root).findings == ()


def test_a_topic_and_a_concept_of_one_name_are_told_apart(tmp_path: Path) -> None:
    root = make_world(tmp_path)
    rename(root, "milling/milling-basics", "flour")
    assert plan_rename(root, "milling/flour", "x").renaming.kind == "concept"
    assert plan_rename(root, "milling/flour", "x", topic=True).renaming.kind == "topic"
