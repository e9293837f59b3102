"""The installed code, stage by stage: what changes the hash of a stage, and what is said and refused when it has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from proda.cli.check import check
from proda.errors import InputError
from proda.store.code_version import imported_files
from proda.workflows.check_repository import check_repository
from proda.workflows.file_set import write_together
from proda.workflows.freshness import freshness
from proda.workflows.init_repository import plan_repository
from proda.workflows.installed_code import VERSION_FILE, changed_stages, installed_code, main, recorded_code, renew, require_installed
from proda.workflows.status import status
from tests.toyworld import make_repository
from tests.workflows.test_freshness import dvc

ROOT = Path(__file__).resolve().parents[2]
STAGES = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    planned = plan_repository(tmp_path / "breads")
    write_together(planned.root, dict(planned.texts))
    return planned.root


def older(root: Path, *stages: str) -> None:
    """Make proda-version.yaml that of a ProDa whose code of these stages was another."""
    raw = yaml.safe_load((root / VERSION_FILE).read_text())
    raw["code"] |= dict.fromkeys(stages, "0" * 16)
    (root / VERSION_FILE).write_text(yaml.safe_dump(raw | {"proda": "0.0.9"}, sort_keys=False))


def code_in(site: Path) -> dict[str, str]:
    """The code of the packages in a folder, as a process that imports them from there computes it."""
    code = "import json; from proda.workflows.installed_code import installed_code as i; print(json.dumps(i().code))"
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=site, env=env, capture_output=True, text=True, check=True)
    found: dict[str, str] = yaml.safe_load(done.stdout)
    return found


def test_each_stage_has_a_hash_over_the_files_that_this_project_lists_for_it() -> None:
    installed = installed_code()
    assert set(installed.code) == STAGES and len(set(installed.code.values())) == len(STAGES)
    from proda.workflows import installed_code as module

    for stage in ("check", "train"):
        script = ROOT / f"pipelines/{stage}.py"
        reached = {script}
        while new := {file for path in reached for file in module._imports(path)} - reached:
            reached |= new
        assert reached == imported_files(script, ROOT, module.PACKAGES)


def test_an_edit_changes_the_stages_that_import_the_file_and_neither_version_nor_line_ends_change_any(tmp_path: Path) -> None:
    before = installed_code().code
    for package in ("proda", "pipelines"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "templates"))
    for name in ("proda/tester/bridges.py", "proda/cli/show.py", "proda/__init__.py"):
        (tmp_path / name).write_text((tmp_path / name).read_text() + "X = 1\n")
    for path in tmp_path.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    after = code_in(tmp_path)
    bridges = ROOT / "proda/tester/bridges.py"
    importing = {stage for stage in STAGES if bridges in imported_files(ROOT / f"pipelines/{stage}.py", ROOT, ("proda", "pipelines"))}
    assert {stage for stage in STAGES if before[stage] != after[stage]} == importing
    assert "benchmark" in importing and "train" not in importing


def test_the_hashes_are_remembered_in_the_repository_and_a_damaged_memory_is_made_again(root: Path) -> None:
    assert changed_stages(root) == ()
    kept = sorted((root / "build/cache/installed-code").iterdir())
    assert len(kept) == len(STAGES)
    kept[0].write_text("damaged")
    assert installed_code(root) == installed_code()


def test_a_repository_with_its_own_code_has_nothing_to_renew(tmp_path: Path) -> None:
    own = make_repository(tmp_path, git=False)
    assert changed_stages(own) == () and not renew(own)
    assert not (own / VERSION_FILE).exists()


def test_check_warns_and_names_the_stages_and_fix_renews_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check_repository(root).findings
    older(root, "train", "evaluate")
    assert changed_stages(root) == ("evaluate", "train")
    (finding,) = check_repository(root).findings
    assert finding.severity == "warning" and finding.file == VERSION_FILE.name and "evaluate and train" in finding.message
    before = (root / VERSION_FILE).read_bytes()
    for arguments, word in ((["--fix", "--dry-run"], "would fix"), (["--fix"], "fixed")):
        with pytest.raises(SystemExit) as ended:
            check.main([*arguments, "--root", str(root)], standalone_mode=False)
        assert ended.value.code == 0 and f"{word} {VERSION_FILE}" in capsys.readouterr().err
        assert ((root / VERSION_FILE).read_bytes() == before) is (word == "would fix")
    assert changed_stages(root) == () and not check_repository(root).findings
    assert not renew(root)


def test_a_new_number_alone_leaves_the_file_as_it_is(root: Path) -> None:
    older(root)
    before = (root / VERSION_FILE).read_bytes()
    assert not renew(root) and not check_repository(root).findings
    assert (root / VERSION_FILE).read_bytes() == before


@pytest.mark.parametrize("text", [None, "", "proda: 1\n", "code: [\n", "proda: '1'\ncode: {}\nmore: 1\n"])
def test_a_missing_or_damaged_file_is_an_error_that_fix_mends(root: Path, text: str | None) -> None:
    if text is None:
        (root / VERSION_FILE).unlink()
    else:
        (root / VERSION_FILE).write_text(text)
    with pytest.raises(InputError):
        changed_stages(root)
    assert [f.file for f in check_repository(root).findings if f.severity == "error"][:1] == [VERSION_FILE.name]
    assert renew(root) and recorded_code(root) == installed_code()


def test_a_stage_refuses_to_run_other_code_than_the_file_names(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert main("train") == 0
    older(root, "train")
    assert main("check") == 0 and capsys.readouterr().err == ""
    assert main("train") == 1
    said = capsys.readouterr().err
    assert "proda check --fix" in said and "pip install -r requirements.txt" in said and "ProDa 0.0.9" in said
    with pytest.raises(InputError, match="no stage of this name"):
        require_installed(root, "tidy")


def test_status_says_what_to_do_after_an_upgrade(root: Path) -> None:
    assert status(root).upgraded == ()
    older(root, "guard")
    found = status(root)
    assert found.upgraded == ("guard",) and found.next == "proda check --fix"


def test_an_upgrade_makes_the_stages_stale_whose_code_changed_as_dvc_says(root: Path) -> None:
    """The stages do nothing here; DVC records what they depend on all the same."""
    pipeline = yaml.safe_load((root / "dvc.yaml").read_text())
    kept = {}
    for name in ("check", "synthesize"):
        stage = pipeline["stages"][name]
        out = "build/knowledge" if name == "check" else "samples/corpus"
        kept[name] = {**stage, "cmd": f"mkdir -p {out} && echo x > {out}/x", "outs": [{out: {"cache": False}}]}
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": kept}))
    (root / ".dvc/config").write_text("[core]\n    analytics = false\n    no_scm = true\n")
    dvc(root, "repro", "-q")
    assert freshness(root).stale == () and "up to date" in dvc(root, "status")

    older(root, "train")  # `check` depends on the whole file, which costs a second
    assert freshness(root).stale == ("check", "synthesize")
    assert [c.stage for c in freshness(root).changes] == ["check"] and "synthesize" not in dvc(root, "status")

    older(root, "synthesize")
    changes = {(c.stage, c.kind, c.what) for c in freshness(root).changes}
    assert changes == {(name, "code", VERSION_FILE.name) for name in ("check", "synthesize")}
    told = dvc(root, "status")
    assert "check:" in told and "synthesize:" in told and "code.synthesize" in told
    assert not freshness(root).data_changes("synthesize"), "code is reported, and refused by no verb"
