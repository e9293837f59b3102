"""proposals/ and build/curated: what is written is read back, and a damaged file is refused with a message that names it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, NotFoundError
from proda.store.chunks import Chunk, chunk_id, curated_sources, load_chunks, prune_chunks, save_chunks
from proda.store.proposals import (
    ChunkRecord,
    Proposals,
    ProposedChain,
    ProposedConcept,
    ProposedEvidence,
    ProposedStatement,
    load_proposals,
    proposed_sources,
    save_proposals,
    statement_key,
)

SOURCE = "milling/flour"


def _statement(quote: str = "Grinding makes flour.") -> ProposedStatement:
    return ProposedStatement("grinding", "produces", "flour", quote, ProposedEvidence(quote, (0, len(quote))), "123456789012")


def _proposals() -> Proposals:
    key = statement_key(SOURCE, "Grinding makes flour.", ("grinding", "produces", "flour"))
    return Proposals(
        SOURCE,
        "0" * 64,
        "rules",
        chunks={"123456789012": ChunkRecord("statements"), "1e3456789012": ChunkRecord("set-aside", "the quote: is not in the source")},
        concepts={"grinding": ProposedConcept("grinding", "process", "the crushing of grain between stones", drafted=True)},
        statements={key: _statement()},
        chains={"flour": ProposedChain("how grain becomes flour", (key,))},
    )


def test_proposals_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    assert save_proposals(tmp_path, _proposals())
    assert not save_proposals(tmp_path, _proposals())
    assert load_proposals(tmp_path, SOURCE) == _proposals()
    assert proposed_sources(tmp_path) == (SOURCE,)


def test_a_chain_that_names_no_statement_is_refused_with_its_line(tmp_path: Path) -> None:
    broken = msgspec.structs.replace(_proposals(), chains={"flour": ProposedChain("how grain becomes flour", ("feedfeedfeed",))})
    save_proposals(tmp_path, broken)
    with pytest.raises(InputError, match=r"flour\.yaml:\d+  chains\.flour\.statements\[0\]"):
        load_proposals(tmp_path, SOURCE)


def test_proposals_of_another_source_are_refused(tmp_path: Path) -> None:
    save_proposals(tmp_path, _proposals())
    (tmp_path / "proposals/milling/bread.yaml").write_bytes((tmp_path / "proposals/milling/flour.yaml").read_bytes())
    with pytest.raises(InputError, match="Got 'milling/flour', but the file is that of 'milling/bread'"):
        load_proposals(tmp_path, "milling/bread")


def test_a_source_without_proposals_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="proda extract milling/flour"):
        load_proposals(tmp_path, SOURCE)


def test_a_statement_key_ignores_case_and_space_and_tells_triples_apart() -> None:
    triple = ("grinding", "produces", "flour")
    assert statement_key(SOURCE, "Grinding  makes flour.", triple) == statement_key(SOURCE, "grinding makes flour.", triple)
    assert statement_key(SOURCE, "Grinding makes flour.", triple) != statement_key(SOURCE, "Grinding makes flour.", triple[::-1])
    assert statement_key(SOURCE, "Grinding makes flour.", triple) != statement_key("milling/bread", "Grinding makes flour.", triple)


def test_chunks_are_read_back_and_those_of_removed_sources_pruned(tmp_path: Path) -> None:
    kept = Chunk(chunk_id(SOURCE, "Grain."), SOURCE, ("Flour",), 0, 6, "Grain.", 1)
    rejected = Chunk(chunk_id(SOURCE, "Grain.", 1), SOURCE, ("Flour",), 7, 13, "Grain.", 1, False, "duplicate", f"of {kept.id}")
    save_chunks(tmp_path, SOURCE, [kept, rejected])
    save_chunks(tmp_path, "milling/bread", [])
    assert load_chunks(tmp_path, SOURCE) == (kept, rejected)
    assert kept.id != rejected.id
    assert prune_chunks(tmp_path, [SOURCE]) == 1
    assert curated_sources(tmp_path) == (SOURCE,)


def test_a_damaged_file_of_chunks_is_refused(tmp_path: Path) -> None:
    save_chunks(tmp_path, SOURCE, [])
    (tmp_path / "build/curated/milling/flour.jsonl").write_text('{"id": "1"')
    with pytest.raises(InputError, match="Run `proda curate` to write it again"):
        load_chunks(tmp_path, SOURCE)
    with pytest.raises(InputError, match="has not been curated"):
        load_chunks(tmp_path, "milling/bread")
