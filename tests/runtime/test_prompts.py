"""Prompts through a chat template: training and scoring give the tokens of `apply_chat_template`, for several families of template."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from proda.compiler.packing import Document, tokenise
from proda.errors import InputError
from proda.runtime.prompts import FIXED, answer_tokens, end_tokens, head_tokens, prompt_tokens, use_chat_template, uses_chat_template

# Short versions of the templates of three families: what they write around a turn, and what they do with blanks, dates and thinking.
CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou answer questions.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\n"
    "Today: {{ date_string if date_string is defined else strftime_now('%d %b %Y') }}<|eot_id|>"
    "{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]{% else %} {{ m['content'] }}"
    "{{ eos_token }}{% endif %}{% endfor %}"
)
SPECIAL = [
    "<s>",
    "</s>",
    "<|im_start|>",
    "<|im_end|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
]
TEXTS = [
    "Question: What does heating cause?\nAnswer: thermal expansion",
    "assistant user system model Today: You answer questions. [INST] [/INST] <think>\n\n</think>\n\n",
    "Which of these follows?\nA. ice\nB. steam\nIt is 42 J, so the rod bends.",
] * 20
PLAIN = {"prompt": "Question: What does heating cause?\nAnswer:", "completion": "thermal expansion\nHeat makes the atoms swing wider."}


def byte_level() -> Tokenizer:
    """Byte-level BPE with the words of GPT-2 and Llama 3."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    )
    return made


def split_numbers() -> Tokenizer:
    """Byte-level BPE with the pattern of Qwen, in which line ends are separate words."""
    made = Tokenizer(models.BPE())
    pattern = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pattern, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    )
    return made


def sentence_pieces(across_lines: bool = False) -> Tokenizer:
    """BPE with blanks written as ▁, as in Gemma; its tokens hold either line ends or words, or both if `across_lines`."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<s>"))
    made.normalizer = normalizers.Replace(" ", "▁")
    lines, blanks = pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Split("▁", "merged_with_next")
    made.pre_tokenizer = blanks if across_lines else pre_tokenizers.Sequence([lines, blanks])
    made.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL))
    return made


def fast(made: Tokenizer, template: str) -> Any:
    found = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>")
    found.chat_template = template
    return found


FAMILIES = {
    "chatml": (split_numbers, CHATML),
    "llama": (byte_level, LLAMA),
    "gemma": (sentence_pieces, GEMMA),
    "mistral": (byte_level, MISTRAL),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_training_and_scoring_give_the_tokens_of_the_template(family: str) -> None:
    make, template = FAMILIES[family]
    tokenizer = fast(make(), template)
    turns = [{"role": "user", "content": "What does heating cause?"}, {"role": "assistant", "content": PLAIN["completion"]}]
    wanted = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False, **FIXED)
    bare = prompt_tokens(tokenizer, [PLAIN["prompt"]])[0]
    assert not uses_chat_template(tokenizer)
    use_chat_template(tokenizer, "a model")
    assert uses_chat_template(tokenizer)
    (prompt,), (answer,) = prompt_tokens(tokenizer, [PLAIN["prompt"]]), answer_tokens(tokenizer, [PLAIN["completion"]])
    assert [*prompt, *answer, *end_tokens(tokenizer)] == wanted and prompt != bare
    (example,) = tokenise([Document(**PLAIN)], tokenizer, 256)
    assert list(example.tokens) == wanted
    assert list(example.tokens[example.start :]) == [*answer, *end_tokens(tokenizer)]  # the loss is on the assistant's turn only


def test_plain_text_has_no_turns_and_a_long_question_loses_its_beginning_but_no_turn() -> None:
    tokenizer = fast(byte_level(), LLAMA)
    plain = tokenise([Document("", "Heat makes the atoms swing wider.")], tokenizer, 64)
    use_chat_template(tokenizer, "a model")
    assert tokenise([Document("", "Heat makes the atoms swing wider.")], tokenizer, 64) == plain
    head, long = head_tokens(tokenizer), Document("Question: " + "why " * 200 + "does it bend?\nAnswer:", "heat")
    (example,) = tokenise([long], tokenizer, 96)
    assert len(example.tokens) == 96 and list(example.tokens[: len(head)]) == head
    text = tokenizer.decode(example.tokens)
    assert "does it bend?<|eot_id|><|start_header_id|>assistant" in text and text.endswith("heat<|eot_id|>")
    assert "What" not in text and prompt_tokens(tokenizer, ["Answer:"])[0][: len(head)] == head  # no stem: still a turn


def test_the_date_of_the_day_is_not_written() -> None:
    tokenizer = fast(byte_level(), LLAMA)
    use_chat_template(tokenizer, "a model")
    assert FIXED["date_string"] in tokenizer.decode(head_tokens(tokenizer))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "no chat template"),
        ("{{ messages[0]['content'] }}", "leaves out the question or the answer"),
        ("{{ raise_exception('only with tools') }}", "only with tools"),
        ("{{ bos_token }}{% for m in messages %}{{ m['content'] | upper }}{% endfor %}", "leaves out"),
        (
            "{% for m in messages %}{{ m['content'] }}{% if loop.first and 'heating' in m['content'] %}!{% endif %}{% endfor %}",
            "depend on what stands",
        ),
    ],
)
def test_a_template_that_does_not_serve_is_refused_and_nothing_is_kept(template: str | None, said: str) -> None:
    tokenizer = fast(byte_level(), template or "")
    with pytest.raises(InputError, match=said) as caught:
        use_chat_template(tokenizer, "models/mine")
    assert str(caught.value).startswith("models/mine\n") and "train.prompt: plain" in str(caught.value)
    assert not uses_chat_template(tokenizer)


def test_tokens_that_join_a_turn_to_its_marks_are_refused() -> None:
    tokenizer = fast(sentence_pieces(across_lines=True), GEMMA)
    with pytest.raises(InputError, match="depend on what stands around it"):
        use_chat_template(tokenizer, "models/mine")
