"""Letter scoring: strict parsing of replies, and replies that do not depend on the batch."""

from __future__ import annotations

import pytest

from proda.tester.letters import greedy, letter_items, read_letter
from tests.tester.models import items, model, tokenizer

READ = {
    "B": "B",
    " B": "B",
    "B.": "B",
    "B. thermal expansion": "B",
    "B: thermal expansion": "B",
    "(C)": "C",
    "C) because": "C",
    "[A]": "A",
    "**D**": "D",
    "Answer: A": "A",
    "The answer is B.": "B",
    "The correct answer is (B).": "B",
    "A, because B is wrong": "A",
    "B. thermal expansion, not C.": "B",
    "B\nQuestion: what next?": "B",
    "C,": "C",
}
UNREAD = [
    *["", " ", "?", "Answer:", "a", "b. x", "E", "AB", "Apple", "AABB"],
    *["A or B", "A/B", "A and C", "A, B", "A. B.", "B, C or D", "Both A and C", "(A", "A. x\nB. y", "A) x\nB) y"],
    *["A bimetal strip bends", "A I think", "D is wrong", "Because B", "Choose C", "None of them", "The answer is unknown"],
    *[
        "I cannot answer that.",
        "Sorry, I can't help with that.",
        "As a language model I have no opinion.",
        "It depends: A. if so, B. if not",
    ],
]


@pytest.mark.parametrize(("reply", "letter"), READ.items())
def test_a_plain_letter_is_read(reply: str, letter: str) -> None:
    assert read_letter(reply) == letter


@pytest.mark.parametrize("reply", UNREAD)
def test_anything_else_is_unscored(reply: str) -> None:
    assert read_letter(reply) is None


def test_a_reply_does_not_depend_on_batch_or_order_and_a_full_context_gives_none() -> None:
    words = tokenizer()
    examined = model("llama", len(words))
    asked = items()
    prompts = [item.letter_prompt for item in asked] + ["why " * 600]
    alone = [greedy(examined, words, [prompt], new_tokens=5)[0] for prompt in prompts]
    assert greedy(examined, words, prompts, new_tokens=5, batch_tokens=300) == alone
    assert greedy(examined, words, prompts[::-1], new_tokens=5)[::-1] == alone
    assert alone[-1] == "" and len(set(alone)) > 3
    outcomes = letter_items(examined, words, asked, name="base", new_tokens=5)
    assert [o.chosen for o in outcomes] == [read_letter(reply) for reply in alone[:-1]]
    assert all(o.margin is None for o in outcomes)
    assert greedy(examined, words, [], new_tokens=5) == []
