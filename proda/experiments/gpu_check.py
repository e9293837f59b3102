"""Check training on GPUs: the cases to measure, and their table. The script gpu_check of the repository runs it.

document = run_gpu_check(SpeedTask(None, "1b", 12), processes=2, budget_s=200.0)
print(report(document))

| processes | parallel | precision | checkpointing | tokens/s | peak memory, GB | last loss | loss difference |
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from proda.compiler.speed import Size, SpeedCase, SpeedTask, gpus, machine, measured

ALONE = [SpeedCase(precision, again) for precision in ("fp32", "bf16") for again in (False, True)]
TOGETHER = [SpeedCase("fp32", False), SpeedCase("bf16", False), SpeedCase("bf16", False, "sharded"), SpeedCase("bf16", True, "sharded")]


def gpu_count() -> int:
    """Return the number of GPUs that PyTorch can use."""
    return gpus()


def run_gpu_check(model: Path | None, size: Size, steps: int, *, processes: int, budget_s: float) -> dict[str, Any]:
    """Measure all cases in one process and then, if `processes` is more than one, some in so many.

    `model` is a folder; without one, a Llama of random weights and the given size is used. No case begins after `budget_s` seconds.
    """
    task, until = SpeedTask(model, size, steps), time.monotonic() + budget_s
    rows = measured(task, ALONE, processes=1, until=until)
    if processes > 1:
        rows += measured(task, TOGETHER, processes=processes, until=until)
    about = {"model": task.name, "steps": steps, "batch_tokens": task.batch_tokens}
    return {"date": date.today().isoformat(), **machine(), **about, "rows": compared(rows)}


def compared(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, each with the mean difference of its losses from those of the first row that has any."""
    first: Sequence[float] = next((row["losses"] for row in rows if "losses" in row), ())
    found = []
    for row in rows:
        losses = row.get("losses")
        apart = None if losses is None else sum(abs(a - b) for a, b in zip(losses, first, strict=True)) / len(first)
        found.append({**row, "loss_difference": apart})
    return found


def report(document: Mapping[str, Any]) -> str:
    """Return the content of gpu.json as Markdown."""
    devices = f"{document['devices']} × {document['device']}" if document["devices"] else document["device"]
    lines = [
        f"{devices}, torch {document['torch']}, {document['date']}: {document['model']}, LoRA r16, {document['steps']} steps of"
        f" {document['batch_tokens']:,} tokens. Loss difference: mean over the steps, from the first row.",
        "",
        "| processes | parallel | precision | checkpointing | tokens/s | peak memory, GB | last loss | loss difference |",
        "|--:|---|---|---|--:|--:|--:|--:|",
    ]
    for row in document["rows"]:
        how = f"| {row['processes']} | {row['parallel'] if row['processes'] > 1 else '–'} | {row['precision']} |"
        how += f" {'yes' if row['checkpointing'] else 'no'} |"
        if "failed" in row:
            lines.append(f"{how} {row['failed']} | | | |")
            continue
        memory = "–" if row["peak_gb"] is None else f"{row['peak_gb']:.2f}"
        lines.append(f"{how} {row['tokens_per_second']:,} | {memory} | {row['losses'][-1]:.4f} | {row['loss_difference']:.1e} |")
    return "\n".join(lines) + "\n"
