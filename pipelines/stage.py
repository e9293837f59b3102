"""Wrap a stage: print its parameters, run it, print its summary line, and report a user's mistake in one message.

@stage("items")                      # the sections of params.yaml it reads
def main(params: Params) -> str:
    …
    return "benchmark: 2,004 items …"
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

from proda.errors import ProdaError, system_message
from proda.params import Params, announce, load_params


def stage(*sections: str) -> Callable[[Callable[[Params], str]], Callable[[], None]]:
    """Return a decorator for the function of a stage.

    The parameters of `sections` go to standard error, the returned summary to standard output. A ProdaError, an OSError or an interrupt
    prints one message and exits with its code.
    """

    def wrap(run: Callable[[Params], str]) -> Callable[[], None]:
        @functools.wraps(run)
        def main() -> None:
            try:
                params = load_params()
                announce(params, *sections)
                print(run(params), flush=True)
            except ProdaError as error:
                print(error, file=sys.stderr)
                sys.exit(error.exit_code)
            except OSError as error:
                print(f"{system_message(error)}\n  Then run `dvc repro` again.", file=sys.stderr)
                sys.exit(1)
            except KeyboardInterrupt:
                print("Interrupted. Run `dvc repro` again to continue from here.", file=sys.stderr)
                sys.exit(130)

        return main

    return wrap
