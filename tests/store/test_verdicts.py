"""Verdicts on rounds that were written before a key was added are read, and written again, as they were."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.debugger.loss_change import LossChange
from proda.debugger.verify import Verdict
from proda.store.verdicts import VERDICTS, read_rounds, write_round
from proda.workflows.verdict import Judged
from tests.toyworld import ROOT

ON_RECORD = sorted((ROOT / VERDICTS).glob("round-*.yaml"))


def rewritten(path: Path, root: Path, **changes: LossChange) -> bytes:
    """Read a verdict on a round as a record, change it, and return the bytes that are written for it."""
    raw = dict(read_rounds(path.parents[2])[int(path.stem.removeprefix("round-"))])
    before = str(raw.pop("before"))
    verdict = msgspec.structs.replace(msgspec.convert(raw, Verdict), **changes)
    write_round(root, verdict.round, Judged(before, verdict, ()).document)
    return (root / VERDICTS / path.name).read_bytes()


@pytest.mark.parametrize("path", ON_RECORD, ids=lambda path: path.stem)
def test_a_verdict_without_neutral_text_is_written_again_byte_for_byte(path: Path, tmp_path: Path) -> None:
    assert rewritten(path, tmp_path) == path.read_bytes()


@pytest.mark.parametrize("path", ON_RECORD[:1], ids=lambda path: path.stem)
def test_a_verdict_with_neutral_text_adds_that_key_alone_and_can_be_read(path: Path, tmp_path: Path) -> None:
    change = LossChange(91, 3.01, 3.02, 0.01, 0.004, 0.016, 0.02, 0.03)
    data = rewritten(path, tmp_path, neutral_text=change)
    added = data.removeprefix(path.read_bytes())
    assert data.startswith(path.read_bytes()) and added.startswith(b"neutral_text:\n") and b"lost" not in added
    [raw] = read_rounds(tmp_path).values()
    raw.pop("before")
    assert msgspec.convert(raw, Verdict).neutral_text == change


def test_there_is_a_verdict_on_record() -> None:
    assert ON_RECORD
