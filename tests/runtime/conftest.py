"""Fixtures: the engine Ray on this machine, and a tiny base."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from proda.runtime.engine import VARIABLE
from tests.compiler.tiny import tiny_base
from tests.runtime.cluster import below, ended


@pytest.fixture(scope="module")
def on_ray() -> Iterator[None]:
    """Chooses Ray. Its cluster is shut down afterwards, and no process of it is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "ray")
        patch.delenv("RAY_ADDRESS", raising=False)
        yield
    import ray  # not before: the engine sets variables that Ray reads when it is imported

    ray.shutdown()
    assert ended(below(os.getpid()))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("llama"))
