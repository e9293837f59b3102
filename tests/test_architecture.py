"""Rules of the architecture: which modules may import which, what a light command may load, what dvc.yaml must declare.

Rooms are connected by MOST_ARROWS import arrows or fewer (`python -m scripts.import_arrows` counts and lists them). In November 2026 the
layout before the rooms were drawn had 199 by the same count, and the rooms had 143. Documents, calls, extraction, review and exchange
came later, with 66; the prompts and replies of items, with one from tester to calls; merging, with five; scores by endpoints, the engine
Ray, pull requests and forges, with eight; the generated reference of the book (scripts/reference), which describes commands, parameters and
records, with seven; worker processes of the check and of the samples, with two. In December 2026, 22 arrows went: functions moved to the
room that uses them or that their callers import already, and imports for annotations alone went under TYPE_CHECKING.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from scripts.import_arrows import arrows, modules
from scripts.stage_deps import code_of

ROOT = Path(__file__).resolve().parent.parent
ROLES = ("knowledge", "builder", "tester", "compiler", "debugger")
MOST_ARROWS = 210
HEAVY = ("torch", "transformers", "peft", "mlflow", "pandas")
# From the lowest layer to the highest. A module imports from its own layer and from lower layers only.
LAYERS = (
    ("errors", "findings", "gitrepo", "progress", "records", "stable_hash", "yamlio"),
    ("document_settings", "graph", "params", "statistics", "language", "runtime", "preloaded", "ray_engine", "store"),
    ("calls",),
    (*ROLES, "documents", "curation", "extraction", "exchange", "merging", "forge"),
    ("history",),
    ("workflows",),
    ("experiments", "report", "review"),
    ("cli",),
)
SHARED = {room for layer in LAYERS[:3] for room in layer}
MODEL_SIDE = {
    "proda/compiler",
    "proda/runtime",
    "proda/tester/scoring.py",
    "proda/tester/letters.py",
    "proda/tester/heldout.py",
    "proda/tester/forgetting.py",
}


def _imported(path: Path) -> set[str]:
    """Returns all dotted names that a file imports, of libraries too, inside functions and under TYPE_CHECKING too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _imports_of(files: dict[str, Path]) -> dict[str, set[str]]:
    """Maps each module of proda to the modules of proda that it imports, inside functions and under TYPE_CHECKING too."""
    found = {}
    for name, path in files.items():
        mentioned = _imported(path)
        # `from proda.store import items` names the package too, but only its module `items` is imported.
        inner = {n for n in mentioned if n in files and n != name}
        found[name] = {n for n in inner if not any(other.startswith(f"{n}.") for other in mentioned if other in files)} - {"proda"}
    return found


MODULES = {name: path for name, path in modules(ROOT).items() if name.partition(".")[0] == "proda"}


@cache
def _imports() -> dict[str, set[str]]:
    return _imports_of(MODULES)


def _room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_module_has_a_layer() -> None:
    layered = {room for layer in LAYERS for room in layer} | {""}
    assert {_room(name) for name in MODULES} <= layered


def test_imports_point_down() -> None:
    level = {room: n for n, layer in enumerate(LAYERS) for room in layer} | {"": len(LAYERS)}
    upward = [f"{a} → {b}" for a, found in _imports().items() for b in sorted(found) if level[_room(b)] > level[_room(a)]]
    assert not upward, upward


def _reached(name: str) -> set[str]:
    seen: set[str] = set()
    todo = [name]
    while todo:
        for other in _imports()[todo.pop()] - seen:
            seen.add(other)
            todo.append(other)
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_no_other_role(role: str) -> None:
    """Roles share records, store, language, runtime and statistics, and never import each other, directly or through other modules."""
    for name in (n for n in MODULES if _room(n) == role):
        assert {_room(n) for n in _reached(name)} <= {role, *SHARED}, name


def test_no_module_imports_itself_through_others() -> None:
    cycles = sorted(name for name in MODULES if name in _reached(name))
    assert not cycles


def test_no_two_rooms_import_each_other() -> None:
    pairs = {(_room(a), _room(b)) for a, found in _imports().items() for b in found if _room(a) != _room(b)}
    assert not [pair for pair in pairs if pair[::-1] in pairs]


