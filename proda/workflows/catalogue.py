"""knowledge/sources/catalogue.yaml: read, and written again with entries added or changed.

    entries = load_catalogue(root)                                # {"optics/lenses": SourceEntry(title="Lenses", …), …}
    catalogue_text(root, {"optics/lenses": entry_fields(…)})      # the new text of the file

Comments and the entries that do not change stay as they are. A new entry stands in its place by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from proda.errors import InputError, UsageError
from proda.knowledge.roundtrip import edited
from proda.knowledge.schema import Catalogue, SourceEntry
from proda.knowledge.tree import CATALOGUE
from proda.yamlio import dump_yaml, load_yaml_bytes, load_yaml_text, read_bytes
from proda.yamlio.policy import FORBIDDEN_CHARACTER
from proda.yamlio.schema import decoded

Fields = Mapping[str, Any]


def require_line(field: str, value: str) -> None:
    """Raise UsageError unless `value`, given as --`field`, is one line of text without a password in it."""
    if not value.strip() or value != value.strip() or "\n" in value or "\t" in value or FORBIDDEN_CHARACTER.search(value):
        raise UsageError(f"--{field}: got {value!r:.80}, expected one line of text. Give it again.")
    try:
        url = urlsplit(value)
        secret = url.username is not None or url.password is not None
    except ValueError:
        return
    if secret:
        raise UsageError(f"--{field}: the address holds a user name or password, and the catalogue is committed. Leave them out.")


def load_catalogue(root: Path) -> dict[str, SourceEntry]:
    """Source id → entry. Empty if there is no catalogue; InputError with every fault if it cannot be read."""
    data, raw = _read(root)
    return decoded({"sources": raw.get("sources") or {}}, Catalogue, CATALOGUE, data).sources


def load_catalogue_ids(root: Path) -> frozenset[str]:
    """The ids of the catalogued sources, whatever their entries hold."""
    return frozenset(_read(root)[1].get("sources") or ())


def catalogue_text(root: Path, entries: Mapping[str, Fields]) -> str:
    """The catalogue with `entries` added, or set where a source has one already: the fields that are given.

    Raises InputError if the file cannot be edited without losing a part of it.
    """
    data, raw = _read(root)
    if not raw.get("sources") and b"#" not in data:
        data, raw = b"", {}  # written in block style
    text = data.decode()
    inserted = _inserted(text, raw, entries)
    return inserted if inserted is not None else edited_text(CATALOGUE, text, raw, lambda document: _set(document, entries))


def _set(document: Any, entries: Mapping[str, Fields]) -> None:
    round_trip = hasattr(document, "ca")
    if document.get("sources") is None:
        document["sources"] = {}
    for source, fields in entries.items():
        written = quoted(fields) if round_trip else dict(fields)
        if source in document["sources"]:
            document["sources"][source].update(written)
        else:
            insert(document["sources"], source, written)


def _inserted(text: str, raw: Mapping[str, Any], entries: Mapping[str, Fields]) -> str | None:
    """The text with new entries put between its lines; None if that is not the same as editing the document.

    A round trip through an editor that keeps comments takes seconds for a catalogue of thousands.
    """
    known = raw.get("sources") or {}
    lines = text.splitlines(keepends=True)
    starts = [
        (n, line[2:].rstrip()[:-1])
        for n, line in enumerate(lines)
        if line.startswith("  ") and line[2:3].isalnum() and line.rstrip().endswith(":")
    ]
    if any(source in known for source in entries) or len(starts) != len(known) or not known or not text.endswith("\n"):
        return None
    pieces: list[str] = []
    place = 0
    for source in sorted(entries):
        at = next((n for n, name in starts if name > source and n >= place), len(lines))
        pieces += lines[place:at]
        pieces.append("".join(f"  {line}\n" for line in _entry(source, entries[source]).splitlines()))
        place = at
    result = "".join([*pieces, *lines[place:]])
    try:
        same = load_yaml_text(result, CATALOGUE) == {**raw, "sources": {**known, **{k: dict(v) for k, v in entries.items()}}}
    except InputError:
        return None
    return result if same else None


def _entry(source: str, fields: Fields, indent: str = "") -> str:
    """An entry as it is written in block style; a hash stands without quotes."""
    lines = [f"{indent}{source}:"]
    for key, value in fields.items():
        if isinstance(value, Mapping):
            lines += _entry(key, value, f"{indent}  ").splitlines()
        else:
            lines.append(f"{indent}  {key}: {value if key == 'sha256' else dump_yaml(value).rstrip()}")
    return "\n".join(lines)


def _read(root: Path) -> tuple[bytes, dict[str, Any]]:
    path = root / CATALOGUE
    data = read_bytes(path, root) if path.is_file() else b"sources: {}\n"
    raw = load_yaml_bytes(data, CATALOGUE)
    if not isinstance(raw, dict) or not isinstance(raw.get("sources") or {}, dict):
        raise InputError(f"{CATALOGUE}\n  Not a catalogue, expected `sources:` with an entry for each source. Run `proda check`.")
    return data, raw


def quoted(fields: Fields) -> dict[str, Any]:
    """The fields for a round-trip document, quoted where some YAML reader could take them for something else than text."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def written(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return quoted(value)
        plain = key == "sha256" or dump_yaml(value) == f"{value}\n"
        return value if plain else DoubleQuotedScalarString(value)

    return {key: written(key, value) for key, value in fields.items()}


def insert(mapping: Any, key: str, value: Any) -> None:
    """Set a key of a mapping; a new one comes before the first key that sorts after it."""
    if key in mapping or not hasattr(mapping, "insert"):
        mapping[key] = value
        return
    place = next((n for n, other in enumerate(mapping) if other > key), len(mapping))
    mapping.insert(place, key, value)


def edited_text(file: str, text: str, raw: Any, edit: Any) -> str:
    """`text` with `edit` applied to its document. Raises InputError if that would lose a part of it."""
    result = edited(text, raw, edit)
    if result is None:
        raise InputError(
            f"{file}\n  Cannot be edited without losing a part of it. Nothing was written. Write the entry by hand, or simplify the file."
        )
    return result
