"""All texts that a model is trained on, each with the place it comes from. The guard compares them with the items.

for text in training_texts(root, load_samples(root)): …      Text(where="physics/bimetal-strip-bends.s1:open-1", text="What does heating …")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.records import Sample


class Text(msgspec.Struct, frozen=True):
    """One training text. `where` is a sample id, or `base:` and a line number."""

    where: str
    text: str


def sample_text(sample: Sample) -> str:
    """Return everything that a sample shows or teaches: question, options, answer, explanation."""
    return "\n".join([sample.question, *sample.options, sample.completion])


def training_texts(root: Path, samples: Iterable[Sample]) -> Iterator[Text]:
    """Yield the texts of `samples`, then the training text of the embedded base (one document per sentence of reading)."""
    for sample in samples:
        yield Text(sample.id, sample_text(sample))
    yield from base_texts(root / "build/curriculum/documents.jsonl")


def base_texts(path: Path) -> Iterator[Text]:
    """Yield the documents of the embedded base; none for a pretrained base, whose training text is not available."""
    if not path.is_file():
        return
    decoder = msgspec.json.Decoder(dict[str, str])
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            document = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InputError(f"{path}:{number}\n  The line is damaged. Run `dvc repro curriculum`, which writes the file again.") from None
        yield Text(f"base:{number}", f"{document['prompt']} {document['completion']}".strip())