def test_rooms_are_connected_by_no_more_arrows_than_before() -> None:
    found = arrows(ROOT)
    assert len(found) <= MOST_ARROWS, f"{len(found)} arrows. `python -m scripts.import_arrows --list` shows them; remove the new ones."
    assert len(found) == MOST_ARROWS, f"There are only {len(found)} arrows now. Set MOST_ARROWS to that."


def test_an_arrow_counts_imports_at_module_level_and_in_functions_and_no_room_imports_itself(tmp_path: Path) -> None:
    files = {
        "proda/__init__.py": "from proda.tools.saw import cut\n",
        "proda/records.py": "import proda.stable_hash\n",
        "proda/stable_hash.py": "",
        "proda/tools/__init__.py": "",
        "proda/tools/saw.py": "from proda.tools import plane\n\ndef cut():\n    from proda.records import Wood\n",
        "proda/tools/plane.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from proda.stable_hash import Seed\n",
        "scripts/build.py": "from proda.tools import saw\nfrom proda.tools.plane import even\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {("proda/records.py", "proda/stable_hash.py"), ("proda/tools", "proda/records.py"), ("scripts", "proda/tools")}
    assert arrows(tmp_path) == found


def test_a_class_name_is_used_once() -> None:
    places: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert not twice, twice


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


# What a module may call for its constants, beside classes of ours: each makes a value of its arguments and looks at nothing else.
TYPES = {"TypeVar", "Meta", "Field", "BeforeValidator", "Fraction", "WeakKeyDictionary", "Path", "click.IntRange", "click.Path"}
TYPES |= {"msgspec.json.Decoder", "msgspec.structs.fields", "np.uint64", "re.compile", "get_args", "Path(__file__).resolve"}
TYPES |= {"tuple", "frozenset", "dict", "dict.fromkeys", "str", "str.maketrans", "bytes", "object", "type"}
TYPES |= {"range", "zip", "map", "reversed", "ord"}
METHODS = {"split", "join", "items", "lower", "encode", "endswith"}  # of texts and dicts
WORDINGS = {"word_set", "active", "passive", "verb", "copula", "_set", "_length", "_typical", "_overlap", "prompt_text"}  # ours


def _calls(value: ast.AST) -> Iterator[ast.Call]:
    """The calls that an assigned value makes; those in the body of a lambda come later."""
    if isinstance(value, ast.Lambda):
        return
    if isinstance(value, ast.Call):
        yield value
    for inner in ast.iter_child_nodes(value):
        yield from _calls(inner)


def _makes_a_value(call: ast.Call, classes: set[str]) -> bool:
    name = ast.unparse(call.func)
    return name in TYPES | WORDINGS | classes or (isinstance(call.func, ast.Attribute) and call.func.attr in METHODS)


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        ("NAMES = frozenset('a b'.split())", True),
        ("NAMES: tuple[str, ...] = tuple(sorted(NAMES))", False),
        ("TEXT = Path(__file__).read_text()", False),
        ("HOME = os.environ.get('HOME')", False),
        ("READ = lambda: open('x')", True),
    ],
)
def test_an_assignment_that_looks_beyond_its_arguments_runs_at_import(line: str, fine: bool) -> None:
    (node,) = ast.parse(line).body
    assert isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
    assert all(_makes_a_value(call, set()) for call in _calls(node.value)) is fine


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
    classes = {node.name for path in MODULES.values() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)}
    preloaded = ROOT / "proda/preloaded.py"  # its import is what it is for
    for path in {*(ROOT / "proda").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")} - {preloaded}:
        for node in ast.parse(path.read_text()).body:
            if path == ROOT / "proda/cli/main.py" and isinstance(node, ast.Try):
                # An interruption while modules are imported is one line.
                assert all(isinstance(each, ast.Import | ast.ImportFrom) for each in node.body), f"{path}:{node.lineno}"
                continue
            assert isinstance(node, allowed), f"{path}:{node.lineno}"
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for call in _calls(node.value):
                    assert _makes_a_value(call, classes), f"{path}:{call.lineno} runs {ast.unparse(call.func)} at import"
            if isinstance(node, ast.Expr):
                assert isinstance(node.value, ast.Constant), f"{path}:{node.lineno} runs at import"
            if isinstance(node, ast.If):
                assert ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"), f"{path}:{node.lineno}"


def test_modules_are_one_room_each() -> None:
    long = {p.as_posix(): n for p in (ROOT / "proda").rglob("*.py") if (n := len(p.read_text().splitlines())) > 400}
    assert not long, f"Longer than 400 lines, split them: {long}"
