"""Log-likelihood scoring: equal to a plain loop, independent of batches and order, and unscored where there is nothing to score."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
import torch

from proda.compiler.packing import Document, tokenise
from proda.records import Option
from proda.runtime.prompts import answer_tokens
from proda.tester import scoring
from proda.tester.heldout import heldout_loss
from proda.tester.scoring import NO_STEM, judge, option_scores, score_items
from tests.tester.models import items, model, suite_items, tokenizer

TOKENIZER = tokenizer()
ITEMS = items()
QUESTIONS = [(i.prompt, tuple(o.text for o in i.options)) for i in ITEMS]


def plainly(examined: Any, prompt: str, option: str) -> float:
    """Σ log p(option | prompt), computed directly."""
    shown = [TOKENIZER.bos_token_id, *TOKENIZER(prompt)["input_ids"]]
    asked = TOKENIZER(f" {option}")["input_ids"]
    with torch.no_grad():
        chances = examined(input_ids=torch.tensor([[*shown, *asked]])).logits[0].log_softmax(-1)
    return sum(float(chances[len(shown) + k - 1, token]) for k, token in enumerate(asked))


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gpt2", "gpt_neox"])
def test_scores_equal_a_plain_loop_whatever_the_batch_size_and_the_order(architecture: str) -> None:
    examined = model(architecture, len(TOKENIZER))
    expected = [[plainly(examined, prompt, option) for option in options] for prompt, options in QUESTIONS]
    for batch_tokens in (1, 700, 100_000):
        found = option_scores(examined, TOKENIZER, QUESTIONS, batch_tokens=batch_tokens)
        assert all(
            abs(a - b) < 1e-4 * abs(b) for left, right in zip(found, expected, strict=True) for a, b in zip(left, right, strict=True)
        )
    backwards = option_scores(examined, TOKENIZER, QUESTIONS[::-1], batch_tokens=700)[::-1]
    assert all(
        abs(a - b) < 1e-4 * abs(b) for left, right in zip(backwards, expected, strict=True) for a, b in zip(left, right, strict=True)
    )


def test_questions_with_two_to_ten_options_are_scored_together_as_by_a_plain_loop() -> None:
    examined = model("llama", len(TOKENIZER))
    asked = suite_items((2, 10, 5, 4, 3, 7, 2, 5))
    expected = [[plainly(examined, i.prompt, o.text) for o in i.options] for i in asked]
    found = option_scores(examined, TOKENIZER, [(i.prompt, tuple(o.text for o in i.options)) for i in asked], batch_tokens=400)
    assert [len(row) for row in found] == [2, 10, 5, 4, 3, 7, 2, 5]
    for ours, plain in zip(found, expected, strict=True):
        assert ours == pytest.approx(plain, rel=1e-4)
    outcomes = score_items(examined, TOKENIZER, asked, name="base", batch_tokens=400)
    for item, plain, outcome in zip(asked, expected, outcomes, strict=True):
        means = [total / len(o.text) for total, o in zip(plain, item.options, strict=True)]
        assert outcome.chosen == "ABCDEFGHIJ"[means.index(max(means))] and outcome.correct == (outcome.chosen == item.answer)
        assert outcome.operator == ("" if outcome.correct else "authored")
        assert outcome.margin == pytest.approx(means[item.key] - max(m for k, m in enumerate(means) if k != item.key), abs=1e-4)


@pytest.mark.parametrize("size", [2, 3, 5, 10])
def test_every_option_of_a_question_can_be_chosen_and_a_tie_is_wrong(size: int) -> None:
    (item,) = suite_items([size])
    for place in range(size):
        outcome = judge(item, "base", [(-1.0 if k == place else -2.0) * len(o.text) for k, o in enumerate(item.options)])
        assert outcome.chosen == "ABCDEFGHIJ"[place] and outcome.correct == (place == item.key)
    tied = judge(item, "base", [-float(len(o.text)) for o in item.options])
    assert (tied.chosen, tied.correct, tied.margin) == ("B", False, 0.0)


def _sentencepiece(double_blank: bool) -> Any:
    """Two tokenizers with one vocabulary; `double_blank` puts a blank before every text, also before one that begins with a blank."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    marks = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    texts = [f"{prompt} {option}" for prompt, options in QUESTIONS for option in options]
    raw.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=400, special_tokens=marks, show_progress=False))
    if double_blank:
        raw.pre_tokenizer = None
        raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def test_a_tokenizer_that_puts_a_blank_before_every_text_gives_no_option_a_second_one() -> None:
    once, twice = _sentencepiece(False), _sentencepiece(True)
    assert once(" strain", add_special_tokens=False) != twice(" strain", add_special_tokens=False)
    assert answer_tokens(twice, ["strain"]) == answer_tokens(once, ["strain"]) == once(["strain"], add_special_tokens=False)["input_ids"]
    examined = model("llama", len(once))
    assert option_scores(examined, twice, QUESTIONS) == option_scores(examined, once, QUESTIONS)
    documents = [Document(prompt, option) for prompt, options in QUESTIONS[:3] for option in options] + [Document("", "plain text")]
    assert tokenise(documents, twice, 64) == tokenise(documents, once, 64)
    assert answer_tokens(TOKENIZER, ["strain"]) == [TOKENIZER(" strain")["input_ids"]] and answer_tokens(TOKENIZER, []) == []


