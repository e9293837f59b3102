"""Text that was made to be slow to read takes no longer than a long text does."""

from __future__ import annotations

import time

import pytest

from proda.curation.curation import curate_text
from proda.document_settings import CurateSettings

SIZE = 30_000
SLOWEST_S = 20.0  # ordinary text of this size takes 0.03 s; a pattern that backtracks takes minutes


UNITS = (
    ".", "(a)", "a) ", "$", "$ ", "`", "[", "[a](", "# ", "#", "**a", "- ", "1. ", "| ", "$$ ", "```\n", "?", '"', " a, 1", "b, 12, ",
    "- * _ ", "<!-- ", "(a) b) 3. ", "of the ", "is a ", "using a ", "A. ", "Fig. ", "\n", " \n", "- a\n\n", "  a\n", "a\n\n",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(unit: str) -> None:
    start = time.perf_counter()
    for prefix in ("", "# T\n\n", "A word ", "- ", "By the end of "):
        curate_text(prefix + unit * (SIZE // len(unit)) + " end", CurateSettings())
    assert time.perf_counter() - start < SLOWEST_S
