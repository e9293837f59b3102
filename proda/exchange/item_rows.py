"""Items → rows of a Hugging Face data set or of a task of lm-evaluation-harness, each with where it comes from.

    lm_eval_row(item, lineage)     {"prompt": "Question: One concept …\\nAnswer:", "choices": ["heat conduction", …], "gold": 2, "id": …}

The harness scores each choice as the continuation of the prompt after one blank and divides by its number of characters (`acc_norm`).
That is how proda/tester/scoring.py scores, so both choose the same options. There is one difference: if the right option and another have
exactly the same score, ProDa counts the item as wrong, and the harness takes the first of them.
"""

from __future__ import annotations

from proda.exchange.sample_rows import Columns, Row, RowOrigin
from proda.records import Item

PROVENANCE: Columns = {
    **{"id": "string", "split": "string", "kind": "string", "discipline": "string", "topic": "string", "chain": "string"},
    **{"statements": "strings", "nodes": "strings", "sources": "strings", "knowledge_commit": "string", "content_hash": "string"},
}
COLUMNS: Columns = {
    **{"question": "string", "choices": "strings", "answer": "string", "label": "int64", "prompt": "string"},
    **{"operators": "strings", "wrong_because": "strings"},
    **PROVENANCE,
}


def provenance(item: Item, lineage: RowOrigin) -> Row:
    """Return the columns that say where an item comes from. `content_hash` covers stem, options and key."""
    return {
        "id": item.id,
        "split": item.split,
        "kind": item.kind,
        "discipline": item.discipline,
        "topic": item.topic,
        "chain": item.chain,
        "statements": list(item.statements),
        "nodes": list(item.nodes),
        "sources": list(lineage.sources),
        "knowledge_commit": lineage.knowledge_commit,
        "content_hash": item.content_hash,
    }


def huggingface_row(item: Item, lineage: RowOrigin) -> Row:
    """Return the item with all options; `operators` and `wrong_because` are parallel to `choices` and empty for the right one."""
    return {
        "question": item.stem,
        "choices": [option.text for option in item.options],
        "answer": item.answer,
        "label": item.key,
        "prompt": item.prompt,
        "operators": [option.operator or "" for option in item.options],
        "wrong_because": [option.wrong_because for option in item.options],
        **provenance(item, lineage),
    }


def lm_eval_row(item: Item, lineage: RowOrigin) -> Row:
    """Return the item as a document of the harness: `prompt`, `choices`, and `gold`, the index of the right choice."""
    return {
        "prompt": item.prompt,
        "choices": [option.text for option in item.options],
        "gold": item.key,
        **provenance(item, lineage),
    }
