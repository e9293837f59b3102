"""Stage `diagnose`: adapters × probes → benchmarks/results/diagnosis.yaml: why each dev item that most seeds fail was failed, and where.

    python -m pipelines.diagnose

Reads dev items and dev outcomes, and no others: twin and sealed items are what shows later whether a repair was one.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from pipelines.stage import stage
from proda.benchmark import load_items
from proda.compiler.adapter import adapter_folders, load_tuned
from proda.debugger.diagnose import diagnose, failures, probes_of
from proda.debugger.probes import answers
from proda.diagnoses import write_diagnoses
from proda.graph import Knowledge
from proda.params import Params
from proda.patches import load_samples
from proda.progress import Progress
from proda.tester.outcomes import read_outcomes
from proda.tester.scoring import option_scores

ROOT = Path()


@stage("evaluate")
def main(params: Params) -> str:
    """Probe every seed about what the failed items rest on, then say what was found."""
    start = time.monotonic()
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    items = load_items(ROOT, ("dev",), only=frozenset({"dev"}))
    failed = failures(items, read_outcomes(ROOT / "benchmarks/results/outcomes/dev.csv"))
    probes = probes_of(knowledge, items, failed)
    questions = [(probe.prompt, probe.options) for probe in probes]
    answered = {}
    for seed, folder in adapter_folders(ROOT / "build/adapters"):
        model, tokenizer = load_tuned(ROOT / "build/base", folder)
        with Progress(f"diagnose seed-{seed}", len(questions), "probes") as progress:
            scores = option_scores(model, tokenizer, questions, batch_tokens=params.evaluate.batch_tokens, advance=progress.advance)
        answered[f"seed-{seed}"] = answers(probes, scores)
        del model
    found = diagnose(knowledge, items, failed, answered, load_samples(ROOT))
    write_diagnoses(ROOT, found, sorted(answered))
    counts = ", ".join(f"{count} {category}" for category, count in Counter(d.category for d in found).most_common())
    return f"diagnose: {len(found)} of {len(items)} dev items failed by most seeds: {counts or 'none'}; {time.monotonic() - start:.0f} s"


if __name__ == "__main__":
    main()
