"""RECIPE is raised with the code that trains: a change of that code must be looked at, since adapters and the base are kept by RECIPE.

A cached adapter would otherwise stand for training code that it was not made by. After a change, run `dvc repro -f base train`: if the
files in dvc.lock stay the same, the models do not depend on it, and RECIPE may stay; if not, raise it. Then write the hashes anew with
`python -m tests.compiler.test_recipe`.
"""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

import pytest

from proda.compiler import base, train
from proda.store.code_version import ROOT, _code
from proda.yamlio import dump_yaml, load_yaml

RECORDED = Path(__file__).with_name("training_code.yaml")
TRAINING = (  # what decides the weights; the rest of what training imports reads files and prints
    "proda/compiler/adapter.py",
    "proda/compiler/architectures.py",
    "proda/compiler/base.py",
    "proda/compiler/division.py",
    "proda/compiler/fit.py",
    "proda/compiler/loss.py",
    "proda/compiler/muon.py",
    "proda/compiler/new_rows.py",
    "proda/compiler/packing.py",
    "proda/compiler/projected_loss.py",
    "proda/compiler/tokenizer.py",
    "proda/compiler/train.py",
    "proda/runtime/causal_lm.py",
    "proda/runtime/device.py",
    "proda/runtime/prompts.py",
    "proda/stable_hash.py",
)


def state() -> dict[str, object]:
    """The recipes, and a hash of the syntax tree of each file without docstrings; trees differ between versions of Python."""
    code = {name: hashlib.sha256(_code(ROOT / name).encode()).hexdigest()[:16] for name in TRAINING}
    return {"python": platform.python_version_tuple()[1], "base": base.RECIPE, "train": train.RECIPE, "code": code}


def test_the_training_code_is_that_for_which_recipe_was_last_set() -> None:
    recorded, now = load_yaml(RECORDED), state()
    if recorded["python"] != now["python"]:
        pytest.skip(f"the hashes were written with Python 3.{recorded['python']}")
    changed = [name for name in TRAINING if recorded["code"].get(name) != now["code"][name]]  # type: ignore[index]
    assert not changed, f"Changed: {', '.join(changed)}. {' '.join((__doc__ or '').split())}"
    assert {"base": recorded["base"], "train": recorded["train"]} == {"base": base.RECIPE, "train": train.RECIPE}


if __name__ == "__main__":
    RECORDED.write_text(dump_yaml(state()))
