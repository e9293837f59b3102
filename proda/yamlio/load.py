"""Read a file or a string of YAML. Every refusal is an InputError with one finding that names file and line."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any, TypeVar

from proda.errors import InputError
from proda.findings import KeyPath
from proda.yamlio.inside import enclosing, outside, within
from proda.yamlio.policy import MAX_BYTES, RefusedError, check_bytes

Kind = TypeVar("Kind")
_CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)


def load_yaml(path: Path, numbers: bool = False, root: Path | None = None) -> Any:
    """The document in `path`: dict, list, str, int, bool or None; with `numbers`, 2.5 and 1e-3 become floats.

    A symbolic link that leads out of `root` (default: the repository that `path` lies in) is refused. Raises InputError.
    """
    return load_yaml_bytes(read_bytes(path, root), str(path), numbers)


def load_as(path: Path, kind: type[Kind], numbers: bool = False, empty: Any = None) -> Kind:
    """The document in `path` as a `kind`; `empty` is taken for a document that holds nothing.

    Raises InputError with a finding for every fault, each with its line.
    """
    from proda.yamlio.schema import decoded

    data = read_bytes(path)
    raw = load_yaml_bytes(data, str(path), numbers)
    return decoded(empty if raw is None and empty is not None else raw, kind, str(path), data)


def load_list(path: Path, key: str) -> list[Any]:
    """The list under `key`, which is what the file is for. Raises InputError if there is none: a truncated file is not an empty one."""
    document = load_yaml(path)
    if not isinstance(document, dict) or not isinstance(document.get(key), list):
        raise InputError(f"{path}\n  Expected `{key}:` and a list below it. Restore the file from git, or rebuild it with `dvc repro`.")
    found: list[Any] = document[key]
    return found


def load_yaml_text(text: str, where: str = "<text>", numbers: bool = False) -> Any:
    """The document in `text`; `where` names it in errors."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise RefusedError("The text holds a lone surrogate. Remove it.").as_input_error(where) from None
    return load_yaml_bytes(data, where, numbers)


def load_yaml_bytes(data: bytes, where: str, numbers: bool = False) -> Any:
    """The document in `data`; `where` names it in errors."""
    try:
        check_bytes(data)
        from proda.yamlio import reference  # importing PyYAML takes longer than reading most files

        return reference.parse(data, numbers)
    except RefusedError as refusal:
        conflict = _CONFLICT.search(data)
        raise (_unresolved(data, conflict.start()) if conflict else refusal).as_input_error(where) from None


def has_conflict(data: bytes) -> bool:
    """Whether a line of `data` is a conflict marker of git."""
    return _CONFLICT.search(data) is not None


def _unresolved(data: bytes, start: int) -> RefusedError:
    reason = "A merge conflict is not resolved here. Choose one of the versions and remove the conflict markers."
    return RefusedError(reason, data.count(b"\n", 0, start) + 1)


def locate(source: Path | bytes, path: KeyPath) -> int:
    """Line (from 1) of the value at `path`: of its key in a mapping, of its dash in a list.

    The deepest part of `path` that exists counts, so a missing key is reported at the mapping that lacks it; 1 if nothing is found.
    """
    from proda.yamlio.positions import line_map, line_of

    return line_of(line_map(source if isinstance(source, bytes) else source.read_bytes()), path)


def read_bytes(path: Path, root: Path | None = None, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of at most `limit` bytes inside `root`.

    Raises InputError for anything else, before reading: a link that leads out, a folder, a device, a pipe, a file that is too large.
    """
    try:
        _refuse_outside(path, root)
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("Not a regular file. Put a file here, or remove it.")
        if found.st_size > limit:
            raise RefusedError(f"The file has {found.st_size:,} bytes; the limit is {limit:,}. Split it.")
        return path.read_bytes()
    except FileNotFoundError:
        raise RefusedError("The file does not exist. Add it, or fix the name.").as_input_error(str(path)) from None
    except OSError as error:
        raise RefusedError(f"The file cannot be read: {error.strerror}.").as_input_error(str(path)) from None
    except RefusedError as refusal:
        raise refusal.as_input_error(str(path)) from None


def _refuse_outside(path: Path, root: Path | None) -> None:
    if root is not None:
        leads_out = not within(os.path.realpath(path), os.path.realpath(root))
    elif enclosing(path):
        leads_out = outside(path) is not None
    else:  # a file that lies in no repository must stay in its folder
        leads_out = not within(os.path.realpath(path), os.path.realpath(os.path.dirname(os.path.abspath(path))))
    if leads_out:
        raise RefusedError("A symbolic link leads out of the repository. Replace it by the file itself.")
