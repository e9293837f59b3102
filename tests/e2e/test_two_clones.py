"""Two people, a bare repository and a DVC remote: a repair and an edit of one topic, on two branches, are merged, rebuilt and audited.

Ada pushes a round of repair, corrects a definition and trains again; Ben adds a chain to the same topic file, rewords statements, and
rebuilds items and samples only, as the forge does for people without DVC. Ben's branch is merged first. There are three trainings. The
tests of this file run in order, in one worker, on these clones.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from proda.store.items import load_items
from proda.store.patches import load_patches
from proda.yamlio import load_yaml
from tests.e2e.commands import stages_run
from tests.toyworld import ROOT, make_repository

pytestmark = pytest.mark.slow  # three trainings; the first build alone takes about 70 s of one core
TOPIC = "knowledge/milling/milling-basics.yaml"
MODEL_STAGES = {"train", "evaluate", "diagnose"}
# What the data stages write into git.
DATA = (
    "dvc.lock",
    "samples/corpus/",
    "benchmarks/items/",
    "benchmarks/general/",
    "benchmarks/results/shortcuts.json",
    "benchmarks/results/overlap.json",
)
WIND = "air that moves over the valley"
CHAIN = """\
  # the miller's own story
  stones-warm-flour:
    explains: how wheel speed warms flour
    steps:
      - id: s1
        subject: wheel-speed
        relation: increases
        object: millstone-motion
        text: Wheel speed increases millstone motion, as every miller knows.
        evidence: {quote: Wind causes sail rotation in the valley.}
      - id: s2
        subject: millstone-motion
        relation: causes
        object: dust-blast
        text: Millstone motion causes a dust blast, as every miller knows.
        evidence: {quote: Wind causes sail rotation in the valley.}
      - id: s3
        subject: dust-blast
        relation: decreases
        object: wind
        text: A dust blast decreases wind, as every miller knows.
        evidence: {quote: Wind causes sail rotation in the valley.}
"""


@dataclass(frozen=True)
class Person:
    """Someone with a clone, in which the code of the clone runs."""

    name: str
    root: Path

    def run(self, *command: str, ok: bool | None = True) -> str:
        """Run a command in the clone, and return what it prints on both streams."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_", "MLFLOW_"))}
        variables |= {f"GIT_{who}_NAME": self.name for who in ("AUTHOR", "COMMITTER")}
        variables |= {f"GIT_{who}_EMAIL": f"{self.name}@example.org" for who in ("AUTHOR", "COMMITTER")}
        variables |= {"PYTHONPATH": str(self.root), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        variables |= {"DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_EDITOR": "true"}
        done = subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)
        assert ok is None or (done.returncode == 0) is ok, f"{self.name}: {command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def git(self, *arguments: str, ok: bool | None = True) -> str:
        return self.run("git", *arguments, ok=ok)

    def proda(self, *arguments: str) -> str:
        return self.run(sys.executable, "-P", "-m", "proda.cli.main", *arguments)

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-P", "-m", "proda.workflows.dvc_command", *arguments)

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def edit(self, file: str, *pairs: tuple[str, str]) -> None:
        """Replace texts, each of which must be there once or more."""
        text = (self.root / file).read_text()
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        (self.root / file).write_text(text)

    def publish(self, branch: str) -> None:
        """Push the branch, and the models of its last commit."""
        self.git("push", "-q", "origin", branch)
        self.dvc("push", "--run-cache")


