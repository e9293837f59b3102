"""A real language model behind an OpenAI-compatible server, for the tests that cannot rely on a toy one.

    with real_server(folder) as server:                      # skips the test, and says why, if there is none
        server.url, server.model                             # "http://127.0.0.1:41234/v1", "SmolLM2-135M-Instruct"

PRODA_TEST_ENDPOINT   the address of a server that runs; PRODA_TEST_MODEL is the name of its model ("default" if unset)
PRODA_GGUF            otherwise: a GGUF file, for which the server of llama-cpp-python is started
PRODA_LLAMA_PYTHON    the interpreter that has llama-cpp-python[server]; this one if unset
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mlflowserver import free_port

PATIENCE_S = 300
THREADS = "1"  # several wait for each other in every layer, which is slow beside other work
CONTEXT = 4096  # tokens; the server keeps the scores of all of them, 200 kB for each


@dataclass(frozen=True)
class RealServer:
    """A server that runs."""

    url: str
    model: str
    ours: bool  # started by these tests: the server of llama-cpp-python, with its /extras


@contextmanager
def real_server(folder: Path) -> Iterator[RealServer]:
    """Yield the server that the environment names, or start one and stop it at the end. Its log is `folder`/server.log."""
    if url := os.environ.get("PRODA_TEST_ENDPOINT"):
        yield RealServer(url.rstrip("/"), os.environ.get("PRODA_TEST_MODEL", "default"), ours=False)
        return
    python, model = _python_and_model()
    port, log = free_port(), folder / "server.log"
    command = [python, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", model.stem, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--n_ctx", str(CONTEXT), "--logits_all", "true", "--verbose", "false"]
    command += ["--n_threads", THREADS, "--n_threads_batch", THREADS]
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CONFIG_FILE")}
    with log.open("wb") as out:
        child = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline and child.poll() is None and not _answers(port):
                time.sleep(0.2)
            assert child.poll() is None and _answers(port), f"the server did not start: {log.read_text()[-2000:]}"
            yield RealServer(f"http://127.0.0.1:{port}/v1", model.stem, ours=True)
        finally:
            child.kill()
            child.wait()


def _python_and_model() -> tuple[str, Path]:
    """The interpreter and the model file to start a server with. Skips the test if one of them is missing."""
    named = os.environ.get("PRODA_GGUF")
    if not named:
        pytest.skip("set PRODA_TEST_ENDPOINT to the address of a server, or PRODA_GGUF to a model file to start one with")
    model = Path(named).resolve()
    assert model.is_file(), f"PRODA_GGUF names {model}, which is no file"
    python = os.environ.get("PRODA_LLAMA_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import llama_cpp.server.app"], capture_output=True, text=True, check=False)
    if found.returncode:
        said = found.stderr.strip().rpartition("\n")[2]
        pytest.skip(f"{python} cannot start a server ({said}): pip install 'llama-cpp-python[server]', or set PRODA_LLAMA_PYTHON")
    return python, model


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=30) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
