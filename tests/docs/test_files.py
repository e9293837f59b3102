"""Files that the documentation names exist, and files that it shows can be read as what they are said to be."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import PurePosixPath

import msgspec
import pytest

from proda.document_settings import DocumentSettings
from proda.knowledge.schema import with_relation_ids
from proda.params import Params
from proda.yamlio import load_yaml_text
from scripts.reference.fields import table
from scripts.reference.files import FORMATS
from scripts.reference.formats import format_of
from tests.docs.pages import ROOT, blocks, code_spans, pages

TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
FOLDERS = {parent.as_posix() for name in TRACKED for parent in PurePosixPath(name).parents}
# Paths that a command creates, or that belong to a repository of the reader.
MADE = re.compile(r"build/|proposals/|knowledge/merges\.yaml|samples/written|mlflow\.db|\.dvc/config\.local")
READERS_OWN = re.compile(r"^[a-z]+/[a-z-]+/?$")  # an id: physics/optics
SETTINGS = {"params.yaml": Params, "documents.yaml": DocumentSettings}
FRAGMENTS = ("#", "- id: s2")


def _exists(path: str) -> bool:
    """Whether a path, perhaps with placeholders or several names in braces, names something in the repository."""
    if "{" in path:
        before, _, rest = path.partition("{")
        inside, _, after = rest.partition("}")
        return all(_exists(before + one + after) for one in inside.split(","))
    pattern = re.sub(r"<[^>]*>|…|N\b", "*", path.rstrip("/")).replace("**", "*")
    if "*" in pattern:
        return any(True for _ in ROOT.glob(pattern))
    return (
        pattern in FOLDERS
        or pattern in TRACKED
        or any((ROOT / "proda/templates" / one / pattern).exists() for one in ("repository", "example"))
    )


@pytest.mark.parametrize("page", sorted(pages()))
def test_every_path_named_in_the_text_exists(page: str) -> None:
    tops = {name.partition("/")[0] for name in TRACKED if "/" in name} - {".dvc", ".ci", ".github"}
    wrong = []
    for line, code in code_spans(pages()[page]):
        path = code.partition(":")[0]
        if " " in code or path.partition("/")[0] not in tops or "/" not in path or MADE.match(path):
            continue
        here = (ROOT / page).parent / path
        if not _exists(path) and not here.exists():
            wrong.append(f"{page}:{line}  {code}")
    assert not wrong, "\n".join(wrong)


def _named_blocks() -> list[tuple[str, int, str, str]]:
    """(page, line, file, text) of each YAML block whose first line is a comment with the name of a file."""
    found = []
    for page, text in pages().items():
        for block in blocks(text):
            first = re.match(r"# ([\w./<>-]+\.ya?ml)\s*$", block.text.split("\n", 1)[0])
            if block.language == "yaml" and first:
                found.append((page, block.line, first[1], block.text))
    return found


def test_every_yaml_block_that_is_a_file_is_one() -> None:
    found = _named_blocks()
    assert len(found) >= 5
    for page, line, name, text in found:
        kind = SETTINGS.get(name)
        one = format_of(name)
        assert kind or (one and one.record), f"{page}:{line}  {name} is no file of ProDa"
        raw = load_yaml_text(text, name, numbers=True)
        wanted = kind or (list[one.record] if name == "more.yaml" else one.record)  # type: ignore[union-attr,name-defined]
        try:
            msgspec.convert(raw, wanted)
        except msgspec.ValidationError as error:
            raise AssertionError(f"{page}:{line}  {name}\n  {error}") from None


def test_every_other_yaml_block_is_yaml() -> None:
    for page, text in pages().items():
        for block in blocks(text):
            if block.language == "yaml":
                assert load_yaml_text(block.text.replace("{{", "").replace("}}", ""), page) is not None, f"{page}:{block.line}"


def test_every_data_file_of_this_repository_has_a_section_in_the_reference() -> None:
    data = [name for name in TRACKED if name.startswith(("knowledge/", "samples/", "benchmarks/"))]
    known = [name for name in data if name.endswith((".yaml", ".json", ".jsonl", ".csv"))]
    assert len(known) > 500
    missing = [name for name in known if format_of(name) is None]
    assert not missing, missing[:5]


def test_the_most_exact_pattern_names_the_format_of_a_file() -> None:
    titles = {
        "knowledge/physics/heat.yaml": "Topic files",
        "knowledge/sources/catalogue.yaml": "Catalogue of sources",
        "proposals/cases/physics/heat.yaml": "Proposed cases",
        "proposals/physics/heat.yaml": "Proposals of a source",
    }
    for name, title in titles.items():
        one = format_of(name)
        assert one is not None and one.title == title
    assert format_of("knowledge/physics/heat/more.yaml") is None and format_of("pyproject.toml") is None


def test_keys_of_results_are_those_that_the_reference_explains() -> None:
    for one in FORMATS:
        for path in sorted(ROOT.glob(one.pattern))[:1] if one.keys else []:
            if path.suffix == ".json":
                keys = set(json.loads(path.read_text()))
            elif path.suffix == ".csv":
                keys = set(next(csv.reader(path.open())))
            else:
                keys = {key for found in sorted(ROOT.glob(one.pattern))[-2:] for key in load_yaml_text(found.read_text(), found.name)}
            unexplained = keys - set(one.keys)
            assert not unexplained, f"{path.relative_to(ROOT)}: {unexplained} in scripts/reference/files.py"
            missing = set(one.keys) - set(one.sometimes) - keys
            assert path.suffix != ".json" or not missing, f"{path.name}: {missing} are not in the file"


def test_records_decode_the_files_that_the_reference_says_they_do() -> None:
    whole = (
        "knowledge/relations.yaml",
        "samples/allocation.yaml",
        "benchmarks/exceptions.yaml",
        "benchmarks/solved.yaml",
        "benchmarks/validation.yaml",
    )
    topics = [name for name in TRACKED if re.fullmatch(r"knowledge/[a-z-]+/[a-z-]+\.yaml", name) and "/sources/" not in name][:3]
    for name in (*whole, *topics, "knowledge/sources/catalogue.yaml", "samples/base/reading.yaml"):
        one = format_of(name)
        assert one is not None and one.record is not None
        raw = load_yaml_text((ROOT / name).read_text(), name, numbers=True)
        msgspec.convert(with_relation_ids(raw) if name.endswith("relations.yaml") else raw, one.record)


def test_a_table_has_every_field_of_its_record() -> None:
    for one in FORMATS:
        if one.record is not None:
            rows = [line for line in table(one.record).splitlines() if line.startswith("| `")]
            assert len(rows) == len(msgspec.structs.fields(one.record))
