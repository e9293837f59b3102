"""What a release publishes, and an environment with it: built once for all files of a worker, since that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.installed import Built, build, install


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist and the wheel of this project."""
    return build(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def site(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and nothing else of this project."""
    return install(built.wheel, tmp_path_factory.mktemp("environment") / "env")
