"""The errors of ProDa. Every message says where, got, expected, and what to do next.

    ProdaError                    exit 1: the data or the machine is not as it must be
    ├── InputError                a file of the repository is wrong; carries `findings`
    │   └── ParamsError           params.yaml holds an unknown key or a value that is not allowed
    ├── NotFoundError             no node, sample, item or revision of that name
    ├── EmptyBenchmarkError       there are no items, so nothing would be proven
    ├── GateError                 a gate (overlap, shortcuts) stops the build
    ├── SealedError               a caller asked for items that it may not read
    └── UsageError                exit 2: the command was called with wrong arguments

The command line prints the message of a ProdaError and nothing else. Any other exception is a bug and shows its traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
SIMILAR = 0.8  # similarity (0 to 1) from which a name counts as a misspelling; below, suggestions are mostly wrong

# A file name or a quoted value must not be able to move the cursor of a terminal or end a line of the output.
_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


class ProdaError(Exception):
    """Parent of every error that the user can fix."""

    exit_code = 1


class InputError(ProdaError):
    """Files of the repository do not hold what they must; `findings` lists every fault at once."""

    def __init__(self, message: str, findings: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class ParamsError(InputError):
    """params.yaml holds an unknown key or a value that is not allowed."""


class NotFoundError(ProdaError):
    """Nothing of that name exists here."""


class EmptyBenchmarkError(ProdaError):
    """There are no items, so a score or a gate would prove nothing."""


class GateError(ProdaError):
    """A gate found a reason to stop the build."""


class SealedError(ProdaError):
    """The debugger, or a stage before it, asked for items that it may not read."""


class UsageError(ProdaError):
    """The arguments of a command are wrong or contradict each other."""

    exit_code = 2


def system_message(error: OSError) -> str:
    """The message for something that the operating system refused: where, why, and what to do if that is known."""
    why = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    if error.errno in _NO_ROOM:
        return f"{error.filename or 'file system'}\n  {why}. Free some space."
    if error.errno in _NOT_ALLOWED:
        return f"{error.filename or 'file system'}\n  {why}. Fix the permissions."
    return f"{error.filename}\n  {why}." if error.filename else f"{why}."


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `name` is probably a misspelling of; None if none is similar enough."""
    import difflib

    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=SIMILAR)), None)


def printable(text: str) -> str:
    """`text` with control characters and lone surrogates written as escapes."""
    return text.translate(_VISIBLE).encode("utf-8", "backslashreplace").decode()


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 item", "1,200 items", "3 entries", "2 patches". Give `plural` where it is formed in another way."""
    if count == 1:
        return f"1 {noun}"
    stem, ending = (noun[:-1], "ies") if noun.endswith("y") and noun[-2:-1] not in "aeiou" else (noun, "es" if noun.endswith("ch") else "s")
    return f"{count:,} {plural or stem + ending}"
