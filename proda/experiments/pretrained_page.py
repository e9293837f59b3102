"""The results of a run on a pretrained model, as Markdown. Equal documents give equal text.

page_of(document)       # document: the content of pretrained.json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from proda.errors import counted
from proda.experiments.stem_effect import StemRow, table, tuning_lines

MEANINGS = {
    "no-repair": "tuned on the corpus",
    "diagnosed": "+ repair by diagnosis",
    "undirected": "+ as many samples, random nodes",
}


def page_of(document: Mapping[str, Any]) -> str:
    """Return what was run, the effect of repair, and accuracy with and without the stem by kind of item."""
    of, train, base = document["disciplines"], document["train"], document["base"]
    items = " and ".join(f"{count} {split}" for split, count in sorted(document["items"].items()))
    tokens = ", ".join(f"{seed['tokens']:,}" for seed in document["seeds"].values())
    lines = [
        f"{document['model']} ({base['architecture']}, {base['parameters'] / 1e6:.1f} million parameters), "
        f"{of if isinstance(of, str) else ', '.join(of)}: {counted(document['samples'], 'sample')}, {counted(train['epochs'], 'epoch')}, "
        f"{tokens} tokens, {train['method']} r{train['lora_rank']}, {counted(len(train['seeds']), 'seed')}; {items} items, "
        f"{document['unscored']} unscored answers. {_limited(document)}Measured {document['date']} at commit {document['commit'][:7]}"
        f"{' with changes' if document['dirty'] else ''} on {document['machine']}.",
        "",
        *(_repair(document["repair"]) if document["repair"] else ()),
        "### With and without the stem",
        "",
        *table(msgspec.convert(document["rows"], list[StemRow])),
        "",
        *(f"{line}  " for line in tuning_lines(document["tuning"])),
    ]
    return "\n".join(lines) + "\n"


def _limited(document: Mapping[str, Any]) -> str:
    return f"**A trial: --limit {document['limit']}.** " if document["limit"] else ""


def _repair(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about diagnosis, repair and the general suites."""
    diagnosed, arms, base = found["diagnosed"], found["arms"], found["base"]
    splits, suites = [s for s in ("dev", "twin") if s in base], list(base["general"])
    categories = ", ".join(f"{count} {category}" for category, count in diagnosed["categories"].items())
    samples = arms["diagnosed"]["samples"]
    yield "### Does diagnosis help?"
    yield ""
    yield f"Most tuned models fail {diagnosed['failed']} dev items: {categories}."
    yield f"Repair writes {samples:,} samples for {diagnosed['nodes']} nodes."
    yield ""
    yield f"| | samples | {' | '.join(splits)} | {' | '.join(f'{s} (general)' for s in suites)} |"
    yield f"|---|---|{'---|' * (len(splits) + len(suites))}"
    yield _row("base", "", [_interval(base[s]) for s in splits], [_interval(base["general"][s]) for s in suites])
    for name, arm in arms.items():
        scores = [f"{arm['accuracy'][s]:.3f} ({', '.join(f'{v:.3f}' for v in arm['seeds'][s].values())})" for s in splits]
        general = [_interval(arm["general"][s]["accuracy"]) for s in suites]
        yield _row(MEANINGS[name], f"{arm['samples']:,.0f}", scores, general)
    yield ""
    yield f"| difference | {' | '.join(splits)} | {' | '.join(suites)} |"
    yield f"|---|{'---|' * (len(splits) + len(suites))}"
    tuned = arms["no-repair"]
    yield _row(
        "tuned − base", None, [_signed(tuned["over_base"][s]) for s in splits], [_signed(tuned["general"][s]["over_base"]) for s in suites]
    )
    for name in ("diagnosed", "undirected"):
        gains = [_difference(arms[name]["gain"][s]) for s in splits]
        yield _row(f"{name} − no repair", None, gains, [_signed(arms[name]["general"][s]["over_no_repair"]) for s in suites])
    yield _row("diagnosed − undirected", None, [_difference(arms["undirected"]["behind"][s]) for s in splits], ["" for _ in suites])
    yield ""
    if "neutral_text" in tuned:
        yield from _neutral(arms)
    yield "Mean over seeds, and each seed. 95 % intervals over chains and seeds; p by sign flips over chains, adjusted (Holm)."
    yield ""


def _neutral(arms: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the loss on neutral text, in nats per token."""
    base = arms["no-repair"]["neutral_text"]["base"]
    yield f"Loss on neutral text ({base['n']} passages, {base['tokens']:,} tokens) in nats per token, and divergence from the base:"
    yield ""
    yield "| | loss | over the base | KL(base ‖ tuned) |"
    yield "|---|---|---|---|"
    yield _row("base", None, [f"{base['loss']:.3f}", "", ""])
    for name, arm in arms.items():
        found = arm["neutral_text"]["tuned"]
        rise = _signed([found[key] for key in ("increase", "increase_low", "increase_high")])
        yield _row(MEANINGS[name], None, [f"{found['loss']:.3f}", rise, _interval([found[key] for key in ("kl", "kl_low", "kl_high")])])
    yield ""


def _row(name: str, samples: str | None, *parts: Sequence[str]) -> str:
    cells = [name, *([] if samples is None else [samples]), *(cell for part in parts for cell in part)]
    return f"| {' | '.join(cells)} |"


def _interval(found: Sequence[float]) -> str:
    value, low, high = found
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _signed(found: Sequence[float]) -> str:
    value, low, high = found
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def _difference(found: Mapping[str, float]) -> str:
    return f"{_signed((found['value'], found['ci95_low'], found['ci95_high']))} p {found['p_holm']:.3f}"
