"""Read every data file of a repository that a command or a stage reads, and gather what is wrong with any of them.

    found = read_committed(Path("."))
    found.findings                                    # benchmarks/items/dev/physics/heat.yaml:12  items[1]  Not an item: …
    found.corpus["samples/corpus/physics/heat.yaml"]  # its samples, if the file can be read

The knowledge has rules and a cache (proda/knowledge); what is read here is samples/ and benchmarks/. A file that cannot be
read never ends the reading of the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from proda.errors import InputError, ProdaError
from proda.findings import Finding
from proda.records import SPLITS, Item, Patch, Sample, Split
from proda.store.allocation import ALLOCATION, load_allocation
from proda.store.corpus import CORPUS, PATCHES, decode_sample
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses, load_noticed
from proda.store.exceptions import PATH as EXCEPTIONS
from proda.store.exceptions import Exemption, load_exceptions
from proda.store.files import data_files
from proda.store.items import ITEMS, decode_item
from proda.store.json_results import object_fault, remedy
from proda.store.outcomes import read_outcomes
from proda.store.patches import apply_patches, read_patch
from proda.store.reading import PATH as READING
from proda.store.reading import load_reading
from proda.store.record_cache import RecordCache, Shelf
from proda.store.validation import PATH as VALIDATION
from proda.store.validation import Validation, load_validation
from proda.store.verdicts import VERDICTS
from proda.yamlio import load_yaml, load_yaml_bytes, read_bytes

RESULTS = Path("benchmarks/results")
SUITE = Path("benchmarks/general/suite.jsonl")
JSON_FILES = ("headline.json", "metrics.json", "breakdowns.json", "overlap.json", "shortcuts.json", "run.json")
RULE = "file"
MAX_MESSAGE = 390  # characters of an error that quotes the file: the file may be one long line

Value = TypeVar("Value")
Record = TypeVar("Record")


class Committed(msgspec.Struct):
    """The records of each file (path relative to the repository), and the findings on those that cannot be read."""

    findings: list[Finding]
    corpus: dict[str, list[Sample]] = {}
    patches: dict[str, Patch] = {}
    items: dict[str, list[Item]] = {}
    exceptions: tuple[Exemption, ...] = ()
    validation: Validation | None = None  # None: it cannot be read
    allocation: dict[str, int] | None = None  # None: no such file, or it cannot be read


def read_committed(root: Path) -> Committed:
    """Read samples/ and benchmarks/ below `root`. Files that the build needs are required if there is a dvc.yaml."""
    found = Committed([])
    required = (root / "dvc.yaml").is_file()

    def attempt(file: Path, read: Callable[[], Value]) -> Value | None:
        if not required and not (root / file).is_file():
            return None
        value, findings = attempted(root, file.as_posix(), read)
        found.findings += findings
        return value

    found.allocation = attempt(ALLOCATION, lambda: load_allocation(root))
    found.exceptions = attempt(EXCEPTIONS, lambda: load_exceptions(root)) or ()
    attempt(READING, lambda: load_reading(root / READING))
    cache = RecordCache.load(root)
    found.validation = cache.validation.get(root / VALIDATION)
    if found.validation is None:
        found.validation, findings = attempted(root, VALIDATION.as_posix(), lambda: load_validation(root))
        found.findings += findings
        if found.validation is not None:
            cache.validation.add(root / VALIDATION, found.validation)
    _samples(root, found, cache)
    _items(root, found, cache)
    cache.save()
    for file, read in _results(root):
        _, findings = attempted(root, file, read)
        found.findings += findings
    return found


def attempted(root: Path, file: str, read: Callable[[], Value]) -> tuple[Value | None, list[Finding]]:
    """The value that `read` returns and no findings, or None and what is wrong with `file`. Never raises on bad input."""
    try:
        return read(), []
    except InputError as error:
        given = [f for f in error.findings if isinstance(f, Finding)]
        return None, [msgspec.structs.replace(f, file=file) for f in given] or [_from_message(root, file, str(error))]
    except ProdaError as error:
        return None, [_from_message(root, file, str(error))]
    except UnicodeDecodeError as error:
        byte = error.object[error.start] if isinstance(error.object, bytes) else 0
        return None, [Finding(file, 0, "", RULE, f"Byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8.")]
    except OSError as error:
        return None, [Finding(file, 0, "", RULE, f"The file cannot be read: {error.strerror}. Fix it, or remove it.")]
    except RecursionError:
        return None, [Finding(file, 0, "", RULE, "Nested too deeply. Restore the file from git.")]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        # A reader that expected another shape. The file is at fault, and the other files must still be read.
        return None, [Finding(file, 0, "", RULE, f"Not of the expected form ({error}). Restore the file from git.")]


def _from_message(root: Path, file: str, message: str) -> Finding:
    """The finding for an error whose message is `place  key path`, then what is wrong."""
    place, _, text = message[:MAX_MESSAGE].partition("\n")
    path = place.removeprefix(f"{root}/").partition("  ")[2].strip()
    head, _, number = place.partition("  ")[0].rpartition(":")
    return Finding(file, int(number) if head and number.isdigit() else 0, path, RULE, " ".join((text or place).split()))


def _samples(root: Path, found: Committed, cache: RecordCache) -> None:
    seen: dict[str, str] = {}
    for path in data_files(root / CORPUS, "*/*.yaml"):
        file = path.relative_to(root).as_posix()
        records, findings = _entries(root, path, "samples", decode_sample, cache.samples)
        found.findings += findings
        if not findings:
            found.corpus[file] = records
        for sample in records:
            if seen.setdefault(sample.id, file) != file:
                message = f"'{sample.id}' is also a sample of {seen[sample.id]}. Rebuild both with `dvc repro synthesize`."
                found.findings.append(Finding(file, 0, "samples", RULE, message))
    for path in data_files(root / PATCHES, "*.yaml"):
        file = path.relative_to(root).as_posix()
        patch = cache.patches.get(path)
        if patch is None:
            patch, findings = attempted(root, file, lambda path=path: read_patch(path))  # type: ignore[misc]
            found.findings += findings
            if patch is not None:
                cache.patches.add(path, patch)
        if patch is not None:
            found.patches[file] = patch
    if not found.findings:
        corpus = [sample for group in found.corpus.values() for sample in group]
        _, findings = attempted(root, PATCHES.as_posix(), lambda: apply_patches(corpus, list(found.patches.values())))
        found.findings += [msgspec.structs.replace(f, severity="warning") for f in findings] if not corpus else findings


def _items(root: Path, found: Committed, cache: RecordCache) -> None:
    for split in SPLITS:
        for path in data_files(root / ITEMS / split, "*/*.yaml"):

            def decode(raw: Any, path: Path, split: Split = split) -> Item:
                return decode_item(raw, path, split)

            records, findings = _entries(root, path, "items", decode, cache.items)
            found.findings += findings
            if not findings:
                found.items[path.relative_to(root).as_posix()] = records


def _entries(
    root: Path, path: Path, key: str, decode: Callable[[Any, Path], Record], shelf: Shelf[list[Record]]
) -> tuple[list[Record], list[Finding]]:
    """The records of the list under `key`; a finding for each entry that is not one, with its line."""
    if (kept := shelf.get(path)) is not None:
        return kept, []
    file = path.relative_to(root).as_posix()

    def read() -> tuple[bytes, list[Any]]:
        data = read_bytes(path)
        document = load_yaml_bytes(data, file)
        if not isinstance(document, dict) or not isinstance(document.get(key), list):
            raise InputError(f"{file}\n  Expected `{key}:` and a list below it. Restore the file from git, or rebuild it with `dvc repro`.")
        return data, document[key]

    loaded, findings = attempted(root, file, read)
    records: list[Record] = []
    for number, raw in enumerate(loaded[1] if loaded else ()):
        record, wrong = attempted(root, file, lambda raw=raw: decode(raw, path))  # type: ignore[misc]
        if record is not None:
            records.append(record)
        findings += [msgspec.structs.replace(f, path=f"{key}[{number}]", line=number) for f in wrong]
    if loaded and findings:
        from proda.yamlio.positions import line_map, line_of

        lines = line_map(loaded[0])
        findings = [msgspec.structs.replace(f, line=line_of(lines, (key, f.line))) for f in findings]
    if not findings:
        shelf.add(path, records)
    return records, findings


def _results(root: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """(file, how it is read) for every committed result and verdict that exists."""
    for name in JSON_FILES:
        yield from _if_there(root, RESULTS / name, _read_json)
    for split in SPLITS:
        yield from _if_there(root, RESULTS / "outcomes" / f"{split}.csv", read_outcomes)
    yield from _if_there(root, DIAGNOSIS, lambda _: (load_diagnoses(root), load_noticed(root)))
    yield from _if_there(root, SUITE, _read_lines)
    for path in data_files(root / VERDICTS, "*.yaml"):
        yield from _if_there(root, path.relative_to(root), _read_verdict)


def _if_there(root: Path, file: Path, read: Callable[[Path], object]) -> Iterator[tuple[str, Callable[[], object]]]:
    path = root / file
    if path.exists() or path.is_symlink():
        yield file.as_posix(), lambda: read(path)


def _read_json(path: Path) -> None:
    data = read_bytes(path)
    if fault := object_fault(data):
        raise InputError(f"{path}\n  {fault} {remedy(path.name, data)}")


def _read_lines(path: Path) -> None:
    for number, line in enumerate(read_bytes(path).split(b"\n"), start=1):
        try:
            right = not line.strip() or isinstance(json.loads(line), dict)
        except ValueError:
            right = False
        if not right:
            raise InputError(
                f"{path}:{number}\n  Expected a JSON object on each line. Restore the file from git, or rebuild it with `dvc repro`."
            )


def _read_verdict(path: Path) -> None:
    document = load_yaml(path, numbers=True)
    if not isinstance(document, dict):
        raise InputError(f"{path}\n  Expected keys and values. Restore the file from git.")
    for key in ("retrained", "items", "patches"):
        if not isinstance(document.get(key, {}), dict | list):
            raise InputError(f"{path}  {key}\n  Expected keys and values. Restore the file from git.")
