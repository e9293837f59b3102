"""Reading a file or a string of YAML; every refusal is an InputError with one finding that names file and line."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from proda.errors import InputError
from proda.findings import KeyPath
from proda.yamlio import fast
from proda.yamlio.policy import MAX_BYTES, RefusedError, check_bytes


def load_yaml(path: Path, numbers: bool = False, root: Path | None = None) -> Any:
    """The document in `path`: dict, list, str, int, bool or None; with `numbers`, 2.5 and 1e-3 become floats.

    A symbolic link that leads out of `root` (default: the working directory) is refused. Raises InputError.
    """
    return load_yaml_bytes(read_bytes(path, root), str(path), numbers)


def load_list(path: Path, key: str) -> list[Any]:
    """The list under `key`, which is what the file is for. Raises InputError if there is none: half a file is no empty one."""
    document = load_yaml(path)
    if not isinstance(document, dict) or not isinstance(document.get(key), list):
        raise InputError(f"{path}\n  Expected `{key}:` and a list below it. Restore the file from git, or write it anew with `dvc repro`.")
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
        text = check_bytes(data)
        if not numbers:
            done, document = fast.parse(data, text)
            if done:
                return document
        from proda.yamlio import reference  # loading PyYAML takes longer than reading most files: only when it must decide

        return reference.parse(data, numbers)
    except RefusedError as refusal:
        raise refusal.as_input_error(where) from None


def locate(source: Path | bytes, path: KeyPath) -> int:
    """Line (from 1) of the value at `path`: of its key in a mapping, of its dash in a list.

    The deepest part of `path` that exists counts, so a missing key is reported at the mapping that lacks it; 1 if nothing is found.
    """
    from proda.yamlio.positions import line_map, line_of

    return line_of(line_map(source if isinstance(source, bytes) else source.read_bytes()), path)


def read_bytes(path: Path, root: Path | None = None, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of at most `limit` bytes inside `root`; InputError otherwise, before reading it."""
    try:
        _inside(path, root)
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("Not a regular file. Put a file here, or remove it.")
        if found.st_size > limit:
            raise RefusedError(f"The file has {found.st_size:,} bytes; the limit is {limit:,}. Split it.")
        return path.read_bytes()
    except FileNotFoundError:
        raise RefusedError("The file does not exist. Add it, or mend the name.").as_input_error(str(path)) from None
    except OSError as error:
        raise RefusedError(f"The file cannot be read: {error.strerror}.").as_input_error(str(path)) from None
    except RefusedError as refusal:
        raise refusal.as_input_error(str(path)) from None


def _inside(path: Path, root: Path | None) -> None:
    base = os.path.realpath(root if root is not None else os.curdir)
    named = os.path.abspath(path)
    if root is None and os.path.commonpath([base, os.path.realpath(os.path.dirname(named))]) != base:
        base = os.path.realpath(os.path.dirname(named))  # a file outside by its very name was asked for by a person
    real = os.path.realpath(path)
    if os.path.commonpath([base, real]) != base:
        raise RefusedError("A symbolic link leads out of the repository. Replace it by the file itself.")
