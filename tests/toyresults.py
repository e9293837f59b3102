"""Create items, samples, invented answers and the other results of `dvc repro` for the toy knowledge, in a second and without a model.

root = make_results(make_repository(tmp_path))        # not committed
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

import proda
from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.records import LETTERS, Diagnosis, Item, Outcome, Patch, Sample
from proda.store.corpus import write_corpus
from proda.store.diagnoses import write_diagnoses
from proda.store.items import write_items_tree
from proda.store.outcomes import write_outcomes
from proda.store.patches import named, node_hash, patch_text
from proda.store.validation import ItemReading, Letter, Validation, merged, write_validation
from proda.tester.items import write_items
from proda.tester.metrics import breakdowns, dependence, metrics

MODELS = ("base", "seed-0", "seed-1")
RESULTS = Path("benchmarks/results")
Answers = Callable[[Item, str], bool]


def base_wrong_tuned_right(item: Item, model: str) -> bool:
    """The base answers everything wrong, the tuned models answer everything right."""
    return model != "base"


def make_items_and_samples(root: Path) -> Path:
    """Write what the stages `benchmark` and `synthesize` write."""
    knowledge = proda.open(str(root)).knowledge
    write_items_tree(root, write_items(knowledge, seed=0, sealed_share=0.33))
    plans = plan_samples(knowledge, dict.fromkeys(knowledge.topics_of, 40), seed=0, window=2)
    write_corpus(root, {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()})
    return root


def make_readings(root: Path) -> Validation:
    """Write what two readers answer who pick every key."""
    validation = Validation()
    for reader in ("a", "b"):
        readings = [(item, ItemReading(msgspec.convert(item.answer, Letter), 0.25)) for item in proda.open(str(root)).items()]
        validation = merged(validation, reader, readings)
    write_validation(root, validation)
    return validation


def make_outcomes(root: Path, right: Answers = base_wrong_tuned_right) -> list[Outcome]:
    """Write what the stage `evaluate` writes. `right` decides which answers are right."""
    found = [outcome(item, model, right(item, model)) for item in proda.open(str(root)).items() for model in MODELS]
    write_outcomes(root / RESULTS / "outcomes", found)
    blind = [outcome(item, model, item.id < "m") for item in proda.open(str(root)).items() for model in MODELS]
    known = {model: {s: s.endswith("s1") for item in proda.open(str(root)).items() for s in item.statements} for model in MODELS[1:]}
    scores = metrics(found, found[: len(found) // 2], without_stem=blind, resamples=20)
    scores["dependence"] = dependence(found, proda.open(str(root)).items(), known, resamples=20)
    (root / RESULTS / "metrics.json").write_text(json.dumps(scores))
    (root / RESULTS / "breakdowns.json").write_text(json.dumps(breakdowns(found, without_stem=blind, resamples=20)))
    return found


def outcome(item: Item, model: str, correct: bool, margin: float = 0.125) -> Outcome:
    """Return one outcome. A wrong answer chooses the first wrong option."""
    chosen = item.answer if correct else next(x for x in LETTERS if x != item.answer)
    operator = item.options[LETTERS.index(chosen)].operator or ""
    shared = (item.id, item.content_hash, model, item.split, item.discipline, item.chain, item.kind, item.answer)
    return Outcome(*shared, chosen, correct, margin if correct else -margin, operator)


def make_results(root: Path, right: Answers = base_wrong_tuned_right) -> Path:
    """Write items, samples, readings, answers, training curves and the results of the gates."""
    make_items_and_samples(root)
    make_readings(root)
    make_outcomes(root, right)
    items = proda.open(str(root)).items()
    (root / RESULTS / "training.csv").write_text(
        "seed,step,loss,learning_rate\n0,0,3.5,0.001\n0,10,1.25,0.0005\n1,0,3.4,0.001\n1,10,1.5,0\n"
    )
    worst = [{"item": i.id, "where": "samples", "how": "stem", "value": 0.5, "text": "near miss"} for i in items]
    (root / RESULTS / "overlap.json").write_text(
        json.dumps({"items": len(items), "texts": 80, "n_leaks": 0, "leaks": [], "closest": worst})
    )
    solvers = {name: {"accuracy": a, "ci95_low": a - 0.05, "ci95_high": a + 0.05} for name, a in (("longest", 0.24), ("overlap", 0.29))}
    (root / RESULTS / "shortcuts.json").write_text(json.dumps({"n": len(items), "chance": 0.25, "limit": 0.35, "solvers": solvers}))
    (root / RESULTS / "run.json").write_text(json.dumps({"runs": {"train": "4f1c2e7a"}}))
    return root


def make_diagnoses(root: Path) -> list[Diagnosis]:
    """Write what the stage `diagnose` writes if all dev items failed because their first statement is not known."""
    found = [
        Diagnosis(i.id, i.content_hash, i.chain, "concept gap", (i.statements[0],), ("seed-0", "seed-1"), ("A", "A"), 1.0, (), "Not known.")
        for i in proda.open(str(root)).items("dev")
    ]
    write_diagnoses(root, found, ("seed-0", "seed-1"))
    return found


def make_patch(root: Path) -> Patch:
    """Write one patch of round 1 to the work tree."""
    knowledge = proda.open(str(root)).knowledge
    node = next(iter(knowledge.active_statements))
    sample = Sample(f"{node}:open-1001", "open", (node,), "What is it?", "This.")
    patch = named(Patch("", 1, (node,), (), "concept gap", "Not known.", {node: node_hash(knowledge, node)}, samples=(sample,)))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    return patch


def commit(root: Path, message: str) -> None:
    """Commit all changes."""
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "-q", "-m", message], cwd=root, check=True)
