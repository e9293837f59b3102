"""What a repaired model is trained on: samples replayed from the corpus, and every active patch; from the same base as before.

    mixture = mix(load_corpus(root), load_patches(root), strategy="disjoint", share=0.5, seed=0)
    mixture.samples                      # in order of the corpus, then of the patches
    mixture.replayed, mixture.excluded   # 5_800 of the corpus taken, 1_200 left out because a patch teaches their nodes

Without patches there is nothing to replay beside, and the whole corpus is taken. Strategies: `all` draws from the whole corpus;
`stratified` the same share of every discipline and format; `disjoint` only from samples that name no node that a patch teaches
(the paper's, §3.5). General replay, of what the base knew before, is the compiler's part: train.general_replay.
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
    """Samples to train on, and how they came together."""

    samples: tuple[Sample, ...]
    replayed: int  # from the corpus
    excluded: int  # of the corpus, because a patch teaches a node that they name
    patched: int  # from patches


def mix(corpus: Sequence[Sample], patches: Sequence[Patch], *, strategy: Strategy = "all", share: float = 1.0, seed: int = 0) -> Mixture:
    """The mixture. `share` of what the strategy allows, at least one sample of each group it draws from; drawn by a hash of the sample's id
    and the seed, so that one more sample in the corpus changes the fate of hardly any other.

    Pure. Raises InputError where a patch cannot be applied.
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
        kind = (sample.id.partition("/")[0], sample.format) if strategy == "stratified" else ("", "")
        groups[kind].append(sample)
    drawn: set[str] = set()
    for group in groups.values():
        ranked = by_weight(group, "mix", seed, name=lambda s: s.id)
        drawn |= {s.id for s in ranked[: max(1, round(share * len(group)))]}
    replayed = tuple(s for s in kept if s.id in drawn)
    return Mixture((*replayed, *patched), len(replayed), len(kept) - len(allowed), len(patched))
