"""A server on loopback that scores as vLLM does, with real models behind it. Tests start it; nothing else talks to it.

    with scoring_server({"base": [base, None], "tuned-0": [base, adapter]}) as server:
        params = EvaluateParams(backend="endpoint", endpoint=EndpointParams(url=server.url, base_model="base", tuned_model="tuned-{seed}"))
        ...
        server.requests()                                    # one row for each request: model, path, text, status

/v1/completions returns log-probabilities of the prompt for `echo` and `logprobs`, and /v1/chat/completions `top_logprobs`. `lacks` maps
a model to what the server does not do for it: "echo" ignores that field, "logprobs" refuses such requests with 400, "completions" does not
know the path, and "start" returns the values of the next places without the generated token, as llama-cpp-python does for prompts without
a start token.
`faults` maps "429", "500" or "no-usage" to the share of texts whose first request fails so. `context` is the longest prompt in tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.calls.endpoint import ROOT, Running


class Scores:
    """One model: the log-probabilities after each token of a text."""

    def __init__(self, base: str, adapter: str | None) -> None:
        from proda.compiler.adapter import load_tuned
        from proda.compiler.base import load_base

        self.model, self.tokenizer = load_base(Path(base)) if adapter is None else load_tuned(Path(base), Path(adapter))
        self.model.eval()

    def of(self, text: str) -> tuple[list[int], Any]:
        """Token ids, the BOS token included, and log-probabilities (tokens × vocabulary) of the token after each of them."""
        import torch

        head = [] if self.tokenizer.bos_token_id is None else [self.tokenizer.bos_token_id]
        ids = [*head, *self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]
        with torch.inference_mode():
            return ids, torch.log_softmax(self.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].double(), dim=-1)

    def name(self, token: int) -> str:
        """Text of one token, as servers give it."""
        return str(self.tokenizer.decode([token]))

    def late(self, text: str) -> dict[str, Any]:
        """Log-probabilities as llama-cpp-python gives them without a start token: those of the next places, and no generated token."""
        ids, after = self.of(text)
        ends = [end for _, end in self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]]
        starts = [0, *ends[:-1]]
        own = ids[len(ids) - len(ends) :]
        values = [None, *(float(after[len(ids) - len(own) + n, t]) for n, t in enumerate(own) if n)]
        return {"tokens": [text[start:end] for start, end in zip(starts, ends, strict=True)], "token_logprobs": values}


class Server:
    """Answers one request after the other."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.scores = {name: Scores(*folders) for name, folders in config["models"].items()}
        self.tries: Counter[tuple[str, str]] = Counter()
        self.log = open(config["log"], "a", buffering=1)  # noqa: SIM115
        self.count = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        body = json.loads(await request.read())
        chat = request.path.endswith("/chat/completions")
        text = body["messages"][-1]["content"] if chat else body["prompt"]
        status, headers, reply = self._reply(body, text, chat)
        self.count += 1
        row = {
            "n": self.count,
            "path": request.path,
            "model": body["model"],
            "text": text,
            "status": status,
            "key": request.headers["Authorization"],
        }
        self.log.write(json.dumps(row) + "\n")
        await asyncio.sleep(self.config.get("latency_s", 0.0))
        return web.json_response(reply, status=status, headers=headers)

    def _reply(self, body: dict[str, Any], text: str, chat: bool) -> tuple[int, dict[str, str], dict[str, Any]]:
        model = body["model"]
        lacks = self.config.get("lacks", {}).get(model, ())
        if model not in self.scores or (not chat and "completions" in lacks):
            return _error(404, "not found")
        if "logprobs" in lacks and body.get("logprobs"):
            return _error(400, "logprobs is not supported")
        fault = self._fault(model, text)
        if fault == "429":
            return 429, {"Retry-After": "0.1"}, {"error": {"message": "too many requests", "code": "rate_limit_exceeded"}}
        if fault == "500":
            return _error(500, "internal error")
        scores = self.scores[model]
        ids, after = scores.of(text)
        if len(ids) > self.config.get("context", 1 << 30):
            return _error(400, "This model's maximum context length is exceeded.")
        made = self._generate(scores, text, body.get("max_tokens", 16))
        usage = {"prompt_tokens": len(ids), "completion_tokens": len(made), "total_tokens": len(ids) + len(made)}
        written = "".join(scores.name(t) for t in made)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        if chat:
            choice["message"] = {"role": "assistant", "content": written}
            if body.get("logprobs"):
                best = after[-1].topk(body["top_logprobs"])
                top = [{"token": scores.name(int(t)), "logprob": float(v)} for v, t in zip(best.values, best.indices, strict=True)]
                choice["logprobs"] = {"content": [{"token": written, "logprob": top[0]["logprob"], "top_logprobs": top}]}
        else:
            echo = body.get("echo") and "echo" not in lacks
            choice["text"] = f"{text}{written}" if echo else written
            if body.get("logprobs") is not None:
                choice["logprobs"] = self._logprobs(
                    scores, [*ids, *made] if echo else made, after, 0 if echo else len(ids), body["logprobs"]
                )
            if echo and "start" in lacks and choice.get("logprobs"):
                choice["logprobs"] = scores.late(text)
        whole = {"id": f"cmpl-{self.count}", "model": model, "choices": [choice]}
        return 200, {}, whole if fault == "no-usage" else whole | {"usage": usage}

    def _generate(self, scores: Scores, text: str, count: int) -> list[int]:
        made: list[int] = []
        for _ in range(count):
            _, after = scores.of(text + "".join(scores.name(t) for t in made))
            made.append(int(after[-1].argmax()))
            if made[-1] == scores.tokenizer.eos_token_id:
                return made[:-1]
        return made

    def _logprobs(self, scores: Scores, tokens: Sequence[int], after: Any, start: int, top: int) -> dict[str, Any]:
        """`start` is the place of the first of `tokens` in the whole text."""
        places = [start + n for n in range(len(tokens))]
        values = [None if p == 0 else float(after[p - 1, t]) for p, t in zip(places, tokens, strict=True)]
        best: list[dict[str, float] | None] = []
        for place in places:
            found = None if place == 0 else after[place - 1].topk(top)
            best.append(found and {scores.name(int(t)): float(v) for v, t in zip(found.values, found.indices, strict=True)})
        return {"tokens": [scores.name(t) for t in tokens], "token_logprobs": values, "top_logprobs": best, "text_offset": []}

    def _fault(self, model: str, text: str) -> str:
        self.tries[model, text] += 1
        if self.tries[model, text] > 1:
            return ""
        draw = int.from_bytes(hashlib.sha256(f"{model} {text}".encode()).digest()[:8], "big") / 2**64
        for name, share in self.config.get("faults", {}).items():
            if draw < share:
                return str(name)
            draw -= share
        return ""


def _error(status: int, message: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    return status, {}, {"error": {"message": message, "code": "error"}}


async def serve(config: Mapping[str, Any]) -> None:
    """Serves until the process that started it ends. Prints the address once it listens."""
    runner = web.ServerRunner(web.Server(Server(config), access_log=None), access_log=None, handle_signals=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=0.1).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)


@contextmanager
def scoring_server(models: Mapping[str, Sequence[Path | None]], **config: Any) -> Iterator[Running]:
    """Start a server of `models` (name → folders of the base and of the adapter, or None), and stop it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "requests.jsonl"
        named = {name: [None if part is None else str(part) for part in folders] for name, folders in models.items()}
        settings = json.dumps({"models": named, "log": str(log), **config})
        env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        command = [sys.executable, "-P", "-m", "tests.compiler.scoring_server", settings]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the server did not start"
            yield Running(url, log, process)
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A completions endpoint on loopback that scores with real models.")
    parser.add_argument("config", help="as JSON")
    asyncio.run(serve(json.loads(parser.parse_args().config)))
