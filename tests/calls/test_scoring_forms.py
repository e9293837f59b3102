"""Which of the returned tokens are those of the prompt."""

from __future__ import annotations

import json

import pytest

from proda.calls.scoring_forms import PromptScores, TextToScore

TEXT = "The sky is"
PROMPT = ["The", " sky", " is"]


@pytest.mark.parametrize(
    ("tokens", "generated", "kept"),
    [
        ([*PROMPT, " blue"], 1, 3),
        ([*PROMPT, ""], 1, 3),  # an end token, which has no text
        (PROMPT, 0, 3),
        (PROMPT, 1, None),  # the server of llama-cpp-python, for a model whose prompts have no start token
        ([" blue"], 1, None),
    ],
)
def test_a_reply_that_lacks_the_generated_token_is_refused(tokens: list[str], generated: int, kept: int | None) -> None:
    found = {"tokens": tokens, "token_logprobs": [None, *(-1.0 - n for n in range(1, len(tokens)))]}
    whole = {"choices": [{"text": TEXT, "logprobs": found}], "usage": {"prompt_tokens": 3, "completion_tokens": generated}}
    parsed = PromptScores().parse(json.dumps(whole).encode(), TextToScore("1", TEXT), "echo")
    if kept is None:
        assert parsed.reason == "no-prompt-logprobs" and parsed.value is None and parsed.detail
    else:
        assert not parsed.reason and parsed.value.tokens == PROMPT[:kept] and len(parsed.value.logprobs) == kept
