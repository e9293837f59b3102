"""The spend cap of a run, and the record of everything that was ever spent.

budget = Budget(settings)
held = await budget.reserve(1_200, 2_048)     # before each request: what it costs at most
budget.settle(held, (812, 96))                # afterwards: what it cost
spent(root, settings)["chains"].cost          # of all runs, killed ones too
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from pathlib import Path

import msgspec

from proda.calls.records import Spend
from proda.calls.reply_store import replies_folder, write_all
from proda.document_settings import LlmSettings

LEDGER = "spent.jsonl"


class BudgetSpentError(Exception):
    """The next request could exceed the cap. The message names the setting."""


def cost(settings: LlmSettings, input_tokens: int, output_tokens: int) -> float:
    """The price of these tokens."""
    return (input_tokens * settings.input_price + output_tokens * settings.output_price) / 1e6


class Budget:
    """Never lets a run exceed `max_calls` requests or `max_cost`.

    A request reserves what it costs at most, and gives back the difference once the endpoint has said what it cost. While the rest is
    reserved by requests in flight, the next one waits.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self.settings = settings
        self.requests = 0
        self.spent = 0.0  # an upper bound: requests whose cost is not known count in full
        self.reserved = 0.0
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def reserve(self, input_tokens: int, output_tokens: int) -> float:
        """Reserve the cost of one request with these tokens at most. Raises BudgetSpentError if there is not enough left."""
        amount = cost(self.settings, input_tokens, output_tokens)
        cap = self.settings.max_cost
        self._count()
        while cap is not None and self.spent + self.reserved + amount > cap:
            if not self.in_flight:
                raise BudgetSpentError(
                    f"the next request could cost {amount:,.4f}, and {self.spent:,.4f} of"
                    f" {self.settings.named('max_cost')} ({cap:g}) is spent"
                )
            freed = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            await freed
            self._count()
        self.requests += 1
        self.in_flight += 1
        self.reserved += amount
        return amount

    def _count(self) -> None:
        most = self.settings.max_calls
        if most is not None and self.requests >= most:
            raise BudgetSpentError(f"{self.settings.named('max_calls')} ({most:,}) is reached")

    def settle(self, held: float, usage: tuple[int, int] | None, *, charged: bool = True) -> None:
        """Replace a reservation by the cost of `usage`. Without usage all of it counts as spent, unless the request was not `charged`."""
        self.in_flight -= 1
        self.reserved = self.reserved - held if self.in_flight else 0.0  # sums of floats need not return to zero
        if usage is not None:
            self.spent += cost(self.settings, *usage)
        elif charged:
            self.spent += held
        while self._waiting:
            freed = self._waiting.popleft()
            if not freed.done():
                freed.set_result(None)


class LedgerLine(msgspec.Struct, frozen=True):
    """One request that was answered by the model, or that may have been."""

    stage: str
    question: str
    reply: str  # the endpoint's id of the reply
    model: str
    reason: str = ""  # why the reply was of no use; empty if it was valid
    input_tokens: int | None = None  # None: the endpoint did not say
    output_tokens: int | None = None


class Ledger:
    """Appends to build/replies/spent.jsonl. A line is one write, so several processes may append, and a killed one leaves whole lines."""

    def __init__(self, root: Path) -> None:
        path = replies_folder(root) / LEDGER
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, line: LedgerLine) -> None:
        """Append one line."""
        write_all(self._file, msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def ledger_lines(root: Path) -> list[LedgerLine]:
    """Every line, in the order of writing. A line that a power failure cut is left out."""
    path = replies_folder(root) / LEDGER
    lines = []
    for data in path.read_bytes().splitlines() if path.exists() else ():
        try:
            lines.append(msgspec.json.decode(data, type=LedgerLine))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return lines


def spent(root: Path, settings: LlmSettings) -> dict[str, Spend]:
    """What all runs have spent, by stage, at the prices of `settings`.

    Requests that were in flight when a process was killed are not in it: at most `concurrency` for each kill.
    """
    stages: dict[str, Spend] = {}
    for line in ledger_lines(root):
        tokens = line.input_tokens or 0, line.output_tokens or 0
        stages.setdefault(line.stage, Spend()).add(1, *tokens, cost(settings, *tokens))
    return stages
