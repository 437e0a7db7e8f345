"""Film seconds from what a decoder says of its frames, and which frames to sample."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

# Containers round times: Matroska to 1 ms, QuickTime often to 1/600 s.
ROUNDING_SECONDS = 0.002
# What a frame is taken to last while nothing better is known: 25 frames a second.
DEFAULT_FRAME_SECONDS = 0.04
# Where times go back by more than this, another film was joined to the one before, and its times go on from there.
JOINED_SECONDS = 1.0
# Decoders say "no time" with a huge negative number; no film lasts eleven days.
LONGEST_SECONDS = 1e6


def frame_seconds(rate: float) -> float:
    """How long one frame lasts at a claimed rate.

    Parameters
    ----------
    rate : float
        Frames per second as a container claims it: may be 0, negative, huge or NaN.

    Returns
    -------
    float
        Seconds; `DEFAULT_FRAME_SECONDS` when the claim cannot be true.
    """
    return 1.0 / rate if 1.0 <= rate <= 1000.0 else DEFAULT_FRAME_SECONDS


class Clock:
    """Seconds from the film's first frame, always rising.

    Some containers give no times at all (raw H.264), give them late (B-frames in AVI) or lose
    the last one (MPEG). The clock takes a time where one is given and counts frames where not. Films that were
    joined begin anew on the way: their times go on from where the one before ended.

    Parameters
    ----------
    rate : float
        Frames per second that the container claims.

    Attributes
    ----------
    last : float or None
        Second of the latest frame; None before the first.
    counted : int
        Frames whose time was given and did not rise, so that they were counted all the same.
    confirmed : int
        Those of them that the time of the frame behind them bears out: it comes one usual step later.
    moved : float
        Seconds by which what was said of times lies later since films were joined; below 0 where it lies earlier.
    """

    def __init__(self, rate: float) -> None:
        self.last: float | None = None
        self.counted = self.confirmed = 0
        self.moved = 0.0
        self._stray = False  # whether the latest frame is one of those
        self._start = 0.0
        self._joined: float | None = None  # where the film starts by its latest frame, if that lay far back
        self._default = frame_seconds(rate)
        # Enough for a median that a gap does not move, few enough to keep memory flat.
        self._steps: deque[float] = deque(maxlen=99)

    @property
    def usual_step(self) -> float:
        """Seconds that a frame usually lasts: the median of the latest ones."""
        return median(self._steps) if self._steps else self._default

    def tick(self, position: float, lost: int = 0, following: float = math.nan) -> float:
        """Second of the next frame.

        Parameters
        ----------
        position : float
            What the decoder says of its time, in seconds from the stream's start.
        lost : int, optional
            How many frames could not be decoded just before it.
        following : float, optional
            What the decoder says of the time of the frame behind it, where that is known already. Where that
            lies before this one's, this one's is wrong.

        Returns
        -------
        float
            Seconds since the film's first frame, rounded to microseconds.
        """
        known = math.isfinite(position) and abs(position) < LONGEST_SECONDS
        if self.last is None:
            # A film whose beginning is damaged keeps its own count: its first frame was lost.
            self._start = position if known and not lost else 0.0
            self.last = round(max(position - self._start, 0.0), 6) if known else 0.0
            return self.last
        second = round(position - self._start, 6) if known else self.last
        if self.last < round(following - self._start, 6) < second:
            second = self.last
        if self._joined is not None and known and second <= self.last < round(position - self._joined, 6):
            # A second frame says so too: it was no stray one.
            self.moved += self._joined - self._start
            self._start, second = self._joined, round(position - self._joined, 6)
            self.counted -= 1
            self._stray = False
        self._joined = None
        self.confirmed += self._stray and not lost and abs(second - self.last - self.usual_step) < ROUNDING_SECONDS
        self._stray = known and second <= self.last
        if second <= self.last:
            back = self.last - second
            self.counted += known
            second = round(self.last + (lost + 1) * self.usual_step, 6)
            self._joined = position - second if known and back > JOINED_SECONDS else None
        elif not lost:
            self._steps.append(second - self.last)
        self.last = second
        return second


class Picker:
    """Picks sample k: the first frame at or after k/fps; no frame and no millisecond is picked twice.

    Where a variable-rate film shows nothing new for a while there is nothing to pick: the
    frame before stays on screen and stands for that while.

    Parameters
    ----------
    fps : float
        Samples per second, above 0. Above the film's rate every frame is picked once.
    rate : float
        Frames per second that the container claims.
    """

    def __init__(self, fps: float, rate: float) -> None:
        self._fps = fps
        self._slack = min(ROUNDING_SECONDS, frame_seconds(rate) / 4)
        self._next, self._picked = 0, -1

    def wants(self, second: float) -> bool:
        """Whether the frame at this second is the next sample.

        Parameters
        ----------
        second : float
            Its time; calls must come in rising order.

        Returns
        -------
        bool
            True at most once for each k, and once for each millisecond: frames are named by theirs.
        """
        reached, named = math.floor((second + self._slack) * self._fps), round(second * 1000)
        if reached < self._next or named == self._picked:
            return False
        self._next, self._picked = reached + 1, named
        return True
