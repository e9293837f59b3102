"""`proda import`: what each kind writes, lists and refuses. Nothing becomes knowledge, and no text of a file is interpreted as markup."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

import proda
from proda.cli.import_ import CHOICES
from proda.errors import InputError, NotFoundError, UsageError
from proda.store.proposals import Proposals, load_proposals
from proda.workflows.file_set import write_together
from proda.workflows.import_data import plan_import
from proda.workflows.import_plan import KINDS, ImportPlan, PlannedImport
from tests.exchange.test_ontologies import OBO
from tests.exchange.test_public_core import core
from tests.exchange.test_training_rows import turns
from tests.toyresults import commit, make_items_and_samples
from tests.toyworld import make_repository

MAIN = [sys.executable, "-P", "-m", "proda.cli.main"]
GIVEN = ["--discipline", "milling", "--origin", "written for the tests", "--licence", "CC0-1.0"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repo")


def _run(root: Path, *args: object, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def no_room() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([*MAIN, *map(str, args)], cwd=root, capture_output=True, text=True, check=False, preexec_fn=no_room)


def _status(root: Path) -> list[str]:
    done = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _plan(kind: str, *files: Path, **options: Any) -> ImportPlan:
    given = {"topic": "terms", "origin": "written for the tests", "licence": "CC0-1.0"} | options
    return ImportPlan(kind, files, "milling", **given)  # type: ignore[arg-type]


def _import(root: Path, kind: str, *files: Path, **options: Any) -> PlannedImport:
    planned = plan_import(root, _plan(kind, *files, **options))
    write_together(root, planned.texts)
    return planned


def _written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_command_offers_the_kinds_that_there_are() -> None:
    assert tuple(CHOICES) == tuple(KINDS)


def test_an_ontology_becomes_a_source_and_proposals_that_check_accepts(root: Path, tmp_path: Path) -> None:
    file = _written(tmp_path / "terms.obo", OBO)
    done = _run(root, "import", "obo", file, *GIVEN)
    assert done.returncode == 0, done.stderr
    assert "for review: 3 concepts, 2 statements, 0 chains" in done.stdout
    assert [line[3:] for line in _status(root)] == [
        "knowledge/sources/catalogue.yaml",
        "knowledge/sources/milling/terms.md",
        "proposals/milling/terms.yaml",
    ]
    text = (root / "knowledge/sources/milling/terms.md").read_text()
    entry = yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["milling/terms"]
    assert entry["licence"] == "CC0-1.0" and entry["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    proposals = load_proposals(root, "milling/terms")
    assert all(text[slice(*s.evidence.span)] == s.evidence.quote for s in proposals.statements.values())
    assert _run(root, "check").returncode == 0
    before = _status(root)
    again = _run(root, "import", "obo", file, *GIVEN)
    assert again.returncode == 0 and "wrote" not in again.stdout and _status(root) == before


def test_a_dry_run_lists_everything_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    file = _written(tmp_path / "terms.obo", f"{OBO}\n[Term]\nid: T:9\nname: old\nis_obsolete: true\n")
    done = _run(root, "import", "obo", file, *GIVEN, "--dry-run", "--json")
    shown = json.loads(done.stdout)
    assert done.returncode == 0 and not _status(root)
    assert shown["written"] == [] and len(shown["planned"]) == 3 and shown["counts"] == {"obsolete": 1}
    assert shown["faults"][0]["file"] == "terms.obo" and shown["faults"][0]["line"] > 0


def test_origin_and_licence_are_never_guessed(root: Path, tmp_path: Path) -> None:
    file = _written(tmp_path / "terms.obo", OBO)
    done = _run(root, "import", "obo", file, "--discipline", "milling")
    assert done.returncode == 2 and "--origin and --licence" in done.stderr and not _status(root)
    for options in ({"licence": "two\nlines"}, {"origin": "https://user:secret@example.org"}):
        with pytest.raises(UsageError):
            plan_import(root, _plan("obo", file, **options))


@pytest.mark.parametrize(
    "options", [{"topic": "../up"}, {"type": "gadget"}, {"under": "T:404"}, {"relations": {"does": "nothing-known"}}, {"limit": 3}]
)
def test_arguments_that_cannot_be_used_are_misuse(root: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    kind = "proda-json" if "relations" in options else "obo"
    with pytest.raises(UsageError):
        plan_import(root, _plan(kind, _written(tmp_path / "t.json", OBO), **options))


def test_a_missing_file_is_one_message(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No such file"):
        plan_import(root, _plan("obo", tmp_path / "none.obo"))
    assert _run(root, "import", "skos", tmp_path / "none.rdf", *GIVEN).returncode == 1


@pytest.mark.parametrize("kind", ["obo", "rows"])
def test_a_source_that_was_not_imported_is_never_overwritten(root: Path, tmp_path: Path, kind: str) -> None:
    file = _written(tmp_path / "f", OBO if kind == "obo" else json.dumps(turns("q?", "Wind turns the sails of a mill.")))
    with pytest.raises(InputError, match="Nothing is overwritten"):
        plan_import(root, _plan(kind, file, topic="milling-notes"))


def test_a_new_release_of_an_ontology_replaces_the_source_and_withdraws_what_is_gone(root: Path, tmp_path: Path) -> None:
    _import(root, "obo", _written(tmp_path / "terms.obo", OBO))
    _import(root, "obo", _written(tmp_path / "terms.obo", OBO.replace('is_a: T:1 {implied="true"} ! machine\n', "")))
    proposals = load_proposals(root, "milling/terms")
    assert sorted(s.status for s in proposals.statements.values()) == ["proposed", "withdrawn"]
    text = (root / "knowledge/sources/milling/terms.md").read_bytes()
    assert proposals.sha256 == hashlib.sha256(text).hexdigest()
    assert yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["milling/terms"]["sha256"] == proposals.sha256


def _extracted(root: Path) -> Proposals:
    for command in ("curate", "extract"):
        done = _run(root, command, *(["milling/terms"] if command == "extract" else []))
        assert done.returncode == 0, done.stderr
    return load_proposals(root, "milling/terms")


def test_extracting_from_an_imported_source_leaves_what_was_imported(root: Path, tmp_path: Path) -> None:
    _import(root, "obo", _written(tmp_path / "terms.obo", OBO))
    imported = load_proposals(root, "milling/terms")
    both = _extracted(root)
    assert both.backend == "rules, import obo"
    stay = {key: msgspec.structs.replace(both.statements[key], chunk=s.chunk) for key, s in imported.statements.items()}
    assert stay == imported.statements  # only their chunks are now those of the curated source
    assert both.concepts.items() >= imported.concepts.items() and both.chains.items() >= imported.chains.items()
    assert {s.by for s in imported.statements.values()} == {"import obo"} and _extracted(root) == both
    _import(root, "obo", _written(tmp_path / "terms.obo", OBO.replace('is_a: T:1 {implied="true"} ! machine\n', "")))
    assert [s.status for s in load_proposals(root, "milling/terms").statements.values() if s.by].count("withdrawn") == 1
    assert [s.status for s in _extracted(root).statements.values() if s.by].count("withdrawn") == 1


def test_a_concept_that_the_knowledge_has_is_not_proposed_again(root: Path, tmp_path: Path) -> None:
    text = OBO.replace("name: machine ! a comment", "name: Flour")
    planned = _import(root, "obo", _written(tmp_path / "terms.obo", text))
    proposals = load_proposals(root, "milling/terms")
    assert planned.counts["known"] == 1 and "flour" not in proposals.concepts
    assert "flour" in {s.object for s in proposals.statements.values()}


def test_quotes_of_the_public_implementation_are_located_in_the_source_of_the_topic(root: Path, tmp_path: Path) -> None:
    document = core()
    first, second, third = document["l2_statements"]
    first["source_quote"], second["source_quote"] = (
        "Wind causes sail rotation in the valley.",
        "Sail rotation produces shaft torque in the valley.",
    )
    third["source_quote"] = "Nobody wrote this."
    source = root / "knowledge/sources/milling/milling-notes.md"
    before = source.read_bytes()
    file = _written(tmp_path / "core.json", document)
    planned = _import(root, "proda-json", file, topic="milling-notes", origin="", licence="", relations={"leads to": "causes"})
    assert source.read_bytes() == before and list(planned.texts) == ["proposals/milling/milling-notes.yaml"]
    proposals = load_proposals(root, "milling/milling-notes")
    assert len(proposals.statements) == 2 and planned.counts["quote-not-found"] == 1 and not proposals.chains
    text = before.decode()
    assert all(text[slice(*s.evidence.span)] == s.evidence.quote for s in proposals.statements.values())
    again = plan_import(root, _plan("proda-json", file, topic="milling-notes", origin="", licence="", relations={"leads to": "causes"}))
    assert again.texts == {}


def test_without_a_source_the_quotes_become_one_and_that_is_said(root: Path, tmp_path: Path) -> None:
    planned = _import(root, "proda-json", _written(tmp_path / "core.json", core()), relations={"leads to": "causes"})
    assert any("Nobody has compared them with the document" in note for note in planned.notes)
    proposals = load_proposals(root, "milling/terms")
    assert len(proposals.statements) == 3 and len(proposals.chains) == 1 and proposals.backend == "import proda-json"
    assert _run(root, "check").returncode == 0


def test_a_training_row_that_repeats_a_benchmark_question_of_the_same_import_is_listed(root: Path, tmp_path: Path) -> None:
    asked = {
        "question": "What does wind turn?",
        "options": {"A": "sails", "B": "b", "C": "c", "D": "d"},
        "answer": "A",
        "chain_id": "chain-001",
    }
    questions = _written(tmp_path / "benchmark.json", [asked])
    rows = _written(
        tmp_path / "train.json", [turns("What does wind turn?\n\nA. sails\nB. b\nC. c\nD. d", "A\n\nWind."), turns("q?", "Other.")]
    )
    planned = plan_import(root, _plan("proda-json", questions, rows))
    assert planned.counts["question-leak"] == 1 and planned.read == 3 and planned.texts == {}
    leak = next(f for f in planned.faults if f.kind == "question-leak")
    assert (leak.file, leak.line) == ("train.json", 1)


def test_rows_become_a_source_of_their_explanations(root: Path, tmp_path: Path) -> None:
    asked = "What does wind turn?\nA. sails\nB. b"
    rows = [
        turns(asked, "A\n\nWind turns the sails because it pushes them."),
        turns(asked, "A\n\nWind turns the sails because it pushes them."),
        {"messages": [{"role": "user", "content": "Why ice?"}, {"role": "assistant", "content": "# Frost <b>makes</b> ice on the pond."}]},
        {"instruction": "Short?", "output": "Yes."},
        turns(asked, "B\n\nThe correct answer is A, since wind turns sails."),
        "damaged",
    ]
    file = _written(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, rows)))
    planned = _import(root, "rows", file)
    text = (root / "knowledge/sources/milling/terms.md").read_text()
    assert text.splitlines() == [
        "# Answers of rows.jsonl",
        "",
        "Wind turns the sails because it pushes them.",
        "",
        "\\# Frost &lt;b>makes&lt;/b> ice on the pond.",
    ]
    assert planned.counts == {"duplicate": 1, "no-sentence": 1, "other-answer": 1, "conflict": 1, "malformed": 1}
    assert planned.read == 5 and planned.used == 2
    assert not (root / "proposals").exists() and plan_import(root, _plan("rows", file)).texts == {}


def test_a_row_that_gives_an_item_away_is_listed_by_its_id_and_left_out(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path / "repo"))
    commit(root, "Built")
    item = proda.open(str(root)).items("sealed")[0]
    key = item.options[item.key].text
    leak = turns(item.stem, f"{key}. This is the answer to “{item.stem}”, that is, {key}.")
    rows = _written(
        tmp_path / "rows.jsonl", "\n".join(map(json.dumps, [leak, turns("Why?", "Bakers rise early because dough takes hours.")]))
    )
    planned = plan_import(root, _plan("rows", rows))
    leaks = [f for f in planned.faults if f.kind == "item-leak"]
    assert {(f.file, f.line) for f in leaks} == {("rows.jsonl", 1)} and item.id in leaks[0].detail
    assert item.stem not in "".join(planned.texts.values()) + "".join(f.detail for f in leaks)
    assert "Bakers rise early" in planned.texts["knowledge/sources/milling/terms.md"]


def test_questions_become_a_suite_beside_the_general_suite(root: Path, tmp_path: Path) -> None:
    file = _written(tmp_path / "winds_test.csv", "question,A,B,C,D,answer\nWhat turns sails?,flour,wind,frost,soot,B\nbad,a\n")
    done = _run(root, "import", "mmlu", file, *GIVEN, "--topic", "winds")
    assert done.returncode == 0 and "winds_test.csv:3" in done.stdout and "to evaluate.general in params.yaml" in done.stderr
    assert [line[3:] for line in _status(root)] == ["benchmarks/general/winds.jsonl", "benchmarks/general/winds.yaml"]
    assert _run(root, "check").returncode == 0
    with pytest.raises(UsageError, match="curriculum"):
        plan_import(root, _plan("mmlu", file, topic="suite"))
    (root / "benchmarks/general/winds.yaml").unlink()
    with pytest.raises(InputError, match="Nothing is overwritten"):
        plan_import(root, _plan("mmlu", file, topic="winds"))


def test_a_hostile_ontology_stays_text(root: Path, tmp_path: Path) -> None:
    evil = "\x1b[2J <script>x</script> {{7*7}} $(rm -rf /) !!python/object: &a *a\\n# head"
    trap = f'id: E:1\nname: trap\ndef: "{evil}" []\nsynonym: "no: [yes]" EXACT []'
    text = f'[Term]\n{trap}\n\n[Term]\nid: E:2\nname: snare\ndef: "a trap" []\nis_a: E:1\nbad\x1b[31m line\n'
    done = _run(root, "import", "obo", _written(tmp_path / "evil.obo", text), *GIVEN)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    source = (root / "knowledge/sources/milling/evil.md").read_text()
    assert "\x1b" not in source and "<script" not in source and source.count("\n# ") == 0
    concept = load_proposals(root, "milling/evil").concepts["trap"]
    assert "{{7*7}} $(rm -rf /) !!python/object: &a *a # head" in concept.definition and concept.aliases == ("no: [yes]",)
    assert _run(root, "check").returncode == 0


def test_a_full_disk_leaves_everything_as_it_was(root: Path, tmp_path: Path) -> None:
    file = _written(tmp_path / "terms.obo", OBO)
    refused = _run(root, "import", "obo", file, *GIVEN, limit=300)
    assert refused.returncode == 1 and "Traceback" not in refused.stderr and not _status(root)
    assert _run(root, "import", "obo", file, *GIVEN).returncode == 0
