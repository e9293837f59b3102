"""ProDa's wheel, and a folder with its packages: built once for all files of a worker, since that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.installed import build_wheel, install


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this project."""
    return build_wheel(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's packages and nothing else of this project."""
    return install(wheel, tmp_path_factory.mktemp("site"))
