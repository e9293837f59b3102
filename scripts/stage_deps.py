"""Compares the code dependencies of each stage in dvc.yaml with the imports.

    python -m scripts.stage_deps            # prints missing and unneeded dependencies; exit status 1 if there are any
    python -m scripts.stage_deps --write    # corrects dvc.yaml, keeping comments and order

A stage depends on its script in pipelines/ and on every module of this project that the script imports, directly or through
others. If a dependency were missing, DVC would keep results that the current code no longer produces. Only proda/__init__.py is left out:
it holds the number of the version, and a release must not make every result stale.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from proda.errors import counted
from proda.store.code_version import imported_files
from proda.store.files import write_file

OURS = ("proda", "pipelines")
VERSION = "proda/__init__.py"
ENOUGH = 0.75  # a package of which a stage needs this share of modules is one dependency: DVC's own cost grows with their number


def code_of(script: Path, root: Path) -> list[str]:
    """Return the paths, relative to `root` and sorted, of the script and of every module of this project that it imports, transitively.

    VERSION is left out. A package of which most modules are needed is listed as a folder.
    """
    found = imported_files(script, root, OURS) - {root / VERSION}
    for package in sorted({path.parent for path in found}, key=lambda p: len(p.parts)):
        inside = set(package.rglob("*.py"))
        if package != root / "proda" and len(inside) > 2 and len(inside & found) >= ENOUGH * len(inside):
            found = (found - inside) | {package}
    return sorted(path.relative_to(root).as_posix() for path in found)


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
        print(f"dvc.yaml: corrected the dependencies of {counted(wrong, 'stage')}")
        return 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(write="--write" in sys.argv[1:]))
