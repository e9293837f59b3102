"""Every text a model is trained on, each with the place it came from: what the guard must look through.

for text in training_texts(Path(".")): …        Text(where="physics/bimetal-strip-bends.s1:open-1", text="What does heating cause? …")
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from proda.records import Sample
from proda.store.patches import load_samples


class Text(msgspec.Struct, frozen=True):
    """One training text: where it stands, and what it says."""

    where: str
    text: str


def sample_text(sample: Sample) -> str:
    """All that a sample shows or teaches: question, options, answer, explanation."""
    return "\n".join([sample.question, *sample.options, sample.completion])


def training_texts(root: Path) -> Iterator[Text]:
    """Corpus, patches, and the base's own training text (a sentence of reading is one document there)."""
    for sample in load_samples(root):
        yield Text(sample.id, sample_text(sample))
    yield from base_texts(root / "build/curriculum/documents.jsonl")


def base_texts(path: Path) -> Iterator[Text]:
    """The base's documents; none when the base is somebody else's model, whose training text is not to be had."""
    if not path.is_file():
        return
    decoder = msgspec.json.Decoder(dict[str, str])
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        document = decoder.decode(line)
        yield Text(f"base:{number}", f"{document['prompt']} {document['completion']}".strip())
