"""Calls that score: log-probabilities of the tokens of a text, and the letter that a model answers with.

    run = ask_all([TextToScore("1", "Question: …\\nAnswer: heat")], settings, root, form=PromptScores(), attempts=1)
    run.results["1"].value                        # TokenScores(tokens=["Question", ":", …], logprobs=[None, -1.2, …])
    run = ask_all([LetterToChoose("1", "Question: …\\nA. heat\\n…", "ABCD")], settings, root, form=Letters("chat", 15), attempts=1)
    run.results["1"].value                        # LetterReply(logprobs={"A": -0.1, "B": -3.0}, text="A")

PromptScores needs /completions with `echo` and `logprobs`, as vLLM and the server of llama-cpp-python have them: the reply then holds the
log-probability of each token of the prompt. Before the first question the endpoint is asked about one short text; a reply without such
values, or a refusal, is an EndpointError that says so. Letters needs one token of a chat or of a completion. An endpoint that returns
`top_logprobs` is asked for one token, and the log-probabilities of the letters are read; another one is asked for a short reply, whose text
is read. Which of the two applies is found by one small question and kept in build/replies/modes. Temperature is 0.
"""

# ruff: noqa: ARG002 -- all forms have the same methods, and no form needs every argument.

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from proda.calls.forms import JsonForm
from proda.calls.parsing import WEB_PAGE, Parsed, no_reply
from proda.calls.records import Answered, Unanswered
from proda.calls.rendering import CHARACTERS_PER_TOKEN, Message
from proda.calls.reply_store import EndpointHabits
from proda.calls.wire import EndpointError, endpoint_address
from proda.document_settings import LlmSettings

if TYPE_CHECKING:
    from proda.calls.asking import Asker
    from proda.calls.reply_store import ReplyStore

SCORING_VERSION = 2  # part of each key: raise it when replies stored before must not be used any more
ECHO, LOGPROBS, TEXT = "echo", "logprobs", "text"
TOP = {"chat": 20, "completion": 5}  # tokens whose log-probabilities are asked for; the most that OpenAI's own endpoints allow
INSTRUCTION = "Reply with the letter of the right option and nothing else."
PROBE_TEXT = "The colour of the sky is"  # no whole sentence, so that the model goes on
PROBE_CHOICE = "Question: Which of these is a colour?\nA. seven\nB. blue\nC. often\nD. Rome\nAnswer:"
NEEDS = (
    "Log-likelihood scoring needs a server whose /completions returns the log-probabilities of the prompt (echo and logprobs), such as"
    " vLLM, or the server of llama-cpp-python with logits_all and a model whose prompts begin with a start token."
    " `evaluate.scoring: letter` works with any endpoint."
)
LATE = (
    "The reply lacks the token that was generated, so each log-probability belongs to the next place. The server of llama-cpp-python does"
    " this for a model whose prompts have no start token."
)


class TextToScore(msgspec.Struct, frozen=True):
    """A text whose tokens are scored."""

    id: str
    text: str
    stage: str = "loglikelihood"
    prompt: str = ""
    tag: str = ""
    context: None = None


class TokenScores(msgspec.Struct, frozen=True):
    """The tokens of a text, and the natural logarithm of each one's probability after those before it; None for the first."""

    tokens: list[str]
    logprobs: list[float | None]


class LetterToChoose(msgspec.Struct, frozen=True):
    """A prompt with lettered options, and their letters."""

    id: str
    text: str
    letters: str
    stage: str = "letter"
    prompt: str = ""
    tag: str = ""
    context: None = None


class LetterReply(msgspec.Struct, frozen=True):
    """The log-probabilities of the letters, as far as the endpoint returned them, and the text of the reply."""

    logprobs: dict[str, float]
    text: str
    scored: bool = False  # the endpoint returned log-probabilities, whether or not a letter is among the likeliest tokens


class _Logprobs(msgspec.Struct):
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None
    content: list[dict[str, Any]] | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    text: str | None = None
    message: _Message | None = None
    logprobs: _Logprobs | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(msgspec.Struct):
    choices: list[_Choice]
    id: str | None = None
    usage: _Usage | None = None


_DECODER = msgspec.json.Decoder(_Reply)


