"""A question as the body of a request, and as the key under which its reply is stored.

json_schema   response_format holds the schema, and the system message repeats it, because some servers use it only as a grammar
tools         one forced function whose parameters are the schema
json          response_format asks for any JSON object; the system message holds the schema
text          the system message holds the schema; for servers that accept none of the above
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from proda.calls.records import Question
from proda.document_settings import LlmSettings

if TYPE_CHECKING:
    from pydantic import BaseModel

MODES = ("json_schema", "tools", "json", "text")  # in the order in which a probe tries them
STORE_VERSION = 1  # part of each key: raise it when replies stored before must not be used any more
INSTRUCTION = "Reply with one JSON object that matches this JSON Schema. Write nothing before or after it.\n"
MESSAGE_TOKENS = 16  # for the role and the separators of one message, at most
REQUEST_TOKENS = 64  # for what a chat template adds once, at most
CHARACTERS_PER_TOKEN = 4  # of English text; used for estimates only

Message = dict[str, Any]


@functools.cache
def schema_text(model: type[BaseModel]) -> str:
    """The JSON Schema of a reply, as compact JSON with sorted keys."""
    return json.dumps(model.model_json_schema(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@functools.cache
def _extras(model: type[BaseModel], mode: str) -> dict[str, Any]:
    """The fields of the request that ask for JSON."""
    schema, name = json.loads(schema_text(model)), model.__name__
    if mode == "json_schema":
        return {"response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}}
    if mode == "tools":
        description = schema.pop("description", "The whole answer.")
        function = {"name": name, "description": description, "parameters": schema}
        return {"tools": [{"type": "function", "function": function}], "tool_choice": {"type": "function", "function": {"name": name}}}
    return {"response_format": {"type": "json_object"}} if mode == "json" else {}


def rendered(question: Question, mode: str) -> list[Message]:
    """The messages as they are sent, with the schema in the system message unless the mode is `tools`."""
    messages: list[Message] = [dict(message) for message in question.messages]
    if mode == "tools":
        return messages
    text = INSTRUCTION + schema_text(question.reply)
    if messages and messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{text}"
    else:
        messages.insert(0, {"role": "system", "content": text})
    return messages


def reply_limit(question: Question, settings: LlmSettings) -> int:
    """Tokens that the reply may have."""
    return question.max_tokens or settings.max_tokens


def body(question: Question, messages: Sequence[Message], mode: str, settings: LlmSettings, limit_name: str = "max_tokens") -> bytes:
    """The request as JSON. `limit_name` is what the endpoint calls the limit of the reply's tokens."""
    fields = {
        "model": settings.model,
        "messages": messages,
        "temperature": settings.temperature,
        limit_name: reply_limit(question, settings),
    }
    return msgspec.json.encode(fields | _extras(question.reply, mode))


def reply_key(question: Question, mode: str, settings: LlmSettings) -> str:
    """The name of the stored reply: a sha256 over everything that shapes the reply, and over neither the endpoint nor its key."""
    parts = (
        STORE_VERSION,
        settings.model,
        mode,
        question.prompt,
        rendered(question, mode),
        schema_text(question.reply),
        settings.temperature,
        reply_limit(question, settings),
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def correction(content: str, fault: str) -> list[Message]:
    """The messages that show the model its invalid reply, with what was wrong, and ask again.

    A tool call is shown as text. Chat templates that know no tools fail on a message without content, and others on arguments that are no
    JSON, which is what a correction is about.
    """
    text = f"This reply is not valid:\n{fault}\nReply again with the whole corrected JSON object and nothing else."
    return [{"role": "assistant", "content": content}, {"role": "user", "content": text}]


def tokens_at_most(request: bytes, messages: int) -> int:
    """An upper bound on the input tokens of a request.

    A token of a byte-level vocabulary is one byte or more, so the bytes bound the tokens of the text. The escapes and field names of the
    JSON only raise the bound.
    """
    return len(request) + MESSAGE_TOKENS * messages + REQUEST_TOKENS


def tokens_about(question: Question, mode: str) -> int:
    """An estimate of the input tokens of a question, from its characters."""
    characters = sum(len(str(message["content"])) for message in rendered(question, mode))
    characters += len(schema_text(question.reply)) if mode == "tools" else 0
    return -(-characters // CHARACTERS_PER_TOKEN)
