"""Losses on neutral text on disk: sorted, the same when read back, gone if nothing was measured, and a clear message when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.errors import InputError
from proda.store.neutral_losses import PATH, NeutralLoss, neutral_line, read_neutral_losses, write_neutral_losses

BASE = NeutralLoss("0f3a", 71, "base", 213.5)
TUNED = NeutralLoss("0f3a", 71, "seed-0", 214.880312, 1.403112)
BROKEN = NeutralLoss("11aa", 20, "seed-0", None, None)


def test_losses_come_back_sorted_and_a_missing_number_stays_missing(tmp_path: Path) -> None:
    write_neutral_losses(tmp_path, [BROKEN, TUNED, BASE])
    assert (tmp_path / PATH).read_text().splitlines() == [
        "passage,tokens,model,nats,kl",
        "0f3a,71,base,213.500000,",
        "0f3a,71,seed-0,214.880312,1.403112",
        "11aa,20,seed-0,,",
    ]
    assert read_neutral_losses(tmp_path) == [BASE, TUNED, BROKEN]


def test_without_losses_there_is_no_file_and_an_earlier_one_is_removed(tmp_path: Path) -> None:
    assert read_neutral_losses(tmp_path) == []
    write_neutral_losses(tmp_path, [BASE])
    write_neutral_losses(tmp_path, [])
    assert not (tmp_path / PATH).exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("passage,tokens", "text,tokens", ":1\n"), (",71,base", ",many,base", ":2\n"), ("213.500000,", "213.500000", ":2\n.*4 columns")],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    write_neutral_losses(tmp_path, [BASE])
    path = tmp_path / PATH
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=f"neutral-text.csv{says}"):
        read_neutral_losses(tmp_path)


def test_the_line_says_what_was_measured_and_no_more() -> None:
    assert neutral_line({}) == ""
    tuned = {"loss": 3.04, "increase": 0.028, "increase_low": 0.019, "increase_high": 0.037}
    block = {"neutral_text": {"base": {"loss": 3.012}, "tuned": tuned}}
    assert neutral_line(block) == "loss on neutral text 3.012 → 3.040 nats per token, +0.028 [+0.019, +0.037]"
    block["neutral_text"]["tuned"] |= {"kl": 0.021, "kl_low": 0.018, "kl_high": 0.024}
    assert neutral_line(block).endswith("; KL from the base 0.021 [0.018, 0.024]")
    assert neutral_line({"neutral_text": {"base": {"loss": 3.012}, "tuned": {"unscored": 4}}}).startswith("loss on neutral text 3.012 → –")
