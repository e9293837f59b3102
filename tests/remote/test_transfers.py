"""Push, pull and garbage collection on S3 servers that check signatures; and every way in which a transfer fails."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.e2e.commands import tree
from tests.remote.clones import TEXT_BYTES, TEXTS, Clone, write_texts
from tests.remote.cut import CuttingProxy
from tests.remote.servers import free_port

LARGE_BYTES = 120 * 2**20  # DVC sends files of 100 MiB and more in parts of 50 MiB
OBJECTS = TEXTS + 1  # with the list of the folder


def whole(files: dict[str, str]) -> bool:
    """Whether every file holds what its name says."""
    return all(name.removesuffix(".dir") == digest for name, digest in files.items())


def test_a_clone_pulls_what_was_pushed(ada: Clone, tmp_path: Path) -> None:
    ben = ada.clone(tmp_path / "ben")
    assert "neither here nor on the remote" in ben.dvc("pull", ok=False).err
    assert f"{OBJECTS} files pushed" in ada.dvc("push").out
    assert ada.stored() == ada.cached() and len(ada.stored()) == OBJECTS and whole(ada.stored())
    ben.dvc("pull")
    assert tree(ben.root, "texts") == tree(ada.root, "texts") != {}
    assert "up to date" in ben.dvc("status").out and ben.git("status", "--porcelain") == ""
    assert "Everything is up to date" in ada.dvc("push").out


@pytest.mark.parametrize(
    ("env", "advice"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "The server refused the access key"),
        ({"AWS_ACCESS_KEY_ID": "AKIDOFSTRANGER"}, "The server refused the access key"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "No access key is set"),
    ],
    ids=["wrong-secret", "unknown-key", "no-key"],
)
def test_wrong_credentials_are_refused_with_a_remedy(ada: Clone, env: dict[str, str | None], advice: str) -> None:
    before = ada.cached()
    failed = ada.dvc("push", ok=False, **env)
    assert failed.err.count("ERROR") == 1 and failed.err.count(advice) == 1
    assert ada.stored() == {} and ada.cached() == before


def test_a_missing_bucket_is_named_with_a_remedy(ada: Clone) -> None:
    ada.dvc("remote", "modify", "team", "url", "s3://no-such-bucket-here/proda")
    failed = ada.dvc("push", ok=False)
    assert failed.err.count("ERROR") == 1 and "The bucket of the remote does not exist" in failed.err


def test_a_push_that_is_cut_goes_on_where_it_stopped(ada: Clone, proxy: CuttingProxy, tmp_path: Path) -> None:
    ada.connect(proxy.port)
    proxy.cut_after(TEXTS * TEXT_BYTES // 2)
    failed = ada.dvc("push", "--jobs", "2", ok=False)
    assert proxy.cut.is_set() and "run the same command again" in failed.err
    assert failed.err.count("The server was not reached, or the connection was cut") == 1
    arrived = ada.stored()
    assert 0 < len(arrived) < OBJECTS and whole(arrived), "some objects arrived, none of them in part"
    assert not any(name.endswith(".dir") for name in arrived), "the list of a folder is sent last, when all its files are there"
    proxy.mend()
    assert f"{OBJECTS - len(arrived)} files pushed" in ada.dvc("push").out
    assert ada.stored() == ada.cached() and whole(ada.stored())
    ben = ada.clone(tmp_path / "ben")
    ben.dvc("pull")
    assert tree(ben.root, "texts") == tree(ada.root, "texts")


def test_a_push_that_is_killed_goes_on_where_it_stopped(ada: Clone, proxy: CuttingProxy) -> None:
    ada.connect(proxy.port)
    proxy.hold_after(TEXTS * TEXT_BYTES // 2)
    with ada.start_dvc("push", "--jobs", "2") as process:
        assert proxy.cut.wait(120)
        process.kill()
    arrived = ada.stored()
    assert process.returncode < 0 and 0 < len(arrived) < OBJECTS and whole(arrived)
    proxy.mend()
    ada.dvc("push")
    assert ada.stored() == ada.cached() and len(ada.stored()) == OBJECTS


def test_a_pull_that_is_cut_leaves_no_partial_file(ada: Clone, proxy: CuttingProxy, tmp_path: Path) -> None:
    ada.dvc("push")
    ben = ada.clone(tmp_path / "ben")
    ben.connect(proxy.port)
    proxy.cut_after(TEXTS * TEXT_BYTES // 2)
    failed = ben.dvc("pull", "--jobs", "2", ok=False)
    assert proxy.cut.is_set() and "run the same command again" in failed.err
    assert len(ben.cached()) < OBJECTS and whole(ben.cached()) and not tree(ben.root, "texts")
    proxy.mend()
    ben.dvc("pull")
    assert whole(ben.cached()) and tree(ben.root, "texts") == tree(ada.root, "texts")


@pytest.mark.slow
def test_a_large_file_is_sent_in_parts_and_appears_only_when_complete(ada: Clone, proxy: CuttingProxy, tmp_path: Path) -> None:
    (ada.root / "large.bin").write_bytes(random.Random(0).randbytes(LARGE_BYTES))
    ada.dvc("add", "large.bin")
    ada.commit("A large file")
    ada.connect(proxy.port)
    proxy.cut_after(LARGE_BYTES * 3 // 4)
    ada.dvc("push", "large.bin", ok=False)
    assert proxy.cut.is_set() and ada.stored() == {}
    proxy.mend()
    ada.dvc("push")
    client = ada.server.client()
    parts = {
        key: client.head_object(Bucket=ada.bucket, Key=key)["ETag"].strip('"').partition("-")[2] for key in ada.server.keys(ada.bucket)
    }
    assert sorted(parts.values()) == [""] * OBJECTS + ["3"] and whole(ada.stored())
    ben = ada.clone(tmp_path / "ben")
    ben.dvc("pull")
    assert (ben.root / "large.bin").read_bytes() == (ada.root / "large.bin").read_bytes()


def test_without_a_server_nothing_is_lost(ada: Clone) -> None:
    before = (ada.cached(), tree(ada.root, "texts"))
    ada.connect(free_port())
    for command in ("push", "pull"):
        assert ada.dvc(command, ok=False).err.count("The server was not reached, or the connection was cut") == 1
    assert (ada.cached(), tree(ada.root, "texts")) == before


def test_gc_keeps_what_a_commit_uses_and_removes_the_rest(ada: Clone, tmp_path: Path) -> None:
    start = ada.git("rev-parse", "HEAD").strip()
    ada.git("switch", "-q", "-c", "other")
    write_texts(ada, 1)
    ada.dvc("push", "--all-commits")
    write_texts(ada, 2)
    ada.dvc("push")
    assert len(ada.stored()) == 3 * OBJECTS
    ada.git("reset", "-q", "--hard", "HEAD~1")  # now the last texts are in no branch
    ada.git("reflog", "expire", "--expire=now", "--all")
    ada.git("switch", "-q", "main")
    ada.dvc("gc", "--all-commits", "--cloud", "--force")  # also reads commits from before the remote
    assert len(ada.stored()) == 2 * OBJECTS and whole(ada.stored())
    ben = ada.clone(tmp_path / "ben")
    for revision in (start, "origin/other"):
        ben.git("checkout", "-q", revision)
        ben.dvc("pull")
        assert len(tree(ben.root, "texts")) == TEXTS
