"""Compare what `proda ingest` reads from the same document in several formats: the pairs of ../shared/corpus/documents.

    $ python -m scripts.document_pairs ../shared/corpus/documents
    document                  formats        words        in both, of each   in order   why not more

No pair is the same text, so none reaches the agreement of generated documents (tests/documents/test_generated.py). The last column says
what differs.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections import Counter
from pathlib import Path

import click

from proda.cli.main import main as run
from proda.documents.read import file_bytes, read_document
from proda.documents.source_text import own_title, source_text

# Two files of one document → why their texts differ.
PAIRS = {
    (
        "fedramp-working-with-oscal.md",
        "fedramp-working-with-oscal.pdf",
    ): "the PDF, printed by a browser, has no title and one more heading",
    ("fedramp-working-with-oscal.md", "fedramp-working-with-oscal.docx"): "two revisions: the DOCX has a caption and a heading more",
    ("fedramp-working-with-oscal.docx", "fedramp-working-with-oscal.pdf"): "two revisions: the DOCX has a title and a caption more",
    ("fedramp-overview.md", "fedramp-overview.docx"): "the DOCX has another title; its table headers are in capitals in the Markdown only",
    ("fedramp-extensions.html", "fedramp-extensions.pdf"): "the PDF, a print of a browser, cuts the wide table at the right edge",
    ("fedramp-extensions.html", "fedramp-extensions.docx"): "two documents: the DOCX is a page about the table, without it",
    ("distributed-algorithms-lecture-02.pptx", "distributed-algorithms-lecture-02.pdf"): "the PDF has the labels of the drawings",
}
_WORD = re.compile(r"[^\W_]+")
_NOT_TEXT = re.compile(r"^<!-- .* -->$|\\(?=[!-/:-@\[-`{-~])", re.MULTILINE)


def words_of(path: Path) -> list[str]:
    """The words of a document as it is ingested, in order."""
    document = read_document(path.name, file_bytes(path))
    return _WORD.findall(_NOT_TEXT.sub("", source_text(own_title(document) or path.stem, document)))


def compared(first: list[str], second: list[str]) -> tuple[float, float, float]:
    """The shares of the first text's words in the second, and of the second's in the first, and of the shorter's in the same order."""
    same = sum((Counter(first) & Counter(second)).values())
    blocks = difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return same / len(first), same / len(second), sum(block.size for block in blocks) / min(len(first), len(second))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def pairs(folder: Path) -> None:
    """Print the agreement of each pair in FOLDER."""
    click.echo(f"{'documents':<76} {'words':>11}  {'of 1st':>6} {'of 2nd':>6} {'order':>6}  why not more")
    for (first, second), why in PAIRS.items():
        if not (folder / first).is_file() or not (folder / second).is_file():
            continue
        a, b = words_of(folder / first), words_of(folder / second)
        there, back, order = compared(a, b)
        click.echo(f"{f'{first} / {second}':<76} {len(a):>5}/{len(b):<5}  {there:>6.3f} {back:>6.3f} {order:>6.3f}  {why}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.argv.append("--help")
    run(pairs)
