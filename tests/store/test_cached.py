"""Cached values: the same when read back, and treated as absent if the file cannot be used for any reason."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from proda.store.cached import KEPT_DAYS, read_cached, write_cached

VALUE = [[-1.25, 0.5], [3.0]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "deep/down/scores.json"
    assert write_cached(path, VALUE)
    return path


def test_a_value_comes_back_as_it_was(path: Path) -> None:
    assert read_cached(path, list[list[float]]) == VALUE
    assert write_cached(path.with_name("bytes.json"), b"a\n\x00b") and read_cached(path.with_name("bytes.json"), bytes) == b"a\n\x00b"


def test_every_single_changed_byte_is_noticed(path: Path) -> None:
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert read_cached(path, list[list[float]]) is None
    for length in range(len(good)):
        path.write_bytes(good[:length])
        assert read_cached(path, list[list[float]]) is None


def test_files_that_were_not_used_for_a_month_go_and_those_that_were_read_stay(path: Path) -> None:
    read, unread = path.with_name("read.json"), path.with_name("unread.json")
    assert write_cached(read, VALUE) and write_cached(unread, VALUE)
    for old in (read, unread):
        os.utime(old, (0, time.time() - 86_400 * (KEPT_DAYS + 1)))
    assert read_cached(read, list[list[float]]) == VALUE
    assert write_cached(path, VALUE)
    assert read.is_file() and path.is_file() and not unread.exists()


@pytest.mark.parametrize("payload", [b"[[1]", b'{"another": "shape"}', b"null", b"\xff\xfe", b""])
def test_a_file_of_another_version_is_as_good_as_absent(path: Path, payload: bytes) -> None:
    path.write_bytes(payload)
    assert read_cached(path, list[list[float]]) is None
    path.write_bytes(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
    assert read_cached(path, list[list[float]]) is None


def test_a_folder_or_a_dangling_link_in_its_place_is_as_good_as_absent(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")
    assert read_cached(path, list[list[float]]) is None
    path.unlink()
    path.mkdir()
    assert read_cached(path, list[list[float]]) is None and not write_cached(path, VALUE)


def test_a_value_that_cannot_be_written_is_a_message_and_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert not write_cached(tmp_path / "cache/scores.json", VALUE)
    assert "cannot be written" in capsys.readouterr().err
    if os.geteuid():  # permissions do not bind root
        (tmp_path / "locked").mkdir(mode=0o500)
        assert not write_cached(tmp_path / "locked/scores.json", VALUE)
