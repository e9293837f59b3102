"""Fixtures: one tiny base, for tests that do not change it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.tiny import tiny_base


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("llama"))
