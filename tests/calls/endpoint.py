"""A chat-completions endpoint on loopback, with faults that are switched on by name. Tests start it; nothing else talks to it.

    with endpoint(answer="tests.calls.answers:colours", faults={"429": 0.05, "wrong": 0.1}) as server:
        settings = LlmSettings(endpoint=server.url, model="toy")
        ...
        assert len(server.requests()) == 12                  # one row for each request, in the order of arrival

The server is a separate process. It does not share the client's event loop, and keeps running when a client is killed.

What it answers: `answer` names a function `answer(messages, schema) -> dict`, as "package.module:function". It gets the messages of the
question (without the rounds of a re-ask) and the JSON Schema of the reply, and returns the reply: a dict, a str that is sent as it is, or a
list of replies to the first, second, … try; or TOO_LONG. It must be pure, so that the same question has the same answer in every run.
Without it, or where it returns None, the reply is the smallest instance of the schema.

Faults: `faults` maps a name of FAULTS to the share of requests that it hits. The requests are drawn from the seed, the question
and the number of the try, so they do not depend on the order of arrival. A question is hit `most` times, then answered. A question whose
text holds `FAULT=name` is hit by that fault at each try; with `FAULT=name:2` at its first two.

GET /stats tells how many replies were sent, when the first request came and the last reply went, and how many were in flight at most.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
FAULTS = {
    "429": "rate limit, Retry-After in seconds",
    "429-ms": "rate limit, retry-after-ms",
    "429-date": "rate limit, Retry-After as a date",
    "429-long": "rate limit, Retry-After of two hours",
    "quota": "429 with the code insufficient_quota",
    "500": "server error",
    "503": "overloaded, without a hint when to come back",
    "reset": "the connection is closed before the reply",
    "hang": "no reply for an hour",
    "slow": "ten times the latency, at least half a second",
    "drip": "the reply arrives one byte at a time, for minutes",
    "cut-body": "the connection is closed in the middle of the body",
    "bad-body": "status 200, with a page of HTML as body",
    "no-choices": "status 200, with a list of choices that is empty",
    "cut": "the reply's JSON ends in the middle, though finish_reason is stop",
    "malformed": "the reply is no JSON",
    "wrong": "the reply is JSON that the schema does not allow",
    "refusal": "the model refuses",
    "filter": "finish_reason is content_filter",
    "empty": "the reply has no content",
    "length": "the reply ends in the middle, finish_reason is length",
    "context": "400: the messages are longer than the model's context",
    "400": "400: a parameter is not known",
    "401": "401: the key is wrong; the message repeats the key",
    "404": "404: no such model",
    "fences": "a good reply inside a code fence",
    "think": "a good reply after <think>…</think>",
    "prose": "a good reply with a sentence before and after it",
    "no-usage": "a good reply without a count of tokens",
}
TOO_LONG = "TOO LONG"  # an `answer` returns this for a reply that does not end
Answer = Callable[[list[dict[str, Any]], dict[str, Any]], Any]


def instance_of(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """Returns the smallest instance of a JSON Schema: required fields only, first choices, empty lists where they are allowed."""
    root = root or schema
    if "$ref" in schema:
        return instance_of(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return instance_of(schema[key][0], root)
    kind = schema.get("type")
    if kind == "object":
        return {name: instance_of(schema["properties"][name], root) for name in schema.get("required", ())}
    if kind == "array":
        return [instance_of(schema["items"], root) for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return {"boolean": False, "null": None}.get(str(kind), "x" * schema.get("minLength", 1))


@dataclass(frozen=True)
class Config:
    """What the server is started with."""

    answer: str = ""
    faults: Mapping[str, float] | None = None
    seed: int = 0
    most: int = 2  # faults that are drawn for one question
    latency_s: float = 0.0
    modes: tuple[str, ...] = ("json_schema", "tools", "json", "text")  # other kinds of request get a 400
    key: str = ""  # the only key that is accepted; empty: any
    model: str = ""  # the only model that exists; empty: any
    per_second: float = 0.0  # requests accepted per second; further ones get a 429 with retry-after-ms; 0: all
    limit_name: str = "max_tokens"  # the only name of the token limit that is accepted
    retry_after_s: float = 1.0
    llama_cpp: bool = False  # like the server of llama-cpp-python: see `_refused_by_llama_cpp`; a cut tool call has the usual finish reason
    port: int = 0
    log: str = ""


class Server:
    """The requests, one at a time: draw a fault, log a row, reply."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.tries: Counter[str] = Counter()
        self.drawn: Counter[str] = Counter()
        self.count = 0
        self.in_flight = 0
        self.stats = {"replies": 0, "first": 0.0, "last": 0.0, "most": 0}
        self.allowance, self.counted = 1.0, time.monotonic()
        self.log = open(config.log, "a", buffering=1) if config.log else None  # noqa: SIM115
        self.answer = self._load(config.answer)

    @staticmethod
    def _load(name: str) -> Answer:
        if not name:
            return lambda messages, schema: None
        module, _, function = name.partition(":")
        return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]

    def fault(self, question: str, text: str, turn: int) -> str:
        """The fault of the `turn`-th try at a question (from 0); empty for none."""
        if "FAULT=" in text:
            name, _, times = text.partition("FAULT=")[2].split(maxsplit=1)[0].partition(":")
            return name if not times or turn < int(times) else ""
        if not self.config.faults or self.drawn[question] >= self.config.most:
            return ""
        draw = int.from_bytes(hashlib.sha256(f"{self.config.seed}|{question}|{turn}".encode()).digest()[:8], "big") / 2**64
        for name, share in self.config.faults.items():
            if draw < share:
                self.drawn[question] += 1
                return name
            draw -= share
        return ""

    def limited(self) -> float:
        """Seconds until the rate limit lets the next request through; 0 if this one passes."""
        rate = self.config.per_second
        if not rate:
            return 0.0
        now = time.monotonic()
        self.allowance, self.counted = min(rate / 4 + 1, self.allowance + (now - self.counted) * rate), now
        if self.allowance >= 1.0:
            self.allowance -= 1.0
            return 0.0
        return (1.0 - self.allowance) / rate

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/stats":
            return web.json_response(self.stats)
        if not request.path.endswith("/chat/completions"):
            return _error(404, "no such path", "not_found")
        body = msgspec.json.decode(await request.read())
        if not body["messages"]:
            return _error(400, "the list of messages is empty", "invalid_request_error")
        self.count += 1
        self.in_flight += 1
        row: dict[str, Any] = {"n": self.count, "at": time.time(), "in_flight": self.in_flight}
        try:
            return await self._reply(request, body, row)
        finally:
            self.stats["replies"] += 1
            self.stats["first"], self.stats["last"] = self.stats["first"] or row["at"], time.time()
            self.stats["most"] = max(self.stats["most"], self.in_flight)
            self.in_flight -= 1
            if self.log:
                self.log.write(msgspec.json.encode(row).decode() + "\n")

    async def _reply(self, request: web.BaseRequest, body: dict[str, Any], row: dict[str, Any]) -> web.StreamResponse:
        config = self.config
        ends = next((n for n, m in enumerate(body["messages"]) if m["role"] == "assistant"), len(body["messages"]))
        messages = body["messages"][:ends]
        mode, schema = _asked(body)
        said = messages[-1]["content"]
        question = hashlib.sha256("\n".join(m["content"] for m in messages).encode()).hexdigest()
        turn = self.tries[question]
        self.tries[question] += 1
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        fault = self.fault(question, said, turn)
        row |= {
            "text": said[-200:],
            "last": (body["messages"][-1]["content"] or "")[-500:],
            "mode": mode,
            "turn": turn,
            "fault": fault,
            "rounds": len(body["messages"]),
            "status": 200,
        }
        row |= {"model": body["model"], "temperature": body.get("temperature"), "limit": body.get(config.limit_name), "usage": None}
        if config.latency_s:
            await asyncio.sleep(config.latency_s * (10 if fault == "slow" else 1))
        if wait := self.limited():
            row["fault"], row["status"] = "rate", 429
            return _error(429, "too many requests", "rate_limit_exceeded", {"retry-after-ms": str(int(wait * 1000) + 1)})
        if (config.key and key != config.key) or fault == "401":
            row["status"] = 401
            return _error(401, f"Incorrect API key provided: {key}. You can find your key on your account page.", "invalid_api_key")
        if config.model and body["model"] != config.model:
            row["status"] = 404
            return _error(404, f"The model `{body['model']}` does not exist", "model_not_found")
        if config.llama_cpp and (why := _refused_by_llama_cpp(body)):
            row["status"] = 500
            return _error(500, why, "internal_server_error")
        if mode not in config.modes:
            row["status"] = 400
            return _error(400, f"'{mode}' is not supported by this server", "unsupported")
        if config.limit_name == "max_completion_tokens" and "max_tokens" in body:
            row["status"] = 400
            message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            return _error(400, message, "unsupported_parameter")
        if failed := await self._failed(fault, key, request, row):
            return failed
        if fault == "slow":
            await asyncio.sleep(0.5)
        return await self._send(request, fault, row, self._completion(body, messages, schema, mode, fault, row))

    async def _failed(self, fault: str, key: str, request: web.BaseRequest, row: dict[str, Any]) -> web.StreamResponse | None:
        """The reply to a fault that hits before the model would have been asked; None if there is none."""
        seconds = self.config.retry_after_s
        hints = {
            "429": {"Retry-After": f"{seconds:g}"},
            "429-ms": {"retry-after-ms": f"{seconds * 1000:g}"},
            "429-date": {"Retry-After": formatdate(time.time() + seconds + 1, usegmt=True)},
            "429-long": {"Retry-After": "7200"},
        }
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()  # type: ignore[attr-defined]
            raise ConnectionResetError
        errors = {
            "quota": (429, "You exceeded your current quota", "insufficient_quota"),
            "500": (500, f"internal error, key {key}", "server_error"),
            "503": (503, "overloaded", "overloaded"),
            "400": (400, f"unknown parameter, key {key}", "invalid_request_error"),
            "404": (404, "The model does not exist", "model_not_found"),
            "context": (400, "This model's maximum context length is 4096 tokens.", "context_length_exceeded"),
        }
        status, message, code = (429, "too many requests", "rate_limit_exceeded") if fault in hints else errors.get(fault, (0, "", ""))
        row["status"] = status or 200
        return _error(status, message, code, hints.get(fault)) if status else None

    def _completion(
        self, body: dict[str, Any], messages: list[dict[str, Any]], schema: dict[str, Any], mode: str, fault: str, row: dict[str, Any]
    ) -> dict[str, Any]:
        """The body of a chat completion."""
        reply = self.answer(messages, schema)
        if isinstance(reply, list):
            reply = reply[min(row["turn"], len(reply) - 1)]
        if reply is None:
            reply = instance_of(schema)
        if reply == TOO_LONG:
            reply, fault = instance_of(schema), "length"
        text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        if fault == "wrong":
            text = json.dumps({"unexpected": True})
        elif fault in ("cut", "length"):
            text = text[: max(1, len(text) * 2 // 3)]
        elif fault == "malformed":
            text = "I would say: {colour = red"
        elif fault == "fences":
            text = f"```json\n{text}\n```"
        elif fault == "think":
            text = f'<think>\nPerhaps {{"colour": 1}}? No.\n</think>\n\n{text}'
        elif fault == "prose":
            text = f"Here is the object:\n{text}\nI hope that {{this}} helps!"
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if mode == "tools":
            name = body["tools"][0]["function"]["name"]
            call = {"id": f"call-{self.count}", "type": "function", "function": {"name": name, "arguments": text}}
            message |= {"content": None, "tool_calls": [call]}
        if fault == "refusal":
            message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
        elif fault in ("empty", "filter"):
            message = {"role": "assistant", "content": ""}
        usage = {"prompt_tokens": sum(len(m["content"] or "") for m in body["messages"]) // 4, "completion_tokens": len(text) // 4 + 1}
        row["usage"] = None if fault == "no-usage" else [usage["prompt_tokens"], usage["completion_tokens"]]
        done = {"length": "length", "filter": "content_filter"}.get(fault, "tool_calls" if mode == "tools" else "stop")
        if self.config.llama_cpp and mode == "tools":
            done = "tool_calls"
            usage["completion_tokens"] = min(usage["completion_tokens"], body["max_tokens"]) if fault != "length" else body["max_tokens"]
            row["usage"] = list(usage.values())
        choices = [] if fault == "no-choices" else [{"index": 0, "message": message, "finish_reason": done}]
        whole = {"id": f"chatcmpl-{row['n']}", "object": "chat.completion", "created": 0, "model": body["model"], "choices": choices}
        return whole if fault == "no-usage" else whole | {"usage": usage | {"total_tokens": sum(usage.values())}}

    async def _send(self, request: web.BaseRequest, fault: str, row: dict[str, Any], whole: dict[str, Any]) -> web.StreamResponse:
        data = msgspec.json.encode(whole)
        if fault == "bad-body":
            row["usage"] = None
            return web.Response(body=b"<html>Gateway</html>", content_type="text/html")
        if fault not in ("drip", "cut-body"):
            return web.Response(body=data, content_type="application/json")
        row["usage"] = None
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
        await response.prepare(request)
        if fault == "cut-body":
            await response.write(data[: len(data) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        for byte in data:
            await response.write(bytes([byte]))
            await asyncio.sleep(0.5)
        return response


def _asked(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of reply that a request asks for, and its JSON Schema; the schema of a `json` request is read from its messages."""
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return "json_schema", form["json_schema"]["schema"]
    if body.get("tools"):
        return "tools", body["tools"][0]["function"]["parameters"]
    mode = "json" if form else "text"
    for message in body["messages"]:
        text = message["content"] or ""
        for start in (n for n, sign in enumerate(text) if sign == "{"):
            try:
                found = json.JSONDecoder().raw_decode(text, start)[0]
            except ValueError:
                continue
            if "properties" in found:
                return mode, found
    return mode, {"type": "object"}


def _refused_by_llama_cpp(body: dict[str, Any]) -> str:
    """Why llama-cpp-python answers a request with 500; empty if it does not. The chat template is one that knows no tools."""
    if (body.get("response_format") or {}).get("type") == "json_schema":
        return "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text' or 'json_object'\"}]"
    return "" if all(m.get("content") is not None for m in body["messages"]) else 'can only concatenate str (not "NoneType") to str'


def _error(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return web.json_response(body, status=status, headers=headers)


async def serve(config: Config) -> None:
    """Serves until the process ends. Prints the address once it listens."""
    runner = web.ServerRunner(web.Server(Server(config), access_log=None), access_log=None, handle_signals=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", config.port, backlog=2048, shutdown_timeout=0.1)
    await site.start()
    port = runner.addresses[0][1]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # ends with the test that started it
        await asyncio.sleep(0.5)


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    url: str
    log: Path
    process: subprocess.Popen[str]

    def requests(self) -> list[dict[str, Any]]:
        """One row for each request that was answered: n, text (of the question), last (message), mode, turn, fault, status, usage, …"""
        rows = [json.loads(line) for line in self.log.read_bytes().splitlines()] if self.log.exists() else []
        return sorted(rows, key=lambda row: row["n"])


@contextmanager
def endpoint(**config: Any) -> Iterator[Running]:
    """Start a server with the fields of `Config`, and stop it at the end. With `log=None` it writes no rows."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = config.pop("log", "")
        log = Path(wanted or Path(folder) / "requests.jsonl")
        settings = json.dumps({"log": "" if wanted is None else str(log), **config})
        env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        command = [sys.executable, "-P", "-m", "tests.calls.endpoint", settings]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the server did not start"
            yield Running(url, log, process)
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Parses the command line and serves."""
    parser = argparse.ArgumentParser(description="A chat-completions endpoint on loopback, with faults on request.")
    parser.add_argument("config", nargs="?", default="{}", help="the fields of Config, as JSON")
    fields = json.loads(parser.parse_args().config)
    unknown = set(fields.get("faults") or ()) - set(FAULTS)
    assert not unknown, f"no such fault: {sorted(unknown)}"
    asyncio.run(serve(Config(**fields)))


if __name__ == "__main__":
    main()
