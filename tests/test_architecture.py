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
MODEL_SIDE = {"proda/compiler", "proda/tester/scoring.py", "proda/tester/letters.py", "proda/tester/heldout.py"}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("role", [r for r in ROLES if (ROOT / "proda" / r).is_dir()])
def test_a_role_imports_no_other_role(role: str) -> None:
    for path in (ROOT / "proda" / role).rglob("*.py"):
        for name in _imported(path):
            parts = name.split(".")
            assert not (len(parts) > 1 and parts[0] == "proda" and parts[1] in ROLES and parts[1] != role), f"{path} imports {name}"
            assert parts[0] != "pipelines" and parts[:2] != ["proda", "cli"], f"{path} imports {name}"


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
