"""Repairs on disk: `samples/patches/<round>-<slug>-<hash>.yaml`, one patch a file, never edited afterwards; a revert deletes the file.

    for patch in load_patches(Path(".")): …
    samples = load_samples(Path("."))        # what is trained on: the corpus without what patches remove, then what they add

    id: 1-thermal-expansion-3f0c9a1e
    round: 1
    category: concept gap
    targets: [physics/bimetal-strip-bends.s1]
    items: [physics/bimetal-strip-bends:dev-path]
    reason: Asked what heating causes, two of three seeds name thermal contraction.
    expect: {physics/bimetal-strip-bends.s1: 0f3a…, physics/bimetal-strip-bends:dev-path: 9b1c…}
    samples: […]

`expect` holds hashes of what the patch was written against. Until it is applied, a patch whose nodes or items have changed since is
stale, and refused; afterwards the knowledge may move on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.corpus import PATCHES, decode_sample, encode_sample, load_corpus
from proda.errors import InputError
from proda.graph import Knowledge
from proda.records import Concept, Dropped, Item, Patch, Sample, content_hash
from proda.yamlio import dump_yaml, load_yaml

ID = re.compile(r"[1-9][0-9]*-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{8}")
MAX_SLUG = 40


def load_samples(root: Path) -> list[Sample]:
    """What is trained on: the corpus as the patches leave it, then what they add; in order of file, of patch, and within each."""
    return apply_patches(load_corpus(root), load_patches(root))


def load_patches(root: Path) -> list[Patch]:
    """Every patch, sorted by id. Raises InputError if a file is malformed, misnamed, or edited by hand."""
    return sorted((read_patch(path) for path in (root / PATCHES).glob("*.yaml")), key=lambda p: (p.round, p.id))


def read_patch(path: Path) -> Patch:
    """The patch in a file. Raises InputError if it is malformed, or its content does not match the hash in its name."""
    raw = load_yaml(path)
    if not isinstance(raw, Mapping):
        raise InputError(
            f"{path}\n  Not a patch: got {type(raw).__name__}, expected a mapping with id, round, targets, … Revert the commit."
        )
    fields = dict(raw)
    given = fields.pop("samples", [])
    if not isinstance(given, list):
        raise InputError(f"{path}  samples\n  Got {type(given).__name__}, expected a list. Restore the file as it was committed.")
    samples = tuple(decode_sample(sample, path) for sample in given)
    try:
        patch = msgspec.structs.replace(msgspec.convert(fields, Patch), samples=samples)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}\n  Not a patch: {error}. Restore the file as it was committed, or revert the commit.") from None
    if path.stem != patch.id or patch.id != name_patch(patch):
        raise InputError(
            f"{path}\n  The content is not what its name stands for ({name_patch(patch)}): a patch is never edited."
            " Restore the file as it was committed; to change a repair, revert its commit and write another."
        )
    return patch


def name_patch(patch: Patch) -> str:
    """`<round>-<slug>-<hash>`: the slug says what it is about, the hash covers everything but the id."""
    slug = re.sub(r"[^a-z0-9]+", "-", patch.targets[0].rpartition("/")[2].lower() if patch.targets else "none")
    slug = slug[:MAX_SLUG].strip("-")
    digest = content_hash(msgspec.structs.replace(patch, id=""))[:8]
    return f"{patch.round}-{slug}-{digest}"


def named(patch: Patch) -> Patch:
    """The patch under the name that its content gives it."""
    return msgspec.structs.replace(patch, id=name_patch(patch))


def patch_text(patch: Patch) -> str:
    """The file's text; equal patches give equal bytes."""
    raw: dict[str, Any] = {k: v for k, v in msgspec.to_builtins(patch).items() if k not in ("samples", "remove")}
    if patch.remove:
        raw["remove"] = [msgspec.to_builtins(d) for d in patch.remove]
    if patch.samples:
        raw["samples"] = [encode_sample(s) for s in patch.samples]
    return dump_yaml(raw)


def apply_patches(corpus: Sequence[Sample], patches: Sequence[Patch]) -> list[Sample]:
    """The corpus without what patches remove, in its order, then every patch's samples.

    Raises InputError where a removal matches nothing, or a sample that no longer says what was removed, or two samples share an id.
    """
    known = {s.id: s for s in corpus}
    dropped = {_dropped(d, known, patch) for patch in patches for d in patch.remove}
    samples = [s for s in corpus if s.id not in dropped]
    seen = {s.id for s in samples}
    for patch in patches:
        for sample in patch.samples:
            if sample.id in seen:
                raise InputError(f"{_file(patch)}  samples\n  '{sample.id}' is there already. Sample ids are unique.")
            seen.add(sample.id)
            samples.append(sample)
    return samples


def _dropped(drop: Dropped, known: Mapping[str, Sample], patch: Patch) -> str:
    if drop.sample not in known:
        raise InputError(f"{_file(patch)}  remove\n  '{drop.sample}' is no sample of the corpus: nothing is removed. Revert the patch.")
    found = sample_hash(known[drop.sample])
    if found != drop.hash:
        raise InputError(
            f"{_file(patch)}  remove\n  '{drop.sample}' has changed since: it is {found}, expected {drop.hash}."
            " Revert the patch, then diagnose again."
        )
    return drop.sample


def _file(patch: Patch) -> str:
    return f"{PATCHES}/{patch.id}.yaml"


def sample_hash(sample: Sample) -> str:
    """Over what a sample shows and teaches."""
    return content_hash([sample.prompt, sample.completion])


def node_hash(knowledge: Knowledge, node: str) -> str:
    """Over what a person wrote of a node. What follows from other entries (a concept's mentions, where quotes stand) does not enter."""
    record = knowledge.node(node)
    derived = {"parents": (), "spans": ()} if isinstance(record, Concept) else {}
    fields = msgspec.to_builtins(msgspec.structs.replace(record, **derived))
    for field in ("span", "spans"):
        fields.pop(field, None)
    return content_hash(fields)


def stale(patch: Patch, knowledge: Knowledge, items: Mapping[str, Item]) -> list[str]:
    """What has changed since the patch was written, a line each; empty if it is fresh."""
    found = []
    for name, digest in sorted(patch.expect.items()):
        if ":" in name:
            now = items[name].content_hash if name in items else None
        else:
            there = name in knowledge.concepts or name in knowledge.statements or name in knowledge.chains
            now = node_hash(knowledge, name) if there else None
        if now != digest:
            found.append(f"{name}: {'gone' if now is None else f'is {now}'}, expected {digest}")
    return found
