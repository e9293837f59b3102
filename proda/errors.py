"""What can go wrong, as a tree. Every message says where, got, expected, and what to do next.

    ProdaError                    exit 1: the data or the machine is not as it must be
    ├── InputError                a file of the repository is wrong; carries `findings`
    ├── ParamsError               params.yaml holds an unknown key or a value of the wrong type
    ├── NotFoundError             no node, sample, item or revision of that name
    ├── EmptyBenchmarkError       nothing to test against: nothing would be proven
    ├── GateError                 a gate (overlap, shortcuts) refuses to let the build go on
    ├── SealedError               something asked for items it may not read
    └── UsageError                exit 2: the command was called wrongly

The command line prints the message of a ProdaError and nothing else; any other exception is a bug and shows its traceback.
"""

from __future__ import annotations


class ProdaError(Exception):
    """Base of every error that is the user's to mend."""

    exit_code = 1


class InputError(ProdaError):
    """Files of the repository do not hold what they must; `findings` lists every fault at once."""

    def __init__(self, message: str, findings: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class ParamsError(ProdaError):
    """params.yaml cannot be used as it stands."""


class NotFoundError(ProdaError):
    """Nothing of that name exists here."""


class EmptyBenchmarkError(ProdaError):
    """There are no items, so a score or a gate would prove nothing."""


class GateError(ProdaError):
    """A gate found a reason to stop the build."""


class SealedError(ProdaError):
    """The debugger, or a stage in front of it, asked for items it may not read."""


class UsageError(ProdaError):
    """The command was called with arguments that make no sense together."""

    exit_code = 2


def failed_write(error: OSError) -> str:
    """What to tell a user whose disk is full or whose folder cannot be written."""
    where, why = error.filename or "file system", error.strerror or error
    return f"{where}\n  {why}. Nothing is half-written. Free some space, or mend the permissions."
