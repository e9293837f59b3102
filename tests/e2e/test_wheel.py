"""What a release publishes: the contents and metadata of wheel and sdist, and which version and code an environment runs."""

from __future__ import annotations

import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

import proda
from proda.workflows.init_repository import TEMPLATES
from tests.e2e.installed import ROOT, Built, environment, packages, run_installed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION = proda.__version__
INFO = f"proda-{VERSION}.dist-info"


def _tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(built: Built) -> None:
    assert built.wheel.name == f"proda-{VERSION}-py3-none-any.whl"
    names = set(zipfile.ZipFile(built.wheel).namelist())
    assert {name for name in names if not name.startswith(f"{INFO}/")} == _tracked("proda", "pipelines")
    assert {f"{INFO}/licenses/LICENSE", f"{INFO}/licenses/LICENSE-DATA", f"{INFO}/METADATA", f"{INFO}/entry_points.txt"} <= names
    assert "proda/py.typed" in names
    templates = {f"proda/templates/{p.relative_to(TEMPLATES).as_posix()}" for p in TEMPLATES.rglob("*") if p.is_file()}
    assert len(templates) > 15 and templates <= names


def test_the_wheel_claims_two_top_level_names(built: Built, site: Path) -> None:
    installed = {path.name for path in packages(site).iterdir() if path.suffix != ".pth"}
    assert installed == {"proda", "pipelines", INFO}
    code = "from importlib.util import find_spec; print(find_spec('scripts'), find_spec('tests'))"
    assert run_installed(site, site, "python", "-c", code) == "None None\n"


def test_the_sdist_holds_what_the_wheel_is_built_from_and_nothing_of_this_repository(built: Built) -> None:
    top = f"proda-{VERSION}"
    with tarfile.open(built.sdist) as archive:
        names = {member.name.removeprefix(f"{top}/") for member in archive.getmembers() if member.isfile()}
    written = {"PKG-INFO", "setup.cfg", *(name for name in names if name.startswith("proda.egg-info/"))}
    beside = {"pyproject.toml", "MANIFEST.in", "README.md", "CHANGELOG.md", "LICENSE", "LICENSE-DATA"}
    assert names - written == _tracked("proda", "pipelines") | beside


def test_the_metadata_is_valid_and_that_of_the_project(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        raw = archive.read(f"{INFO}/METADATA")
        assert archive.read(f"{INFO}/entry_points.txt").decode().split("\n")[:2] == ["[console_scripts]", "proda = proda.cli.main:main"]
    metadata = Metadata.from_email(raw, validate=True)
    assert (metadata.name, str(metadata.version), metadata.license_expression) == ("proda", VERSION, PROJECT["license"])
    assert str(metadata.requires_python) == PROJECT["requires-python"]
    assert metadata.description == (ROOT / "README.md").read_text() and metadata.description_content_type == "text/markdown"
    needed = {str(r) for r in metadata.requires_dist or () if "extra ==" not in str(r)}
    assert needed == {str(Requirement(each)) for each in PROJECT["dependencies"]}


def test_the_environment_runs_the_code_and_the_version_of_the_wheel(site: Path) -> None:
    assert run_installed(site, site, "proda", "--version") == f"proda, version {VERSION}\n"
    code = "import proda, pipelines; from importlib.metadata import version; print(proda.__file__, pipelines.__file__, version('proda'))"
    *files, version = run_installed(site, site, "python", "-c", code).split()
    assert files == [str(packages(site) / name / "__init__.py") for name in ("proda", "pipelines")] and version == VERSION


def test_an_editable_install_runs_the_checkout_and_names_its_commit(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
    for name in _tracked("proda", "pipelines", "pyproject.toml", "README.md"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    env = environment(tmp_path / "env", "--no-build-isolation", "--editable", str(checkout))
    head = ["git", "rev-parse", "--short=9", "HEAD"]
    commit = subprocess.run(head, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()
    (checkout / "proda/__init__.py").write_text((ROOT / "proda/__init__.py").read_text().replace(VERSION, "7.8.9"))
    expected = f"proda, version 7.8.9, from {checkout} at commit {commit}, with uncommitted changes\n"
    assert run_installed(env, tmp_path, "proda", "--version") == expected


@pytest.mark.parametrize("module", ["cli.main", "cli.reading_sheet", "workflows.dvc_command", "workflows.dvc_locks"])
def test_what_messages_and_templates_tell_to_run_is_installed(site: Path, tmp_path: Path, module: str) -> None:
    run_installed(site, tmp_path, "python", "-m", f"proda.{module}", "--help")


def test_no_file_of_the_wheel_tells_to_run_what_is_not_in_it() -> None:
    told = [name for name in _tracked("proda", "pipelines") if b"python -m scripts." in (ROOT / name).read_bytes()]
    assert told == []
