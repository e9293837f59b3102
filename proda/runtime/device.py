"""Device, precision and threads for torch, and settings of the memory allocator and of transformers' output."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["fp32", "bf16"]
AMD_DRIVER = Path("/dev/kfd")


def device() -> str:
    """Return `cuda` if a CUDA device is available, else `cpu`."""
    if not _has_driver():
        return "cpu"  # without importing torch, which takes two seconds
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def _has_driver() -> bool:
    """Whether there may be a driver of NVIDIA or AMD. Only torch knows whether there is a GPU that it can use."""
    if not sys.platform.startswith("linux") or AMD_DRIVER.exists():
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def resolve_precision(wanted: Literal["auto", "fp32", "bf16"]) -> Precision:
    """Return the precision to train in. `auto` is bf16 on a GPU that supports it and on a CPU with AMX, else fp32.

    On other CPUs training in bf16 reached .4 of the speed of fp32 (a Xeon with AVX-512 alone) and .5 to .7 (a Xeon with AVX512-BF16 but
    without AMX; the embedded model, and llamas of 30 and 60 million parameters).
    """
    if wanted != "auto":
        return wanted
    import torch

    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return "bf16" if supported is not None and supported() else "fp32"


def use_threads(count: int) -> None:
    """Set the number of threads that torch uses in this process."""
    import torch

    torch.set_num_threads(count)


def keep_freed_memory() -> None:
    """Make glibc keep freed blocks instead of returning large ones to the system. Does nothing on other systems.

    By default every tensor of a megabyte is mapped, zeroed page by page and unmapped again in each operation. Keeping the memory makes
    training of small models on a CPU 1.5 times faster.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # musl has no mallopt
        return
    m_trim_threshold, m_mmap_threshold = -1, -3
    mallopt(m_mmap_threshold, 1 << 30)
    mallopt(m_trim_threshold, (1 << 31) - 1)


def quiet_transformers() -> None:
    """Turn off the progress bars and advice of transformers; the stages print their own progress."""
    from transformers import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
