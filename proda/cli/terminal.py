"""Makes output work on every terminal: files are read as UTF-8 in every locale, and characters that cannot be shown are replaced.

open_standard_streams()         # a program may be started without them, as in `proda status >&-`
in_utf8_mode()                  # restarts the process if the locale's encoding is another one
refuse_undecodable(sys.argv[1:])        # UsageError for an argument that is not UTF-8
show_what_can_be_shown()        # then "b → c" prints as "b -> c" on a terminal of eight bits
"""

from __future__ import annotations

import codecs
import io
import locale
import os
import sys
import unicodedata
from collections.abc import Sequence

from proda.errors import UsageError

REPLACEMENTS = {
    "→": "->",
    "←": "<-",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "≤": "<=",
    "≥": ">=",
}


def open_standard_streams() -> None:
    """Open the null device in place of standard input, output and error where the process was started without them.

    Otherwise the next file that is opened takes their place, and processes that this one starts read or write it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            found = os.open(os.devnull, os.O_RDWR)
            if found != number:
                os.dup2(found, number)
                os.close(found)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - as long as the process


def refuse_undecodable(arguments: Sequence[str]) -> None:
    """Raise UsageError for an argument that is not UTF-8: it could be neither compared with a file, nor printed, nor given to git."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            shown = argument[:80].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise UsageError(f"Got the argument '{shown}', which is not UTF-8. Give it in UTF-8; rename a file with such a name.") from None


def in_utf8_mode() -> None:
    """Start this process again in Python's UTF-8 mode, unless it is in it or the locale is UTF-8.

    The repository's files, git's output and the arguments of its commands are UTF-8, whatever the locale says. What is printed keeps the
    locale's encoding.
    """
    if sys.flags.utf8_mode or os.name == "nt" or codecs.lookup(locale.getpreferredencoding(False)).name == "utf-8":
        return
    os.environ.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:replace")
    os.environ["PYTHONUTF8"] = "1"  # for processes that this one starts
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def show_what_can_be_shown() -> None:
    """Replace characters that standard output or error cannot encode, where Python would raise UnicodeEncodeError."""
    codecs.register_error("proda.replace", replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="proda.replace")


def replaced(error: UnicodeError) -> tuple[str, int]:
    """Error handler for `codecs`: return a close ASCII text for what cannot be encoded, `?` where there is none, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(map(_plain, text)), error.end


def _plain(character: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
    return REPLACEMENTS.get(character) or bare or "?"
