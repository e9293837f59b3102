"""Score items with models that an OpenAI-compatible endpoint serves (`evaluate.backend: endpoint`).

    scorer = EndpointScorer(params.evaluate, root)          # or endpoint_scorer(params, root), which finds the chat template
    scorer.outcomes("seed-0", items)                        # outcomes in the order of the items, by the scoring that `evaluate` names
    scorer.option_scores("seed-0", questions)               # summed log-likelihoods, as proda/tester/scoring.py returns them
    scorer.text_losses("seed-0", texts, length=512)         # (predicted tokens, summed loss) of each text

Every reply is stored in build/replies, so a question is asked once, whoever asks it, and a run that was killed goes on where it stopped.

Log-likelihoods: the endpoint scores the prompt, and the prompt followed by a blank and the option. The tokens that the second has more than
the first are those of the option. An option is not scored if its first token begins in the prompt, which happens where a tokenizer joins
the end of the prompt and the blank. Letters: one request an item, with its options in the order of the item.

With `train.prompt: chat` the texts are those of local scoring: questions and options in the model's chat template, which the given
tokenizer writes, or the user's words alone where the server puts them into the template (`request: chat`).
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proda.calls.ask import ask_all, estimate
from proda.calls.records import Answered, CallEstimate, Unanswered
from proda.calls.scoring_forms import NEEDS, LetterReply, Letters, LetterToChoose, PromptScores, TextToScore, TokenScores
from proda.calls.scoring_settings import ScoringSettings
from proda.calls.spending import Budget
from proda.calls.wire import EndpointError
from proda.records import SUITE_LETTERS, Item, Outcome
from proda.runtime.prompts import answer_text, prompt_text, user_words
from proda.tester.letters import chat_letter_text, letter_text, read_letter
from proda.tester.scoring import NO_STEM, judge, outcome

if TYPE_CHECKING:
    from proda.params import EndpointParams, EvaluateParams
    from proda.tester.scoring import Question

AGAIN = frozenset({"time-out", "connection", "rate-limit", "server-error", "bad-response"})  # failures that may not occur again


def served_name(endpoint: EndpointParams, model: str) -> str:
    """Return the name under which the endpoint serves a model of the outcomes, "base" or "seed-N"."""
    return endpoint.base_model if model == "base" else endpoint.tuned_model.replace("{seed}", model.removeprefix("seed-"))


class EndpointScorer:
    """Scores by the endpoint of `params`, for the repository at `root`. All calls together keep to its spend cap.

    `chat` says that the models are asked through their chat template. `tokenizer` then writes it (see `use_chat_template`); letters by
    `request: chat` need none.
    """

    def __init__(self, params: EvaluateParams, root: Path, *, chat: bool = False, tokenizer: Any = None) -> None:
        self.params, self.root, self.chat, self.tokenizer = params, root, chat, tokenizer
        self.by_letter = params.scoring == "letter"
        request = params.endpoint.request
        self._form = Letters(request, params.letter_tokens, worded=chat) if self.by_letter else PromptScores()
        self._budget = Budget(self.settings("base"))

    def settings(self, model: str) -> ScoringSettings:
        """Return the settings of the calls about one model."""
        e = self.params.endpoint
        return ScoringSettings(
            endpoint=e.url, model=served_name(e, model), concurrency=e.concurrency, timeout_s=e.timeout_s, retries=e.retries,
            input_price=e.input_price, output_price=e.output_price, max_cost=e.max_cost, max_calls=e.max_calls, key_variable=e.key_variable,
        )  # fmt: skip

    def outcomes(self, model: str, items: Sequence[Item], *, without_stem: bool = False) -> list[Outcome]:
        """Return the outcomes of one model, in the order of the items. `without_stem` shows the options only.

        Raises EndpointError if the endpoint cannot be used, if the spend cap ends the run, or if requests failed that may succeed later.
        """
        if not self.by_letter:
            totals = self.option_scores(model, item_questions(items, without_stem=without_stem))
            return [judge(item, model, scores) for item, scores in zip(items, totals, strict=True)]
        replies = self._ask(model, self._texts(items, (), without_stem=without_stem))
        return [_chosen(item, model, replies.get(self._letter(item, without_stem=without_stem))) for item in items]

    def option_scores(self, model: str, questions: Sequence[Question]) -> list[list[float]]:
        """Return the summed log-likelihood in nats of every option of every question, in their order.

        All scores of a question are NaN if one of its options is empty, does not fit the context, or shares a token with the prompt.
        Raises what `outcomes` raises.
        """
        replies = self._ask(model, self._texts((), questions))
        crossing = 0
        scores = []
        for prompt, options in questions:
            text = self._before(prompt)
            before, wholes = replies.get(text), [replies.get(self._whole(prompt, option)) for option in options]
            row = [_continued(before, after) if option else math.nan for option, after in zip(options, wholes, strict=True)]
            whole = not any(map(math.isnan, row))
            crossing += sum(
                math.isnan(v) and before is not None and bool(o) and after is not None
                for v, o, after in zip(row, options, wholes, strict=True)
            )
            scores.append(row if whole else [math.nan] * len(options))
        if crossing:
            print(f"{model}: {crossing:,} options are not scored, because a token of the server begins in the prompt.", file=sys.stderr)
        return scores

    def text_losses(self, model: str, texts: Sequence[str], *, length: int) -> list[tuple[int, float] | None]:
        """Return (predicted tokens, their negative log-likelihood in nats) of the first `length` tokens of each text.

        None for a text that the endpoint did not score. Needs log-likelihood scoring. Raises what `outcomes` raises.
        """
        replies = self._ask(model, [(text, 0) for text in texts])
        found: list[tuple[int, float] | None] = []
        for text in texts:
            scored: TokenScores | None = replies.get(text)
            values = [value for value in scored.logprobs[:length] if value is not None] if scored else []
            found.append((len(values), -sum(values)) if values else None)
        return found

    def announce(self, asked: Sequence[tuple[str, Sequence[Item], Sequence[Item], Sequence[Question]]]) -> None:
        """Print to standard error what all calls will cost: for each model its items, its items without their stems, and its questions."""
        total = CallEstimate(0, 0, 0, 0, 0.0)
        for model, items, unseen, questions in asked:
            texts = [*self._texts(items, questions), *self._texts(unseen, (), without_stem=True)]
            one = estimate(self._questions(texts), self.settings(model), self.root, self._form)
            total = CallEstimate(*(a + b for a, b in zip(_numbers(total), _numbers(one), strict=True)))
        print(f"endpoint, {len(asked)} models: {total.line()}", file=sys.stderr)

    def _texts(self, items: Sequence[Item], questions: Sequence[Question], *, without_stem: bool = False) -> list[tuple[str, int]]:
        """Return the texts to be asked about, and the number of options of each."""
        if self.by_letter:
            return [(self._letter(item, without_stem=without_stem), len(item.options)) for item in items]
        all_of = [*item_questions(items, without_stem=without_stem), *questions]
        return [(text, 0) for prompt, options in all_of for text in self._asked(prompt, options)]

    def _asked(self, prompt: str, options: Sequence[str]) -> tuple[str, ...]:
        """The texts that are scored for a question. A prompt without options is a text that is scored as it is."""
        return (self._before(prompt), *(self._whole(prompt, option) for option in options if option)) if options else (prompt,)

    def _before(self, prompt: str) -> str:
        return prompt if self.tokenizer is None else prompt_text(self.tokenizer, prompt)

    def _whole(self, prompt: str, option: str) -> str:
        return f"{prompt} {option}" if self.tokenizer is None else f"{self._before(prompt)}{answer_text(self.tokenizer, option)}"

    def _letter(self, item: Item, *, without_stem: bool) -> str:
        if not self.chat:
            return letter_text(item, without_stem=without_stem)
        prompt = chat_letter_text(item, without_stem=without_stem)
        return user_words(prompt) if self.params.endpoint.request == "chat" else self._before(prompt)

    def _questions(self, texts: Sequence[tuple[str, int]]) -> list[Any]:
        """Return one question for each different text."""
        ids = {pair: f"{self.params.scoring}-{n}" for n, pair in enumerate(dict.fromkeys(texts))}
        if self.by_letter:
            return [LetterToChoose(name, text, SUITE_LETTERS[:options]) for (text, options), name in ids.items()]
        return [TextToScore(name, text) for (text, _), name in ids.items()]

    def _ask(self, model: str, texts: Sequence[tuple[str, int]]) -> dict[str, Any]:
        """Return text → value, for the texts that the endpoint could answer."""
        questions = self._questions(texts)
        what, settings = f"{model} ({self.settings(model).model})", self.settings(model)
        run = ask_all(questions, settings, self.root, attempts=1, what=what, form=self._form, budget=self._budget)
        missing = [result for result in run.results.values() if isinstance(result, Unanswered)]
        reasons = Counter(result.reason for result in missing)
        listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items()))
        if run.stopped:
            raise EndpointError(f"{run.stopped} No results were written.")
        if "no-prompt-logprobs" in reasons:  # the other scores of this server cannot be trusted either
            example = next(result.detail for result in missing if result.reason == "no-prompt-logprobs")
            raise EndpointError(f"{what}: no-prompt-logprobs: {example}\n  {NEEDS}\n  No results were written.")
        if AGAIN & reasons.keys():
            example = next(result.detail for result in missing if result.reason in AGAIN)
            raise EndpointError(
                f"{what}: {len(missing):,} of {len(questions):,} requests brought no reply ({listed}). {example}\n"
                "  No results were written. The replies are kept in build/replies: run again, and only these requests are sent."
            )
        if missing:
            print(f"{what}: not scored: {listed}. For example: {missing[0].detail}", file=sys.stderr)
        return {q.text: r.value for q in questions if isinstance(r := run.results[q.id], Answered)}


def item_questions(items: Sequence[Item], *, without_stem: bool = False) -> list[Question]:
    """Return each item as a prompt and its options, for log-likelihood scoring."""
    return [(NO_STEM if without_stem else item.prompt, tuple(option.text for option in item.options)) for item in items]


def _continued(before: TokenScores | None, whole: TokenScores | None) -> float:
    """Return the summed log-probability of the tokens that `whole` has after those of `before`; NaN if `before` is not its beginning."""
    if before is None or whole is None:
        return math.nan
    at = len(before.tokens)
    added = whole.logprobs[at:]
    if whole.tokens[:at] != before.tokens or not added:
        return math.nan
    return sum(math.nan if value is None else value for value in added)


def _chosen(item: Item, model: str, reply: LetterReply | None) -> Outcome:
    """Return the outcome of a letter: the most likely one, or the one that the text of the reply gives."""
    if reply is None:
        return outcome(item, model, None, None)
    found = reply.logprobs
    if not found:
        return outcome(item, model, read_letter(reply.text, SUITE_LETTERS[: len(item.options)]), None)
    right, wrong = found.get(item.answer), [value for letter, value in found.items() if letter != item.answer]
    best = max(found, key=lambda letter: (found[letter], letter != item.answer))  # the right option does not win a tie
    return outcome(item, model, best, right - max(wrong) if right is not None and wrong else None)


def _numbers(one: CallEstimate) -> tuple[Any, ...]:
    return one.calls, one.cached, one.input_tokens, one.output_tokens_at_most, one.cost_at_most
