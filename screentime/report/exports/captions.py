"""Who is on screen as WebVTT chapters and SRT captions.

The lines are written here and not by pysubs2, which escapes nothing: to it ``{`` in a character's name
begins an order of SubStation and ``\\N`` a line, and ``<`` and ``-->`` go through as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from screentime.report.exports.names import one_line
from screentime.report.exports.stretches import characters_of
from screentime.timeline import segments

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

# SRT has no escapes, and players take <...> and {...} for orders: letters that look alike do nothing.
LOOK_ALIKE = str.maketrans("<>{}", "‹›()")


def webvtt(time: ScreenTime) -> str:
    """Chapters of a film: one wherever somebody comes or goes, none while nobody is there.

    Parameters
    ----------
    time : ScreenTime

    Returns
    -------
    str
        For ``<track kind="chapters">``: cues with a number, in the order of time, that do not overlap.
    """
    blocks = ["WEBVTT", f"NOTE {_escaped(time.film.name)}: who is on screen; {_escaped(time.version)}"]
    for number, (start, end, names) in enumerate(_cues(time), 1):
        blocks.append(f"{number}\n{_clock(start, '.')} --> {_clock(end, '.')}\n{_escaped(', '.join(names))}")
    return "\n\n".join(blocks) + "\n"


def srt(time: ScreenTime) -> str:
    """Captions of a film that name who is on screen.

    Parameters
    ----------
    time : ScreenTime

    Returns
    -------
    str
        As `webvtt`'s cues. Of names, ``< > { }`` are written as ``‹ › ( )``.
    """
    return "".join(
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{one_line(', '.join(names)).translate(LOOK_ALIKE)}\n\n"
        for number, (start, end, names) in enumerate(_cues(time), 1)
    )


def _cues(time: ScreenTime) -> list[tuple[int, int, list[str]]]:
    """Start and end in milliseconds, and who is there; what has no millisecond is left out."""
    order = characters_of(time)
    cut = [
        (round(start * 1000), round(end * 1000), [name for name in order if name in who])
        for start, end, who in segments(time.appearances, time.film.seconds) if who
    ]
    return [cue for cue in cut if cue[0] < cue[1]]


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def _escaped(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
