"""Documents → sources: the text of each file under knowledge/sources/, and its entry in the catalogue.

    planned = plan_ingest(root, matched, "physics", details, …)
    planned.results[0]        # IngestedFile(file="papers/heat.pdf", state="new", source="physics/heat-pumps", words=4310, …)
    planned.texts             # {"knowledge/sources/physics/heat-pumps.md": "# Heat pumps\\n…"}

A document that cannot be read is a result of its own, with the reason; the others go on.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from proda.documents.blocks import MATH_OPEN, ReadDocument, UnreadableDocumentError
from proda.documents.source_text import own_title, plain, source_text
from proda.errors import InputError, printable
from proda.knowledge.schema import SourceEntry
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.records import Record
from proda.store.edit_lock import editing
from proda.workflows.catalogue import catalogue_text, load_catalogue, load_catalogue_ids
from proda.workflows.file_set import require_committed, require_inside, write_together
from proda.workflows.ingest_files import MatchedFile, catalogued_name
from proda.yamlio import load_yaml_bytes, read_bytes
from proda.yamlio.policy import MAX_BYTES

LONGEST_TOPIC = 60  # characters of an id that is made of a title
_SHOWN_LINES = 12  # changed lines that a result quotes
_SHOWN_LENGTH = 160


class Details(Record, frozen=True):
    """What the person who ingests states: for every file, except for the title and the topic, which are for one."""

    licence: str | None = None
    origin: str | None = None
    title: str | None = None
    topic: str | None = None
    update: bool = False


class IngestedFile(Record, frozen=True):
    """What became of one file."""

    file: str
    state: str  # new, changed, updated, unchanged, renamed, repeated, refused
    source: str = ""
    format: str = ""
    title: str = ""
    pages: int = 0
    words: int = 0
    headings: int = 0
    tables: int = 0
    equations: int = 0
    added: int = 0  # lines of the source
    removed: int = 0
    changes: tuple[str, ...] = ()  # the first changed lines, as `diff` shows them
    lost: tuple[str, ...] = ()  # statements whose quote is no longer in the source
    reason: str = ""
    notes: tuple[str, ...] = ()


class IngestBatch(Record, frozen=True):
    """Files that are written together."""

    results: tuple[IngestedFile, ...]
    texts: dict[str, str]  # path → text of a source
    entries: dict[str, dict[str, Any]]  # source → fields of its catalogue entry


def plan_ingest(
    root: Path,
    files: Sequence[MatchedFile],
    discipline: str,
    details: Details,
    read: Callable[[Path], ReadDocument],
    ask_title: Callable[[Path, str], str] | None = None,
    taken: set[str] | None = None,
    quotes: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> IngestBatch:
    """What ingesting `files` would write; writes nothing.

    `read` returns the document of a file or raises UnreadableDocumentError. `ask_title` is asked where a document states no title; without
    it the file's name is used. `taken` are topics that are not free; those of this batch are added.
    `quotes` is what `quotes_of` returns.
    """
    catalogue = load_catalogue(root)
    taken = taken_topics(root, discipline) if taken is None else taken
    quotes = quotes_for(root, files) if quotes is None else quotes
    results: list[IngestedFile] = []
    texts: dict[str, str] = {}
    entries: dict[str, dict[str, Any]] = {}
    for file in files:
        shown = printable(str(file.path))
        if file.state in ("refused", "repeated"):
            results.append(IngestedFile(shown, file.state, reason=printable(file.reason)))
            continue
        if file.state in ("unchanged", "renamed"):
            results.append(_known(shown, file, catalogue[file.source], details, entries))
            continue
        try:
            document = read(file.path)
            title, notes = _title(file.path, document, details, ask_title)
            source = file.source or f"{discipline}/{_topic(title, file.path, details, taken)}"
            before = _text_before(root, catalogue[source], source) if file.state == "changed" else ""
            require_inside(root, (source_path(source),))
            text = source_text(_first_line(before) if before and not details.title else title, document)
            if len(text.encode()) > MAX_BYTES:
                raise UnreadableDocumentError(f"The text has more than {MAX_BYTES:,} bytes, the limit of a source. Split the file.")
            result = _described(file, source, title, document, text)
            if file.state == "changed":
                result = _replaced(result, **_difference(before, text), lost=tuple(n for n, q in quotes.get(source, ()) if q not in text))
        except UnreadableDocumentError as error:
            results.append(IngestedFile(shown, "refused", reason=printable(str(error))))
            continue
        except InputError as error:
            results.append(IngestedFile(shown, "refused", source=file.source, reason=" ".join(str(error).split())))
            continue
        fields = {"name": catalogued_name(file.path), "format": document.format, "sha256": file.sha256}
        if file.state == "changed":
            if details.update:
                stated = {key: value for key, value in (("licence", details.licence), ("origin", details.origin)) if value}
                stated |= {"title": details.title} if details.title else {}
                entries[source] = stated | {"sha256": hashlib.sha256(text.encode()).hexdigest(), "document": fields}
                texts[source_path(source)] = text
                result = _replaced(result, state="updated")
        else:
            taken.add(source.partition("/")[2])
            stated = {"title": title, "origin": details.origin or "", "licence": details.licence or ""}
            entries[source] = stated | {"sha256": hashlib.sha256(text.encode()).hexdigest(), "document": fields}
            texts[source_path(source)] = text
        results.append(_with_notes(result, notes + document.notes))
    return IngestBatch(tuple(results), texts, entries)


def write_batch(root: Path, batch: IngestBatch) -> None:
    """Write the sources and the catalogue of a batch, all of them or none.

    Raises InputError if another process has written one of the new sources since the batch was planned.
    """
    if not batch.entries:
        return
    with editing(root, "proda ingest"):
        known = load_catalogue_ids(root)
        new = [result.source for result in batch.results if result.state == "new"]
        if taken := [source for source in new if source in known or (root / source_path(source)).exists()]:
            raise InputError(
                f"{', '.join(taken)}\n  Another command has added a source of this name meanwhile. Nothing of these files was written."
                " Run the same command again."
            )
        write_together(root, {**batch.texts, CATALOGUE: catalogue_text(root, batch.entries)})


def taken_topics(root: Path, discipline: str) -> set[str]:
    """The topics of a discipline that have a source, a topic file or a catalogue entry."""
    tree = scan(root)
    topics = {Path(file).stem for file in tree.topics if file.split("/")[1] == discipline}
    known = [*tree.sources, *load_catalogue(root), *_untracked_sources(root, discipline)]
    return topics | {source.partition("/")[2] for source in known if source.partition("/")[0] == discipline}


def _untracked_sources(root: Path, discipline: str) -> Iterator[str]:
    """Sources that DVC tracks and that are not checked out."""
    for path in (root / "knowledge/sources" / discipline).glob("*.md.dvc"):
        yield f"{discipline}/{path.name.removesuffix('.md.dvc')}"


def slug(text: str) -> str:
    """`text` as an id: lower-case words of ASCII letters and digits, joined by hyphens. Empty if it has none."""
    plain_letters = (
        unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("æ", "ae")).encode("ascii", "ignore").decode()
    )
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=\w)['’](?=\w)", "", plain_letters).lower())
    result = ""
    for word in words:
        longer = f"{result}-{word}" if result else word[:LONGEST_TOPIC]
        if len(longer) > LONGEST_TOPIC:
            break
        result = longer
    return result


def _topic(title: str, path: Path, details: Details, taken: Iterable[str]) -> str:
    """A free topic for a new source: as stated, or of the title, or of the file's name, or of either with a number."""
    taken = set(taken)
    if details.topic is not None:
        if details.topic in taken:
            raise InputError(f"'{details.topic}' exists and comes from another document. Choose another --topic.")
        return details.topic
    named, filed = slug(title), slug(path.stem)
    for candidate in (named, filed):
        if candidate and candidate not in taken:
            return candidate
    base = named or filed or "document"
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def _title(path: Path, document: ReadDocument, details: Details, ask: Callable[[Path, str], str] | None) -> tuple[str, tuple[str, ...]]:
    """The title of a source, and a note if it was taken from the file's name."""
    stated = details.title or own_title(document)
    if stated:
        return stated[:300], ()
    named = plain(re.sub(r"[-_]+", " ", path.stem)) or "Untitled"
    if ask is not None:
        return plain(ask(path, named)) or named, ()
    return named, ("The document states no title; its file name is used. --title gives another.",)


