"""Module → the modules that it imports, directly or through others; and a hash of their code, for the keys of caches.

    cache_key(score_model, inputs, item_hashes, params)      "5f0c3e9a…": changes with the inputs and with any code that score_model can run
    imported_files("pipelines/train.py", root, ("proda", "pipelines"))

A cached value is out of date when its inputs change and also when the code that computes it changes. A version number in the code has to
be raised by hand and is forgotten; the hash of the code is not. It covers the module of the function and every module of this project
that this module imports, also inside functions. Comments, docstrings and layout are left out, so rewording them keeps the cache.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from proda.records import content_hash

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the package: the repository, or site-packages."""
PACKAGE = ("proda",)


def cache_key(compute: Callable[..., Any], *inputs: Any) -> str:
    """Return sixteen hex digits over the inputs and the code of `compute`, the function that computes the value to be cached.

    `compute` must be a function of a module of this package. `inputs` must be what `content_hash` takes.
    """
    return content_hash([code_version(compute.__module__, ROOT), *inputs])


@cache
def code_version(module: str, root: Path = ROOT) -> str:
    """Return sixteen hex digits over the code of a dotted module name and of every module of the package that it imports.

    Code is compared as a syntax tree without docstrings. Read once per process.
    """
    digest = hashlib.sha256()
    for path in sorted({file for start in _files(module, root) for file in imported_files(start, root, PACKAGE)}):
        digest.update(f"{path.relative_to(root).as_posix()}\n{_code(path)}\n".encode())
    return digest.hexdigest()[:16]


def imported_files(script: Path, root: Path, packages: tuple[str, ...]) -> set[Path]:
    """Return the file and every file below `root` that it imports from `packages`, directly or through others."""
    found: set[Path] = set()
    todo = [script]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += [file for name in imported_names(path, packages) for file in _files(name, root)]
    return found


def imported_names(path: Path, packages: tuple[str, ...]) -> set[str]:
    """Return the dotted names that a module imports, inside functions too. Imports under `if TYPE_CHECKING` never run and are left out."""
    tree = ast.parse(path.read_bytes())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    # The imports inside the functions of a package's __init__ run only when those functions are called, which no module here does.
    nodes: Iterator[ast.AST] | list[ast.stmt] = tree.body if path.name == "__init__.py" else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.partition(".")[0] in packages}


def _files(name: str, root: Path) -> list[Path]:
    """Return the files that run when `name` is imported: the module, and the __init__ of every package above it."""
    parts = name.split(".")
    files = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    files.append(root.joinpath(*parts).with_suffix(".py"))
    return [file for file in files if file.is_file()]


def _code(path: Path) -> str:
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
