"""Checks training on the GPUs of this machine in minutes: speed, memory and losses, in fp32 and bf16, with and without checkpointing.

    $ python -m scripts.gpu_check                        # a Llama of a billion random weights; nothing is downloaded
    $ python -m scripts.gpu_check --model ../Qwen3-0.6B --record
    $ python -m scripts.gpu_check --cpu --limit 3        # a tiny model on the CPU: a trial of this script

Trains LoRA for a few steps on random texts, once for each row of the table, first in one process, then, where there are several GPUs, in
one for each (data parallel and sharded). All rows train the same texts from the same weights, so their losses should agree: to rounding in
fp32, and to the second or third digit in bf16. Prints a Markdown table, and writes it with gpu.json to build/gpu-check. With --record the
results go to docs/measured as well. No row begins after BUDGET_S, so that a run on one GPU takes about five minutes at most.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from proda.cli.main import main
from proda.errors import InputError, UsageError
from proda.experiments.gpu_check import gpu_count, report, run_gpu_check
from proda.store.files import write_file

FOLDER = Path("build/gpu-check")
RECORDED = Path("docs/measured")
BEGIN, END = "<!-- results: python -m scripts.gpu_check --record -->", "<!-- end of results -->"
BUDGET_S = 200.0
MODEL_HELP = "Folder of a model in the format of Hugging Face (default: a Llama with random weights)."


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: python -m scripts.gpu_check --model ../Qwen3-0.6B --record"
)
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help=MODEL_HELP)
@click.option("--processes", type=click.IntRange(min=1), help="Processes of the rows with several (default: the number of GPUs).")
@click.option("--limit", type=click.IntRange(min=3), default=12, show_default=True, help="Optimizer steps of each row.")
@click.option("--cpu", is_flag=True, help="Run on the CPU with a tiny model: a trial of this script, not a measurement.")
@click.option("--record", is_flag=True, help="Also write docs/measured/gpu.json and the results in docs/measured/gpu.md.")
@click.option("--out", default=FOLDER, show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The repository.")
def gpu_check(model: Path | None, processes: int | None, limit: int, cpu: bool, record: bool, out: Path, root: Path) -> None:
    """Train a few steps on each GPU, and print speed, memory and losses."""
    here = gpu_count()
    if record and cpu:
        raise UsageError("--record: expected a run on a GPU, got --cpu. Leave one of the two out.")
    if not cpu and not here:
        raise UsageError(
            "scripts.gpu_check\n  PyTorch finds no GPU on this machine, so there is nothing to check. Install a driver and the CUDA build"
            " of PyTorch, or try the script with --cpu."
        )
    if cpu and here:
        raise UsageError("--cpu: training would use the GPU of this machine. Set CUDA_VISIBLE_DEVICES to nothing, or leave --cpu out.")
    start = time.monotonic()
    document = run_gpu_check(model, "tiny" if cpu else "1b", limit, processes=processes or here or 1, budget_s=BUDGET_S)
    encoded, page = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n", report(document)
    write_file(out / "gpu.json", encoded)
    write_file(out / "gpu.md", page)
    click.echo(page, nl=False)
    click.echo(f"{out / 'gpu.md'}; {time.monotonic() - start:.0f} s", err=True)
    if record:
        write_record(root, encoded, page)


def write_record(root: Path, encoded: bytes, page: str) -> None:
    """Write docs/measured/gpu.json, and the page between the marks of docs/measured/gpu.md. Raises InputError without the marks."""
    path = root / RECORDED / "gpu.md"
    try:
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        _, after = rest.split(END)
    except (OSError, ValueError):
        raise InputError(f"{path}\n  Expected a file with one line {BEGIN} and, after it, one line {END}. Restore it from git.") from None
    write_file(root / RECORDED / "gpu.json", encoded)
    write_file(path, f"{before}{BEGIN}\n{page}{END}{after}")
    click.echo(str(path), err=True)


if __name__ == "__main__":
    main(gpu_check)
