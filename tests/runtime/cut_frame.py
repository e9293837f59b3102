"""A worker of `proda.runtime.piped` that is killed while it writes its second frame, after as many bytes as its order says."""

from __future__ import annotations

import io
import os
import signal
import sys

from proda.runtime.piped import write_frame

if __name__ == "__main__":
    write_frame(sys.stdout.buffer, b"whole")
    frame = io.BytesIO()
    write_frame(frame, b"never whole")
    sys.stdout.buffer.write(frame.getvalue()[: int(sys.stdin.buffer.read())])
    sys.stdout.buffer.flush()
    os.kill(os.getpid(), signal.SIGKILL)
