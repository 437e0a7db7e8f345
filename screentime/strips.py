"""A film's timeline cut into strips that fit a page: pure functions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from screentime.records import Appearance

# A film up to the first length is one strip. Of longer ones a strip holds the second, so that a second is
# still some pixels wide; of those longer than the third it holds the fourth, or there would be too many.
WHOLE, STRIP, LONG, LONG_STRIP = 360.0, 300.0, 2700.0, 600.0
# Seconds between two marks of the time axis, whichever gives no more marks than this.
STEPS, MOST_TICKS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0), 10


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of an appearance that lies in one strip.

    Attributes
    ----------
    appearance : Appearance
        The whole.
    start, end : float
        Of the part, in seconds.
    frame : int
        Number of the frame in the middle of the part.
    """

    appearance: Appearance
    start: float
    end: float
    frame: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A stretch of a film.

    Attributes
    ----------
    start, end : float
        Seconds that it holds.
    seconds : float
        Seconds that its full width stands for, the same in all strips of a film.
    lanes : tuple of (str, tuple of Piece)
        The characters that are on screen in it, in their order, each with its pieces in the order of time.
    ticks : tuple of float
        Seconds to mark on the time axis.
    """

    start: float
    end: float
    seconds: float
    lanes: tuple[tuple[str, tuple[Piece, ...]], ...]
    ticks: tuple[float, ...]


def strips(
    found: Sequence[Appearance], seconds: Sequence[float], end: float, characters: Sequence[str]
) -> tuple[Strip, ...]:
    """Cut a film's timeline.

    Parameters
    ----------
    found : sequence of Appearance
    seconds : sequence of float
        Presentation times of the film's frames, ascending, at least one.
    end : float
        The film's length.
    characters : sequence of str

    Returns
    -------
    tuple of Strip
        At least one; together they hold the film.
    """
    width = end if end <= WHOLE else STRIP if end <= LONG else LONG_STRIP
    ordered = sorted(found, key=lambda one: one.start)
    result = []
    for number in range(max(ceil(end / width), 1) if width else 1):
        start, stop = number * width, min((number + 1) * width, end)
        mine = [
            Piece(one, begins, ends, middle(seconds, begins, ends))
            for one in ordered if (begins := max(one.start, start)) < (ends := min(one.end, stop))
        ]
        lanes = [(name, tuple(piece for piece in mine if piece.appearance.character == name)) for name in characters]
        result.append(Strip(start, stop, width, tuple(lane for lane in lanes if lane[1]), ticks(start, stop, width)))
    return tuple(result)


def middle(seconds: Sequence[float], start: float, end: float) -> int:
    """Number of the frame in the middle of a stretch of time.

    Parameters
    ----------
    seconds : sequence of float
        Presentation times of the frames, ascending, at least one.
    start, end : float

    Returns
    -------
    int
        Where no frame lies in the stretch, the last one before it.
    """
    first, after = bisect_left(seconds, start), bisect_left(seconds, end)
    if first == after:
        return max(first - 1, 0)
    return (first + after - 1) // 2


def ticks(start: float, end: float, width: float) -> tuple[float, ...]:
    """Round seconds from ``start`` to ``end``, at most ten or so where a strip is ``width`` seconds wide."""
    step = next((one for one in STEPS if width / one <= MOST_TICKS), STEPS[-1])
    return tuple(number * step for number in range(ceil(start / step), int(end // step) + 1))
