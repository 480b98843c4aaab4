"""Memory does not grow with the data set that is imported."""

from __future__ import annotations

from pathlib import Path

from memory import need


def test_six_times_the_episodes_need_no_more(tmp_path: Path) -> None:
    small, large = (need(tmp_path, count, rows=100) for count in (4, 24))
    assert large.size - small.size > 24e6
    assert large.peak - small.peak < 8e6
