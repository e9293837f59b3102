"""The key of an endpoint is sent to that endpoint only, and appears in no file, message or log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proda.calls.ask import ask_all
from proda.calls.records import Unanswered
from proda.calls.wire import EndpointError, api_key
from proda.document_settings import LlmSettings
from proda.errors import InputError
from tests.calls.colours import ANSWER, colour_question, colour_questions, toy_settings
from tests.calls.endpoint import ROOT, endpoint

KEY = "sk-planted-7d1f3a9c"


def _everything(folder: Path) -> bytes:
    return b"\n".join([*(p.read_bytes() for p in folder.rglob("*") if p.is_file()), *(str(p).encode() for p in folder.rglob("*"))])


@pytest.mark.parametrize("variable", ["PRODA_API_KEY", "OPENAI_API_KEY"])
def test_the_key_is_sent_and_written_nowhere(tmp_path: Path, variable: str) -> None:
    faults = {"500": 0.2, "wrong": 0.2, "reset": 0.1}  # the error of a 500 repeats the key
    with endpoint(answer="tests.calls.test_secrets:parrot", key=KEY, faults=faults, log=str(tmp_path / "requests.jsonl")) as server:
        settings = msgspec.json.encode(toy_settings(server.url, mode="auto", retries=1)).decode()
        command = [sys.executable, "-P", "-m", "tests.calls.colours", str(tmp_path / "root"), settings, "60"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_LOG": "debug", variable: KEY}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        printed = msgspec.json.decode(done.stdout)
        assert printed["tally"]["answered"] > 40 and printed["tally"]["faults"]["server-error"] > 2
    written = _everything(tmp_path)
    assert b"[key]" in written  # in the stored replies that repeat the key
    assert KEY.encode() not in written and KEY not in done.stdout + done.stderr
    assert server.url.encode() not in _everything(tmp_path / "root")


def parrot(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """Reply with the key, as a model could that has seen it."""
    return {"name": KEY, "size": 1} if "name" in schema["properties"] else None


@pytest.mark.parametrize("fault", ["401", "400", "500"])
def test_an_error_that_repeats_the_key_is_shown_without_it(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODA_API_KEY", KEY)
    with endpoint(answer=ANSWER, faults={fault: 1.0}, most=99) as server, pytest.raises(EndpointError, match=r"\[key\]") as caught:
        ask_all(colour_questions(1), toy_settings(server.url, retries=0), tmp_path)
    assert KEY not in str(caught.value)


def test_prodas_key_goes_before_openais_and_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api_key(LlmSettings()) == "none"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert api_key(LlmSettings()) == "sk-openai"
    monkeypatch.setenv("PRODA_API_KEY", " sk-proda\n")
    assert api_key(LlmSettings()) == "sk-proda"
    monkeypatch.setenv("PRODA_API_KEY", "sk-\nX-Header: 1")
    with pytest.raises(InputError, match="The key holds characters") as caught:
        api_key(LlmSettings())
    assert "X-Header" not in str(caught.value)


def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:{KEY}@127.0.0.1:9/v1")
    with pytest.raises(InputError, match="a user name, a password or a query") as caught:
        ask_all(colour_questions(1), LlmSettings(model="toy"), tmp_path)
    assert KEY not in str(caught.value)
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8000")
    with pytest.raises(InputError, match="expected an address like"):
        ask_all(colour_questions(1), LlmSettings(model="toy"), tmp_path)


def test_what_an_endpoint_says_cannot_control_the_terminal(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER) as server:
        question = colour_question("x", 'ANSWERS=[{"name": "red", "size": 1, "\\u001b[2J\\n": 1}]')
        run = ask_all([question], toy_settings(server.url), tmp_path, attempts=1)
    result = run.results[question.id]
    assert isinstance(result, Unanswered) and result.reason == "invalid"
    assert "\\x1b[2J" in result.detail and "\x1b" not in result.detail and "\n" not in result.detail
