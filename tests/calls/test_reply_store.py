"""build/replies: files are complete or absent, damage is found, and replies are shared by copying and deleted by document."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proda.calls.ask import ask_all
from proda.calls.reply_store import ReplyStore
from proda.calls.spending import spent
from proda.errors import InputError
from tests.calls.colours import NOWHERE, colour_question, colour_questions, toy_settings, values
from tests.calls.endpoint import Running

ROOT = Path(__file__).resolve().parents[2]


def _files(root: Path) -> list[Path]:
    return sorted((root / "build/replies").glob("??/*.json"))


def test_a_damaged_file_is_asked_again_and_replaced(server: Running, tmp_path: Path) -> None:
    questions = colour_questions(6)
    first = values(ask_all(questions, toy_settings(server.url), tmp_path))
    files = _files(tmp_path)
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:-20])
    files[2].write_bytes(b"\xff\x00 not JSON")
    text = files[3].read_text()
    files[3].write_text(text.replace('\\"size\\": ', '\\"size\\": 1'))  # another size, still valid
    shutil.copy(files[4], files[5])  # a reply to another question
    assert files[3].read_text() != text
    before = len(server.requests())
    again = ask_all(questions, toy_settings(server.url), tmp_path)
    assert values(again) == first and again.tally.cached == 1
    assert len(server.requests()) - before == 5
    assert ask_all(questions, toy_settings(NOWHERE), tmp_path).tally.cached == 6


def test_a_documents_replies_are_deleted_and_no_others(server: Running, tmp_path: Path) -> None:
    questions = [colour_question(n, tag=("physics/lenses", "physics/lens")[n % 2]) for n in range(10)]
    ask_all(questions, toy_settings(server.url), tmp_path)
    store = ReplyStore(tmp_path)
    assert store.forget("physics/none") == 0 and store.forget("physics/lens") == 5
    assert {tag for reply in store.replies() for tag in reply.tags} == {"physics/lenses"}
    assert ask_all(questions, toy_settings(server.url), tmp_path).tally.cached == 5


def test_a_reply_that_two_documents_share_is_deleted_with_either(server: Running, tmp_path: Path) -> None:
    settings = toy_settings(server.url)
    ask_all([colour_question("shared", tag="a")], settings, tmp_path)
    ask_all([colour_question("shared", tag="b")], settings, tmp_path)  # found in the store, and tagged
    assert [reply.tags for reply in ReplyStore(tmp_path).replies()] == [("a", "b")]
    assert ReplyStore(tmp_path).forget("b") == 1 and not _files(tmp_path)


def test_replies_are_shared_by_copying_the_folder_or_by_naming_it(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask_all(colour_questions(5), toy_settings(server.url), tmp_path / "mine")
    shutil.copytree(tmp_path / "mine/build", tmp_path / "theirs/build")
    run = ask_all(colour_questions(5), toy_settings(NOWHERE), tmp_path / "theirs")
    assert values(run) == values(first) and run.tally.cached == 5
    monkeypatch.setenv("PRODA_REPLIES", str(tmp_path / "mine/build/replies"))
    assert ask_all(colour_questions(5), toy_settings(NOWHERE), tmp_path / "third").tally.cached == 5
    assert ask_all(colour_questions(7), toy_settings(server.url), tmp_path / "third").tally.cached == 5
    assert not (tmp_path / "third").exists() and spent(tmp_path / "mine", toy_settings(NOWHERE))["colours"].requests == 7


def test_a_folder_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "build").mkdir(parents=True)
    (root / ".git").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (root / "build/replies").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="symbolic link"):
        ReplyStore(root)


def test_temporary_files_of_killed_processes_are_swept_and_those_at_work_are_not(server: Running, tmp_path: Path) -> None:
    ask_all(colour_questions(1), toy_settings(server.url), tmp_path)
    folder = _files(tmp_path)[0].parent
    old, new = folder / ".a.json.1.tmp", folder / ".b.json.2.tmp"
    for path in (old, new):
        path.write_text("{")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert ask_all(colour_questions(1), toy_settings(NOWHERE), tmp_path).tally.cached == 1
    assert not old.exists() and new.exists()


def test_only_valid_replies_are_stored(server: Running, tmp_path: Path) -> None:
    ask_all(
        [colour_question("bad", "FAULT=wrong"), colour_question("cut", "FAULT=length"), colour_question("good")],
        toy_settings(server.url),
        tmp_path,
    )
    assert [reply.reply[:9] for reply in ReplyStore(tmp_path).replies()] == ['{"name": ']


START = """
import resource, sys
from pathlib import Path
from proda.calls.reply_store import ReplyStore, StoredReply
store = ReplyStore(Path(sys.argv[1]))
reply = StoredReply("3f" * 32, (), "chains", "chains@3", "m", "tools", 8, 9, 1, "{}" * 500)
"""


def _start(root: Path, code: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-P", "-c", START + code, str(root), *arguments]
    return subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True)


def test_tags_that_several_processes_add_at_the_same_time_all_stay(tmp_path: Path) -> None:
    code = "for n in range(100): store.add_tag(reply, f'{sys.argv[2]}-{n}')"
    started = [_start(tmp_path, code, name) for name in "abcd"]
    assert [process.wait() for process in started] == [0] * 4
    [reply] = ReplyStore(tmp_path).replies()
    assert set(reply.tags) == {f"{name}-{n}" for name in "abcd" for n in range(100)}


def test_a_reply_of_which_a_part_was_written_is_not_stored(tmp_path: Path) -> None:
    process = _start(tmp_path, "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\nstore.put(reply)")
    assert "OSError: [Errno 27] File too large" in process.communicate()[1]
    assert not list(ReplyStore(tmp_path).replies()) and not _files(tmp_path)
    assert not list((tmp_path / "build/replies").glob("*/.*.tmp"))
