"""Check what the knowledge would be with some files changed, before anything is written.

    with would_be(root, {"knowledge/optics/lenses.yaml": "discipline: optics\\n…"}) as tree:
        errors, report = new_errors(root, tree)      # errors that `proda check` finds there and does not find in the present files

The tree is a folder below build/cache with the files as hard links, so that the check's cache knows all of them but the changed ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from proda.findings import Finding
from proda.graph import CompiledTopic
from proda.knowledge.compile import CACHE, check_knowledge
from proda.knowledge.report import Report
from proda.store.allocation import ALLOCATION, load_allocation, wrong_disciplines
from proda.store.files import write_file
from proda.yamlio.schema import located

FOLDER = "build/cache"
UNREADABLE = ("yaml", "schema")  # rules whose findings stop the rules over all files


@contextmanager
def would_be(root: Path, texts: Mapping[str, str]) -> Iterator[Path]:
    """A folder with the knowledge and the allocation of `root`, and `texts` in the place of the files of those names.

    It is removed at the end of the block.
    """
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / FOLDER, prefix="would-be-") as name:
        tree = Path(name)
        for folder, _, files in os.walk(root / "knowledge"):
            inside = Path(folder).relative_to(root)
            (tree / inside).mkdir(parents=True)
            for file in files:
                _linked(root / inside / file, tree / inside / file)
        if (root / ALLOCATION).is_file():
            (tree / ALLOCATION).parent.mkdir(parents=True)
            _linked(root / ALLOCATION, tree / ALLOCATION)
        if (root / CACHE).is_file():
            (tree / CACHE).parent.mkdir(parents=True)
            shutil.copyfile(root / CACHE, tree / CACHE)
        for file, text in texts.items():
            write_file(tree / file, text)  # replaces the link, and leaves the file that it shares alone
        yield tree


def new_errors(root: Path, tree: Path) -> tuple[tuple[Finding, ...], Report]:
    """Errors of the knowledge and the allocation in `tree` that `root` does not have, and the report with the compiled knowledge.

    Files that cannot be read count as new in any case: while there are some, references cannot be checked.
    """
    found, report = _errors(tree)
    if found:
        known = {_without_line(f) for f in _errors(root)[0] if f.rule not in UNREADABLE}
        found = tuple(f for f in found if _without_line(f) not in known)
    return found, report


def compiled_topics(report: Report) -> tuple[CompiledTopic, ...]:
    """The topics of a report that was made with `compiled`; none if the knowledge has errors."""
    decoder = msgspec.json.Decoder(CompiledTopic)
    return tuple(decoder.decode(line) for shard in report.shards for line in shard.splitlines() if line)


def _errors(root: Path) -> tuple[tuple[Finding, ...], Report]:
    report = check_knowledge(root, compiled=True)
    found = [f for f in report.findings if f.severity == "error"]
    if report.ok and (root / ALLOCATION).is_file():
        disciplines = {chain.discipline for topic in compiled_topics(report) for chain in topic.chains if chain.status == "active"}
        faults = wrong_disciplines(load_allocation(root), disciplines)
        found += located(faults, ALLOCATION.as_posix(), (root / ALLOCATION).read_bytes(), "allocation")
    return tuple(found), report


def _without_line(finding: Finding) -> tuple[str, str, str, str]:
    return finding.file, finding.path, finding.rule, finding.message


def _linked(file: Path, target: Path) -> None:
    with suppress(OSError):  # another file system, or one without hard links; a file that cannot be read is left out
        try:
            os.link(file, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(file, target, follow_symlinks=False)
