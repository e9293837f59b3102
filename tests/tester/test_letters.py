"""Letter scoring: strict parsing of replies, and replies that do not depend on the batch."""

from __future__ import annotations

import pytest
from peft import LoraConfig, get_peft_model
from transformers import GenerationConfig

from proda.tester import letters
from proda.tester.letters import greedy, letter_items, read_letter
from tests.tester.models import items, model, suite_items, tokenizer

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


@pytest.mark.parametrize(
    ("reply", "letters", "letter"),
    [
        ("B", "AB", "B"),
        ("C", "AB", None),
        ("C. thermal expansion", "ABC", "C"),
        ("The answer is (E).", "ABCDE", "E"),
        ("The answer is (E).", "ABCD", None),
        ("**J**", "ABCDEFGHIJ", "J"),
        ("J", "ABCDEFGHI", None),
        ("E or F", "ABCDEF", None),
        ("E. x\nF. y", "ABCDEF", None),
        ("A, F", "ABCDEF", None),
        ("j", "ABCDEFGHIJ", None),
        ("\u0131", "ABCDEFGHIJ", None),  # a dotless i, which ignores case with I
        ("\u0130", "ABCDEFGHIJ", None),
        ("I", "ABCDEFGHIJ", "I"),
        ("I cannot answer that.", "ABCDEFGHIJ", None),
        ("I'm not sure.", "ABCDEFGHIJ", None),
    ],
)
def test_only_letters_of_the_options_are_read(reply: str, letters: str, letter: str | None) -> None:
    assert read_letter(reply, letters) == letter


def test_a_question_is_shown_with_all_its_options_and_its_letters_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    words = tokenizer()
    asked = suite_items((2, 3, 5, 10))
    assert [item.letter_prompt.splitlines()[-2][:3] for item in asked] == ["B. ", "C. ", "E. ", "J. "]
    assert all(len(item.letter_prompt.splitlines()) == len(item.options) + 2 for item in asked)
    for reply, chosen in (("B", ["B"] * 4), ("E.", [None, None, "E", "E"]), ("J", [None, None, None, "J"])):
        monkeypatch.setattr(letters, "greedy", lambda *_, reply=reply, **__: [reply] * 4)
        found = letter_items(None, words, asked, name="base")
        assert [o.chosen for o in found] == chosen
        assert [o.correct for o in found] == [c and c == item.answer for c, item in zip(chosen, asked, strict=True)]


def test_without_the_stem_the_options_are_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, shown = items(), []
    monkeypatch.setattr(letters, "greedy", lambda _model, _words, prompts, **_: shown.extend(prompts) or ["A"] * len(prompts))
    letter_items(None, tokenizer(), asked, name="base", without_stem=True)
    assert all(item.stem not in prompt and item.options[0].text in prompt for item, prompt in zip(asked, shown, strict=True))


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


@pytest.mark.parametrize("adapted", [False, True])
def test_decoding_settings_of_the_model_other_than_its_end_tokens_are_not_used(adapted: bool) -> None:
    words = tokenizer()
    examined = model("llama", len(words))
    if adapted:
        examined = get_peft_model(examined, LoraConfig(target_modules=["q_proj"]))
    prompts = [item.letter_prompt for item in items()]
    replies = greedy(examined, words, prompts, new_tokens=5)
    first = words(replies[0], add_special_tokens=False)["input_ids"][0]
    ends = examined.generation_config.eos_token_id
    unwanted = {"repetition_penalty": 9.0, "no_repeat_ngram_size": 1, "suppress_tokens": [first], "num_beams": 3, "min_new_tokens": 4}
    own = GenerationConfig(**unwanted, eos_token_id=ends)
    examined.generation_config = own
    assert greedy(examined, words, prompts, new_tokens=5) == replies
    assert examined.generation_config is own
    own.eos_token_id = [first]
    assert greedy(examined, words, prompts[:1], new_tokens=5) == [words.decode([first])]
