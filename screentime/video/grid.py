"""Numbered frames of a page that plays by time, and seconds of the film: pure functions."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from screentime.video.clock import ROUNDING_SECONDS

# A page's frames that are finer than this are too many to work with; a film that is faster has its own rate.
FASTEST = 60.0
# Of a film whose rate varies, this share of frames may follow the one before more quickly than the page tells apart.
QUICKEST_SHARE = 0.01
TOLERANCE = 1e-6


def is_steady(times: Sequence[float], rate: float) -> bool:
    """Whether every frame lies on a multiple of ``1 / rate``, but for the container's rounding.

    Parameters
    ----------
    times : sequence of float
        Presentation times in seconds, ascending, the first one 0.
    rate : float
        Frames per second, above 0.
    """
    return all(abs(time - round(time * rate) / rate) <= ROUNDING_SECONDS for time in times) and all(
        after - before >= 0.5 / rate for before, after in pairwise(times)
    )


def grid_rate(times: Sequence[float], claimed: Sequence[float]) -> float:
    """How many frames a second the page should count.

    Parameters
    ----------
    times : sequence of float
        Presentation times in seconds, ascending, the first one 0.
    claimed : sequence of float
        Rates that the container claims, the most trusted first; may be 0 or wrong.

    Returns
    -------
    float
        The first claim that all frames keep to. Of a film whose rate varies, the one at which its frames
        come where they come quickest, `FASTEST` at most, and never less than its average.
    """
    if len(times) < 2:
        return next((rate for rate in claimed if 1 <= rate <= 1000), 25.0)
    average = (len(times) - 1) / (times[-1] - times[0])
    for rate in (*claimed, average):
        if 1 <= rate <= 1000 and is_steady(times, rate):
            return rate
    gaps = sorted(after - before for before, after in pairwise(times))
    quickest = max(gaps[int(QUICKEST_SHARE * len(gaps))], TOLERANCE)
    return max(min(1 / quickest, FASTEST), average, 1.0)


class Grid:
    """What the page calls frame 1, 2, 3, … and what the film has there.

    At its frame n the page seeks to ``(n - 1) / rate`` and up to `ROUNDING_SECONDS` more, so it shows the
    film's latest frame that has begun then. An appearance holds its last frame and ends when the next one
    comes.

    Parameters
    ----------
    times : sequence of float
        Presentation times of the film's frames in seconds since the first one, ascending.
    end : float
        When the film ends, in seconds since its first frame.
    rate : float
        Frames per second that the page counts.
    """

    def __init__(self, times: Sequence[float], end: float, rate: float) -> None:
        self.times = [time for time in times if time < end]
        self.end, self.rate = end, rate
        self._edges = [*self.times, end]

    @property
    def length(self) -> int:
        """How many frames the page has up to the film's end."""
        return max(round(self.end * self.rate), self._boundary(self.times[-1]) + 1)

    def to_page(self, start: float, end: float) -> tuple[int, int]:
        """First and last page frame of an interval of the film.

        Parameters
        ----------
        start, end : float
            Seconds; the interval holds the film's frames nearest to them, but not the one at ``end``.

        Returns
        -------
        tuple of int
            From 1 on, the last one included.
        """
        first = min(self._boundary(self._snap(start)), self.length - 1)
        last = min(self._boundary(self._snap(end)), self.length)
        return first + 1, max(last, first + 1)

    def to_seconds(self, first: int, last: int) -> tuple[float, float]:
        """The interval of the film that page frames show (inverse of `to_page`).

        Parameters
        ----------
        first, last : int
            Page frames from 1 on, the last one included.

        Returns
        -------
        tuple of float
            When the film's frame on page frame ``first`` comes, and when the one on ``last`` has gone.
        """
        following = self._shown(last) + 1
        return self.times[self._shown(first)], self.times[following] if following < len(self.times) else self.end

    def _shown(self, frame: int) -> int:
        """Which of the film's frames the page shows at its frame."""
        moment = (frame - 1) / self.rate + ROUNDING_SECONDS + TOLERANCE
        return max(bisect_right(self.times, moment) - 1, 0)

    def _boundary(self, second: float) -> int:
        """How many page frames lie before a second at which one of the film's frames comes."""
        return max(math.ceil((second - ROUNDING_SECONDS) * self.rate - TOLERANCE), 0)

    def _snap(self, second: float) -> float:
        """The nearest second at which a frame comes, or the film ends."""
        place = bisect_left(self._edges, second)
        near = self._edges[max(place - 1, 0) : place + 1]
        return min(near, key=lambda edge: abs(edge - second))
