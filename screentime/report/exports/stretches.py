"""Appearances in whole frames, as editors lay them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.records import Appearance
from screentime.report.exports.timebase import Timebase, exact_rate
from screentime.schema import BOTH, NEITHER

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

# Containers round times, Matroska to 1 ms: no sign of a rate that varies.
ROUNDING_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames in which a character is on screen.

    Attributes
    ----------
    first, after : int
        Its first frame, and the first one behind it, from 0.
    probability : float
    source : str
        See `screentime.records.Appearance`.
    """

    first: int
    after: int
    probability: float
    source: str


def stretches(time: ScreenTime, base: Timebase) -> dict[str, list[Stretch]]:
    """Each character's appearances as frames that do not overlap.

    Parameters
    ----------
    time : ScreenTime
    base : Timebase

    Returns
    -------
    dict of str to list of Stretch
        A key each character, also one that never appears; in the order of time. Each has a frame at least.
    """
    length = frames_of(time, base)
    found: dict[str, list[Stretch]] = {name: [] for name in characters_of(time)}
    for one in sorted(time.appearances, key=lambda one: (one.start, one.end)):
        first = min(base.frame(one.start), length - 1)
        mine = Stretch(first, min(max(base.frame(one.end), first + 1), length), one.probability, one.source)
        row = found[one.character]
        # People may have drawn two over one another; a track has one clip at a time.
        if row and row[-1].after > mine.first:
            row.append(_joined(row.pop(), mine))
        else:
            row.append(mine)
    return found


def frames_of(time: ScreenTime, base: Timebase) -> int:
    """Length of a film in frames, one at least."""
    return max(base.frame(time.film.seconds), 1)


def characters_of(time: ScreenTime) -> list[str]:
    """The characters that a film was looked through for, in their order."""
    known = [name for name in time.estimates if name not in (BOTH, NEITHER)]
    return list(dict.fromkeys([*known, *(one.character for one in time.appearances)]))


def off_beat(time: ScreenTime) -> bool:
    """Whether appearances begin or end between two frames of the rate that the film claims."""
    rate = exact_rate(time.film.rate)
    if rate is None:
        return False
    base = Timebase(rate)
    return any(
        abs(second - base.frame(second) / float(rate)) > ROUNDING_SECONDS
        for second in _inner(time.appearances, time.film.seconds)
    )


def _inner(found: Sequence[Appearance], end: float) -> list[float]:
    """Times at which somebody comes or goes, but for the film's own ends."""
    return [second for one in found for second in (one.start, one.end) if 0 < second < end]


def _joined(one: Stretch, other: Stretch) -> Stretch:
    lengths = one.after - one.first, other.after - other.first
    probability = (one.probability * lengths[0] + other.probability * lengths[1]) / sum(lengths)
    source = one.source if one.source == other.source else "mixed"
    return Stretch(one.first, max(one.after, other.after), probability, source)
