"""The commands of the tutorial are run in a fresh clone, and their output is compared with the page.

The part before the first training always runs; the whole page, which trains twice, is a slow test. The block that installs packages is
not run: the environment of the tests stands for it. Of a block without output (`sh`), only the exit status is checked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.pages import ROOT, blocks

PAGE = "docs/tutorial.md"
INSTALL = "make .venv/installed"
HASH = re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}\b")
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d*\.?\d+(?![\w])")
TIME = re.compile(r"\b\d+(?:\.\d+)? (?:s|min)\b(?: \d+ s\b)?")
# Processors round differently, so a model may answer some items differently elsewhere. A larger difference is another result.
SHARE, COUNT = 0.2, 0.35
# Whether the round helps depends on the processor too. `proda verify` ends with status 1 if it hurts.
STATUSES = {"proda verify": {0, 1}}


class Step(NamedTuple):
    """A command of the page, and what the page says that it prints."""

    line: int
    command: str
    output: tuple[str, ...]


def _steps(text: str) -> list[Step]:
    steps: list[Step] = []
    for block in blocks(text):
        if INSTALL in block.text:
            continue
        lines = block.text.splitlines()
        if block.language == "sh":
            steps += [Step(number, line, ()) for number, line in enumerate(lines, start=block.line + 1)]
            continue
        assert block.language == "console", f"{PAGE}:{block.line}  A block of commands is `sh`, or `console` with their output."
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        assert starts and starts[0] == 0, f"{PAGE}:{block.line}  A block starts with a command."
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            steps.append(Step(block.line + 1 + start, lines[start][2:], tuple(lines[start + 1 : end])))
    return steps


STEPS = _steps((ROOT / PAGE).read_text(encoding="utf-8"))
FAST = list(takewhile(lambda step: step.command != "make repro", STEPS))


def _follow(steps: list[Step], folder: Path) -> None:
    """Run the steps in one session in a fresh clone. Fails with the first line that differs from the page."""
    clone = folder / "proda"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MLFLOW_", "COLUMNS"))}
    env |= {"PYTHONPATH": str(clone), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    env |= {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    here = clone
    for step in steps:
        shell = f"set -o pipefail; {step.command}\nstatus=$?; pwd > {folder}/here; exit $status"
        done = subprocess.run(["bash", "-c", shell], cwd=here, env=env, capture_output=True, text=True, check=False)
        said = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        place = f"{PAGE}:{step.line}  {step.command}"
        assert done.returncode in STATUSES.get(step.command, {0}), "\n".join([place, f"exit status {done.returncode}", *said])
        missing = first_missing(step.output, said)
        assert missing is None, "\n".join([place, f"expected: {missing}", "got:", *said])
        here = Path((folder / "here").read_text().strip())


def first_missing(expected: tuple[str, ...], said: list[str]) -> str | None:
    """The first expected line that is not in the output, in this order; None if all are. A line `…` stands for any lines.

    Output on standard error follows that on standard output, which a terminal may show in another order.
    """
    place, gap = 0, True
    for line in expected:
        if line.strip() == "…":
            gap = True
            continue
        found = next((i for i in range(place, len(said)) if same(line, said[i])), None)
        if found is None or (not gap and found != place):
            return line
        place, gap = found + 1, False
    return None


def same(expected: str, said: str) -> bool:
    """Whether two lines are the same but for hashes, times, small differences of measured numbers, and what `…` leaves out."""
    wanted, given = (TIME.sub("TIME", HASH.sub("HASH", line.rstrip())) for line in (expected, said))
    numbers = [float(n.replace("−", "-")) for n in NUMBER.findall(wanted)]
    pattern = "".join(_piece(piece) for piece in re.split(rf"({NUMBER.pattern}|…)", wanted))
    found = re.fullmatch(pattern, given)
    if found is None:
        return False
    return all(_near(one, float(other.replace("−", "-"))) for one, other in zip(numbers, found.groups(), strict=True))


def _piece(piece: str) -> str:
    if piece == "…":
        return ".*"
    return rf"({NUMBER.pattern})" if NUMBER.fullmatch(piece) else re.sub(r"(?:\\ )+", r"\\s+", re.escape(piece))


def _near(one: float, other: float) -> bool:
    if one == int(one) and other == int(other):
        return abs(one - other) <= max(2, COUNT * abs(one))
    return abs(one - other) <= SHARE


def test_the_part_before_training_is_as_the_page_has_it(tmp_path: Path) -> None:
    assert len(FAST) >= 4 and len(STEPS) > len(FAST) + 2
    assert set(STATUSES) <= {step.command for step in STEPS} and not any(INSTALL in step.command for step in STEPS)
    _follow(FAST, tmp_path)


@pytest.mark.slow
def test_the_whole_tutorial_is_as_the_page_has_it(tmp_path: Path) -> None:
    _follow(STEPS, tmp_path)


def test_lines_are_compared_but_for_hashes_times_and_small_differences() -> None:
    assert same("committed as b9c5bcacf on main", "committed as 0123abcde on main")
    assert same("dev   18   0.444   +0.120", "dev   17   0.500   +0.056")
    assert same("train: 3 runs in 71.2 s", "train: 3 runs in 2 min 3 s")
    assert same("a … c", "a b c")
    assert not same("dev   18   0.444", "dev   18   0.944")
    assert not same("helps: twin", "hurts: twin")
    assert not same("40 items", "90 items")
    assert first_missing(("a", "…", "d"), ["a", "b", "c", "d"]) is None
    assert first_missing(("a", "d"), ["a", "b", "c", "d"]) == "d"
    assert first_missing(("…", "e"), ["a", "b"]) == "e"