def _known(shown: str, file: MatchedFile, entry: SourceEntry, details: Details, entries: dict[str, dict[str, Any]]) -> IngestedFile:
    """The result for a file whose bytes the catalogue knows; with `update`, its new name is recorded."""
    held = entry.document
    result = IngestedFile(shown, file.state, file.source, format=held.format if held else "", title=entry.title)
    if file.state == "renamed" and held is not None:
        if details.update:
            entries[file.source] = {"document": {"name": catalogued_name(file.path), "format": held.format, "sha256": held.sha256}}
        note = f"Catalogued as {held.name}." + (" The new name is recorded." if details.update else " --update records the new name.")
        return _with_notes(result, (note,))
    return result


def _described(file: MatchedFile, source: str, title: str, document: ReadDocument, text: str) -> IngestedFile:
    kinds = [block.kind for block in document.blocks]
    inside = sum(part.count(MATH_OPEN) for block in document.blocks for part in (block.text, *(c for row in block.rows for c in row)))
    return IngestedFile(
        printable(str(file.path)),
        file.state,
        source,
        document.format,
        title,
        document.pages,
        words=len(text.split()),
        headings=kinds.count("heading"),
        tables=kinds.count("table"),
        equations=kinds.count("equation") + inside,
    )


def _first_line(text: str) -> str:
    """The title of a source, as plain text."""
    line = text.partition("\n")[0]
    return re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", line[2:]) if line.startswith("# ") else "Untitled"


