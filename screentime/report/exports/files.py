"""The files of an export: what is wanted, their names and contents, and what their reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from screentime.errors import UserMistake
from screentime.report.exports.edl import MOST_EVENTS, MOST_FRAMES, edls
from screentime.report.exports.names import CHARACTER_BYTES, file_part, one_line, reel, unique
from screentime.report.exports.stretches import off_beat, stretches
from screentime.report.exports.timebase import DROPPING, Timebase, exact_rate, shown_rate

if TYPE_CHECKING:
    from screentime.report.exports.rows import What
    from screentime.screening import ScreenTime

Format = Literal["json", "csv", "parquet", "webvtt", "srt", "otio", "edl"]
FORMATS: tuple[Format, ...] = get_args(Format)
EDITING, TABLES = ("otio", "edl"), ("csv", "parquet")
SUFFIXES: dict[Format, str] = {format: f".{format}" for format in FORMATS} | {"webvtt": ".vtt"}
MIDNIGHT = "00:00:00:00"
# What a sentence calls the parts of a format that one file cannot hold.
ONE_FILE = {
    "webvtt": "one film", "srt": "one film",
    "edl": f"one character of one film, and {MOST_EVENTS} appearances at most",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of an export.

    Attributes
    ----------
    format : str
        One of `FORMATS`.
    what : {"appearances", "totals"}
        Which table, where a file of the format holds one.
    rate : float or None
        Frames per second that editors' formats count in; None for each film's own.
    start : str
        Timecode at which the films begin, for editors' formats.
    drop : bool or None
        Whether timecodes are drop-frame; None for where the rate allows it.
    """

    format: Format
    what: What = "appearances"
    rate: float | None = None
    start: str = MIDNIGHT
    drop: bool | None = None

    def check(self) -> None:
        """Refuse what this format has no use for.

        Raises
        ------
        UserMistake
        """
        if self.format not in EDITING and (self.rate, self.start, self.drop) != (None, MIDNIGHT, None):
            raise UserMistake(
                f"--format {self.format} counts no frames.",
                "Leave --rate, --start-timecode and --drop-frame out, or use --format otio or edl.",
            )
        if self.format not in TABLES and self.what != "appearances":
            raise UserMistake(
                f"A file of {self.format} does not hold the {self.what} alone.", "Leave --what out, or use --format csv or parquet."
            )


@dataclass(frozen=True, slots=True)
class Piece:
    """One file's name and content."""

    name: str
    data: bytes


def pieces(times: Sequence[ScreenTime], order: Order, apart: bool) -> list[Piece]:
    """The files of an export.

    Parameters
    ----------
    times : sequence of ScreenTime
    order : Order
    apart : bool
        Whether what one file can hold is to be put into several: a timeline a film, both tables.

    Returns
    -------
    list of Piece
        With names of their own that are safe on every system.

    Raises
    ------
    UserMistake
        If a film's frame rate is unknown or cannot be counted, or the timecode is none.
    """
    from screentime.report.exports.captions import srt, webvtt
    from screentime.report.exports.document import json_text
    from screentime.report.exports.opentimeline import otio_text, timeline
    from screentime.report.exports.parquet import parquet
    from screentime.report.exports.rows import csv_text

    kind, suffix = order.format, SUFFIXES[order.format]
    if kind == "json":
        return [Piece(f"screentime{suffix}", json_text(times).encode())]
    if kind in TABLES:
        tables = ("appearances", "totals") if apart else (order.what,)
        return [
            Piece(f"{what}{suffix}", csv_text(times, what).encode() if kind == "csv" else parquet(times, what))
            for what in tables
        ]
    if kind == "edl":
        return _edls(times, order)
    taken: set[str] = set()
    names = [unique(file_part(Path(time.film.name).stem), taken) + suffix for time in times]
    if kind == "otio":
        timelines = [timeline(time, *_counting(time, order)) for time in times]
        if not apart and timelines:
            return [Piece(names[0] if len(names) == 1 else f"screentime{suffix}", otio_text(timelines).encode())]
        return [Piece(name, otio_text([one]).encode()) for name, one in zip(names, timelines)]
    write = webvtt if kind == "webvtt" else srt
    return [Piece(name, write(time).encode()) for name, time in zip(names, times)]


def _edls(times: Sequence[ScreenTime], order: Order) -> list[Piece]:
    taken: set[str] = set()
    reels: set[str] = set()
    found = []
    for time in times:
        base, start = _counting(time, order)
        stem = Path(time.film.name).stem
        tape = reel(stem, reels)
        for character, row in stretches(time, base).items():
            name = f"{file_part(stem)}-{file_part(character, CHARACTER_BYTES)}"
            for text in edls(time, character, row, base, start, tape):
                found.append(Piece(f"{unique(name, taken)}.edl", text.encode()))
    return found


def _counting(time: ScreenTime, order: Order) -> tuple[Timebase, int]:
    """How a film's frames are counted, and the number of the first."""
    rate = exact_rate(time.film.rate if order.rate is None else order.rate)
    if rate is None:
        if order.rate is not None:
            raise UserMistake(
                f"{order.rate:g} frames a second cannot be counted.", "Name a rate from 1 to 1000, such as 23.976."
            )
        raise UserMistake(
            f"The frame rate of {one_line(time.film.name)} is not known.",
            "Name one with --rate, such as --rate 25, or use --format csv.",
        )
    if order.drop and rate not in DROPPING:
        raise UserMistake(
            f"{shown_rate(rate)} frames a second have no drop-frame timecode.",
            "Leave --drop-frame out: only 29.97 and 59.94 have one.",
        )
    base = Timebase(rate, rate in DROPPING and order.drop is not False)
    # Zero needs no timecode, and so no rate that has one.
    return base, 0 if order.start == MIDNIGHT else base.parse(order.start)


def remarks(times: Sequence[ScreenTime], order: Order) -> list[str]:
    """What somebody who uses the files must know of them.

    Parameters
    ----------
    times : sequence of ScreenTime
    order : Order

    Returns
    -------
    list of str
        Sentences.
    """
    if order.format not in EDITING:
        return []
    said = []
    for time in times:
        base, name = _counting(time, order)[0], one_line(time.film.name)
        if off_beat(time):
            said.append(
                f"The frames of {name} do not come at {shown_rate(exact_rate(time.film.rate))} a second throughout (variable frame rate):"
                f" times are rounded to the nearest frame at {shown_rate(base.rate)}."
            )
        if order.format == "edl":
            said += [
                f"{one_line(character)} does not appear in {name}: there is no EDL of that."
                for character, row in stretches(time, base).items() if not row
            ]
            if base.rate > MOST_FRAMES:
                said.append(
                    f"{name} counts {shown_rate(base.rate)} frames a second; CMX 3600 ends at {MOST_FRAMES}, and not"
                    " every editor takes more. If yours does not, name the rate of its timeline with --rate."
                )
    return said


def the_one(found: Sequence[Piece], order: Order) -> Piece:
    """The only file of an export.

    Raises
    ------
    UserMistake
        If there are several, or none.
    """
    if len(found) > 1:
        raise UserMistake(
            f"This makes {len(found)} files: each holds {ONE_FILE[order.format]}.",
            "Name a folder for them: --out FOLDER.",
        )
    if not found:
        raise UserMistake("Nobody appears: there is nothing to write.", "Use --format json for the totals.")
    return found[0]
