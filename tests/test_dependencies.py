"""pyproject.toml declares every library that the code imports: those that come with another library may leave with it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from scripts.import_arrows import TOP

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _normal(name: str) -> str:
    """The name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared() -> set[str]:
    """The distributions that a user installs: the dependencies, and those of every extra but the tools of tests and docs."""
    extras = [each for name, needed in PROJECT["optional-dependencies"].items() if name not in ("docs", "test") for each in needed]
    return {_normal(re.match(r"[\w.-]+", needed)[0]) for needed in (*PROJECT["dependencies"], *extras)}  # type: ignore[index]


def _imported(paths: Iterable[Path]) -> dict[str, str]:
    """The libraries that the files import, inside functions too, each with a file. Those under `if TYPE_CHECKING` never run."""
    found = {}
    for path in paths:
        tree = ast.parse(path.read_text())
        unused = {id(n) for i in ast.walk(tree) if isinstance(i, ast.If) and ast.unparse(i.test) == "TYPE_CHECKING" for n in ast.walk(i)}
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            if id(node) not in unused:
                found |= {name.partition(".")[0]: path.relative_to(ROOT).as_posix() for name in names}
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names and name not in TOP}


def _undeclared(imported: dict[str, str], declared: set[str]) -> list[str]:
    """The libraries of which no distribution is declared. One that is not installed is compared by its own name."""
    known = packages_distributions()
    return [
        f"{path} imports {name}" for name, path in sorted(imported.items()) if declared.isdisjoint(map(_normal, known.get(name, [name])))
    ]


def test_every_imported_library_is_declared() -> None:
    imported = _imported(path for top in TOP for path in (ROOT / top).rglob("*.py"))
    assert {"httpx2", "torch", "yaml"} <= imported.keys()
    assert _undeclared(imported, _declared()) == []


def test_a_library_that_only_comes_with_another_is_found() -> None:
    imported = {"httpx2": "proda/calls/wire.py", "git": "proda/gitrepo.py", "ray": "proda/ray_engine.py"}
    assert _undeclared(imported, {"gitpython", "ray", "openai"}) == ["proda/calls/wire.py imports httpx2"]
