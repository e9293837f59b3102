"""Durations in estimates, as text.

duration(42), duration(2520), duration(7200)    # "42 s", "42 min", "2 h 00 min"
"""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Returns a duration in seconds below one minute, in minutes below one hour, otherwise in hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min" if seconds >= 60 else f"{seconds:.0f} s"
