"""The form of a call: how a question becomes a request, and how the body of a reply becomes a value.

    ask_all(questions, settings, root)                      # JsonForm: a chat completion that holds one JSON object
    ask_all(texts, settings, root, form=PromptScores())     # scoring_forms.py: log-probabilities of the tokens of a text

A form also names the key under which a reply is stored. Retries, the throttle, the spend cap and the store are the same for all forms.
"""

# ruff: noqa: ARG002 -- all forms have the same methods, and no form needs every argument.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proda.calls import rendering
from proda.calls.parsing import Parsed, parse_completion, validated
from proda.calls.rendering import Message
from proda.document_settings import LlmSettings

if TYPE_CHECKING:
    from proda.calls.reply_store import ReplyStore


class JsonForm:
    """One JSON object, as the reply of a chat; the mode (modes.py) is how the endpoint is asked for JSON."""

    def refuse(self, questions: Sequence[Any]) -> None:
        """Raise ValueError for a question that cannot be asked in this form: one whose reply allows extra fields."""
        for model in {q.reply for q in questions}:
            if model.model_config.get("extra") != "forbid":
                raise ValueError(f"{model.__name__} must forbid extra fields, or invalid replies pass as valid")

    def modes(self, settings: LlmSettings, store: ReplyStore) -> tuple[str, ...]:
        """Return the modes under which a stored reply may be found, the endpoint's own first."""
        from proda.calls.modes import modes_to_look_in

        return modes_to_look_in(settings, store)

    async def prepare(self, asker: Any) -> None:
        """Set `asker.habits`. Raises EndpointError if the endpoint cannot answer in this form."""
        from proda.calls.modes import find_mode

        await find_mode(asker)

    def path(self, mode: str) -> str:
        """Return the path of the request, below the address of the endpoint."""
        return "chat/completions"

    def messages(self, question: Any, mode: str) -> list[Message]:
        """Return the messages as they are sent."""
        return rendering.rendered(question, mode)

    def limit(self, question: Any, mode: str, settings: LlmSettings) -> int:
        """Return the number of tokens that the reply may have."""
        return rendering.reply_limit(question, settings)

    def body(self, question: Any, messages: Sequence[Message], mode: str, settings: LlmSettings, limit_name: str) -> bytes:
        """Return the request as JSON."""
        return rendering.body(question, messages, mode, settings, limit_name)

    def key(self, question: Any, mode: str, settings: LlmSettings) -> str:
        """Return the name of the stored reply, a hash of everything that shapes it."""
        return rendering.reply_key(question, mode, settings)

    def tokens_about(self, question: Any, mode: str) -> int:
        """Return an estimate of the input tokens."""
        return rendering.tokens_about(question, mode)

    def parse(self, data: bytes, question: Any, mode: str) -> Parsed:
        """Return what the body of a reply holds, or the reason why it is of no use. `text` of the result is what is stored."""
        return parse_completion(data, question.reply, question.context)

    def restored(self, text: str, question: Any) -> Any:
        """Return the value of a stored reply. Raises ValueError or RecursionError if it is not valid any more."""
        return validated(text, question.reply, question.context)

    def correction(self, text: str, fault: str) -> list[Message]:
        """Return the messages that show the model an invalid reply and ask again."""
        return rendering.correction(text, fault)


JSON = JsonForm()
