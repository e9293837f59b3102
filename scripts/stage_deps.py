"""Compares the code dependencies of each stage in dvc.yaml with the imports.

    python -m scripts.stage_deps            # prints missing and unneeded dependencies; exit status 1 if there are any
    python -m scripts.stage_deps --write    # corrects dvc.yaml, keeping comments and order

A stage depends on its script in pipelines/ and on every module of this project that the script imports, directly or through
others. If a dependency were missing, DVC would keep results that the current code no longer produces.
"""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path

from proda.store.files import write_file

OURS = ("proda", "pipelines")
ENOUGH = 0.75  # a package of which a stage needs this share of modules is one dependency: DVC's own cost grows with their number


def code_of(script: Path, root: Path) -> list[str]:
    """Paths, relative to `root` and sorted, of the script and every module of ours that it imports, transitively.

    A package of which most modules are needed stands for them all.
    """
    found: set[Path] = set()
    todo = [script]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += [module for name in _imports(path) for module in _files(name, root)]
    for package in sorted({path.parent for path in found}, key=lambda p: len(p.parts)):
        inside = set(package.rglob("*.py"))
        if package != root / "proda" and len(inside) > 2 and len(inside & found) >= ENOUGH * len(inside):
            found = (found - inside) | {package}
    return sorted(path.relative_to(root).as_posix() for path in found)


def _imports(path: Path) -> set[str]:
    """Dotted names a module imports, inside functions too; not those under `if TYPE_CHECKING`, which never run."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    # What a package's own functions import runs only when somebody calls them through the package; no stage does.
    nodes = tree.body if path.name == "__init__.py" else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.partition(".")[0] in OURS}


def _files(name: str, root: Path) -> list[Path]:
    """Files that importing `name` runs: the module, and the __init__ of every package above it."""
    parts = name.split(".")
    files = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    files.append(root.joinpath(*parts).with_suffix(".py"))
    return [file for file in files if file.is_file()]


def main(root: Path = Path(), *, write: bool = False) -> int:
    """Compares dvc.yaml with the imports. Returns the exit status."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    pipeline = yaml.load((root / "dvc.yaml").read_text())
    wrong = 0
    for name, stage in pipeline["stages"].items():
        script = root / "pipelines" / f"{name}.py"
        if not script.is_file():
            print(f"dvc.yaml  stages.{name}\n  There is no pipelines/{name}.py. Add the script, or remove the stage.", file=sys.stderr)
            wrong += 1
            continue
        want = code_of(script, root)
        have = sorted(str(d) for d in stage["deps"] if str(d).startswith(OURS))
        if want != have:
            wrong += 1
            missing, extra = sorted(set(want) - set(have)), sorted(set(have) - set(want))
            print(
                f"dvc.yaml  stages.{name}.deps\n  missing: {', '.join(missing)}\n  not imported: {', '.join(extra)}",
                file=sys.stderr,
            )
            data = [d for d in stage["deps"] if not str(d).startswith(OURS)]
            stage["deps"] = data + want
    if write and wrong:
        out = io.StringIO()
        yaml.dump(pipeline, out)
        write_file(root / "dvc.yaml", out.getvalue())
        print(f"dvc.yaml: corrected the dependencies of {wrong} stage{'' if wrong == 1 else 's'}")
        return 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv[1:]))
