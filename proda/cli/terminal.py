"""Makes output work on every terminal: files are read as UTF-8 in every locale, and characters that cannot be shown are replaced.

in_utf8_mode()                  # restarts the process if the locale's encoding is another one
show_what_can_be_shown()        # then "b → c" prints as "b -> c" on a terminal of eight bits
"""

from __future__ import annotations

import codecs
import io
import locale
import os
import sys
import unicodedata

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
