"""The files of a repository → a section for each: who writes it, its fields, and the beginning of a real one.

format_of("samples/patches/2-acid-weakens-beat-s1-b57725f8.yaml").record      # Patch
"""

from __future__ import annotations

import inspect
import textwrap
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

import msgspec

from scripts.reference.fields import inner_records, summary, table
from scripts.reference.files import FORMATS, Format

EXAMPLE_LINES = 24
EXAMPLE_WIDTH = 160


def page(root: Path) -> str:
    """All formats, and the records that they share. Raises ValueError if two formats name one file."""
    described: set[type] = set()
    return "\n\n".join(_section(one, root, described) for one in FORMATS)


def format_of(path: str) -> Format | None:
    """The format of a file, given relative to its repository: the one whose pattern says most. None if it is not described."""
    return min((one for one in FORMATS if matches(one, path)), key=lambda one: one.pattern.count("*"), default=None)


def matches(one: Format, path: str) -> bool:
    """Whether a file has this format. In a pattern, `*` stands for one folder or file name and for a part of one."""
    wanted, given = one.pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(fnmatchcase(name, part) for part, name in zip(wanted, given, strict=True))


def _section(one: Format, root: Path, described: set[type]) -> str:
    parts = [f"## {one.title}", f"`{one.shown}`. {one.about}"]
    example = _example(one, root)
    if example:
        parts.append(example)
    if one.keys:
        rows = "\n".join(f"| `{key}` | {meaning} |" for key, meaning in one.keys.items())
        parts.append(f"| key | meaning |\n|---|---|\n{rows}")
    if one.record is not None:
        parts += _tables(one.record, described)
    return "\n\n".join(parts)


def _tables(record: type[msgspec.Struct], described: set[type]) -> list[str]:
    """The table of a record and of the records in it, each once on the page."""
    if record in described:
        return [f"`{record.__name__}` is described above."]
    described.add(record)
    parts = [f"**{record.__name__}.** {summary(record)}", table(record)]
    for inner in dict.fromkeys(inner_records(record)):
        if inner not in described:
            parts += _tables(inner, described)
    return parts


def _example(one: Format, root: Path) -> str:
    """The beginning of the first file of this format in the repository, or else the example in the docstring of its module."""
    found = [
        path for path in sorted(root.glob(one.pattern)) if path.suffix == Path(one.pattern).suffix and not path.name.startswith("README")
    ]
    language = {".yaml": "yaml", ".json": "json", ".jsonl": "json", ".csv": "text"}[Path(one.pattern).suffix]
    if one.module:
        blocks = [block for block in _indented(inspect.getdoc(import_module(one.module)) or "") if ":" in block]
        return f"```{language}\n{max(blocks, key=len)}\n```"
    if not found:
        return ""
    lines = [line for line in found[0].read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    shown = [line if len(line) <= EXAMPLE_WIDTH else line[: EXAMPLE_WIDTH - 1] + "…" for line in lines[: one.lines or EXAMPLE_LINES]]
    rest = ["…"] if len(lines) > len(shown) else []
    return f"From `{found[0].relative_to(root).as_posix()}`:\n\n```{language}\n" + "\n".join([*shown, *rest]) + "\n```"


def _indented(docstring: str) -> list[str]:
    """The indented blocks of a docstring."""
    blocks: list[list[str]] = [[]]
    for line in docstring.splitlines():
        if line.startswith("    "):
            blocks[-1].append(line)
        elif line.strip():
            blocks.append([])
        elif blocks[-1]:
            blocks[-1].append("")
    return [textwrap.dedent("\n".join(block)).strip() for block in blocks if any(block)]