def _text_before(root: Path, entry: SourceEntry, source: str) -> str:
    """The source as it stands. Raises InputError if it is missing, or edited by hand and not committed."""
    path = root / source_path(source)
    if not path.is_file():
        tracked = (path.parent / f"{path.name}.dvc").is_file()
        raise InputError(f"{source_path(source)}  is missing. {'Run `dvc pull`' if tracked else 'Restore it from git'}, then ingest again.")
    data = read_bytes(path, root)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        try:
            require_committed(root, (source_path(source),))
        except InputError:
            raise InputError(f"{source_path(source)}  was edited by hand since, and the edit is not committed. Commit it first.") from None
    return data.decode("utf-8", "replace")


def _difference(before: str, after: str) -> dict[str, Any]:
    """How many lines are new and gone, blank ones aside, and the first of them."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    changed = [line for line in lines if line[:1] in "+-" and line[1:].strip()]
    shown = tuple(printable(line if len(line) <= _SHOWN_LENGTH else f"{line[:_SHOWN_LENGTH]}…") for line in changed[:_SHOWN_LINES])
    return {"added": sum(line[0] == "+" for line in changed), "removed": sum(line[0] == "-" for line in changed), "changes": shown}


def quotes_for(root: Path, files: Iterable[MatchedFile]) -> dict[str, list[tuple[str, str]]]:
    """What `quotes_of` returns if a file has changed; otherwise empty, since nothing is looked up in it."""
    return quotes_of(root) if any(file.state == "changed" for file in files) else {}


def quotes_of(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Source → (statement, quote) of every statement of the knowledge that quotes it. Topic files that cannot be read count as empty."""
    quotes: dict[str, list[tuple[str, str]]] = {}
    for file in scan(root).topics:
        try:
            raw = load_yaml_bytes(read_bytes(root / file, root), file)
            for name, statement in _statements(raw):
                evidence = statement["evidence"]
                quote = unicodedata.normalize("NFC", str(evidence["quote"]))
                quotes.setdefault(evidence.get("source") or raw["source"], []).append((f"{file.split('/')[1]}/{name}", quote))
        except (InputError, AttributeError, KeyError, TypeError):
            continue
    return quotes


def _statements(raw: Any) -> Iterator[tuple[str, Any]]:
    for chain, told in (raw.get("chains") or {}).items():
        yield from ((f"{chain}.{step['id']}", step) for step in told["steps"])
    yield from (raw.get("links") or {}).items()


def _with_notes(result: IngestedFile, notes: tuple[str, ...]) -> IngestedFile:
    return _replaced(result, notes=notes) if notes else result


def _replaced(result: IngestedFile, **fields: Any) -> IngestedFile:
    import msgspec

    changed: IngestedFile = msgspec.structs.replace(result, **fields)
    return changed
