"""documents.yaml: defaults without a file, every fault with its line, and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.document_settings import DocumentSettings, load_document_settings
from proda.errors import InputError


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_document_settings(tmp_path) == DocumentSettings()


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "documents.yaml").write_text("curate:\n  chunk_words: 99\nllm:\n  max_cost: 2.5\n  input_price: 0.1\n")
    settings = load_document_settings(tmp_path)
    assert (settings.curate.chunk_words, settings.llm.max_cost, settings.extract.backend) == (99, 2.5, "rules")


def test_a_misspelt_key_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "documents.yaml").write_text("curate:\n  chunk_word: 99\n")
    with pytest.raises(InputError, match=r"documents\.yaml:2  curate\.chunk_word"):
        load_document_settings(tmp_path)


@pytest.mark.parametrize("address", ["http://me:hunter2@host/v1", "https://host/v1?key=hunter2"])
def test_an_address_with_a_secret_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    (tmp_path / "documents.yaml").write_text(f"llm:\n  endpoint: {address}\n")
    with pytest.raises(InputError, match="PRODA_API_KEY") as caught:
        load_document_settings(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_a_spend_cap_without_prices_is_refused(tmp_path: Path) -> None:
    (tmp_path / "documents.yaml").write_text("llm:\n  max_cost: 5\n")
    with pytest.raises(InputError, match="max_cost needs prices"):
        load_document_settings(tmp_path)


@pytest.mark.parametrize(("url", "shown"), [("ftp://x", "'ftp://x'"), ("nowhere", "'nowhere'"), ("ada:s3cret@host", "no address")])
def test_what_is_no_address_is_shown_unless_it_may_hold_a_password(tmp_path: Path, url: str, shown: str) -> None:
    (tmp_path / "documents.yaml").write_text(f"llm:\n  endpoint: {url}\n")
    with pytest.raises(InputError) as found:
        load_document_settings(tmp_path)
    assert f"Got {shown}, expected an address like" in str(found.value)
