"""Turn prompts and answers into tokens, bare or through the chat template of an instruct model.

    prompt_tokens(tokenizer, ["Question: What does heating cause?\\nAnswer:"])     # [[<bos>, 512, 98, …]]: a prompt from its first token
    answer_tokens(tokenizer, ["thermal expansion"])                               # [[812, 377]]: as the text follows a prompt
    end_tokens(tokenizer)                                                         # [2]: what ends the answer in training
    prompt_text(tokenizer, "Question: …\\nAnswer:")                               # the prompt as a text, for a server that tokenises it

A prompt is bare (`plain`) unless `use_chat_template(tokenizer)` was called: then the question is the user's turn and the answer the
assistant's, in the words of the template. Training and scoring both call these functions, so that a model is asked as it was taught:

    <|im_start|>user\\nWhat does heating cause?<|im_end|>\\n<|im_start|>assistant\\n   thermal expansion   <|im_end|>\\n
    prompt                                                                            answer              end

Prompt and answer are tokenised apart, since several answers follow one prompt. Together they are the tokens of
`tokenizer.apply_chat_template` for the conversation; `use_chat_template` checks this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from proda.errors import InputError

BLANKS = ("▁", "Ġ", " ")  # how sentencepiece, byte-level and plain tokenizers write a blank at the start of a token
BEFORE, AFTER = "Question: ", "\nAnswer:"  # what `proda.records.prompt_text` puts around a question
PROBE = "A"  # a text that stands for any answer: some tokenizers divide blanks and line ends by what follows them
USER, ASSISTANT = "zarnquestion", "velmanswer"  # words that no template contains
# Templates of the Llama 3 family write the date of the day unless they are given one, and the same inputs have to give the same tokens.
FIXED = {"date_string": "01 Jan 2025", "enable_thinking": False}
TRIED = (("What does heating cause?", "thermal expansion"), ("Which of these holds?\nA. ice\nB. steam", "B. steam"), ("Why?", "42 J"))
ADVICE = "Set `train.prompt: plain` in params.yaml, or give the model's folder another chat_template.jinja."


class _Template(NamedTuple):
    """What a chat template puts around the user's and the assistant's words, as text and as tokens."""

    before: str
    between: str  # without blanks at its end: these are tokenised with the answer, as in running text
    blanks: str
    head: list[int]  # tokens of `before`
    end: list[int]  # tokens of what comes after an answer


def use_chat_template(tokenizer: Any, where: str) -> None:
    """Ask all prompts of this tokenizer through its chat template from now on.

    Raises InputError, naming `where`, if the tokenizer has no template or cannot tell where a token comes from, or if prompt and answer,
    tokenised apart, are not the tokens of the conversation.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise InputError(f"{where}\n  The tokenizer has no chat template, which `train.prompt: chat` needs. {ADVICE}")
    if not tokenizer.is_fast:
        raise InputError(
            f"{where}\n  `train.prompt: chat` needs a tokenizer of the library tokenizers, in the file tokenizer.json. {ADVICE}"
        )
    text = _conversation(tokenizer, USER, ASSISTANT, where)
    before, user, rest = text.partition(USER)
    between, assistant, after = rest.partition(ASSISTANT)
    if not (user and assistant):
        raise InputError(f"{where}\n  The chat template leaves out the question or the answer. {ADVICE}")
    start, bare = before.rstrip(" "), between.rstrip(" ")
    (head,), _ = _cut(tokenizer, [start], [before[len(start) :] + PROBE])
    _, (end,) = _cut(tokenizer, [PROBE], [after])
    tokenizer.__dict__["_proda_chat"] = _Template(before, bare, between[len(bare) :], head, end)
    for question, answer in TRIED:
        (prompt,), (learned,) = prompt_tokens(tokenizer, [f"{BEFORE}{question}{AFTER}"]), answer_tokens(tokenizer, [answer])
        (whole,) = _ids(tokenizer, [_conversation(tokenizer, question, answer, where)])
        head = head_tokens(tokenizer)
        if [*prompt, *learned, *end_tokens(tokenizer)] != whole or prompt[: len(head)] != head:
            del tokenizer.__dict__["_proda_chat"]
            raise InputError(f"{where}\n  With this chat template the tokens of an answer depend on what stands around it. {ADVICE}")


