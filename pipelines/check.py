"""Stage `check`: knowledge/ → build/knowledge, checked and compiled. Run by DVC as `python -m pipelines.check`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from proda.errors import ProdaError, failed_write
from proda.findings import report_text
from proda.knowledge.compile import compile_knowledge

OUT = Path("build/knowledge")


def main() -> int:
    """Compile the knowledge of the working directory; 1 with the findings on standard output if it has errors."""
    start = time.monotonic()
    try:
        report = compile_knowledge(Path(), OUT)
    except ProdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"{failed_write(error)}\n  Then run `dvc repro` again.", file=sys.stderr)
        return 1
    if report.findings:
        print(report_text(report.findings))
    counts = ", ".join(f"{number:,} {name}" for name, number in report.counts.items() if number)
    done = f"{len(report.changed)} compiled files changed" if report.ok else "not compiled: there are errors"
    print(f"check: {counts or 'nothing'}; {done}; {time.monotonic() - start:.1f} s", file=sys.stderr)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
