"""The table of `make pretrained`, on made-up outcomes: with minus without the stem, by model, split and kind; intervals over chains."""

from __future__ import annotations

import pytest

from proda.experiments.stem_effect import BOTH, gains_of_tuning, stem_effects, table, tuning_lines
from proda.records import ItemKind, Outcome, Split
from proda.statistics import difference, paired


def outcome(item: str, model: str, correct: bool | None, split: Split = "dev", kind: ItemKind = "bridge", text: str = "h") -> Outcome:
    """The outcome on an item whose id begins with its chain: "a:1"."""
    chosen = None if correct is None else "A" if correct else "B"
    return Outcome(
        f"{item}-{split}",
        text,
        model,
        split,
        "physics",
        item.partition(":")[0],
        kind,
        "A",
        chosen,
        correct,
        None if correct is None else 0.1,
        "",
    )


def told(model: str, answers: str, **where: object) -> list[Outcome]:
    """Outcomes on the items a:0, a:1, b:2, b:3, …, two for each chain; "1" is right, "0" wrong, "-" unscored."""
    marks = {"1": True, "0": False, "-": None}
    return [outcome(f"{'abcdefgh'[n // 2]}:{n}", model, marks[mark], **where) for n, mark in enumerate(answers)]  # type: ignore[arg-type]


def test_a_row_holds_the_accuracies_and_their_paired_difference() -> None:
    rows = stem_effects(told("base", "1100") + told("seed-0", "1110"), told("base", "1010") + told("seed-0", "0010"))
    found = {(row.who, row.split, row.kind): row for row in rows}
    assert set(found) == {
        (who, split, kind) for who in ("base", "tuned") for split, kind in (("dev", "all"), (BOTH, "all"), (BOTH, "bridge"))
    }
    base, tuned = found["base", "dev", "all"], found["tuned", "dev", "all"]
    assert (base.n, base.with_stem[0], base.without_stem[0], base.gain[0]) == (4, 0.5, 0.5, 0.0)
    assert (tuned.n, tuned.with_stem[0], tuned.without_stem[0], tuned.gain[0]) == (4, 0.75, 0.25, 0.5)
    assert all(row.gain[1] <= row.gain[0] <= row.gain[2] for row in rows)


def test_the_interval_is_that_of_paired_outcomes_over_chains() -> None:
    seen, unseen = told("seed-0", "11111100"), told("seed-0", "00110100")
    (row, *_) = [r for r in stem_effects(seen, unseen, resamples=500) if r.who == "tuned"]
    pairs, _ = paired(unseen, seen)
    assert row.gain == pytest.approx(difference(pairs, resamples=500), abs=1e-4)
    # All items of a chain together gain or do not, so each chain is one draw: the interval is as wide as that of four values.
    alike = stem_effects(told("seed-0", "11110000"), told("seed-0", "00000000"))[0]
    assert (alike.gain[1], alike.gain[2]) == (0.0, 1.0)


def test_dev_twin_and_both_are_kept_apart_and_so_are_kinds() -> None:
    seen = told("base", "11") + told("base", "1100", split="twin", kind="effect") + told("base", "1", split="sealed")
    unseen = told("base", "00") + told("base", "0000", split="twin", kind="effect") + told("base", "0", split="sealed")
    found = {(row.split, row.kind): (row.n, row.gain[0]) for row in stem_effects(seen, unseen)}
    assert found == {
        ("dev", "all"): (2, 1.0),
        ("twin", "all"): (4, 0.5),
        (BOTH, "all"): (6, pytest.approx(4 / 6, abs=1e-4)),
        (BOTH, "bridge"): (2, 1.0),
        (BOTH, "effect"): (4, 0.5),
    }


def test_what_one_of_the_two_left_unscored_or_saw_in_another_text_does_not_count() -> None:
    seen = [*told("base", "11-1"), outcome("z:9", "base", True, text="new")]
    unseen = [*told("base", "0-00"), outcome("z:9", "base", False, text="old")]
    row = stem_effects(seen, unseen)[0]
    assert (row.n, row.with_stem[0], row.without_stem[0], row.gain[0]) == (2, 1.0, 0.0, 1.0)
    assert stem_effects(told("base", "--"), told("base", "11")) == []


def test_several_seeds_are_averaged_and_the_base_is_compared_with_each() -> None:
    seen = told("base", "1000") + told("seed-0", "1100") + told("seed-1", "1111")
    tuned = next(r for r in stem_effects(seen, told("seed-0", "0000") + told("seed-1", "1000")) if r.who == "tuned")
    assert (tuned.n, tuned.with_stem[0], tuned.without_stem[0]) == (4, 0.75, 0.125)
    gains = gains_of_tuning(seen)
    assert set(gains) == {"dev", BOTH} and gains["dev"][0] == 0.5
    assert gains_of_tuning(told("base", "11")) == {}


def test_the_table_shows_estimates_and_intervals_with_signs() -> None:
    rows = stem_effects(told("base", "1111"), told("base", "0000"))
    lines = list(table(rows))
    assert lines[2] == "| base | dev | all | 4 | 1.000 [1.000, 1.000] | 0.000 [0.000, 0.000] | +1.000 [+1.000, +1.000] |"
    assert {line.count("|") for line in lines} == {8}
    assert list(tuning_lines({"dev": (-0.25, -0.5, 0.0)})) == ["Tuned − base, with the stem, dev: -0.250 [-0.500, +0.000]"]