def uses_chat_template(tokenizer: Any) -> bool:
    """Return whether `use_chat_template` was called for this tokenizer."""
    return _chat(tokenizer) is not None


def prompt_tokens(tokenizer: Any, prompts: Sequence[str]) -> list[list[int]]:
    """Tokenise prompts, each from the first token that the model reads."""
    chat = _chat(tokenizer)
    if chat is None:
        head = head_tokens(tokenizer)
        return [[*head, *ids] for ids in _ids(tokenizer, prompts)]
    texts = [f"{chat.before}{user_words(prompt)}{chat.between}" for prompt in prompts]
    return _cut(tokenizer, texts, [chat.blanks + PROBE] * len(texts))[0]


def head_tokens(tokenizer: Any) -> list[int]:
    """Return the tokens that every prompt begins with: the begin-of-text token, if there is one, or the template's words."""
    if (chat := _chat(tokenizer)) is not None:
        return chat.head
    return [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]


def end_tokens(tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the end-of-text token if there is one, or the template's words after an answer."""
    if (chat := _chat(tokenizer)) is not None:
        return chat.end
    return [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]


def answer_tokens(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Tokenise texts as the continuation of a prompt, without special tokens: after one blank, or at the start of the assistant's turn.

    Some tokenizers (Llama 2's) put a blank before every text they are given. Another blank in front would become a lone blank token that
    never follows a prompt in running text, so it is left out for them.
    """
    if not texts:
        return []
    if (chat := _chat(tokenizer)) is not None:
        return _cut(tokenizer, [chat.between] * len(texts), [chat.blanks + text for text in texts])[1]
    (alone,) = _ids(tokenizer, ["a"])
    first = str(tokenizer.convert_ids_to_tokens(alone)[0]) if alone else ""
    prefix = "" if first.startswith(BLANKS) else " "
    return _ids(tokenizer, [f"{prefix}{text}" for text in texts])


def user_words(prompt: str) -> str:
    """Return the user's words: a prompt without the marks of a bare one. A prompt that is nothing but marks stays as it is."""
    return prompt.removeprefix(BEFORE).removesuffix(AFTER).strip() or prompt


def prompt_text(tokenizer: Any, prompt: str) -> str:
    """Return the text of a prompt, without the start token if the tokenizer itself, and so a server, puts it before each text."""
    chat = _chat(tokenizer)
    if chat is None:
        return prompt
    text, start = f"{chat.before}{user_words(prompt)}{chat.between}", tokenizer.bos_token
    added = bool(start) and tokenizer("a", verbose=False)["input_ids"][:1] == [tokenizer.bos_token_id]
    return text.removeprefix(start) if added else text


def answer_text(tokenizer: Any, text: str) -> str:
    """Return what follows `prompt_text` if the answer is `text`."""
    chat = _chat(tokenizer)
    return f"{' ' if chat is None else chat.blanks}{text}"


def _chat(tokenizer: Any) -> _Template | None:
    found: _Template | None = tokenizer.__dict__.get("_proda_chat")
    return found


def _conversation(tokenizer: Any, question: str, answer: str, where: str) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, **FIXED))
    except Exception as error:  # a template is a program that came with the model
        raise InputError(f"{where}\n  The chat template cannot be used: {str(error)[:300]}. {ADVICE}") from None


def _cut(tokenizer: Any, first: Sequence[str], second: Sequence[str]) -> tuple[list[list[int]], list[list[int]]]:
    """Tokenise each pair of texts as one and divide the tokens where the second begins; a token over the border goes to the second."""
    if not first:
        return [], []
    texts = [one + two for one, two in zip(first, second, strict=True)]
    found = tokenizer(texts, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
    parts: tuple[list[list[int]], list[list[int]]] = ([], [])
    for one, ids, spans in zip(first, found["input_ids"], found["offset_mapping"], strict=True):
        border = next((n for n, (_, end) in enumerate(spans) if end > len(one)), len(ids))
        parts[0].append(ids[:border])
        parts[1].append(ids[border:])
    return parts


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    found: list[list[int]] = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    return found
