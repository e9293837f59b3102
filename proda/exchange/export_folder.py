"""A folder that appears as a whole, or not at all.

    with export_folder(Path("build/export"), {"format": "messages"}) as folder:
        folder.add("train.jsonl", write_jsonl(folder.path / "train.jsonl", rows))

The files are written to a hidden folder beside OUT, which is renamed to OUT at the end. `proda-export.json` lists every file with its
SHA-256, so that the next export recognises its own work: it replaces an OUT that holds exactly the files of an export and refuses any
other. What a killed export leaves behind is removed by the next one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.exchange.row_files import WrittenFile, write_text

MANIFEST = "proda-export.json"
_LEFT = re.compile(r"\.(?P<name>.+)\.(?P<process>[0-9]+)\.(?P<state>partial|old)")


class ExportManifest(msgspec.Struct, frozen=True):
    """The content of proda-export.json: what was exported, and the files."""

    export: dict[str, Any]
    files: dict[str, WrittenFile]


class ExportFiles:
    """The folder that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, WrittenFile] = {}

    def add(self, name: str, written: WrittenFile) -> None:
        """List a file that was written, relative to the folder."""
        self.files[name] = written


def require_ours(out: Path) -> None:
    """Raise InputError unless `out` is absent, an empty folder, or holds exactly the files of an earlier export."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}\n  Exists and is no folder, and nothing is overwritten. Choose another OUT, or remove it.")
    if not out.is_dir():
        return
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_symlink() or not p.is_dir()}
    if not found:
        return
    try:
        listed = {MANIFEST, *msgspec.json.decode((out / MANIFEST).read_bytes(), type=ExportManifest).files}
    except (OSError, msgspec.DecodeError):
        raise InputError(f"{out}\n  This folder is no export of ProDa, and nothing is overwritten. Choose another OUT.") from None
    if added := sorted(found - listed):
        more = f" and {len(added) - 3} more" if len(added) > 3 else ""
        raise InputError(
            f"{out}\n  This export holds files that were added later: {', '.join(added[:3])}{more}. Nothing is overwritten."
            " Move them away, or choose another OUT."
        )


@contextmanager
def export_folder(out: Path, export: dict[str, Any]) -> Iterator[ExportFiles]:
    """Write an export, and put it in the place of `out` when the block ends without an error.

    `export` is what the manifest says about it. Raises InputError, before anything is written, if `out` is not ours to replace.
    """
    out = Path(os.path.abspath(out))
    _tidy(out)
    require_ours(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = out.parent / f".{out.name}.{os.getpid()}.partial"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        folder = ExportFiles(work)
        yield folder
        manifest = ExportManifest(export, dict(sorted(folder.files.items())))
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode()
        write_text(work / MANIFEST, f"{text}\n")
        require_ours(out)
        _exchange(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _exchange(work: Path, out: Path) -> None:
    if not out.exists():
        os.rename(work, out)
        return
    old = out.parent / f".{out.name}.{os.getpid()}.old"
    os.rename(out, old)
    try:
        os.rename(work, out)
    except BaseException:
        os.rename(old, out)
        raise
    shutil.rmtree(old)


def _tidy(out: Path) -> None:
    """Remove what killed exports to `out` left; an export that was killed between its two renames is put back."""
    if not out.parent.is_dir():
        return
    for path in sorted(out.parent.iterdir()):
        left = _LEFT.fullmatch(path.name)
        if left is None or left["name"] != out.name or _alive(int(left["process"])):
            continue
        if left["state"] == "old" and not out.exists():
            os.rename(path, out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return process != os.getpid()
