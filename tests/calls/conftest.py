"""The environment of the tests of calls: no key, and no proxy between a test and its server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.calls.colours import ANSWER
from tests.calls.endpoint import Running, endpoint


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PRODA_REPLIES", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """An endpoint that supports every mode, answers without delay, and has only the faults that a question names."""
    with endpoint(answer=ANSWER, retry_after_s=0.4) as running:
        yield running
