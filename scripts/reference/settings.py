"""params.yaml and documents.yaml → a table of keys for each section."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from proda.document_settings import DocumentSettings
from proda.params import Params, load_params
from scripts.reference.fields import summary, table, value_text


def params(root: Path) -> str:
    """The sections of params.yaml, with the values of this repository where they differ from the defaults."""
    here = load_params(root / "params.yaml")
    top = f"`seed` (whole number, default `{Params().seed}`) is the seed of items and samples. It stands outside the sections."
    return "\n\n".join([top, *_sections(Params(), here)])


def document_settings() -> str:
    """The sections of documents.yaml."""
    return "\n\n".join(_sections(DocumentSettings(), None))


def _sections(defaults: msgspec.Struct, here: msgspec.Struct | None, above: str = "") -> list[str]:
    """A heading and a table for each section, and then for the blocks in it: `evaluate`, `evaluate.endpoint`."""
    parts = []
    for field in msgspec.structs.fields(defaults):
        section = getattr(defaults, field.name)
        if not isinstance(section, msgspec.Struct):
            continue
        parts.append(f"### `{above}{field.name}`\n\n{summary(type(section))}")
        values = section if here is None else getattr(here, field.name)
        parts.append(table(type(section)) if values == section else table(type(section), _changed(section, values), "here"))
        parts += _sections(section, values, f"{above}{field.name}.")
    return parts


def _changed(section: msgspec.Struct, values: msgspec.Struct) -> Callable[[str], str]:
    """Name of a key → its value in `values`, if it is another than in `section`; blocks have tables of their own."""

    def value(name: str) -> str:
        default, here = getattr(section, name), getattr(values, name)
        return "" if here == default or isinstance(here, msgspec.Struct) else value_text(here)

    return value
