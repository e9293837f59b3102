"""`proda show` on a real repository, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

import proda
from proda.cli.main import cli
from proda.cli.show import traced
from proda.errors import NotFoundError
from proda.history.lineage import Lineage
from proda.history.mentions import DataFiles, gather
from proda.history.places import topics_of
from proda.history.repairs import read_repairs
from proda.history.trace import Kind
from proda.records import Diagnosis, Dropped, Evidence, Patch, Sample
from proda.store.corpus import load_corpus
from proda.store.diagnoses import load_diagnoses, write_diagnoses
from proda.store.patches import changes, load_patches, named, node_hash, patch_text, sample_hash
from proda.store.verdicts import write_round
from tests.toyresults import commit, make_results
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_results(make_repository(tmp_path_factory.mktemp("show"), git=False))


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results in which one dev item fails, is diagnosed, and has a patch that adds one sample and removes another; with a verdict."""
    root = make_results(make_repository(tmp_path_factory.mktemp("repaired")))
    repo = proda.open(str(root))
    item = next(i for i in repo.items("dev") if i.chain.startswith("milling/"))
    node, other = item.statements[:2]
    evidence = Evidence(node, "statement", 10, 8, -0.1, "milling/flour")
    failed = (("seed-0", "seed-1"), ("A", "A"))
    found = Diagnosis(item.id, item.content_hash, item.chain, "concept gap", (node,), *failed, 0.5, (evidence,), "Asked.")
    write_diagnoses(root, [found], ("seed-0", "seed-1"), noticed=[Evidence(node, "link", 4, 3, -0.2), Evidence(other, "step", 4, 3, -0.2)])
    gone = next(s for s in repo.samples if other in s.nodes)
    sample = Sample(f"{node}:open-1001", "open", (node,), "What is it?", "This.")
    expect = {node: node_hash(repo.knowledge, node)}
    removed = (Dropped(gone.id, sample_hash(gone)),)
    patch = named(Patch("", 1, (node,), (item.id,), "concept gap", "Not known.", expect, samples=(sample,), remove=removed))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    split = {
        "n": 10,
        "before": 0.5,
        "after": 0.6,
        "difference": 0.1,
        "ci95_low": 0.05,
        "ci95_high": 0.15,
        "better": 3,
        "worse": 1,
        "p": 0.5,
    }
    split |= {"better": 3, "worse": 1, "p": 0.5}
    reasons = ["twin changes by +0.100 [+0.050, +0.150]"]
    write_round(root, 1, {"round": 1, "says": "helps", "reasons": reasons, "patches": [patch.id], "splits": {"twin": split}})
    commit(root, "A round")
    return root