def joined(name: str, origin: Path, folder: Path) -> Person:
    """A fresh clone, set up as docs/how-to/teams.md says."""
    subprocess.run(["git", "clone", "-q", str(origin), str(folder)], check=True)
    person = Person(name, folder)
    person.proda("merge", "--install")
    return person


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> tuple[Person, Person, Path]:
    """Ada, Ben and the bare repository, whose `main` is built and committed."""
    folder = tmp_path_factory.mktemp("team")
    first = Person("Cleo", make_repository(folder, code=True))
    first.edit("params.yaml", ("seeds: [0, 1]", "seeds: [0]"))
    shutil.copytree(ROOT / "scripts", first.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitattributes", first.root)
    first.proda("check", "--fix")  # edits keep the canonical layout
    first.run(sys.executable, "-m", "dvc", "remote", "add", "--default", "team", str(folder / "storage"))
    first.dvc("repro")
    first.commit("Built")
    origin = folder / "origin.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(first.root), str(origin)], check=True)
    first.dvc("push", "--run-cache")
    return joined("Ada", origin, folder / "ada"), joined("Ben", origin, folder / "ben"), origin


def test_ada_pushes_a_round_of_repair_and_a_mended_definition(team: tuple[Person, Person, Path]) -> None:
    ada, _, _ = team
    ada.dvc("pull", "--run-cache")
    assert stages_run(ada.dvc("repro")) == set() and ada.git("status", "--porcelain") == ""
    ada.proda("repair", "--max", "6")
    assert ada.git("branch", "--show-current").strip() == "repair/round-1" and load_patches(ada.root)
    ada.edit(TOPIC, ("definition: the 1th thing that the people of the valley have a word for", f"definition: {WIND}"))
    ada.commit("What wind is")
    assert stages_run(ada.dvc("repro")) >= {"check", "train", "evaluate", "diagnose"}
    ada.commit("Rebuilt after the repair")
    ada.publish("repair/round-1")


def test_ben_edits_the_same_topic_and_his_branch_is_merged_first(team: tuple[Person, Person, Path]) -> None:
    _, ben, _ = team
    ben.git("switch", "-q", "-c", "stones")
    text = (ben.root / TOPIC).read_text()
    text, reworded = re.subn(r"(?m)^( +text: .*) in the valley\.$", r"\1 all over the valley.", text)
    assert reworded > 5
    (ben.root / TOPIC).write_text(text + CHAIN)
    ben.proda("check", "--fix")
    edited = ben.commit("How stones warm flour")
    assert "rebuilt check, benchmark, synthesize" in ben.proda("rebuild", "--push")
    assert ben.git("rev-parse", "HEAD~1", "origin/stones").split() == [edited, ben.git("rev-parse", "HEAD").strip()]
    ben.git("switch", "-q", "main")
    ben.git("merge", "-q", "--no-ff", "--no-edit", "stones")
    ben.git("push", "-q", "origin", "main")


def test_the_branches_merge_without_a_conflict_and_what_is_derived_is_stale(team: tuple[Person, Person, Path]) -> None:
    ada, _, _ = team
    ada.git("fetch", "-q")
    ada.git("switch", "-q", "main")
    ada.git("merge", "-q", "--ff-only", "origin/main")
    said = ada.git("merge", "--no-edit", "repair/round-1")
    assert "Run dvc repro to rebuild them" in said and "CONFLICT" not in said
    topic = load_yaml(ada.root / TOPIC)
    assert "stones-warm-flour" in topic["chains"] and topic["concepts"]["wind"]["definition"] == WIND
    assert topic["chains"]["wind-grinds-grain"]["steps"][0]["text"] == "Wind causes sail rotation all over the valley."
    assert "# the miller's own story" in (ada.root / TOPIC).read_text() and load_patches(ada.root)
    assert "stale" in ada.proda("status") and "derived files" in ada.proda("merge")


def test_the_check_of_the_ci_refuses_the_merge_until_it_is_rebuilt(team: tuple[Person, Person, Path], tmp_path: Path) -> None:
    ada, _, origin = team
    said = checked(ada.root, tmp_path / "stale", ok=False)
    assert "Committed results are stale" in said
    named = set(re.findall(r"(?m)^(?: M|\?\?) (\S+)$", said))
    assert stages_run(ada.dvc("repro")) >= MODEL_STAGES
    ada.git("add", "-A")
    # Which samples and items differ depends on what the debugger blamed. The patches are new for the guard whatever they are about.
    rebuilt = {name for name in ada.git("diff", "--cached", "--name-only").splitlines() if name.startswith(DATA)}
    assert named == rebuilt >= {"benchmarks/results/overlap.json", "dvc.lock"}
    ada.git("commit", "-q", "--amend", "--no-edit")
    assert "0 errors" in ada.proda("check") and "up to date" in ada.dvc("status")
    ada.publish("main")
    assert "Every committed result is what the committed data and code give." in checked(origin, tmp_path / "fresh")


def checked(origin: Path, clone: Path, *, ok: bool = True) -> str:
    """What scripts/check_fresh.sh, which the CI runs, says of a fresh clone without models."""
    subprocess.run(["git", "clone", "-q", str(origin), str(clone)], check=True)
    return Person("CI", clone).run("bash", "scripts/check_fresh.sh", ok=ok)


def test_ben_pulls_and_trains_nothing(team: tuple[Person, Person, Path]) -> None:
    _, ben, _ = team
    ben.git("pull", "-q", "--ff-only", "origin", "main")
    ben.dvc("pull", "--run-cache")
    assert stages_run(ben.dvc("repro")) == set() and ben.git("status", "--porcelain") == ""
    assert "results are up to date" in ben.proda("status")


def test_audit_names_who_changed_what_under_each_item_that_flipped(team: tuple[Person, Person, Path]) -> None:
    _, ben, _ = team
    built = ben.git("log", "--format=%H", "--author=Cleo", "-1").strip()
    _turn_answers(ben, built)  # which of the few items flip depends on the processor, so here all of them do
    found = json.loads(_stdout(ben, "audit", f"{built}..HEAD", "--json", "--sealed"))
    under = [line for line in found["lines"] if line["level"] != "nothing"]
    patches = {patch.id: patch for patch in load_patches(ben.root)}
    assert {line["author"] for line in under} == {"Ada", "Ben"}
    for line in under:
        assert line["author"] == ben.git("log", "-1", "--format=%an", line["commit"]).strip()
        assert (line["patch"] in patches) == (line["patch"] != "") and (line["patch"] == "" or line["author"] == "Ada")
    assert {line["item"] for line in under} <= {item.id for item in load_items(ben.root)}
    text = ben.proda("audit", f"{built}..HEAD", "--all", "--sealed")
    assert "  by Ada" in text and "  by Ben" in text


def _turn_answers(person: Person, before: str) -> None:
    """Commit results in which each model answers each item otherwise than at the commit `before`: wrong if it was right."""
    for path in sorted((person.root / "benchmarks/results/outcomes").glob("*.csv")):
        name = path.relative_to(person.root).as_posix()
        earlier = csv.DictReader(person.git("show", f"{before}:{name}").splitlines())
        right = {(row["item"], row["model"]): row["correct"] == "true" for row in earlier}
        rows = list(csv.DictReader(path.read_text().splitlines()))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {"correct": "false" if right.get((row["item"], row["model"])) else "true"} for row in rows)
    person.commit("Other answers")


def _stdout(person: Person, *arguments: str) -> str:
    said = person.proda(*arguments)
    return said[said.index("{") : said.rindex("}") + 1]
