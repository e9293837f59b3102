"""Workers that write frames: one that is killed while it writes a frame is an error, and the frame is not used."""

from __future__ import annotations

import pytest

from proda.errors import ProdaError
from proda.runtime.piped import piped


@pytest.mark.parametrize("written", [0, 1, 3, 4, 9])  # bytes of the last frame: none, a part of its header, the header, a part of the rest
def test_a_frame_that_a_killed_worker_has_begun_is_not_used(written: int) -> None:
    frames = piped("tests.runtime.cut_frame", [str(written).encode()], "the count")
    assert next(frames) == b"whole"
    with pytest.raises(ProdaError, match="A worker process of the count ended early, perhaps for lack of memory"):
        next(frames)
