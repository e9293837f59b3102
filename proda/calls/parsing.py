"""The body of a chat completion as a validated object, or as the reason why it is none.

    parsed = parse_completion(body, Colour, None)
    parsed.value                                  # Colour(name='red')
    parsed.reason, parsed.detail                  # "", ""; or "invalid", "name: Field required"

Models put text around their JSON: code fences, `<think>…</think>`, a sentence before or after. The reply itself is tried first, then each
JSON object in it, the last one first: what comes before may repeat JSON from the document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MOST_CANDIDATES = 200  # places where a JSON object may start; bounds the work on a reply of opening braces
WEB_PAGE = "The address answered with a web page"
MOST_FAULTS = 10  # lines of a validation message that the model gets to read


class _Function(msgspec.Struct):
    arguments: str | dict[str, Any] | None = None


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _ReplyMessage(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    message: _ReplyMessage
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    id: str | None = None
    usage: _Usage | None = None


_DECODER = msgspec.json.Decoder(_Completion)


class Parsed(msgspec.Struct):
    """What a completion holds."""

    value: Any = None  # an instance of the model, if `reason` is empty
    text: str = ""  # the JSON that was accepted; else the whole content
    reason: str = ""  # a key of REASONS
    detail: str = ""
    id: str = ""  # the endpoint's name for the reply
    usage: tuple[int, int] | None = None  # input and output tokens; None if the endpoint does not count them


def parse_completion(data: bytes, model: type[BaseModel], context: Mapping[str, Any] | None) -> Parsed:
    """Validate the reply in the body of a chat completion. Never raises for what the endpoint sent."""
    try:
        completion = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Parsed(reason="bad-response", detail=no_reply(data, error))
    if not completion.choices:
        return Parsed(reason="bad-response", detail="The list of choices is empty.")
    choice, usage = completion.choices[0], completion.usage
    counted = None
    if usage is not None and usage.prompt_tokens is not None and usage.completion_tokens is not None:
        counted = max(0, usage.prompt_tokens), max(0, usage.completion_tokens)
    text = _content(choice.message)
    parsed = Parsed(text=text, id=completion.id or "", usage=counted)
    if choice.finish_reason == "length" and not _complete(text, model, context):
        parsed.reason, parsed.detail = "truncated", "The reply reached max_tokens."
    elif choice.message.refusal or choice.finish_reason == "content_filter":
        parsed.reason, parsed.detail = "refused", choice.message.refusal or "The endpoint's filter stopped the reply."
    elif not text.strip():
        parsed.reason, parsed.detail = "empty", "The reply has no content."
    else:
        _validate(parsed, model, context)
    return parsed


def no_reply(data: bytes, error: Exception) -> str:
    """Describe a body that is no JSON reply, with its first characters."""
    start = data[:80].decode(errors="replace")
    if data.lstrip()[:1] == b"<":
        return f"{WEB_PAGE}, expected a reply in JSON. Check the endpoint (its address ends in /v1 for most servers): {start}"
    return f"{error}: {start}"


def at_limit(parsed: Parsed, limit: int) -> Parsed:
    """Return `parsed` with "not-json" changed to "truncated" if the reply has `limit` tokens.

    Some servers call the end of every tool call "tool_calls", that of one which was cut too.
    """
    if parsed.reason == "not-json" and parsed.usage is not None and parsed.usage[1] >= limit:
        parsed.reason, parsed.detail = "truncated", f"The reply ends in the middle of its JSON, at max_tokens ({limit:,})."
    return parsed


def validated(text: str, model: type[BaseModel], context: Mapping[str, Any] | None) -> Any:
    """An instance of `model` from JSON text. Raises pydantic's ValidationError, or ValueError if the text is no JSON."""
    from pydantic import ValidationError

    given = dict(context) if context is not None else None
    try:
        return model.model_validate_json(text, context=given)
    except ValidationError as error:
        if not _is_syntax(error):
            raise
        # Models write line breaks and tabs into strings as they are, which strict JSON forbids.
        return model.model_validate(json.loads(text, strict=False), context=given)


def _content(message: _ReplyMessage) -> str:
    """The text of a reply: of its first tool call, if it has one. Some servers answer a forced tool in `content`.

    Some send the arguments of a tool call as an object instead of a text.
    """
    for call in message.tool_calls or ():
        if call.function is not None:
            given = call.function.arguments
            return given if isinstance(given, str) else json.dumps(given or {})
    content = message.content
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content)
    return content or ""


def _complete(text: str, model: type[BaseModel], context: Mapping[str, Any] | None) -> bool:
    """Whether a reply that reached the limit is valid as a whole: servers with a grammar may go on with white space."""
    try:
        validated(text.strip(), model, context)
    except (ValueError, RecursionError):  # pydantic's ValidationError is a ValueError
        return False
    return True


def _validate(parsed: Parsed, model: type[BaseModel], context: Mapping[str, Any] | None) -> None:
    """Fill in `value`, or `reason` and `detail`."""
    from pydantic import ValidationError

    first: ValidationError | None = None
    for text in _candidates(parsed.text):
        try:
            parsed.value = validated(text, model, context)
        except ValidationError as error:
            first = first or error
        except (ValueError, RecursionError):
            continue
        else:
            parsed.text = text
            return
    if first is None:
        parsed.reason, parsed.detail = "not-json", "The reply holds no complete JSON object."
    else:
        parsed.reason, parsed.detail = "invalid", _faults(first)


def _candidates(text: str) -> list[str]:
    """The JSON objects in a reply: the reply itself if it looks like one, then those after the model's thoughts, the last one first."""
    whole = text.strip()
    found = [whole] if whole.startswith("{") and whole.endswith("}") else []
    said = whole.rpartition("</think>")[2]
    decoder = json.JSONDecoder(strict=False)
    objects: list[str] = []
    at = said.find("{")
    for _ in range(MOST_CANDIDATES):
        if at < 0:
            break
        try:
            end = decoder.raw_decode(said, at)[1]
        except (ValueError, RecursionError):
            if said[at + 1 :].lstrip()[:1] == '"':
                return found  # an object that is cut off or malformed: what is inside it is not the answer
            end = at + 1
        else:
            objects.append(said[at:end])
        at = said.find("{", end)
    return found + [o for o in reversed(objects) if o not in found]


def _is_syntax(error: ValidationError) -> bool:
    return error.error_count() == 1 and error.errors(include_url=False, include_context=False)[0]["type"] == "json_invalid"


def _faults(error: ValidationError) -> str:
    """A validation error as one line for each fault: the path, and what was expected. The reply itself is not repeated."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(str(part) for part in fault['loc']) or 'the object'}: {fault['msg']}" for fault in faults[:MOST_FAULTS]]
    return "\n".join(lines + ([f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []))
