"""What the embedded base reads of an ingested document: its prose, not what `proda curate` rejects for what it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from proda.workflows.pin_reading import pinned_reading
from tests.toyworld import make_repository

SOURCE = "milling/milling-notes"
DOCUMENT = """
## Water wheels

By the end of this section, you will be able to:

- Describe the parts of a water wheel
- Explain why a water wheel slows down in winter

A wheel turns slowly, and its shaft is as thick as a man. Three things wear it out:

- Wet wood rots in the shade.
- Old nails rust.

1. Grease keeps the bearing cool. It smells of sheep.

<!-- page 12 -->

| part | age |
|---|---|
| The bucket lasts. | The rim holds. |

## Glossary

**bucket**: a box on the rim of a wheel

**rim**: the outer ring of a wheel

**spoke**: a bar that joins hub and rim
"""


def read_of(root: Path, text: str) -> tuple[str, ...]:
    """The sentences of the source with `text` after it."""
    path, catalogue = root / f"knowledge/sources/{SOURCE}.md", root / "knowledge/sources/catalogue.yaml"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(f"{path.read_text()}{text}")
    catalogue.write_text(catalogue.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))
    return next(reading.sentences for reading in pinned_reading(root) if reading.source == SOURCE)


def test_objectives_glossaries_tables_and_comments_are_not_read_and_list_marks_are_gone(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    before = read_of(root, "")
    after = read_of(root, DOCUMENT)
    assert after[: len(before)] == before
    assert after[len(before) :] == (
        "A wheel turns slowly, and its shaft is as thick as a man.",
        "Three things wear it out:",
        "Wet wood rots in the shade.",
        "Old nails rust.",
        "Grease keeps the bearing cool.",
        "It smells of sheep.",
    )
