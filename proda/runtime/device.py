"""What this machine offers: a device, a precision, and an allocator that does not give memory back after every operation."""

from __future__ import annotations

import ctypes
import sys
from typing import Literal

Precision = Literal["fp32", "bf16"]


def device() -> str:
    """`cuda` where there is one, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def resolve_precision(wanted: Literal["auto", "fp32", "bf16"]) -> Precision:
    """`auto` takes bf16 where the processor multiplies it in hardware.

    Elsewhere bf16 is emulated: on a Xeon with AVX-512 but neither AMX nor AVX512-BF16 training ran at .4 of the speed of fp32.
    """
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return "bf16" if supported is not None and supported() else "fp32"


def use_threads(count: int) -> None:
    """Compute with so many threads in this process."""
    import torch

    torch.set_num_threads(count)


def keep_freed_memory() -> None:
    """Have glibc keep freed blocks instead of returning each large one to the system: half as fast again for small models on CPU.

    Tensors of a megabyte are otherwise mapped, zeroed page by page and unmapped in every operation. Does nothing on other systems.
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
    """No progress bars over loading and saving, no advice; our own lines say what is going on."""
    from transformers import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
