"""What a repaired model is trained on: samples replayed from the corpus, and the samples of all patches.

    mixture = mix(load_corpus(root), load_patches(root), strategy="disjoint", share=0.5, seed=0)
    mixture.samples                      # in order of the corpus, then of the patches
    mixture.replayed, mixture.excluded   # 5_800 samples of the corpus used, 1_200 excluded because a patch teaches one of their nodes

Without patches the whole corpus is used. Strategies: `all` draws from the whole corpus; `stratified` draws the same share of each
discipline and format; `disjoint` draws only from samples that mention no node that a patch teaches (paper, §3.5). The compiler adds the
general replay, of what the base knew before: train.general_replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from proda.records import Patch, Record, Sample
from proda.stable_hash import by_weight
from proda.store.patches import apply_patches

Strategy = Literal["all", "stratified", "disjoint"]


class Mixture(Record, frozen=True):
    """Samples to train on, and how many come from where."""

    samples: tuple[Sample, ...]
    replayed: int  # from the corpus
    excluded: int  # of the corpus, because they mention a node that a patch teaches
    patched: int  # from patches


def mix(corpus: Sequence[Sample], patches: Sequence[Patch], *, strategy: Strategy = "all", share: float = 1.0, seed: int = 0) -> Mixture:
    """Draw the training samples.

    `share` is the share of each group that the strategy allows; at least one sample of each group is drawn. Draws use a hash of the sample
    id and `seed`, so adding a sample to the corpus changes few other draws. Deterministic. Raises InputError if a patch cannot be applied.
    """
    everything = apply_patches(corpus, patches)
    added = {s.id for p in patches for s in p.samples}
    kept = [s for s in everything if s.id not in added]
    patched = tuple(s for s in everything if s.id in added)
    if not patches:
        return Mixture(tuple(kept), len(kept), 0, 0)
    allowed = kept
    if strategy == "disjoint":
        taught = {node for p in patches for node in p.targets}
        allowed = [s for s in kept if taught.isdisjoint(s.nodes)]
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in allowed:
        kind = (sample.discipline, sample.format) if strategy == "stratified" else ("", "")
        groups[kind].append(sample)
    drawn: set[str] = set()
    for group in groups.values():
        ranked = by_weight(group, "mix", seed, name=lambda s: s.id)
        drawn |= {s.id for s in ranked[: max(1, round(share * len(group)))]}
    replayed = tuple(s for s in kept if s.id in drawn)
    return Mixture((*replayed, *patched), len(replayed), len(kept) - len(allowed), len(patched))
