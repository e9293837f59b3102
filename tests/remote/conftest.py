"""One server of each kind for all tests of a worker. Ceph takes a quarter of a minute, so what needs it is slow."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.clones import Clone, connected, texts_repository
from tests.remote.cut import CuttingProxy
from tests.remote.servers import Server, ceph, moto, require_ceph

pytest.importorskip("dvc_s3", reason='needs DVC\'s support for S3: pip install -c constraints.txt -e ".[test,s3]"')


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Moto's server, with access control."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def ceph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ceph's object gateway."""
    require_ceph()
    with ceph(tmp_path_factory.mktemp("ceph")) as server:
        yield server


@pytest.fixture(scope="session", params=["moto", pytest.param("ceph", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two servers."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(scope="session")
def texts(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a folder of texts that DVC tracks; each test works on a copy."""
    return texts_repository(tmp_path_factory.mktemp("texts") / "texts", server)


@pytest.fixture
def ada(texts: Path, server: Server, tmp_path: Path) -> Clone:
    """A repository with a folder of texts that DVC tracks, and an empty bucket."""
    shutil.copytree(texts, tmp_path / "ada")
    return connected(tmp_path / "ada", server, f"texts-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def proxy(server: Server) -> Iterator[CuttingProxy]:
    """A proxy before the server that can cut connections."""
    with CuttingProxy(server.port) as made:
        yield made
