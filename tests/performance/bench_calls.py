"""Benchmarks structured LLM calls against other clients, on one server on loopback.

    python -m tests.performance.bench_calls                        # 50 ms latency, 64 in flight; then 2 s latency, 256 in flight
    pip install --target DIR bespokelabs-curator                   # optional: with PRODA_CURATOR=DIR curator takes part

Every contender sends the same chat requests for JSON. `raw` is aiohttp alone: the upper limit on this machine and server. `default` and
`aiohttp` are plain calls of the openai client, on its default transport and on aiohttp. `instructor` (on aiohttp) and `curator` ask for a
structured reply and validate it. `proda` does too, and stores each reply in a file.

Each measurement runs in a new process, and contenders alternate. The rate is the server's: replies by the time from the first request to
the last reply, so that imports and set-up do not count. Both processes share the machine's cores, and timings vary: compare the ratios.
curator counts tokens with an encoding that it would download. Here it gets one that knows single bytes only, which costs it less.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTENDERS = ("raw", "default", "aiohttp", "instructor", "curator", "proda")
SLOW = ("default", "instructor")  # asked a third of the questions
SYSTEM = "You extract the statements of a passage. Each has a subject, a relation and an object, and a verbatim quote. " * 3
PASSAGE = "Heat flows from the warmer to the colder body until both have one temperature. " * 10


def _messages(n: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"Passage {n}. {PASSAGE}"}]


def _model() -> Any:
    import pydantic

    class Statement(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        subject: str
        relation: str
        object: str
        quote: str
        qualifiers: list[str]

    return Statement


def answer(messages: list[dict[str, Any]], schema: dict[str, Any]) -> Any:
    """The reply to each question; None for the probe of an endpoint."""
    statement = {"subject": "heat", "relation": "flows to", "object": "the colder body", "quote": PASSAGE[:79], "qualifiers": []}
    return statement if "quote" in schema.get("properties", {}) else "red" if not schema.get("properties") else None


async def _pump(count: int, in_flight: int, one: Callable[[int], Awaitable[Any]]) -> None:
    left = iter(range(count))

    async def work() -> None:
        for n in left:
            await one(n)

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def _ask(contender: str, url: str, count: int, in_flight: int) -> None:
    """The contenders that are an event loop with so many workers."""
    model = _model()
    form = {"type": "json_schema", "json_schema": {"name": "Statement", "schema": model.model_json_schema()}}
    if contender == "raw":
        import aiohttp

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def raw(n: int) -> None:
                body = {"model": "toy", "messages": _messages(n), "response_format": form}
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    json.loads(await response.read())

            await _pump(count, in_flight, raw)
        return
    import openai

    http = None if contender == "default" else openai.DefaultAioHttpClient()
    client = openai.AsyncOpenAI(base_url=url, api_key="none", http_client=http)
    if contender == "instructor":
        import instructor

        patched = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA)

        async def structured(n: int) -> None:
            await patched.chat.completions.create(model="toy", messages=_messages(n), response_model=model, max_retries=2)

        await _pump(count, in_flight, structured)
    else:

        async def plain(n: int) -> None:
            await client.chat.completions.create(model="toy", messages=_messages(n), response_format=form)

        await _pump(count, in_flight, plain)
    await client.close()


def _ask_curator(url: str, count: int, in_flight: int, folder: str) -> None:
    import tiktoken

    bytewise = tiktoken.Encoding("bytewise", pat_str=r"\S+|\s+", mergeable_ranks={bytes([n]): n for n in range(256)}, special_tokens={})
    tiktoken.get_encoding = lambda name: bytewise
    from bespokelabs import curator

    class Asker(curator.LLM):
        def prompt(self, row: Any) -> Any:
            return _messages(row["n"])

        def parse(self, row: Any, response: Any) -> Any:
            return response.model_dump()

    limits = dict.fromkeys(("max_requests_per_minute", "max_tokens_per_minute"), 1_000_000_000)
    params = {"base_url": url, "max_concurrent_requests": in_flight, **limits}
    asker = Asker(model_name="toy", backend="openai", response_format=_model(), backend_params=params)
    asker([{"n": n} for n in range(count)], working_dir=folder)


def _ask_proda(url: str, count: int, in_flight: int, folder: str) -> None:
    from proda.calls.ask import ask_all
    from proda.calls.records import Question
    from proda.document_settings import LlmSettings

    model = _model()
    questions = [Question(f"q{n}", "statements", _messages(n), model, tag="document") for n in range(count)]
    settings = LlmSettings(endpoint=url, model="toy", mode="json_schema", concurrency=in_flight)
    run = ask_all(questions, settings, Path(folder), quiet=True)
    assert run.tally.answered == count, run.tally


def child(contender: str, url: str, count: int, in_flight: int, folder: str) -> None:
    """Asks in this process, and prints its processor seconds as JSON."""
    start = time.process_time()
    if contender == "curator":
        _ask_curator(url, count, in_flight, folder)
    elif contender == "proda":
        _ask_proda(url, count, in_flight, folder)
    else:
        asyncio.run(_ask(contender, url, count, in_flight))
    print("\n" + json.dumps({"cpu": time.process_time() - start}))


def measure(contender: str, count: int, in_flight: int, latency_s: float, work: str) -> dict[str, float]:
    """Runs a contender in a new process against a new server. Returns calls a second, and what the server saw."""
    from tests.calls.endpoint import endpoint

    curator = os.environ.get("PRODA_CURATOR", "")
    path = [curator] if contender == "curator" else []
    env = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
        **{"PYTHONPATH": os.pathsep.join([*path, str(ROOT)]), "NO_PROXY": "127.0.0.1", "OPENAI_API_KEY": "none"},
        **{"TELEMETRY_ENABLED": "false", "CURATOR_DISABLE_RICH_DISPLAY": "1", "CURATOR_DISABLE_CACHE": "1"},
        **{"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HF_HUB_OFFLINE": "1"},
    }
    with endpoint(answer="tests.performance.bench_calls:answer", latency_s=latency_s, log=None) as server:
        command = [sys.executable, "-P", "-m", "tests.performance.bench_calls", "--child", contender, "--url", server.url]
        command += ["--count", str(count), "--in-flight", str(in_flight), "--work", tempfile.mkdtemp(dir=work)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{contender}: {done.stderr[-2000:]}")
        with urllib.request.urlopen(server.url.replace("/v1", "/stats")) as reply:
            seen = json.load(reply)
    assert count <= seen["replies"] <= count + 4, seen  # curator and a probe send one or two more
    cpu = json.loads(done.stdout.splitlines()[-1])["cpu"]
    return {"rate": count / (seen["last"] - seen["first"]), "most": seen["most"], "cpu_ms": 1e3 * cpu / count}


def _present() -> list[str]:
    """The contenders that can take part; says why the others cannot."""
    absent = {}
    if not os.environ.get("PRODA_CURATOR"):
        absent["curator"] = "PRODA_CURATOR does not name a folder that holds it"
    if importlib.util.find_spec("instructor") is None:
        absent["instructor"] = 'it is not installed (pip install -e ".[test]")'
    for name, why in absent.items():
        print(f"{name} was left out: {why}.")
    return [name for name in CONTENDERS if name not in absent]


def short_calls(rounds: int, count: int, work: str, latency_s: float = 0.05, in_flight: int = 64) -> dict[str, Any]:
    """50 ms latency, 64 in flight: the processor decides. Prints a table of medians."""
    contenders = _present()
    results: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in contenders:
            results[name].append(measure(name, count // 3 if name in SLOW else count, in_flight, latency_s, work))
            print(f"  round {turn + 1}, {name}: {results[name][-1]['rate']:.0f}/s", file=sys.stderr)
    rates = {name: statistics.median(r["rate"] for r in runs) for name, runs in results.items()}
    cpu = {name: statistics.median(r["cpu_ms"] for r in runs) for name, runs in results.items()}
    ratios = {n: statistics.median(a["rate"] / b["rate"] for a, b in zip(results["proda"], results[n], strict=True)) for n in contenders}
    print(f"{latency_s * 1e3:.0f} ms latency, {in_flight} in flight; median of {rounds}")
    print(f"{'':12}{'calls/s':>10}{'proda is':>12}{'cpu ms/call':>14}{'in flight':>12}")
    for name in contenders:
        most = max(r["most"] for r in results[name])
        print(f"{name:12}{rates[name]:>10.0f}{ratios[name]:>11.2f}×{cpu[name]:>14.2f}{most:>12.0f}")
    return {"rates": rates, "ratios": ratios, "cpu_ms": cpu}


def long_calls(waves: int, work: str, latency_s: float = 2.0, in_flight: int = 256) -> dict[str, Any]:
    """2 s latency, 256 in flight: the scheduling decides. The ideal is full use of every place from the first to the last call."""
    ideal = in_flight / latency_s
    found = {name: measure(name, waves * in_flight, in_flight, latency_s, work) for name in ("raw", "proda")}
    print(f"{latency_s:.0f} s latency, {in_flight} in flight, {waves * in_flight:,} calls; the ideal is {ideal:.0f}/s")
    for name, seen in found.items():
        print(f"{name:12}{seen['rate']:>10.1f}/s{seen['rate'] / ideal:>10.1%}{seen['most']:>12.0f} in flight")
    return {name: seen["rate"] / ideal for name, seen in found.items()}


def main() -> None:
    """Parses the command line, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description="Benchmark structured LLM calls.")
    parser.add_argument("--count", type=int, default=3000, help="questions for each contender")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--waves", type=int, default=40, help="questions for each place in the run with 2 s latency; 0 leaves it out")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds, in that run")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--in-flight", type=int, default=64, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.url, arguments.count, arguments.in_flight, arguments.work)
        return
    # Deleted at the end only: ext4 takes ten times as long to make a file within five seconds after others were deleted.
    with tempfile.TemporaryDirectory() as work:
        short = short_calls(arguments.rounds, arguments.count, work) if arguments.rounds else {}
        long = long_calls(arguments.waves, work, arguments.latency) if arguments.waves else {}
    print(json.dumps({"benchmark": "calls", "short": short, "long": long}))


if __name__ == "__main__":
    main()
