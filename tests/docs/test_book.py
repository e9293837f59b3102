"""The book builds without a warning and loads nothing from other hosts, and its reference agrees with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from proda.cli.main import VERBS
from proda.document_settings import DocumentSettings
from proda.params import Params
from scripts.reference import filled
from scripts.reference.files import FORMATS
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book as HTML, built as `make docs` builds it."""
    out = tmp_path_factory.mktemp("book")
    (line,) = [line for line in (ROOT / "Makefile").read_text().splitlines() if "sphinx-build" in line]
    options = line.split()[1:-1]
    done = subprocess.run([sys.executable, "-P", "-m", "sphinx", *options, str(out)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_book_builds_without_warnings_and_has_every_part(book: Path) -> None:
    for page in ("index", "tutorial", "how-to/documents", "reference/formats", "explanation/journal", "decisions/README", "glossary"):
        assert (book / f"{page}.html").stat().st_size > 2000, page
    index = (book / "index.html").read_text()
    assert "how-to/teams.html" in index and "decisions/005-local-randomness.html" in index


def test_no_page_loads_anything_from_another_host(book: Path) -> None:
    loads = re.compile(r"""(?:<script[^>]*\ssrc|<link[^>]*\shref|<img[^>]*\ssrc|@import|url\()\s*[=(]?\s*["']?(?:https?:)?//""")
    files = [*book.rglob("*.html"), *book.rglob("*.css")]
    assert len(files) > 40
    assert [path.name for path in files if loads.search(path.read_text())] == []
    assert loads.search('<link rel="stylesheet" href="https://fonts.example.org/x.css">') and loads.search("src: url(//x.org/a.woff)")


def test_the_reference_has_every_verb_parameter_and_file(book: Path) -> None:
    commands, parameters, formats = ((book / f"reference/{name}.html").read_text() for name in ("commands", "parameters", "formats"))
    assert [verb for verb in VERBS if f">proda {verb}<" not in commands] == []
    for settings in (Params(), DocumentSettings()):
        for section in _nested(settings):
            assert [key for key in section.__struct_fields__ if f'<span class="pre">{key}</span>' not in parameters] == [], section
    assert '<span class="pre">evaluate.endpoint</span>' in parameters
    assert ">python -m proda.cli.reading_sheet<" in commands
    assert [one.title for one in FORMATS if f">{one.title}<" not in formats] == []
    assert "generated:" not in re.sub(r"<!--.*?-->", "", commands)


def _nested(settings: msgspec.Struct) -> Iterator[msgspec.Struct]:
    """The settings, their sections, the blocks in these, and so on."""
    yield settings
    for name in settings.__struct_fields__:
        if isinstance(inner := getattr(settings, name), msgspec.Struct):
            yield from _nested(inner)


def test_a_mark_that_names_no_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="no generated part 'verbs'"):
        filled("<!-- generated: verbs -->", ROOT)
    assert filled("text", ROOT) == "text"
