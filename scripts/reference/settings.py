"""params.yaml and documents.yaml → a table of keys for each section."""

from __future__ import annotations

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


def _sections(defaults: msgspec.Struct, here: msgspec.Struct | None) -> list[str]:
    parts = []
    for field in msgspec.structs.fields(defaults):
        section = getattr(defaults, field.name)
        if not isinstance(section, msgspec.Struct):
            continue
        parts.append(f"### `{field.name}`\n\n{summary(type(section))}")
        values = section if here is None else getattr(here, field.name)
        if values == section:
            parts.append(table(type(section)))
            continue

        def value(name: str, values: msgspec.Struct = values, section: msgspec.Struct = section) -> str:
            return value_text(getattr(values, name)) if getattr(values, name) != getattr(section, name) else ""

        parts.append(table(type(section), value, "here"))
    return parts
