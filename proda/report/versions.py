"""Scores of the base and of the models before and after each round of repair: base → V1 → V2.

    found = versions(metrics, records)
    [v.name for v in found]              # ["base", "V1", "V2"]
    found[2].marks["twin"]               # Mark(0.493, 0.461, 0.524, (0.490, 0.497, 0.492))

V1 is trained on the first allocation of samples, V2 after the first round of repair, and so on. A round without a verdict, or whose
scores the history does not hold, gives no version; nor does one that was taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from proda.history.compare import SUITES
from proda.history.round_record import RoundRecord
from proda.report.scores import mark
from proda.report.svg import Mark


class Version(msgspec.Struct, frozen=True):
    """One version of the model. `note` says what it was trained on; `commit` holds its results, empty for the present ones."""

    name: str
    note: str
    marks: dict[str, Mark]
    commit: str = ""


def versions(metrics: Mapping[str, Any], records: Sequence[RoundRecord]) -> list[Version]:
    """Return the base and every version on record, the oldest first; empty without scores."""
    judged = [r for r in records if r.verdict and r.patches and r.metrics[0]]
    found = [Version("base", "not trained on samples", _marks(metrics, "base"))]
    if judged:
        found.append(Version("V1", f"before round {judged[0].number}", _marks(judged[0].metrics[0], "tuned")))
        for record in judged[:-1]:
            if record.metrics[1]:
                at = record.judged[-1].commit.short if record.judged else ""
                found.append(Version(f"V{len(found)}", f"after round {record.number}", _marks(record.metrics[1], "tuned"), at))
    note = f"after round {judged[-1].number}" if judged else "the first allocation of samples"
    found.append(Version(f"V{len(found)}", note, _marks(metrics, "tuned")))
    return [v for v in found if v.marks]


def _marks(metrics: Mapping[str, Any], model: str) -> dict[str, Mark]:
    found = {suite: mark(metrics, model, suite) for suite in SUITES}
    return {suite: each for suite, each in found.items() if each is not None}