def test_the_tree_is_used_where_it_is_honoured_and_given_up_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    examined = model("llama", len(TOKENIZER))
    expected = option_scores(examined, TOKENIZER, QUESTIONS)
    monkeypatch.setattr(scoring, "_plain_scores", _checking_only(scoring._plain_scores))
    assert option_scores(examined, TOKENIZER, QUESTIONS) == expected
    monkeypatch.undo()
    # A model that builds its own mask: options in one row would see one another.
    forward = examined.model.forward
    examined.model.forward = lambda **inputs: forward(**{k: v for k, v in inputs.items() if k != "attention_mask"})
    deaf = option_scores(examined, TOKENIZER, QUESTIONS)
    assert all(abs(a - b) < 1e-4 * abs(b) for left, right in zip(deaf, expected, strict=True) for a, b in zip(left, right, strict=True))

    def refusing(**inputs: Any) -> Any:
        if inputs.pop("attention_mask", None) is not None:
            raise TypeError("no such argument: attention_mask")
        return forward(**inputs)

    examined.model.forward = refusing
    assert option_scores(examined, TOKENIZER, QUESTIONS[:3]) == deaf[:3]


def _checking_only(plain: Any) -> Any:
    def wrapped(examined: Any, trees: Any) -> Any:
        assert len(trees) <= scoring.CHECKED, "the loop was used for more than the check"
        return plain(examined, trees)

    return wrapped


def test_a_scaled_head_is_taken_into_account() -> None:
    examined = model("llama", len(TOKENIZER))
    before = option_scores(examined, TOKENIZER, QUESTIONS[:3])
    examined.config.logits_scaling = 2.0
    forward = examined.forward

    def scaled(**inputs: Any) -> Any:
        out = forward(**inputs)
        out.logits = out.logits / 2
        return out

    examined.forward = scaled
    after = option_scores(examined, TOKENIZER, QUESTIONS[:3])
    assert after[0][0] != before[0][0]
    assert after[0][0] == pytest.approx(plainly(examined, QUESTIONS[0][0], QUESTIONS[0][1][0]), rel=1e-4)


def test_the_best_score_for_its_length_is_chosen_and_the_margin_says_by_how_much() -> None:
    item = ITEMS[1]  # B is right
    lengths = [len(o.text) for o in item.options]
    right = judge(item, "base", [-3.0 * n for n in lengths[:1]] + [-1.0 * lengths[1], -2.0 * lengths[2], -2.5 * lengths[3]])
    assert (right.chosen, right.correct, right.margin, right.operator) == ("B", True, 1.0, "")
    wrong = judge(item, "seed-0", [-0.5 * lengths[0], -1.0 * lengths[1], -2.0 * lengths[2], -9.0 * lengths[3]])
    assert (wrong.chosen, wrong.correct, wrong.margin, wrong.operator) == ("A", False, -0.5, "substitution")
    assert wrong.hash == item.content_hash and wrong.model == "seed-0"
    tie = judge(item, "base", [-1.0 * n for n in lengths])
    assert tie.correct is False and tie.margin == 0


def test_what_cannot_be_scored_is_unscored_and_never_wrong() -> None:
    item = ITEMS[0]
    for totals in ([math.nan, -1.0, -2.0, -3.0], [], [-math.inf, -1.0, -1.0, -1.0]):
        nothing = judge(item, "base", totals)
        assert (nothing.chosen, nothing.correct, nothing.margin) == (None, None, None)
    examined = model("gpt2", len(TOKENIZER))
    long = msgspec.structs.replace(item, stem="why " * 600)
    empty = msgspec.structs.replace(item, options=(Option(""), *item.options[1:]))
    heard: list[int] = []
    outcomes = score_items(examined, TOKENIZER, [long, ITEMS[1], empty], name="base", advance=heard.append)
    assert [o.chosen is None for o in outcomes] == [True, False, True]
    assert sum(heard) == 3
    with torch.no_grad():
        examined.transformer.wte.weight.fill_(math.nan)
    assert all(o.chosen is None for o in score_items(examined, TOKENIZER, ITEMS, name="base"))
    assert score_items(examined, TOKENIZER, [], name="base") == []


def test_without_the_stem_every_item_is_asked_the_same() -> None:
    examined = model("llama", len(TOKENIZER))
    other = msgspec.structs.replace(ITEMS[0], stem="Something else?")
    blind = score_items(examined, TOKENIZER, [ITEMS[0], other], name="base", without_stem=True)
    assert blind[0].margin == blind[1].margin
    seen = score_items(examined, TOKENIZER, [ITEMS[0], other], name="base")
    assert seen[0].margin != seen[1].margin
    totals = [plainly(examined, NO_STEM, o.text) / len(o.text) for o in ITEMS[0].options]
    assert blind[0].margin == pytest.approx(totals[ITEMS[0].key] - max(t for k, t in enumerate(totals) if k != ITEMS[0].key), abs=1e-4)


def test_heldout_loss_is_the_mean_over_tokens_and_blind_to_batches() -> None:
    examined = model("llama", len(TOKENIZER))
    lines = ["heating causes expansion", "strain", "a bimetal strip, which bends and bends"]
    total, count = 0.0, 0
    for line in lines:
        ids = torch.tensor([[TOKENIZER.bos_token_id, *TOKENIZER(line)["input_ids"]]])
        with torch.no_grad():
            total += float(examined(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    for batch_tokens in (1, 10_000):
        assert heldout_loss(examined, TOKENIZER, "\n\n".join(lines), batch_tokens=batch_tokens) == pytest.approx(total / count, rel=1e-4)
    assert math.isnan(heldout_loss(examined, TOKENIZER, "\n"))
