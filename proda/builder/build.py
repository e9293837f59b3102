"""Knowledge → corpus, as the stage `synthesize` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import InputError
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Sample
from proda.yamlio import load_yaml

ALLOCATION = Path("samples/allocation.yaml")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    samples: dict[str, Annotated[int, Meta(ge=0)]]


def load_allocation(root: Path) -> dict[str, int]:
    """Discipline → number of samples. Raises InputError naming what is wrong."""
    path = root / ALLOCATION
    if not path.is_file():
        raise InputError(f"{ALLOCATION}\n  Missing. It holds `samples:` with a number for each discipline.")
    try:
        return msgspec.convert(load_yaml(path), _File).samples
    except msgspec.ValidationError as error:
        raise InputError(f"{ALLOCATION}  {error}\n  Expected `samples:` with a whole number, 0 or more, for each discipline.") from None


def build_corpus(knowledge: Knowledge, allocation: Mapping[str, int], params: Params) -> dict[tuple[str, str], list[Sample]]:
    """(discipline, topic) → samples in order of id. Pure: the same knowledge, allocation and parameters give the same bytes."""
    shares = (params.samples.open_share, params.samples.choice_share)
    plans = plan_samples(knowledge, allocation, seed=params.seed, window=params.samples.window, shares=shares)
    return {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()}
