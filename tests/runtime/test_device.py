"""Which precision models are trained in on which processor."""

from __future__ import annotations

import pytest
import torch

from proda.runtime.device import resolve_precision


@pytest.mark.parametrize(("bf16_instructions", "amx", "expected"), [(False, False, "fp32"), (True, False, "fp32"), (True, True, "bf16")])
def test_auto_is_bf16_only_on_a_cpu_with_amx(bf16_instructions: bool, amx: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16_instructions)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert resolve_precision("auto") == expected


def test_a_pytorch_that_cannot_tell_gives_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert resolve_precision("auto") == "fp32"


@pytest.mark.parametrize("wanted", ["fp32", "bf16"])
def test_a_precision_that_is_named_is_used(wanted: str) -> None:
    assert resolve_precision(wanted) == wanted  # type: ignore[arg-type]
