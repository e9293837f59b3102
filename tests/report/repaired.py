"""A toy repository after a round of repair: results before, a diagnosis, a patch, results after, a verdict, each committed.

root = make_repaired(make_repository(tmp_path))
"""

from __future__ import annotations

from pathlib import Path

import proda
from proda.records import LETTERS, Diagnosis, Evidence, Item, Sample
from proda.records import Patch as PatchRecord
from proda.store.diagnoses import write_diagnoses
from proda.store.patches import named, node_hash, patch_text
from proda.store.verdicts import write_round
from tests.toyresults import commit, make_outcomes, make_results


def make_repaired(root: Path) -> Path:
    """All items are wrong at first. After the round the tuned models are right on the items of kind `bridge`, the base never is."""
    make_results(root, lambda item, model: False)
    commit(root, "Results before the round")
    repo = proda.open(str(root))
    item = failing(root)
    node = item.options[LETTERS.index(wrong_letter(item))].breaks[0]
    evidence = Evidence(node, "statement", 10, 8, -0.1, "milling/flour")
    told = "8 of 10 probe answers are wrong."
    seeds = (("seed-0", "seed-1"), ("A", "A"))
    diagnosis = Diagnosis(item.id, item.content_hash, item.chain, "concept gap", (node,), *seeds, 1.0, (evidence,), told)
    write_diagnoses(root, [diagnosis], ("seed-0", "seed-1"))
    sample = Sample(f"{node}:open-1001", "open", (node,), "What does the patch ask?", "What the patch answers.")
    expect = {node: node_hash(repo.knowledge, node)}
    patch = named(PatchRecord("", 1, (node,), (item.id,), "concept gap", "Not known before.", expect, samples=(sample,)))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    commit(root, "Repair the toy")
    make_outcomes(root, lambda item, model: model != "base" and item.kind == "bridge")
    interval = {"ci95_low": 0.05, "ci95_high": 0.35}
    counts = {"n": 5, "better": 3, "worse": 1, "p": 0.5}
    splits = {}
    for name in ("dev", "twin", "sealed"):
        after = proda.open(str(root)).metrics["tuned"][name]["accuracy"]
        splits[name] = {"before": 0.0, "after": after, "difference": after, **interval, **counts}
    general = {"before": 0.9, "after": 0.91, "difference": 0.01}
    verdict = {"before": None, "round": 1, "says": "helps", "reasons": ["twin changes by +0.2"], "patches": [patch.id]}
    write_round(root, 1, {**verdict, "splits": splits, "disciplines": {"milling": splits["dev"]}, "general": general})
    commit(root, "Verdict on the round")
    return root


def failing(root: Path) -> Item:
    """The dev item that the diagnosis is about: one that still fails, whose chosen option contradicts a statement."""
    items = proda.open(str(root)).items("dev")
    return next(i for i in items if i.kind != "bridge" and i.options[LETTERS.index(wrong_letter(i))].breaks)


def wrong_letter(item: Item) -> str:
    """The letter that the toy's models choose when they are wrong."""
    return next(letter for letter in LETTERS if letter != item.answer)
