"""Messages of DVC about a remote get a remedy; one message of a kind is shown; a failed transfer never ends with status 0."""

from __future__ import annotations

import io
import logging

import pytest

from proda.workflows.dvc_command import REMEDIES, Transfers, _watched, remedy
from proda.workflows.run_cache import remote_named

CUT = "Could not connect to the endpoint URL"


def test_every_remedy_is_reached_by_its_signs_and_other_messages_have_none() -> None:
    for signs, advice in REMEDIES:
        assert signs and all(remedy(f"unexpected error - {sign.upper()} (…)") == advice for sign in signs)
    assert remedy("failed to reproduce 'train'") == ""


def test_a_remedy_is_found_in_the_cause_of_an_error() -> None:
    found = Transfers()
    try:
        raise OSError("failed to transfer") from ValueError("An error occurred (SignatureDoesNotMatch)")
    except OSError as error:
        record = logging.LogRecord("dvc", logging.ERROR, __file__, 1, "unexpected error", (), (OSError, error, None))
    assert found.filter(record) and "refused the access key" in found.remedies[0]


@pytest.mark.parametrize("status", [0, 255])
def test_many_messages_become_one_with_a_count_and_the_status_says_so(
    status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    for name in ("dvc", "dvc_objects", "dvc_data"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [logging.StreamHandler(shown)])

    def transfer() -> int:
        for number in range(5):
            logging.getLogger("dvc").error("failed to transfer file %d - %s", number, CUT)
        return status

    assert _watched(transfer) == (status or 1) and shown.getvalue() == f"failed to transfer file 0 - {CUT}\n"
    said = capsys.readouterr().err
    assert "and 4 more messages of this kind" in said and said.count("run the same command again") == 1
    assert _watched(lambda: 0) == 0 and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "remote"),
    [
        (["push", "--run-cache"], None),
        (["push", "-r", "team", "--run-cache"], "team"),
        (["push", "--run-cache", "--remote", "x"], "x"),
        (["push", "--remote=y"], "y"),
    ],
)
def test_the_remote_of_a_push_is_read_from_its_arguments(arguments: list[str], remote: str | None) -> None:
    assert remote_named(arguments) == remote
