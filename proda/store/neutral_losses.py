"""benchmarks/results/outcomes/neutral-text.csv: the loss of each model on each passage of neutral text, where it was measured.

    passage,tokens,model,nats,kl
    0f3a9c1e5b7d2468,71,base,213.504181,
    0f3a9c1e5b7d2468,71,seed-0,214.880312,1.403112

It stands beside the outcomes, so that losses before and after a round can be compared passage by passage. There is no such file if nothing
was measured. `nats` and `kl` are empty if the model gave no finite number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.records import Record
from proda.store.files import write_file

PATH = Path("benchmarks/results/outcomes/neutral-text.csv")
DIGITS = 6  # further digits differ between machines
RESTORE = "Restore the file from git, or run `dvc repro evaluate`."


class NeutralLoss(Record, frozen=True):
    """What one model predicted of one passage: sums over its predicted tokens, in nats."""

    passage: str  # hash of the text
    tokens: int  # predicted tokens
    model: str
    nats: float | None  # negative log-likelihood
    kl: float | None = None  # divergence of the model from the base, KL(base ‖ model); none for the base and behind an endpoint


COLUMNS = tuple(field.name for field in msgspec.structs.fields(NeutralLoss))


def write_neutral_losses(root: Path, losses: Iterable[NeutralLoss]) -> None:
    """Write the file, sorted by passage, then model; delete it if there are no losses."""
    rows = sorted(losses, key=lambda loss: (loss.passage, loss.model))
    if not rows:
        (root / PATH).unlink(missing_ok=True)
        return
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(row, column)) for column in COLUMNS] for row in rows)
    write_file(root / PATH, out.getvalue())


def read_neutral_losses(root: Path) -> list[NeutralLoss]:
    """Return the losses in the order of the file; none without it. Raises InputError naming file and line if it is malformed."""
    path = root / PATH
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return _parsed(path, csv.reader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}\n  The file cannot be read: {error}. {RESTORE}") from None


def neutral_line(metrics: Mapping[str, Any]) -> str:
    """Return what metrics.json says of neutral text in one line, for example

        loss on neutral text 3.012 → 3.040 nats per token, +0.028 [+0.019, +0.037]; KL from the base 0.021 [0.018, 0.024]

    The text is empty if it was not measured. What is missing in the file is left out.
    """
    block = metrics.get("neutral_text")
    base, tuned = ((block.get(who) or {}) for who in ("base", "tuned")) if isinstance(block, Mapping) else ({}, {})
    if not (base or tuned):
        return ""
    old, new = (f"{part['loss']:.3f}" if "loss" in part else "–" for part in (base, tuned))
    text = f"loss on neutral text {old} → {new} nats per token"
    if "increase" in tuned:
        text += f", {tuned['increase']:+.3f} [{tuned['increase_low']:+.3f}, {tuned['increase_high']:+.3f}]"
    if "kl" in tuned:
        text += f"; KL from the base {tuned['kl']:.3f} [{tuned['kl_low']:.3f}, {tuned['kl_high']:.3f}]"
    return text


def _parsed(path: Path, rows: Any) -> list[NeutralLoss]:
    found: list[NeutralLoss] = []
    try:
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            raise InputError(f"{path}:1\n  got columns {', '.join(header)[:200] or 'none'}; expected {', '.join(COLUMNS)}. {RESTORE}")
        for row in rows:
            if len(row) != len(COLUMNS):
                raise InputError(f"{path}:{rows.line_num}\n  got {len(row)} columns, expected {len(COLUMNS)}. {RESTORE}")
            cells = dict(zip(COLUMNS, row, strict=True))
            raw = {**cells, "nats": cells["nats"] or None, "kl": cells["kl"] or None}
            found.append(msgspec.convert(raw, NeutralLoss, strict=False))
    except (csv.Error, msgspec.ValidationError) as error:
        raise InputError(f"{path}:{rows.line_num}\n  {error}. {RESTORE}") from None
    return found


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else str(value)
