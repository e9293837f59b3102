"""Run DVC with a check of its lock files before, and a remedy after a failed transfer.

    python -m proda.workflows.dvc_command push --run-cache      # the `dvc` command of the environment runs this

DVC prints one line per file when a remote cannot be used, names no remedy, and ends with status 0 if only entries of the run cache were
not transferred. Here such a failure is one line, followed by what to do; the exit status is 1 or larger. `push --run-cache` also sends the
files that the entries name (proda/workflows/run_cache.py).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence

from proda.workflows.dvc_locks import main as check_locks
from proda.workflows.run_cache import push_outputs, remote_named

TRANSFERS = ("push", "pull", "fetch", "gc", "status")
# What DVC's message contains, in lower case → what to do. The first that fits counts.
REMEDIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("expected 'url'",),
        "An older commit has no such remote, and .dvc/config.local sets only a part of it. Add the address there too:\n"
        "  `dvc remote modify --local NAME url s3://BUCKET/PREFIX`.",
    ),
    (
        ("nosuchbucket", "bucket does not exist"),
        "The bucket of the remote does not exist. Compare `dvc remote list` with the buckets of the server. Correct the address with\n"
        "  `dvc remote modify NAME url s3://BUCKET/PREFIX`, or create the bucket.",
    ),
    (
        ("unable to locate credentials",),
        "No access key is set. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or AWS_PROFILE, for a profile in ~/.aws/credentials; or\n"
        "  run `dvc remote modify --local NAME access_key_id KEY`, and the same with secret_access_key (git ignores .dvc/config.local).",
    ),
    (
        ("signaturedoesnotmatch", "invalidaccesskeyid", "accessdenied", "access denied", "forbidden"),
        "The server refused the access key, its secret, or this use of the bucket. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,\n"
        "  or .dvc/config.local, which takes precedence. The key must be allowed to list, read and write the bucket.",
    ),
    (
        (
            *("could not connect", "cannot connect", "connection was closed", "connection reset", "timeout", "timed out"),
            *("payload", "disconnected", "no such host", "name or service not known"),
        ),
        "The server was not reached, or the connection was cut. Files that have arrived are kept. Check the network and `endpointurl`\n"
        "  (`dvc config --list`), then run the same command again: it transfers what is missing.",
    ),
    (
        ("missing dependencies",),
        'Support for S3 is not installed. Run `pip install -c constraints.txt -e ".[s3]"`, which keeps the pinned versions.',
    ),
    (
        ("cache files do not exist", "missing-files"),
        "Some files are neither here nor on the remote. Ask the author of this commit to run `dvc push --run-cache`, or build them here\n"
        "  with `dvc repro`.",
    ),
)


def remedy(text: str) -> str:
    """Return what to do about a message of DVC; empty if the message is none of those known."""
    text = text.lower()
    return next((advice for signs, advice in REMEDIES if any(sign in text for sign in signs)), "")


class Transfers(logging.Filter):
    """Reads what DVC reports: lets one message per remedy pass, and counts the rest.

    After the run, `remedies` are the remedies of all messages, `errors` is the number of errors, and `hidden` the number of those left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.remedies: list[str] = []
        self.errors = 0
        self.hidden = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a message is shown."""
        if record.levelno < logging.WARNING:
            return True
        if hasattr(record, "shown"):  # each record passes several handlers
            return bool(record.shown)
        record.shown = True
        failed = record.levelno >= logging.ERROR
        self.errors += failed
        advice = remedy("\n".join((record.getMessage(), *_causes(record))))
        if not advice:
            return True
        if advice not in self.remedies:
            self.remedies.append(advice)
            return True
        record.shown = False
        self.hidden += failed
        return False


def _causes(record: logging.LogRecord) -> list[str]:
    """The type and message of a record's exception and of those that caused it."""
    found: list[str] = []
    error = record.exc_info[1] if record.exc_info else None
    while error is not None and len(found) < 10:
        found.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run DVC with the arguments; returns its exit status, or 1 if it reports a failed transfer and returns 0."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if status := check_locks():
        return status
    from dvc.cli import main as dvc

    if not any(name in TRANSFERS for name in arguments[:3]):  # options such as --cd DIR may stand before
        return int(dvc(list(arguments)))
    return _watched(lambda: int(dvc(list(arguments))) or _push_run_cache(arguments))


def _push_run_cache(arguments: Sequence[str]) -> int:
    """After a successful `push --run-cache`, send what its entries name. Returns the exit status."""
    if "push" not in arguments[:3] or "--run-cache" not in arguments:
        return 0
    from dvc.exceptions import DvcException

    try:
        sent = push_outputs(remote_named(arguments))
    except (DvcException, OSError):
        logging.getLogger("dvc").exception("the outputs in the run cache were not sent")
        return 1
    if sent:
        print(f"{sent} file{'s' * (sent > 1)} of the run cache pushed")
    return 0


def _watched(run: Callable[[], int]) -> int:
    """Run DVC, reading its messages, and print the remedies at the end."""
    found = Transfers()
    handlers = {handler for name in ("dvc", "dvc_objects", "dvc_data") for handler in logging.getLogger(name).handlers}
    for handler in handlers:
        handler.addFilter(found)
    try:
        status = run()
    finally:
        for handler in handlers:
            handler.removeFilter(found)
    if found.hidden:
        print(f"… and {found.hidden} more message{'s' * (found.hidden > 1)} of this kind.", file=sys.stderr)
    for advice in found.remedies:
        print(advice, file=sys.stderr)
    return status or int(bool(found.errors and found.remedies))


if __name__ == "__main__":
    sys.exit(main())