class _ScoringForm(JsonForm):
    """What both forms have in common."""

    def refuse(self, questions: Sequence[Any]) -> None:
        """Accept every question: the record that states it is enough."""

    def messages(self, question: Any, mode: str) -> list[Message]:
        return [{"role": "user", "content": question.text}]

    def tokens_about(self, question: Any, mode: str) -> int:
        return -(-len(question.text) // CHARACTERS_PER_TOKEN)

    def correction(self, text: str, fault: str) -> list[Message]:
        """Return nothing: a score is not asked for again with a remark."""
        return []


class PromptScores(_ScoringForm):
    """Log-probabilities of the tokens of a text, from /completions with `echo` and `logprobs`."""

    def modes(self, settings: LlmSettings, store: ReplyStore) -> tuple[str, ...]:
        return (ECHO,)

    async def prepare(self, asker: Asker) -> None:
        """Ask about one short text. Raises EndpointError if the reply lacks the log-probabilities of the prompt, or if there is none."""
        asker.habits = EndpointHabits(ECHO)
        probe = TextToScore("probe", PROBE_TEXT, "probe")
        if asker.store.find(self.key(probe, ECHO, asker.settings)) is not None:
            return
        asker.probing = True
        result = await asker.ask(probe)  # type: ignore[arg-type]
        asker.probing = False
        if not isinstance(result, Unanswered):
            return
        advice = f"\n  {NEEDS}" if _is_unable(result) else ""
        if asker.unusable is not None:
            raise EndpointError(f"{asker.unusable}{advice}")
        if not asker.stopped:
            raise EndpointError(f"{asker.wire.address}\n  {result.reason}: {result.detail}{advice}")

    def path(self, mode: str) -> str:
        return "completions"

    def limit(self, question: Any, mode: str, settings: LlmSettings) -> int:
        return 1

    def body(self, question: Any, messages: Sequence[Message], mode: str, settings: LlmSettings, limit_name: str) -> bytes:
        # One token is generated, and not read, because servers understand a limit of 0 in different ways.
        fields = {"prompt": question.text, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
        return msgspec.json.encode({"model": settings.model, **fields})

    def key(self, question: Any, mode: str, settings: LlmSettings) -> str:
        return _hash(SCORING_VERSION, settings.model, mode, question.text)

    def parse(self, data: bytes, question: Any, mode: str) -> Parsed:
        reply = _decoded(data)
        if isinstance(reply, Parsed):
            return reply
        parsed = Parsed(id=reply.id or "", usage=_used(reply))
        generated = 1 if parsed.usage is None else parsed.usage[1]
        found = reply.choices[0].logprobs
        tokens, values = (found.tokens or [], found.token_logprobs or []) if found else ([], [])
        kept = len(tokens) - generated
        if kept < 1 or len(values) != len(tokens) or any(value is None for value in values[1:kept]):
            parsed.reason, parsed.detail = "no-prompt-logprobs", "The reply holds no log-probabilities of the tokens of the prompt."
            return parsed
        if "".join(tokens) == question.text != "".join(tokens[:kept]):
            parsed.reason, parsed.detail = "no-prompt-logprobs", LATE
            return parsed
        parsed.value = TokenScores(tokens[:kept], values[:kept])
        parsed.text = msgspec.json.encode(parsed.value).decode()
        return parsed

    def restored(self, text: str, question: Any) -> TokenScores:
        return msgspec.json.decode(text, type=TokenScores)


class Letters(_ScoringForm):
    """The letter that the model answers with. `tokens` is the limit of a reply of an endpoint that returns no log-probabilities.

    The texts of a chat are preceded by INSTRUCTION, unless they are `worded`: texts that ask for a letter themselves.
    """

    def __init__(self, request: Literal["chat", "completion"], tokens: int, *, worded: bool = False) -> None:
        self.request, self.tokens, self.worded = request, tokens, worded

    def modes(self, settings: LlmSettings, store: ReplyStore) -> tuple[str, ...]:
        known = store.habits(endpoint_address(settings), self._habits_of(settings))
        return (known.mode,) if known else (LOGPROBS, TEXT)

    async def prepare(self, asker: Asker) -> None:
        """Find out whether the endpoint returns log-probabilities. Raises EndpointError if it does not answer at all."""
        address, name = asker.wire.address, self._habits_of(asker.settings)
        known = asker.store.habits(address, name)
        if known is not None:
            asker.habits = known
            return
        asker.probing = True
        faults = []
        for mode in (LOGPROBS, TEXT):
            asker.habits = EndpointHabits(mode, asker.habits.limit_name)
            asker.other_way = mode == LOGPROBS
            result = await asker.ask(LetterToChoose("probe", PROBE_CHOICE, "ABCD", "probe"), keep=False)  # type: ignore[arg-type]
            if asker.unusable is not None:
                raise asker.unusable
            if asker.stopped:
                return
            if isinstance(result, Answered) and (result.value.scored or mode == TEXT):
                asker.store.keep_habits(address, name, asker.habits)
                asker.probing = asker.other_way = False
                return
            faults.append(f"  {mode}: {result.reason}. {result.detail}" if isinstance(result, Unanswered) else f"  {mode}: none returned.")
        raise EndpointError(f"{address}\n  The model {asker.settings.model} did not answer a test question.\n" + "\n".join(faults))

    def path(self, mode: str) -> str:
        return "chat/completions" if self.request == "chat" else "completions"

    def limit(self, question: Any, mode: str, settings: LlmSettings) -> int:
        return 1 if mode == LOGPROBS else self.tokens

    def body(self, question: Any, messages: Sequence[Message], mode: str, settings: LlmSettings, limit_name: str) -> bytes:
        fields: dict[str, Any] = {"model": settings.model, "temperature": 0}
        if self.request == "chat":
            fields |= {"messages": messages, limit_name: self.limit(question, mode, settings)}
            fields |= {"logprobs": True, "top_logprobs": TOP["chat"]} if mode == LOGPROBS else {}
        else:
            fields |= {"prompt": question.text, "max_tokens": self.limit(question, mode, settings)}
            fields |= {"logprobs": TOP["completion"]} if mode == LOGPROBS else {}
        return msgspec.json.encode(fields)

    def messages(self, question: Any, mode: str) -> list[Message]:
        return [{"role": "user", "content": question.text if self.worded else f"{INSTRUCTION}\n\n{question.text}"}]

    def key(self, question: Any, mode: str, settings: LlmSettings) -> str:
        asked = self.messages(question, mode) if self.request == "chat" else question.text
        return _hash(SCORING_VERSION, settings.model, self.request, mode, asked, question.letters, self.limit(question, mode, settings))

    def parse(self, data: bytes, question: Any, mode: str) -> Parsed:
        reply = _decoded(data)
        if isinstance(reply, Parsed):
            return reply
        choice = reply.choices[0]
        text = (choice.message.content if choice.message else choice.text) or ""
        found = choice.logprobs
        scored = found is not None and bool(found.content or found.top_logprobs)
        value = LetterReply(_letters(found, question.letters), text, scored)
        return Parsed(value=value, text=msgspec.json.encode(value).decode(), id=reply.id or "", usage=_used(reply))

    def restored(self, text: str, question: Any) -> LetterReply:
        return msgspec.json.decode(text, type=LetterReply)

    def _habits_of(self, settings: LlmSettings) -> str:
        """Return the name under which habits are kept; a model's habits in extraction are others."""
        return f"{settings.model} letters {self.request}"


def _is_unable(result: Unanswered) -> bool:
    """Whether the failure may come from what the server cannot do, and not from its address, the key or the load."""
    if result.reason == "rejected":  # also by a server that does not know the path or a field of the request
        return not result.detail.startswith(("3", "401", "403"))
    return result.reason == "no-prompt-logprobs" or (result.reason == "bad-response" and not result.detail.startswith(WEB_PAGE))


def _letters(found: _Logprobs | None, letters: str) -> dict[str, float]:
    """Return letter → log-probability that the reply starts with it, summed over spellings such as "B" and " B"."""
    if found is None:
        return {}
    if found.content:  # of a chat
        top = [(str(entry.get("token", "")), entry.get("logprob")) for entry in found.content[0].get("top_logprobs") or ()]
    else:
        top = list(((found.top_logprobs or [None])[0] or {}).items()) if found.top_logprobs else []
    shares: dict[str, float] = {}
    for token, value in top:
        letter = token.strip(" \n\t▁Ġ")
        if len(letter) == 1 and letter in letters and isinstance(value, int | float):
            shares[letter] = shares.get(letter, 0.0) + math.exp(value)
    return {letter: math.log(share) for letter, share in sorted(shares.items()) if share > 0}


def _decoded(data: bytes) -> _Reply | Parsed:
    try:
        reply = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Parsed(reason="bad-response", detail=no_reply(data, error))
    return reply if reply.choices else Parsed(reason="bad-response", detail="The list of choices is empty.")


def _used(reply: _Reply) -> tuple[int, int] | None:
    used = reply.usage
    if used is None or used.prompt_tokens is None or used.completion_tokens is None:
        return None
    return max(0, used.prompt_tokens), max(0, used.completion_tokens)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
