"""Samples → rows of the formats that trainers read, each with where it comes from.

    messages(sample, from_)     {"messages": [{"role": "user", "content": "What does heating cause?"},
                                              {"role": "assistant", "content": "Thermal expansion. Heating …"}],
                                 "id": "physics/bimetal-strip-bends.s1:open-1", "nodes": […], "sources": ["physics/heat"], …}

`question` and `options` are what a person would ask; the exact text that ProDa trains on is in the columns `prompt` and `completion` of
the Hugging Face format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from proda.records import LETTERS, Record, Sample
from proda.store.patches import sample_hash

SampleFormat = Literal["messages", "sharegpt", "alpaca", "huggingface"]
Row = dict[str, Any]
Columns = dict[str, Any]
"""Column → "string", "int64", "strings" (a list of texts), or a list of records as a dict of columns."""


class RowOrigin(Record, frozen=True):
    """What an exported sample or item comes from, besides its own fields."""

    sources: tuple[str, ...]  # of the knowledge that it mentions, sorted
    knowledge_commit: str
    patch: str = ""  # the patch that added or reworded it


PROVENANCE: Columns = {
    "id": "string",
    "format": "string",
    "discipline": "string",
    "nodes": "strings",
    "sources": "strings",
    "patch": "string",
    "knowledge_commit": "string",
    "content_hash": "string",
}
COLUMNS: dict[SampleFormat, Columns] = {
    "messages": {"messages": {"role": "string", "content": "string"}, **PROVENANCE},
    "sharegpt": {"conversations": {"from": "string", "value": "string"}, **PROVENANCE},
    "alpaca": {"instruction": "string", "input": "string", "output": "string", **PROVENANCE},
    "huggingface": {
        **{"question": "string", "options": "strings", "answer": "string", "explanation": "string"},
        **{"prompt": "string", "completion": "string", "unit": "string", "chain": "string"},
        **PROVENANCE,
    },
}


def provenance(sample: Sample, lineage: RowOrigin) -> Row:
    """Return the columns that say where a sample comes from. `content_hash` covers the text that is trained on."""
    return {
        "id": sample.id,
        "format": sample.format,
        "discipline": sample.discipline,
        "nodes": list(sample.nodes),
        "sources": list(lineage.sources),
        "patch": lineage.patch,
        "knowledge_commit": lineage.knowledge_commit,
        "content_hash": sample_hash(sample),
    }


def asked(sample: Sample) -> str:
    """Return the question with its lettered options, one on each line."""
    return "\n".join([sample.question, *lettered(sample)])


def lettered(sample: Sample) -> list[str]:
    """Return the options as `A. …`, in order; empty for other formats than choice."""
    return [f"{letter}. {text}" for letter, text in zip(LETTERS, sample.options, strict=False)]


def messages(sample: Sample) -> Row:
    """Return the turns as OpenAI's chat format has them."""
    return {"messages": [{"role": "user", "content": asked(sample)}, {"role": "assistant", "content": sample.completion}]}


def sharegpt(sample: Sample) -> Row:
    """Return the turns as ShareGPT has them."""
    return {"conversations": [{"from": "human", "value": asked(sample)}, {"from": "gpt", "value": sample.completion}]}


def alpaca(sample: Sample) -> Row:
    """Return instruction, input (the options, if any) and output."""
    return {"instruction": sample.question, "input": "\n".join(lettered(sample)), "output": sample.completion}


def huggingface(sample: Sample) -> Row:
    """Return every part of the sample as a column of its own."""
    return {
        "question": sample.question,
        "options": list(sample.options),
        "answer": sample.answer,
        "explanation": sample.explanation,
        "prompt": sample.prompt,
        "completion": sample.completion,
        "unit": sample.unit,
        "chain": sample.chain,
    }


FORMATS: dict[SampleFormat, Callable[[Sample], Row]] = {
    "messages": messages,
    "sharegpt": sharegpt,
    "alpaca": alpaca,
    "huggingface": huggingface,
}


def registry(name: str, form: SampleFormat, file: str) -> Row:
    """Return the content of LLaMA-Factory's dataset_info.json: how the data set `name` is read from `file`."""
    entry: Row = {"file_name": file, "formatting": "alpaca" if form == "alpaca" else "sharegpt"}
    if form == "alpaca":
        entry["columns"] = {"prompt": "instruction", "query": "input", "response": "output"}
    elif form == "sharegpt":
        entry["columns"] = {"messages": "conversations"}
        entry["tags"] = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"}
    else:
        entry["columns"] = {"messages": "messages"}
        entry["tags"] = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    return {name: entry}
