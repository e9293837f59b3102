"""Rows have the shape that their readers document, and nothing is lost on the way."""

from __future__ import annotations

import pytest

from proda.exchange.item_rows import COLUMNS as ITEM_COLUMNS
from proda.exchange.item_rows import huggingface_row
from proda.exchange.sample_rows import COLUMNS, FORMATS, RowOrigin, SampleFormat, provenance, registry
from proda.exchange.training_rows import read_row
from proda.records import Sample
from proda.store.patches import sample_hash
from tests.tester.models import items

OPEN = Sample("milling/wind.s1:open-1", "open", ("milling/wind",), "What does wind cause?", "Sail rotation.", "Wind turns the sails.")
CHOICE = Sample(
    "milling/wind.s1:choice-1",
    "choice",
    ("milling/flour", "milling/wind"),
    "Which of these does wind cause?",
    "sail rotation",
    "Wind turns the sails.",
    options=("flour", "sail rotation", "frost", '{{7*7}} </s> \N{SNOWMAN} "x"\\'),
    discipline="milling",
)
LINEAGE = RowOrigin(("milling/notes",), "abc123", "1-wind-00000000")
# What LLaMA-Factory's data/README.md allows in dataset_info.json.
ALLOWED = {
    "entry": {
        *("hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name", "file_name", "formatting", "ranking", "subset", "split", "folder"),
        *("num_samples", "columns", "tags"),
    },
    "columns": {"prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos", "audios", "chosen", "rejected"}
    | {"kto_tag"},
    "tags": {"role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag"},
}


@pytest.mark.parametrize("form", list(FORMATS))
@pytest.mark.parametrize("sample", [OPEN, CHOICE], ids=["open", "choice"])
def test_a_row_has_the_declared_columns_in_their_order(form: SampleFormat, sample: Sample) -> None:
    row = FORMATS[form](sample) | provenance(sample, LINEAGE)
    assert list(row) == list(COLUMNS[form])
    assert {name: kind for name, kind in COLUMNS[form].items() if kind == "strings"}.keys() == {
        name for name, value in row.items() if isinstance(value, list) and name not in ("messages", "conversations")
    }


def test_provenance_names_nodes_sources_patch_commit_and_the_hash_of_the_text() -> None:
    row = provenance(CHOICE, LINEAGE)
    assert row["nodes"] == list(CHOICE.nodes) and row["sources"] == ["milling/notes"]
    assert (row["patch"], row["knowledge_commit"], row["content_hash"]) == ("1-wind-00000000", "abc123", sample_hash(CHOICE))


def test_messages_alternate_between_user_and_assistant_with_text_in_both() -> None:
    for sample in (OPEN, CHOICE):
        turns = FORMATS["messages"](sample)["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"]
        assert all(set(turn) == {"role", "content"} and turn["content"].strip() for turn in turns)


def test_sharegpt_begins_with_a_human_and_ends_with_gpt() -> None:
    turns = FORMATS["sharegpt"](CHOICE)["conversations"]
    assert [turn["from"] for turn in turns] == ["human", "gpt"] and all(set(turn) == {"from", "value"} for turn in turns)


def test_the_options_are_the_input_of_alpaca() -> None:
    row = FORMATS["alpaca"](CHOICE)
    assert row["instruction"] == CHOICE.question and row["input"].splitlines()[1] == "B. sail rotation"
    assert FORMATS["alpaca"](OPEN)["input"] == ""


@pytest.mark.parametrize("form", ["messages", "sharegpt", "alpaca"])
def test_the_registry_names_keys_that_llama_factory_documents_and_columns_that_the_rows_have(form: SampleFormat) -> None:
    entry = registry("toy", form, "train.jsonl")["toy"]
    assert set(entry) <= ALLOWED["entry"] and set(entry["columns"]) <= ALLOWED["columns"]
    assert set(entry.get("tags", {})) <= ALLOWED["tags"]
    row = FORMATS[form](CHOICE)
    assert set(entry["columns"].values()) <= set(row)
    if form != "alpaca":
        turns = row[entry["columns"]["messages"]]
        tags = entry["tags"]
        assert [turn[tags["role_tag"]] for turn in turns] == [tags["user_tag"], tags["assistant_tag"]]
        assert all(turn[tags["content_tag"]] for turn in turns)


@pytest.mark.parametrize("form", ["messages", "sharegpt", "alpaca"])
def test_an_exported_row_is_read_back_as_the_same_question_options_key_and_answer(form: SampleFormat) -> None:
    for sample in (OPEN, CHOICE):
        found = read_row(FORMATS[form](sample), "rows")
        assert found.question == sample.question
        assert tuple(found.options.values()) == sample.options
        assert found.key == (sample.key or "")
        assert sample.explanation in f"{found.answer} {found.explanation}"
        assert not sample.options or found.answer == sample.answer


def test_the_hugging_face_row_of_an_item_has_parallel_lists_for_its_options() -> None:
    item = items(1)[0]
    row = huggingface_row(item, LINEAGE)
    assert list(row) == list(ITEM_COLUMNS)
    assert len(row["choices"]) == len(row["operators"]) == len(row["wrong_because"]) == 4
    assert row["choices"][row["label"]] == item.options[item.key].text and row["operators"][row["label"]] == ""
