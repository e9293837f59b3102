"""A new repository agrees with the templates, and no existing file is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipelines.curriculum import main as curriculum
from proda.document_settings import DocumentSettings, load_document_settings
from proda.errors import InputError, ProdaError, UsageError
from proda.findings import errors_of
from proda.gitrepo import GitError
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import SPLITS
from proda.store.reading import load_reading
from proda.tester.items import write_items
from proda.workflows.check_repository import check_repository
from proda.workflows.file_set import write_together
from proda.workflows.init_repository import TEMPLATES, has_chat_template, plan_repository, requirement, templates, write_repository
from proda.workflows.pin_reading import pinned_reading
from proda.workflows.status import status
from tests.docs.pages import blocks
from tests.killing import kill_when

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An identity for git, and none of the user's settings."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n    name = Ada\n    email = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in ("AUTHOR", "COMMITTER"):
        for field in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{name}_{field}", raising=False)


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def files(root: Path) -> dict[str, bytes]:
    found = (p for p in root.rglob("*") if p.is_file() and ".git" not in p.relative_to(root).parts)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in found}


def make(root: Path, **options: str) -> Path:
    written = write_repository(plan_repository(root, **options))
    assert written.commit and not written.why
    return root


# What is written


def test_the_repository_is_committed_and_clean_and_has_no_findings(tmp_path: Path) -> None:
    root = make(tmp_path / "breads", name="Bread")
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "--format=%an %s").strip() == "Ada Start Bread with ProDa 0.1.0"
    assert git(root, "symbolic-ref", "--short", "HEAD").strip() == "main"
    checked = check_repository(root)
    assert checked.findings == () and checked.report.counts["chains"] >= 3
    assert (root / "README.md").read_text().startswith("# Bread\n")
    assert "analytics = false" in (root / ".dvc/config").read_text()
    assert not list(root.rglob("*.py")) and "{{" not in "".join(p.read_text() for p in root.glob("*.*") if p.is_file())


def test_each_stage_reads_writes_and_runs_what_it_does_in_this_project(tmp_path: Path) -> None:
    ours = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    theirs = yaml.safe_load((TEMPLATES / "repository/dvc.yaml").read_text())["stages"]
    assert list(theirs) == list(ours)
    for name, stage in ours.items():
        mine = theirs[name]
        assert mine["cmd"] == [f"python -m proda.workflows.installed_code {name}", stage["cmd"]]
        data = [dep for dep in stage["deps"] if not dep.startswith(("proda/", "pipelines/"))]
        assert [dep for dep in mine["deps"] if dep != "proda-version.yaml"] == data
        params = [param for param in mine.get("params", []) if isinstance(param, str)]
        assert params == stage.get("params", [])
        coded = {"proda-version.yaml": [f"code.{name}"]} in mine.get("params", [])
        assert coded or (name == "check" and "proda-version.yaml" in mine["deps"])
        for part in ("desc", "outs", "metrics", "plots"):
            assert mine.get(part) == stage.get(part), (name, part)


def test_guide_relations_and_neutral_text_are_those_of_this_project() -> None:
    for name in ("knowledge/GUIDE.md", "knowledge/relations.yaml", "benchmarks/suites/neutral.yaml"):
        copy = TEMPLATES / "repository" / name
        assert copy.read_bytes() == (ROOT / name).read_bytes(), f"cp {name} {copy.relative_to(ROOT)}"


def test_each_base_gets_the_suite_of_everyday_questions_and_a_pretrained_one_is_asked_it() -> None:
    found, own = templates(embedded=False), templates(embedded=True)
    for name in ("benchmarks/general/everyday.jsonl", "benchmarks/general/everyday.yaml"):
        copy = TEMPLATES / "repository" / name
        assert found[name] == own[name] and copy.read_bytes() == (ROOT / name).read_bytes(), f"cp {name} {copy.relative_to(ROOT)}"
    assert "general: [everyday]" in found["params.yaml"] and "general: [everyday]" not in own["params.yaml"]


def test_the_example_gives_items_in_every_split_and_no_sentence_of_its_reading_is_quoted(tmp_path: Path) -> None:
    root = make(tmp_path / "breads")
    assert compile_knowledge(root, root / "build/knowledge").ok
    knowledge = Knowledge.load(root / "build/knowledge")
    params = load_params(root / "params.yaml")
    items = write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share)
    counts = {split: sum(item.split == split for item in items) for split in SPLITS}
    assert min(counts.values()) >= 5, counts
    assert len({item.kind for item in items}) == 7
    shipped = load_reading(root / "samples/base/reading.yaml")
    assert tuple(pinned_reading(root)) == shipped and len(shipped[0].sentences) > 20


def test_the_example_is_about_nothing_in_our_knowledge() -> None:
    topic = yaml.safe_load((TEMPLATES / "example/knowledge/baking/bread-making.yaml").read_text())
    ours = {path.stem for path in (ROOT / "knowledge").glob("*/*.yaml")} | {p.name for p in (ROOT / "knowledge").iterdir()}
    assert not {topic["discipline"], topic["topic"]} & ours
    texts = [path.read_text() for path in (ROOT / "knowledge").rglob("*.yaml")]
    for statement in (step for chain in topic["chains"].values() for step in chain["steps"]):
        assert not [text for text in texts if statement["evidence"]["quote"] in text]


def test_the_documents_file_says_the_defaults(tmp_path: Path) -> None:
    root = make(tmp_path / "breads")
    assert load_document_settings(root) == DocumentSettings()
    said = yaml.safe_load((root / "documents.yaml").read_text())
    for part, keys in said.items():
        known = set(type(getattr(DocumentSettings(), part)).__struct_fields__) - {"max_cost", "max_calls"}
        assert set(keys) == known, part


def test_the_endpoint_and_a_pretrained_model_are_written_where_they_are_read(tmp_path: Path) -> None:
    root = make(tmp_path / "breads", model="someone/small-model", endpoint="http://127.0.0.1:8000/v1")
    assert load_document_settings(root).llm.endpoint == "http://127.0.0.1:8000/v1"
    params = load_params(root / "params.yaml")
    assert params.model.base == "someone/small-model"
    train = params.train
    assert (train.method, train.lora_rank, train.learning_rate, train.train_embeddings) == ("lora", 16, 0.0002, "none")
    assert train.general_replay == 0 and "someone/small-model" in (root / "README.md").read_text()


def test_the_page_about_your_own_model_has_the_sections_that_a_pretrained_base_gets() -> None:
    page = (ROOT / "docs/how-to/own-model.md").read_text()
    (block,) = [block.text for block in blocks(page) if block.text.startswith("# params.yaml")]
    written = yaml.safe_load(templates(embedded=False)["params.yaml"].replace("{{model}}", "x").replace("{{prompt}}", "plain"))
    for section in ("train", "evaluate"):
        assert yaml.safe_load(block)[section] == written[section], section


def test_the_small_curriculum_beside_a_pretrained_model_gives_a_whole_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "breads", model="someone/small-model")
    monkeypatch.chdir(root)
    params = load_params()
    assert f"general suite of {params.curriculum.suite_items} items" in curriculum.__wrapped__(params)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "said"), [("models/model.gguf", "is a GGUF file, which cannot be tuned"), ("model.bin", "is a file")])
def test_a_file_is_no_model_also_by_a_path_that_could_be_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_bytes(b"GGUF")
    with pytest.raises(UsageError, match=f"--model: got '{name}', which {said}.*Expected a model's folder"):
        plan_repository(tmp_path / "breads", model=name)
    assert not (tmp_path / "breads").exists()


def test_a_model_in_a_folder_is_named_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny").mkdir()
    monkeypatch.chdir(tmp_path)
    root = make(tmp_path / "breads", model="tiny")
    params = load_params(root / "params.yaml")
    assert params.model.base == str(tmp_path / "tiny") and params.train.prompt == "plain"


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer_config.json"])
def test_a_model_with_a_chat_template_is_asked_through_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "instruct").mkdir()
    (tmp_path / "instruct" / name).write_text('{"chat_template": "{{ messages[0].content }}"}')
    root = make(tmp_path / "breads", model=str(tmp_path / "instruct"))
    assert load_params(root / "params.yaml").train.prompt == "chat"


def test_of_a_hub_model_only_the_cache_of_this_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "hub/models--someone--instruct/snapshots/1234"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "chat_template.jinja").write_text("{{ messages[0].content }}")
    (tmp_path / "hub/models--someone--instruct/refs").mkdir()
    (tmp_path / "hub/models--someone--instruct/refs/main").write_text("1234")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    assert has_chat_template("someone/instruct")
    assert not has_chat_template("someone/other") and not has_chat_template("a/b/c")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "https://hub.example.org/model"}, "--model: Got an address"),
        ({"model": "two\nlines"}, "--model: got 'two\\nlines'"),
        ({"endpoint": "127.0.0.1:8000"}, "--endpoint: Got '127.0.0.1:8000', expected an address like"),
        ({"endpoint": "http://ada:secret@127.0.0.1/v1"}, "--endpoint: The address holds a user name"),
        ({"name": "a\x1b[31mb"}, "--name: got"),
        ({"name": " "}, "--name: got ' '"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_nothing_is_written(tmp_path: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        plan_repository(tmp_path / "breads", **options)
    assert said in str(error.value) and "secret" not in str(error.value)
    assert not (tmp_path / "breads").exists()


def test_text_in_braces_in_a_name_stays_text(tmp_path: Path) -> None:
    root = make(tmp_path / "breads", name="{{version}}: *{{x}}*")
    assert (root / "README.md").read_text().startswith("# {{version}}: *{{x}}*\n")


def test_templates_hold_every_place_that_is_filled() -> None:
    for embedded in (True, False):
        text = "".join(templates(embedded=embedded).values())
        assert {"{{name}}", "{{version}}", "{{base}}", "{{endpoint}}"} <= {part for part in text.split() if part.startswith("{{")} | (
            {"{{version}}"} if "{{version}}" in text else set()
        )
        assert ("{{model}}" in text) is not embedded


# Where ProDa comes from


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "proda==9.9\n"),
        ({"url": "file:///home/ada/proda", "dir_info": {"editable": True}}, "# Where ProDa comes from."),
        ({"url": "https://ada:secret@git.example.org/p.git", "vcs_info": {"vcs": "git", "commit_id": "1c77e02"}},
         "proda @ git+https://git.example.org/p.git@1c77e02\n"),
        ({"url": "https://example.org/proda-9.9-py3-none-any.whl", "archive_info": {}}, "proda @ https://example.org/proda-9.9-py3-none-any.whl\n"),
    ],
)  # fmt: skip
def test_requirements_name_the_origin_of_the_running_proda_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None, expected: str
) -> None:
    info = tmp_path / "site/proda-9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: proda\nVersion: 9.9\n")
    (info / "RECORD").write_text("")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert requirement().startswith(expected) and "secret" not in requirement()
    if "file" in str(origin):
        assert all(line.startswith("#") for line in requirement().splitlines())


def test_metadata_beside_the_code_of_a_checkout_is_no_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = requirement()
    (tmp_path / "proda.egg-info").mkdir()
    (tmp_path / "proda.egg-info/PKG-INFO").write_text("Metadata-Version: 2.1\nName: proda\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert requirement() == before


# What is refused, and what an interrupted run leaves


def test_a_folder_with_other_files_is_refused_with_their_names(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"breads/notes/{number:02}.md").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"breads/notes/{number:02}.md").write_text("x")
    before = files(tmp_path)
    with pytest.raises(InputError, match=r"not empty.*\n.*notes/00\.md[\s\S]*and 2 more"):
        plan_repository(tmp_path / "breads")
    assert files(tmp_path) == before


def test_an_empty_subfolder_and_a_changed_file_are_other_files(tmp_path: Path) -> None:
    (tmp_path / "one/papers").mkdir(parents=True)
    with pytest.raises(InputError, match="papers/"):
        plan_repository(tmp_path / "one")
    (tmp_path / "two").mkdir()
    (tmp_path / "two/README.md").write_text("mine\n")
    with pytest.raises(InputError, match=r"README\.md"):
        plan_repository(tmp_path / "two")


def test_a_second_run_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    root = make(tmp_path / "breads")
    before, head = files(root), git(root, "rev-parse", "HEAD")
    with pytest.raises(InputError, match="a ProDa repository already"):
        plan_repository(root)
    (root / "README.md").write_text("mine\n")
    with pytest.raises(InputError, match="a ProDa repository already"):
        plan_repository(root, name="Another name")
    assert git(root, "rev-parse", "HEAD") == head and files(root) == {**before, "README.md": b"mine\n"}


def test_a_file_as_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "breads").write_text("x")
    with pytest.raises(InputError, match="This is a file"):
        plan_repository(tmp_path / "breads")
    with pytest.raises(OSError):
        write_repository(plan_repository(tmp_path / "breads/below"))
    assert (tmp_path / "breads").read_text() == "x"


def test_a_fresh_clone_of_an_empty_repository_is_used_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "breads"
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    git(root, "remote", "add", "origin", "https://git.example.org/breads.git")
    make(root)
    assert git(root, "symbolic-ref", "--short", "HEAD").strip() == "trunk"
    assert git(root, "remote").strip() == "origin" and git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["my breads", "Brote – größer", "it's", "-x", "パン"])
def test_any_name_of_a_folder_works(tmp_path: Path, name: str) -> None:
    root = make(tmp_path / name)
    assert not errors_of(check_repository(root).findings) and status(root).branch == "main"


def test_a_folder_of_another_git_repository_is_refused_unless_that_one_ignores_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(InputError, match=r"Lies in the git repository .*breads/ to its \.gitignore"):
        plan_repository(tmp_path / "breads")
    assert not (tmp_path / "breads").exists()
    (tmp_path / ".gitignore").write_text("breads/\n")
    root = make(tmp_path / "breads")
    assert git(root, "rev-parse", "--show-toplevel").strip() == str(root)
    assert "breads" not in git(tmp_path, "status", "--porcelain")


def test_without_an_identity_the_files_stay_and_the_command_is_named_and_a_second_run_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    identity = config.read_text()
    config.write_text("")
    written = write_repository(plan_repository(tmp_path / "breads", name="Ada's bread"))
    assert not written.commit
    assert "git does not know who you are" in written.why and "git commit -m 'Start Ada'\\''s bread with" in written.why
    before = files(tmp_path / "breads")
    assert "dvc.yaml" in before and (tmp_path / "breads/.git").is_dir()
    config.write_text(identity)
    planned = plan_repository(tmp_path / "breads", name="Ada's bread")
    assert planned.begun and write_repository(planned).commit
    assert files(tmp_path / "breads") == before


def test_a_hook_that_refuses_leaves_the_files_and_is_quoted(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\necho 'error: no ticket in the message' >&2\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    git(tmp_path, "config", "--global", "core.hooksPath", str(hooks))
    written = write_repository(plan_repository(tmp_path / "breads"))
    assert not written.commit and "no ticket in the message" in written.why and (tmp_path / "breads/dvc.yaml").is_file()


def test_without_git_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="not on PATH"):
        plan_repository(tmp_path / "breads")
    assert not (tmp_path / "breads").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_parent_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    with pytest.raises(PermissionError):
        write_repository(plan_repository(tmp_path / "locked/breads"))
    assert not list((tmp_path / "locked").iterdir())


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    planned = plan_repository(tmp_path / "breads")
    broken = type(planned)(planned.root, planned.name, {**planned.texts, "dvc.yaml/x": "cannot be a folder"}, False)
    with pytest.raises((OSError, ProdaError)):
        write_repository(broken)
    assert not (tmp_path / "breads").exists()


def test_an_interrupted_run_with_other_options_is_told_so(tmp_path: Path) -> None:
    planned = plan_repository(tmp_path / "breads")
    write_together(planned.root, {name: planned.texts[name] for name in ("README.md", "dvc.yaml")})
    with pytest.raises(InputError, match=r"README\.md\n  If an interrupted `proda init` wrote the rest, give it the same options"):
        plan_repository(tmp_path / "breads", name="Another name")
    assert write_repository(plan_repository(tmp_path / "breads")).commit


@pytest.mark.parametrize("moment", ["knowledge/GUIDE.md", ".git"])
def test_a_killed_run_is_continued_by_the_next_one(tmp_path: Path, moment: str) -> None:
    kill_when((tmp_path / "breads" / moment).exists, [sys.executable, "-P", "-m", "proda.cli.main", "init", "breads"], cwd=tmp_path)
    time.sleep(1)  # a git that was running ends by itself
    if not (tmp_path / "breads/.git/refs/heads/main").exists():
        planned = plan_repository(tmp_path / "breads")
        assert planned.begun and write_repository(planned).commit
    whole = make(tmp_path / "elsewhere/breads")
    assert {name: data for name, data in files(tmp_path / "breads").items() if not name.endswith(".tmp")} == files(whole)