def shown(root: Path, *args: str) -> str:
    done = CliRunner().invoke(cli, ["show", "--root", str(root), *args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def item_of(root: Path, split: str) -> str:
    data = json.loads(shown(root, "lighting/oil-feeds-flame", "--json"))
    return next(str(link["id"]) for link in data["leads_to"]["items"] if f":{split}-bridge" in link["id"])


def test_a_concept_shows_its_definition_first_then_both_directions(root: Path) -> None:
    lines = shown(root, "milling/flour").splitlines()
    assert lines[0].startswith("concept  milling/flour") and "flour: the" in lines[1]
    assert lines.index("comes from") < lines.index("leads to")


def test_a_chain_shows_each_step_with_its_evidence_and_source(root: Path) -> None:
    text = shown(root, "milling/wind-grinds-grain")
    assert "  1  Wind causes sail rotation in the valley." in text
    assert "“Wind causes sail rotation in the valley.” milling/milling-notes[" in text
    assert "how wind grinds grain" in text


def test_an_item_shows_options_reasons_and_who_chose_what(root: Path) -> None:
    name = item_of(root, "dev")
    text = shown(root, name)
    item = next(i for i in proda.open(root).items("dev") if i.id == name)
    reasons = [o.wrong_because for o in item.options if o.operator]
    assert "✓" in text and all(" ".join(reason.split()[:4]) in text for reason in reasons)
    assert "chosen by seed-0, seed-1" in text and "chosen by base" in text
    assert "right: chose" in text and "margin -0.125" in text


def test_a_sample_shows_prompt_completion_and_the_items_that_rest_on_it(root: Path) -> None:
    data = json.loads(shown(root, "milling/wind-grinds-grain.s1", "--json"))
    sample = data["leads_to"]["samples"][0]
    text = shown(root, sample["id"])
    assert "Question: " in text and "Answer:" in text and "items" in text
    assert "samples/corpus/milling/milling-basics.yaml" in sample["note"]


def test_all_lists_what_is_otherwise_cut(root: Path) -> None:
    assert "more (--all)" in shown(root, "milling/flour")
    assert "more (--all)" not in shown(root, "milling/flour", "--all")
    data = json.loads(shown(root, "milling/flour", "--json"))
    every = shown(root, "milling/flour", "--all")
    assert all(link["id"] in every for links in data["leads_to"].values() for link in links)


def test_reading_only_files_that_mention_the_id_loses_nothing(repaired: Path) -> None:
    repo = proda.open(str(repaired))
    know, files = repo.knowledge, DataFiles(repaired)
    corpus, repairs = load_corpus(repaired), read_repairs(repaired)
    dropped = [s for s in corpus if s.id in changes(repairs.patches.values()) and changes(repairs.patches.values())[s.id] is None]
    whole = Lineage(know, repo.samples, repo.items(), repo.outcomes(), repairs=repairs, dropped=dropped)
    assert dropped and repairs.patches and repairs.diagnosis_of
    some: list[tuple[Kind, str]] = [("concept", c) for c in know.concepts]
    some += [("statement", s) for s in know.statements]
    some += [("chain", c) for c in know.chains]
    some += [
        ("sample", s) for s in [*list(whole.samples)[::7], *whole.dropped, *(s.id for p in repairs.patches.values() for s in p.samples)]
    ]
    some += [("item", i) for i in whole.items]
    some += [("patch", p) for p in repairs.patches]
    some += [("topic", t) for t in topics_of(know)] + [("discipline", d) for d in know.topics_of]  # type: ignore[list-item]
    for kind, thing in some:
        part = gather(repo, files, kind, thing)
        whole.files = part.files
        assert traced(repo, part, kind, thing) == traced(repo, whole, kind, thing), thing


def test_an_unknown_id_offers_three_and_fails(root: Path) -> None:
    with pytest.raises(NotFoundError, match="Closest: milling/flour, ") as caught:
        shown(root, "milling/fluor")
    assert caught.value.exit_code == 1 and str(caught.value).partition("Closest")[2].count(",") == 2


def test_a_short_form_shows_what_the_whole_id_shows(repaired: Path) -> None:
    patch = load_patches(repaired)[0].id
    pairs = {
        "wind-grinds-grain.s1": "milling/wind-grinds-grain.s1",
        "wind.s1": "milling/wind-grinds-grain.s1",
        "wind-grinds": "milling/wind-grinds-grain",
        patch[:12]: patch,
        patch[-8:]: patch,
        "milling-basics": "milling/milling-basics",
        "milling-notes[20:30]": "milling/milling-notes[20:30]",
        "mill": "milling",
    }
    item = item_of(repaired, "dev")
    pairs[item.partition("/")[2]] = item
    del pairs["mill"]  # also begins the names of a topic, a source and concepts
    for brief, whole in pairs.items():
        assert shown(repaired, brief) == shown(repaired, whole), brief


def test_an_ambiguous_short_form_lists_what_it_fits_and_fails(root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'s1' fits 22 ids\. Type more of one of them:") as caught:
        shown(root, "s1")
    assert caught.value.exit_code == 1 and "  statement   milling/wind-grinds-grain.s1" in str(caught.value)


def test_an_id_of_several_kinds_shows_the_node_and_names_the_others(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    folder = root / "knowledge/milling"
    text = (folder / "milling-basics.yaml").read_text().replace("topic: milling-basics", "topic: flour")
    (folder / "milling-basics.yaml").unlink()
    (folder / "flour.yaml").write_text(text)
    lines = shown(root, "milling/flour").splitlines()
    assert lines[0].startswith("concept  milling/flour")
    assert lines[-1] == "milling/flour is also the id of a topic (`proda show topic:milling/flour`)."
    assert shown(root, "topic:milling/flour").startswith("topic  milling/flour\n  3 chains, 10 statements")
    assert json.loads(shown(root, "milling/flour", "--json"))["also"] == ["topic:milling/flour"]


def test_an_item_shows_its_diagnosis_the_blamed_statement_the_patch_and_its_verdict(repaired: Path) -> None:
    diagnosis = next(d for d in load_diagnoses(repaired) if d.evidence)
    text = " ".join(shown(repaired, diagnosis.item).split())
    statement = proda.open(str(repaired)).knowledge.statements[diagnosis.nodes[0]]
    assert "diagnosis concept gap, confidence 0.50: 1 of 2 failing models Asked." in text
    assert f"blamed {statement.id} {statement.text} Asked for this statement: 8 of 10 answers are wrong, most often “flour”." in text
    patch = load_patches(repaired)[0].id
    assert f"patches 1 {patch} concept gap, verdict: unproven" in text
    for thing in (statement.id, statement.chain):
        text = " ".join(shown(repaired, thing, "--all").split())
        assert "diagnoses that blame it" in text and patch in text, thing
        assert "Asked for the concept between the step before and this one: 3 of 4 answers are wrong." in text, thing
    data = json.loads(shown(repaired, diagnosis.item, "--json"))
    assert data["diagnoses"][0]["nodes"] == [statement.id] and data["leads_to"]["patches"][0]["id"] == patch


def test_diagnoses_in_another_layout_are_shown_all_the_same(repaired: Path) -> None:
    path = repaired / "benchmarks/results/diagnosis.yaml"
    before, item = path.read_text(), load_diagnoses(repaired)[0].item
    expected = shown(repaired, item)
    try:
        path.write_text(yaml.safe_dump(yaml.safe_load(before), default_flow_style=True))
        assert shown(repaired, item) == expected and "blamed" in expected
    finally:
        path.write_text(before)


def test_a_failed_item_without_a_diagnosis_says_why(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path, git=False), lambda item, model: False)
    assert "none yet: run `dvc repro diagnose`" in shown(root, item_of(root, "dev"))
    assert "only dev items are diagnosed, and this is a twin item" in shown(root, item_of(root, "twin"))


def test_a_patch_shows_what_it_changes_and_its_verdict(repaired: Path) -> None:
    patch = load_patches(repaired)[0]
    text = " ".join(shown(repaired, patch.id, "--all").split())
    assert f"patch {patch.id} concept gap Not known. round 1, for 1 failed item: 1 sample added, 1 sample removed" in text
    assert "verdict: unproven. Not attributed yet." in text
    for thing in (*patch.targets, *patch.items, patch.samples[0].id, patch.remove[0].sample):
        assert thing in text, thing
    assert "removed from training" in shown(repaired, patch.remove[0].sample).splitlines()[0]
    assert f"{patch.id} removes it from training" in " ".join(shown(repaired, patch.remove[0].sample).split())
    data = json.loads(shown(repaired, patch.id, "--json"))
    assert data["verdict"]["says"] == "unproven" and data["comes_from"]["commits"][0]["text"] == "A round"


def test_a_round_shows_its_patches_and_its_verdict_with_intervals(repaired: Path) -> None:
    text = shown(repaired, "round-1")
    assert "1 patch (1 concept gap), 1 sample added" in text and "helps: twin changes by +0.100 [+0.050, +0.150]" in text
    assert "twin               10    0.500   0.600   +0.100 [+0.050, +0.150]   3 better, 1 worse   p 0.500" in text
    data = json.loads(shown(repaired, "round-1", "--json"))
    assert data["verdict"]["says"] == "helps" and data["categories"] == {"concept gap": 1}


def test_a_passage_shows_the_text_around_it_and_the_statements_that_quote_it(root: Path) -> None:
    statement = proda.open(str(root)).knowledge.statements["milling/wind-grinds-grain.s1"]
    span = statement.span
    text = shown(root, f"{span.source}[{span.start}:{span.end}]")
    assert statement.quote in text and f"{statement.id}  [{span.start}:{span.end}]" in text and "Notes on milling" in text
    assert "Statements" not in text and shown(root, f"source:{span.source}").count("milling/milling-notes[") == 3
    with pytest.raises(NotFoundError, match="expected 0 ≤ start < end ≤"):
        shown(root, f"{span.source}[5:100000]")
    with pytest.raises(NotFoundError, match=r"Closest: milling/milling-notes"):
        shown(root, "milling/miling-notes[1:2]")


def test_a_topic_and_a_discipline_show_what_they_hold(repaired: Path) -> None:
    text = shown(repaired, "milling/milling-basics", "--all")
    assert "3 chains, 10 statements" in text and "milling/wind-grinds-grain" in text and "diagnosed dev items: " in text
    assert "1 topic, 3 chains" in shown(repaired, "milling")


def test_the_right_option_of_a_sealed_item_is_not_told_without_the_flag(repaired: Path) -> None:
    item = proda.open(str(repaired)).items("sealed")[0]
    closed, opened = shown(repaired, item.id), shown(repaired, item.id, "--sealed")
    assert item.stem in " ".join(closed.split()) and all(o.text in " ".join(closed.split()) for o in item.options)
    assert "tuned  2 of 2 right" in closed and "✓" in opened and "chose" in opened
    assert not any(word in closed for word in ("✓", "chose", "substitution", "inversion", "truncation", "detour", "stated nor implied"))
    data = json.loads(shown(repaired, item.id, "--json"))
    assert set(data["options"][0]) == {"text"} and not {"answer", "hash", "answers", "nodes"} & set(data)
    assert item.content_hash not in json.dumps(data)
    assert json.loads(shown(repaired, item.id, "--json", "--sealed"))["answer"] == item.answer


def test_files_that_editors_and_file_managers_leave_are_not_read(repaired: Path) -> None:
    left = [repaired / "samples/patches/._1-a-00000000.yaml", repaired / "samples/corpus/milling/._milling-basics.yaml"]
    for path in left:
        path.write_bytes(b"\x00\x05\x16\x07milling/flour")
    (repaired / "samples/corpus/milling/.#milling-basics.yaml").symlink_to("nowhere")
    try:
        assert shown(repaired, "milling/flour").startswith("concept")
        with pytest.raises(NotFoundError):
            shown(repaired, "milling/fluor")
    finally:
        for path in (*left, repaired / "samples/corpus/milling/.#milling-basics.yaml"):
            path.unlink()


def test_off_a_terminal_there_is_no_colour(root: Path) -> None:
    text = shown(root, "milling/flour")
    assert text == click.unstyle(text)


def test_it_shows_without_loading_a_model_library_or_pandas(root: Path) -> None:
    heavy = ("torch", "transformers", "peft", "mlflow", "pandas", "git", "jinja2")
    code = f"""
import sys
sys.argv = ["proda", "show", "milling/flour", "--root", {str(root)!r}]
from proda.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("concept") and done.stdout.splitlines()[-1] == "[]"
    # The exit status as a shell sees it.
    code = f"import sys; sys.argv = ['proda', 'show', 'no/such', '--root', {str(root)!r}]; from proda.cli.main import main; main()"
    missing = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert missing.returncode == 1 and not missing.stdout and "Closest:" in missing.stderr
