"""Stage `check`: check knowledge/ and compile it to build/knowledge. DVC runs it as `python -m pipelines.check`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from proda.errors import ProdaError, counted, system_message
from proda.findings import errors_of, short_report
from proda.knowledge.compile import compile_knowledge

OUT = Path("build/knowledge")


def main() -> int:
    """Compile the knowledge of the working directory. Prints errors, counts warnings; returns 1 if there are errors."""
    start = time.monotonic()
    try:
        report = compile_knowledge(Path(), OUT)
    except ProdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"{system_message(error)}\n  Then run `dvc repro` again.", file=sys.stderr)
        return 1
    errors = errors_of(report.findings)
    if errors:
        print(short_report(errors))
    if left := len(report.findings) - len(errors):
        print(f"{counted(left, 'warning')}: `proda check` prints them.", file=sys.stderr)
    counts = ", ".join(f"{number:,} {name.removesuffix('s') if number == 1 else name}" for name, number in report.counts.items() if number)
    done = (
        f"{len(report.changed)} compiled {'file' if len(report.changed) == 1 else 'files'} changed"
        if report.ok
        else "not compiled: there are errors"
    )
    print(f"check: {counts or 'nothing'}; {done}; {time.monotonic() - start:.1f} s", file=sys.stderr)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
