"""The chunks of one source and of many: reasons, fingerprints, and the same result however many processes work."""

from __future__ import annotations

import pytest

from proda.curation.curation import curate_text
from proda.curation.many_sources import curate_texts
from proda.document_settings import CurateSettings

TEXT = """\
# Rails

## Learning Objectives

By the end of this section, you will be able to:

- Explain why a rail buckles

A steel rail expands because its atoms vibrate more strongly when it is heated. If both ends are fixed, the expansion causes a stress that is proportional to the rise in temperature. Unlike a free rail, a fixed rail can buckle when the stress is too large.

## Key Terms

- **rail**: bar of steel
- **stress**: force per area
"""  # noqa: E501


def test_a_chunk_has_the_first_reason_or_a_fingerprint() -> None:
    chunks = curate_text(TEXT, CurateSettings())
    assert [chunk.reason for chunk in chunks] == ["objectives", "", "glossary"]
    assert [chunk.fingerprint is not None for chunk in chunks] == [False, True, False]
    assert chunks[1].heading == ("Rails",)
    assert TEXT[chunks[1].start : chunks[1].end].startswith("A steel rail") and chunks[1].words == 47


def test_a_text_without_a_chunk_has_none() -> None:
    assert curate_text("", CurateSettings()) == []
    assert curate_text("# Only a title\n", CurateSettings()) == []


@pytest.mark.parametrize("processes", [1, 2])
def test_the_result_does_not_depend_on_the_number_of_processes(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proda.curation.many_sources.BATCH", 300)
    texts = {f"physics/topic-{n}": TEXT.replace("steel", f"steel-{n}") for n in range(7)}
    found = dict(curate_texts(texts, CurateSettings(), processes))
    assert list(found) == list(texts)
    assert found == {source: curate_text(text, CurateSettings()) for source, text in texts.items()}
