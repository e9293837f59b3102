"""What the card of an export says: the paragraphs about samples and items, and what each column holds."""

from __future__ import annotations

SAMPLES_ARE = (
    "Training samples, one question and answer each, as ProDa trains on them: written from a knowledge base of concepts, statements and"
    " chains, then changed by the patches of its repair rounds.",
    "Every row names the knowledge nodes it mentions, the sources that these were found in, the patch that added or reworded it, the last"
    " commit of the knowledge, and a hash of its text, so that a wrong row can be traced to the entry to be corrected.",
)
ITEMS_ARE = (
    "Test items with four options, written from the chains of a knowledge base before any training. Each wrong option contradicts a"
    " recorded statement; the column `wrong_because` says why it is wrong. Items of the split `dev` may be read while a model is repaired;"
    " items of `twin` are on the same chains and share neither stem nor wrong options with `dev`.",
    "These are test questions. Do not train on them.",
)
SEALED_ARE = (
    "The split `sealed` measures what no repair has seen. Keep this folder private: a model that was trained on a copy of it, or a repair"
    " that was written after reading it, makes the split worthless.",
)
ABOUT = {
    "messages": "The question (with its options) and the answer, as chat turns.",
    "conversations": "The question (with its options) and the answer, as turns.",
    "instruction": "The question.",
    "input": "The options, one on each line; empty without options.",
    "output": "The answer, then the explanation.",
    "question": "The question or stem.",
    "options": "The options of a choice question; empty otherwise.",
    "answer": "The right answer; for items its letter.",
    "explanation": "Why the answer is right.",
    "prompt": "The exact text that the model is shown.",
    "completion": "The exact text that the model learns to write after the prompt and one blank.",
    "unit": "The statement, concept, window or chain that the sample teaches.",
    "choices": "The four options.",
    "label": "The index of the right option, from 0.",
    "operators": "How each wrong option was made; empty for the right one.",
    "wrong_because": "Why each wrong option is wrong; empty for the right one.",
    "id": "The stable id of the sample or item.",
    "format": "open, choice or true-false.",
    "kind": "The kind of question.",
    "split": "dev, twin or sealed.",
    "discipline": "The discipline.",
    "topic": "The topic file in the knowledge.",
    "chain": "The chain it was made from.",
    "statements": "The statements that the answer rests on, in order.",
    "nodes": "The ids of all concepts, statements and chains that it mentions.",
    "sources": "The sources that these nodes were found in; `sources.jsonl` has their licences.",
    "patch": "The patch that added or reworded the sample; empty if none did.",
    "knowledge_commit": "The last commit that changed the knowledge.",
    "content_hash": "A hash of the text, which changes whenever the text does.",
}
