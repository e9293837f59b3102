"""`proda check` and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.knowledge.toy import Toy

HERE = Path(__file__).parents[2]


def proda(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `proda check` in `root`."""
    command = [sys.executable, "-c", "from proda.cli.main import main; main()", "check", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_sound_knowledge_prints_nothing_and_exits_0(tmp_path: Path) -> None:
    done = proda(Toy().write(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 errors, 0 warnings; 2 disciplines, 3 topics, 4 chains, 12 statements, 13 concepts\n"
    assert not (tmp_path / "build" / "knowledge").exists()


def test_findings_go_to_standard_output_in_the_house_form(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["object"] = "stres"
    toy.step("physics/heat", "rail-buckles", 2)["subject"] = "stres"
    toy.concept("physics/heat", "friction")["definition"] = "when it rubs."
    done = proda(toy.write(tmp_path))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("knowledge/physics/heat.yaml:")
    assert any(line.endswith("  chains.rail-buckles.steps[1].object") for line in lines)
    assert "  'physics/stres' is not a concept. Closest: 'physics/stress'. Fix the reference, or add the concept. [references]" in lines
    assert done.stderr.startswith("2 errors, 2 warnings; ")


def test_json_holds_findings_counts_and_shape(tmp_path: Path) -> None:
    toy = Toy()
    toy.step("physics/heat", "rail-buckles", 1)["relation"] = "cause"
    done = proda(toy.write(tmp_path), "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert set(document) == {"findings", "counts", "orphans", "connectivity", "relations", "kinds"}
    assert [f["rule"] for f in document["findings"] if f["severity"] == "error"] == ["relations"]
    assert document["counts"]["chains"] == 4
    assert document["connectivity"]["physics"] == 1.0


def test_fix_changes_files_and_dry_run_only_names_them(tmp_path: Path) -> None:
    root = Toy().write(tmp_path, fill=False)
    dry = proda(root, "--fix", "--dry-run")
    assert dry.returncode == 1
    assert "would fix knowledge/physics/heat.yaml" in dry.stderr
    done = proda(root, "--fix")
    assert done.returncode == 0
    assert "fixed knowledge/physics/heat.yaml" in done.stderr


def test_misuse_exits_2_without_a_traceback(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    for arguments in (["--dry-run"], ["--no-such"], ["--root", "absent"]):
        done = proda(root, *arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_check_imports_nothing_heavy(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    script = (
        "import sys; from pathlib import Path; from proda.cli.check import check\n"
        "early = {'numpy', 'click'} & set(sys.modules)\n"
        "from proda.workflows.check_repository import check_repository; check_repository(Path('.'))\n"
        "heavy = {'torch', 'pandas', 'mlflow', 'ruamel.yaml', 'git', 'transformers', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy and early == {'click'}, (heavy, early)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_knowledge_room_imports_no_other_room() -> None:
    rooms = ("builder", "tester", "compiler", "debugger", "cli")
    for path in (HERE / "proda" / "knowledge").rglob("*.py"):
        assert not any(f"proda.{room}" in path.read_text() for room in rooms), path
