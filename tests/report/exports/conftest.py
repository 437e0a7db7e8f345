"""Screen times as others computed them."""

from __future__ import annotations

import pytest

from screentime.records import Appearance, Film
from screentime.screening import ScreenTime
from screentime.totals import Estimate

DIGEST = "0123456789abcdef"


@pytest.fixture
def screen_time():
    """``screen_time((name, start, end, probability, source)..., name=..., rate=..., seconds=..., characters=...)``"""

    def make(
        *found, name="film.mp4", rate=25.0, seconds=100.0, characters=("Tom", "Jerry"), digest=DIGEST, reviewed=False,
        path=None,
    ):
        appearances = tuple(Appearance(*one) for one in found)
        estimates = {who: Estimate(12.5, 10.0, 15.25, 1.5) for who in characters}
        estimates |= {"both": Estimate(2.0, None, None, 0.5), "neither": Estimate(77.0, 70.0, 80.0, 2.0)}
        return ScreenTime(
            Film(digest, name, path or f"/films/{name}", seconds, rate, 640, 360, 100), estimates, 60.0, 60, 10,
            "v003-abc", 0.125, None, appearances, reviewed,
        )

    return make


@pytest.fixture
def two(screen_time):
    """Tom and Jerry, at times together."""
    return screen_time(
        ("Tom", 0.0, 4.0, 1.0, "labelled"), ("Jerry", 2.0, 6.5, 0.75, "mixed"), ("Tom", 10.0, 12.0, 0.625, "predicted"),
    )
