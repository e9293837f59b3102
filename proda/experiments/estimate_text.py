"""Numbers and durations in estimates, as text.

many(1, "training"), many(1200, "training")     # "1 training", "1,200 trainings"
duration(42), duration(2520), duration(7200)    # "42 s", "42 min", "2 h 00 min"
"""

from __future__ import annotations


def many(count: int, noun: str, plural: str = "") -> str:
    """Returns the count with the noun in singular or plural; `plural` defaults to the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Returns a duration in seconds below one minute, in minutes below one hour, otherwise in hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min" if seconds >= 60 else f"{seconds:.0f} s"
