"""The house rules that no type checker holds: who may import whom, what a light command may load, what dvc.yaml must declare."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.stage_deps import code_of

ROOT = Path(__file__).resolve().parent.parent
ROLES = ("knowledge", "builder", "tester", "compiler", "debugger")
HEAVY = ("torch", "transformers", "peft", "mlflow", "pandas")
# From the ground up; a module imports its own layer and those below.
LAYERS = (
    ("errors", "findings", "gitrepo", "progress", "records", "stable_hash", "yamlio"),
    ("graph", "params", "statistics", "language", "runtime", "store"),
    ROLES,
    ("history",),
    ("workflows",),
    ("experiments", "report"),
    ("cli",),
)
SHARED = {room for layer in LAYERS[:2] for room in layer}
MODEL_SIDE = {"proda/compiler", "proda/runtime", "proda/tester/scoring.py", "proda/tester/letters.py", "proda/tester/heldout.py"}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _modules() -> dict[str, Path]:
    """Dotted name → file, for every module of proda."""
    found = {}
    for path in sorted((ROOT / "proda").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _arrows(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Module → the modules of proda that it imports, inside functions and under TYPE_CHECKING too."""
    arrows = {}
    for name, path in modules.items():
        mentioned = _imported(path)
        # `from proda.store import items` imports proda.store.items; the package itself holds nothing.
        inner = {n for n in mentioned if n in modules and n != name}
        arrows[name] = {n for n in inner if not any(other.startswith(f"{n}.") for other in mentioned if other in modules)} - {"proda"}
    return arrows


MODULES = _modules()
ARROWS = _arrows(MODULES)


def _room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_module_has_a_layer() -> None:
    layered = {room for layer in LAYERS for room in layer} | {""}
    assert {_room(name) for name in MODULES} <= layered


def test_imports_point_down() -> None:
    level = {room: n for n, layer in enumerate(LAYERS) for room in layer} | {"": len(LAYERS)}
    upward = [f"{a} → {b}" for a, found in ARROWS.items() for b in sorted(found) if level[_room(b)] > level[_room(a)]]
    assert not upward, upward


def _reached(name: str) -> set[str]:
    seen: set[str] = set()
    todo = [name]
    while todo:
        for other in ARROWS[todo.pop()] - seen:
            seen.add(other)
            todo.append(other)
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_no_other_role(role: str) -> None:
    """Roles meet in shared records, the store, the language and the runtime: not in each other, however many imports lie between."""
    for name in (n for n in MODULES if _room(n) == role):
        assert {_room(n) for n in _reached(name)} <= {role, *SHARED}, name


def test_no_module_imports_itself_through_others() -> None:
    cycles = sorted(name for name in MODULES if name in _reached(name))
    assert not cycles


def test_no_two_rooms_import_each_other() -> None:
    pairs = {(_room(a), _room(b)) for a, found in ARROWS.items() for b in found if _room(a) != _room(b)}
    assert not [pair for pair in pairs if pair[::-1] in pairs]


def test_nothing_below_imports_the_pipelines_or_scripts() -> None:
    for name, path in MODULES.items():
        assert not [n for n in _imported(path) if n.partition(".")[0] in ("pipelines", "scripts")], name


def test_torch_is_imported_by_the_model_side_only() -> None:
    for path in (ROOT / "proda").rglob("*.py"):
        where = path.relative_to(ROOT).as_posix()
        if {n.partition(".")[0] for n in _imported(path)} & {"torch", "transformers", "peft"}:
            assert any(where.startswith(side) for side in MODEL_SIDE), where


@pytest.mark.parametrize("command", [["--help"], ["check", "--help"], ["show", "--help"], ["diff", "--help"], ["report", "--help"]])
def test_a_command_that_needs_no_model_loads_no_model_library(command: list[str]) -> None:
    code = f"import sys, json; sys.argv = ['proda', *{command!r}]\nimport proda.cli.main as m\ntry: m.main()\nexcept SystemExit: pass\n"
    code += f"print(json.dumps([h for h in {HEAVY!r} if h in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_every_stage_declares_the_code_it_imports() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    for name, stage in stages.items():
        declared = sorted(d for d in stage["deps"] if d.startswith(("proda/", "pipelines/")))
        assert declared == code_of(ROOT / "pipelines" / f"{name}.py", ROOT), f"{name}: python -m scripts.stage_deps --write"


def test_pipelines_are_the_stages() -> None:
    stages = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])
    scripts = {p.stem for p in (ROOT / "pipelines").glob("*.py")} - {"__init__", "stage"}
    assert scripts == stages


def test_nothing_runs_at_import() -> None:
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
        ast.If,
        ast.Expr,
    )
    for path in [*(ROOT / "proda").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")]:
        for node in ast.parse(path.read_text()).body:
            assert isinstance(node, allowed), f"{path}:{node.lineno}"
            if isinstance(node, ast.Expr):
                assert isinstance(node.value, ast.Constant), f"{path}:{node.lineno} runs at import"
            if isinstance(node, ast.If):
                assert ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"), f"{path}:{node.lineno}"


def test_modules_are_one_room_each() -> None:
    long = {p.as_posix(): n for p in (ROOT / "proda").rglob("*.py") if (n := len(p.read_text().splitlines())) > 400}
    assert not long, f"What else moved in? {long}"
