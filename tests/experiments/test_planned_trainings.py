"""The plan of an attribution as text: correct plurals, unknown and known durations, groups."""

from __future__ import annotations

from proda.errors import counted
from proda.experiments.estimate_text import duration
from proda.experiments.planned_trainings import TrialPlan


def test_counts_are_in_singular_or_plural_and_durations_in_their_unit() -> None:
    assert [counted(n, "training") for n in (0, 1, 2, 1200)] == ["0 trainings", "1 training", "2 trainings", "1,200 trainings"]

    assert [duration(s) for s in (0, 42, 60, 2520, 7200, 3570)] == ["0 s", "42 s", "1 min", "42 min", "2 h 00 min", "1 h 00 min"]


def test_a_small_plan_names_every_trial_and_says_that_its_duration_is_unknown() -> None:
    plan = TrialPlan(1, 1, 1, 0, (7,), {"all patches": 1, "none of the round": 0}, 0, None, 2.0)
    assert list(plan.text()) == [
        "round 1: 1 of 1 patch, one by one, over seed 7",
        "  all patches         1 training",
        "  none of the round   1 in the cache",
        "2 trials: 1 training, 1 more in the cache; duration unknown; this run stops after 2 h 00 min (--hours)",
    ]


def test_a_plan_with_groups_says_how_long_it_takes_and_how_many_trials_may_follow() -> None:
    plan = TrialPlan(2, 40, 30, 6, (3, 4), {"all patches": 2, "without a": 1}, 8, 90.0, 0.5)
    first, *_, last, later = plan.text()
    assert first == "round 2: 30 of 40 patches, in 6 groups by topic, over seeds 3, 4"
    assert (
        last
        == "2 trials: 3 trainings, 1 more in the cache; about 4 min at the pace of the last build; this run stops after 30 min (--hours)"
    )
    assert later == "A group that matters is split in two and tried again: up to 8 more trials."
