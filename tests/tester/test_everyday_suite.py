"""The general suite `everyday`: no baseline solver passes it, and no training sample gives an item away."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proda.store.written_suites import written_suite
from proda.tester.shortcuts import audit, giveaways
from tests.toyworld import ROOT

EVERYDAY = written_suite(ROOT, "everyday")


def test_no_baseline_solver_passes_the_suite() -> None:
    found = {solver: score["accuracy"] for solver, score in audit(EVERYDAY, resamples=10).items()}
    assert max(found.values()) < 0.31, found
    assert not giveaways(EVERYDAY)


@pytest.mark.slow
def test_no_training_text_gives_an_item_of_the_suite_away() -> None:
    command = [sys.executable, "-P", "-m", "scripts.write_suite", "everyday", "--leaks", "--root", str(ROOT)]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": "", "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "none gives an item away" in done.stdout
