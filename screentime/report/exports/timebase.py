"""Seconds as whole frames, and frames as timecodes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from screentime.errors import UserMistake

# How far a claimed rate may be off the one that is meant: 23.98 is 24000/1001, 24.001 is 24.
RATE_TOLERANCE = 0.01
# Rates that television made 0.1 % slower when it got its colours (SMPTE ST 12-1).
SLOWED = (24, 30, 48, 60, 120)
# Rates whose timecode may skip numbers so that it keeps up with the clock.
DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001))
# Rates that a timecode hh:mm:ss:ff can count. CMX 3600 itself ends at 30; the rest is what editors made of it.
COUNTED = tuple(sorted({Fraction(n) for n in (24, 25, 30, 48, 50, 60)} | {Fraction(n * 1000, 1001) for n in (24, 30, 48, 60)}))
HOURS = 24
TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;]\d\d", re.ASCII)


def exact_rate(claimed: float) -> Fraction | None:
    """The rate that a container means by the one it claims.

    Parameters
    ----------
    claimed : float
        Frames per second, as `screentime.records.Film.rate`.

    Returns
    -------
    Fraction or None
        24000/1001 for 23.976 and for 23.98; None where the claim says nothing (0, NaN, over 1000).
    """
    if not (math.isfinite(claimed) and 1.0 <= claimed <= 1000.0):
        return None
    whole = round(claimed)
    slowed = Fraction(whole * 1000, 1001)
    for meant in (Fraction(whole), slowed) if whole in SLOWED else (Fraction(whole),):
        if abs(claimed - meant) <= RATE_TOLERANCE:
            return meant
    return Fraction(claimed).limit_denominator(1001)


@dataclass(frozen=True, slots=True)
class Timebase:
    """How frames are counted.

    Attributes
    ----------
    rate : Fraction
        Frames per second.
    drop : bool
        Whether timecodes skip numbers so that they keep up with the clock; only at `DROPPING`.
    """

    rate: Fraction
    drop: bool = False

    def frame(self, second: float) -> int:
        """The frame whose beginning is nearest to a time; of two as near, the later."""
        return math.floor(Fraction(float(second)) * self.rate + Fraction(1, 2))

    def timecode(self, frame: int) -> str:
        """Timecode of a frame counted from 00:00:00:00.

        Parameters
        ----------
        frame : int

        Returns
        -------
        str
            ``hh:mm:ss:ff``; with drop-frame ``hh:mm:ss;ff``.

        Raises
        ------
        UserMistake
            If it lies behind the last timecode of the day, or the rate is none of `COUNTED`.
        """
        from opentimelineio import opentime

        self._check()
        if frame > self.frames_a_day:
            raise UserMistake(
                "The timecodes would go past 24:00:00:00.", "Name an earlier one with --start-timecode."
            )
        if frame == self.frames_a_day:
            return f"24:00:00{';' if self.drop else ':'}00"
        rate = float(self.rate)
        return opentime.to_timecode(opentime.RationalTime(frame, rate), rate, self.drop)

    def parse(self, text: str) -> int:
        """Frame that a timecode names (inverse of `timecode`).

        Parameters
        ----------
        text : str
            ``hh:mm:ss:ff``; ``;`` before the frames is for drop-frame alone, ``:`` for either.

        Returns
        -------
        int

        Raises
        ------
        UserMistake
            If it is no timecode at this rate.
        """
        from opentimelineio import opentime

        self._check()
        remedy = "Write it as hours:minutes:seconds:frames, such as 01:00:00:00."
        if not TIMECODE.fullmatch(text):
            raise UserMistake(f"{text!r} is no timecode.", remedy)
        if text[8] == ";" and not self.drop:
            raise UserMistake(
                f"{text} is a drop-frame timecode, but {shown_rate(self.rate)} frames a second are counted without.",
                "Write a colon before the frames.",
            )
        spelled = f"{text[:8]}{';' if self.drop else ':'}{text[9:]}"
        try:
            frame = round(opentime.from_timecode(spelled, float(self.rate)).value)
        except ValueError:
            frame = -1
        if not 0 <= frame < self.frames_a_day or self.timecode(frame) != spelled:
            raise UserMistake(
                f"There is no timecode {text} at {shown_rate(self.rate)} frames a second"
                f"{', drop-frame' if self.drop else ''}.", remedy,
            )
        return frame

    @property
    def frames_a_day(self) -> int:
        """Timecodes of 24 hours."""
        a_second = math.ceil(self.rate)
        # Of 1440 minutes, those that are no tens skip 2 numbers at 29.97 and 4 at 59.94.
        return a_second * HOURS * 3600 - (a_second // 15 * 54 * HOURS if self.drop else 0)

    def _check(self) -> None:
        if self.rate not in COUNTED:
            raise UserMistake(
                f"No timecode counts {shown_rate(self.rate)} frames a second.",
                f"Name the rate of your editor's timeline: --rate {_suggested(self.rate)}.",
            )


def shown_rate(rate: Fraction) -> str:
    """A rate as people write it: 23.976, 25."""
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _suggested(rate: Fraction) -> int:
    """A rate at which every frame of a film of another rate begins with one, or else 25."""
    return next((whole for whole in (24, 25, 30, 50, 60) if (whole / rate).denominator == 1), 25)
