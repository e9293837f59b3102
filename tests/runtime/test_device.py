"""Which precision models are trained in on which processor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from proda.runtime import device as module
from proda.runtime.device import device, resolve_precision

ROOT = Path(__file__).resolve().parents[2]


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


def test_without_a_driver_torch_is_not_asked_and_with_one_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for driver, expected in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(module, "_has_driver", lambda driver=driver: driver)
        assert device() == expected


@pytest.mark.skipif(module._has_driver(), reason="where there may be a GPU, torch is asked")
def test_device_and_a_named_precision_do_not_import_torch() -> None:
    code = "import sys; from proda.runtime.device import *; print(device(), resolve_precision('fp32'), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["cpu", "fp32", "False"]
