"""The code of the installed ProDa, stage by stage → proda-version.yaml, so that an upgrade makes results stale.

    # proda-version.yaml, in a repository that holds data and no code
    proda: 0.1.0
    code:
      check: a547aea30e3d2167
      train: 44d9c86ff68ffcb9

In such a repository the stages of dvc.yaml depend on these hashes, as those of this project depend on its files. A hash covers a stage's
script and every module that it imports, without the number of the version: a release that changes nothing but `proda show` reruns no
stage. It is the same on every machine and for every version of Python.
`proda check --fix` renews the file after an upgrade, and `proda check` and `proda status` say when that is needed. A stage must not record
results under code that did not make them, so the first command of each stage is

    python -m proda.workflows.installed_code train

which does nothing if the file names the code that is installed, and fails otherwise.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

import msgspec

from proda import __version__
from proda.errors import InputError, ProdaError
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import ROOT, imported_names
from proda.store.files import write_file
from proda.yamlio import dump_yaml, load_as

VERSION_FILE = Path("proda-version.yaml")
CACHE = Path("build/cache/installed-code")
NO_STAGES = ("__init__", "stage")  # modules of pipelines/ that are no stage
PACKAGES = ("proda", "pipelines")
HEAD = """\
# The code of ProDa that the stages of dvc.yaml run, written by `proda check --fix`. After an upgrade it changes for the stages whose code
# changed, and `dvc repro` runs them again.
"""


class VersionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    proda: str  # the version, for readers; no stage depends on it but `check`
    code: dict[str, str]  # stage → hash of its code


def follows_installed_code(root: Path) -> bool:
    """Return whether the stages of the repository depend on proda-version.yaml, because its code is not in the repository."""
    pipeline = root / "dvc.yaml"
    return (root / VERSION_FILE).is_file() or (pipeline.is_file() and VERSION_FILE.name.encode() in pipeline.read_bytes())


def installed_code(root: Path | None = None) -> VersionFile:
    """Return the version and the code of the installed ProDa. Takes seconds, but with a repository whose build/cache knows the hashes."""
    stages = sorted(path.stem for path in (ROOT / "pipelines").glob("*.py") if path.stem not in NO_STAGES)
    return VersionFile(__version__, {stage: stage_code(stage, root) for stage in stages})


def stage_code(stage: str, root: Path | None = None) -> str:
    """Return the hash of the code of one stage. Raises InputError if there is no such stage."""
    if not (ROOT / "pipelines" / f"{stage}.py").is_file():
        raise InputError(f"dvc.yaml  stages.{stage}\n  ProDa {__version__} has no stage of this name. Remove the stage, or fix its name.")
    kept = None if root is None else root / CACHE / f"{stage}-{_fingerprint()}.json"
    found = None if kept is None else read_cached(kept, str)
    if found is None:
        found = _computed(stage)
        if kept is not None:
            write_cached(kept, found)
    return found


@cache
def _computed(stage: str) -> str:
    digest = hashlib.sha256()
    reached = {ROOT / "pipelines" / f"{stage}.py"}
    todo = list(reached)
    while todo:
        new = _imports(todo.pop()) - reached
        reached |= new
        todo += new
    for path in sorted(reached - {ROOT / "proda/__init__.py"}):  # which holds the number of the version
        _add(digest, path)
    return digest.hexdigest()[:16]


@cache
def _imports(path: Path) -> frozenset[Path]:
    """The files that a module imports, with the packages that hold them. Each is read once for all stages."""
    names = [name.split(".") for name in imported_names(path, PACKAGES)]
    packages = [ROOT.joinpath(*parts[:depth], "__init__.py") for parts in names for depth in range(1, len(parts) + 1)]
    return frozenset(file for file in (*packages, *(ROOT.joinpath(*parts).with_suffix(".py") for parts in names)) if file.is_file())


@cache
def _fingerprint() -> str:
    """A hash over every module that a stage could import, without finding out which ones it does import, which takes seconds."""
    digest = hashlib.sha256()
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        _add(digest, path)
    return digest.hexdigest()[:16]


def _add(digest: hashlib._Hash, path: Path) -> None:
    """Add the name and the text of a module, with the line ends of Unix."""
    text = path.read_bytes().replace(b"\r\n", b"\n")
    digest.update(f"{path.relative_to(ROOT).as_posix()}\n{len(text)}\n".encode() + text)


def recorded_code(root: Path) -> VersionFile:
    """Return what proda-version.yaml says. Raises InputError if it is missing or malformed."""
    path = root / VERSION_FILE
    if not path.is_file():
        raise InputError(f"{VERSION_FILE}\n  The file is missing, and dvc.yaml depends on it. Write it with `proda check --fix`.")
    return load_as(path, VersionFile)


def changed_stages(root: Path) -> tuple[str, ...]:
    """Return the stages whose installed code is not what proda-version.yaml says; empty where no stage depends on the file.

    Raises InputError if the file is missing or malformed.
    """
    if not follows_installed_code(root):
        return ()
    recorded, installed = recorded_code(root).code, installed_code(root).code
    return tuple(stage for stage in dict.fromkeys([*installed, *recorded]) if installed.get(stage) != recorded.get(stage))


def version_text(installed: VersionFile) -> str:
    """Return the text of proda-version.yaml."""
    return HEAD + dump_yaml(msgspec.to_builtins(installed))


def renew(root: Path, *, dry_run: bool = False) -> bool:
    """Write the installed code to proda-version.yaml, if stages depend on that file; returns whether it changed, or would change.

    The file stays as it is if no stage's code changed, whatever the number of the version is.
    """
    if not follows_installed_code(root):
        return False
    try:
        if not changed_stages(root):
            return False
    except InputError:  # missing or damaged: it is written again
        pass
    if not dry_run:
        write_file(root / VERSION_FILE, version_text(installed_code(root)))
    return True


def require_installed(root: Path, stage: str) -> None:
    """Raise InputError if the installed code of `stage` is not the code that proda-version.yaml names."""
    recorded = recorded_code(root)
    if recorded.code.get(stage) == stage_code(stage, root):
        return
    raise InputError(
        f"{VERSION_FILE}  code.{stage}\n  ProDa {__version__} is installed, and its code of this stage is not the one that the file names"
        f" (ProDa {recorded.proda}). If you have upgraded ProDa, run `proda check --fix`, then `dvc repro`. Otherwise install what the"
        " repository was built with: `pip install -r requirements.txt`."
    )


def main(stage: str) -> int:
    """Check one stage in the working directory; returns the exit status."""
    try:
        require_installed(Path(), stage)
    except ProdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
