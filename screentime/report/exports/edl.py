"""Edit decision lists (CMX 3600): the appearances of one character as events that lie over the film.

The lines are written here and not by OpenTimelineIO's adapter: that writes no ``FCM`` line, so that nothing
says drop-frame, and reel names in small letters. Its timecode arithmetic is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from screentime.report.exports.names import one_line
from screentime.report.exports.stretches import Stretch
from screentime.report.exports.timebase import Timebase

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

# An event's number has three digits.
MOST_EVENTS = 999
TITLE_LETTERS = 70
# CMX 3600 counts no more frames a second; what goes beyond is for editors that take it.
MOST_FRAMES = 30


def edls(
    time: ScreenTime, character: str, found: list[Stretch], base: Timebase, start: int, reel: str
) -> list[str]:
    """Edit decision lists of one character.

    Parameters
    ----------
    time : ScreenTime
    character : str
    found : list of Stretch
        The character's, counted in ``base``.
    base : Timebase
    start : int
        Frame at which the film begins, as the tape and the editor's timeline count it.
    reel : str
        See `screentime.report.exports.names.reel`.

    Returns
    -------
    list of str
        One list for every `MOST_EVENTS` appearances; none where there is no appearance. Each event has the
        same place in the source and in the record.

    Raises
    ------
    UserMistake
        If the rate has no timecode, or the film ends after 24 hours of it.
    """
    parts = [found[first:first + MOST_EVENTS] for first in range(0, len(found), MOST_EVENTS)]
    return [_list(time, character, part, base, start, reel) for part in parts]


def _list(
    time: ScreenTime, character: str, found: list[Stretch], base: Timebase, start: int, reel: str
) -> str:
    title = one_line(f"{character} - {time.film.name}")[:TITLE_LETTERS].rstrip()
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if base.drop else 'NON-DROP FRAME'}"]
    for number, one in enumerate(found, 1):
        first, after = base.timecode(start + one.first), base.timecode(start + one.after)
        lines += [
            "",
            f"{number:03d}  {reel:<8} V     C        {first} {after} {first} {after}",
            # By the clip's name editors find the film's file; the marker shows the character.
            f"* FROM CLIP NAME: {one_line(time.film.name)}",
            f"* LOC: {first} GREEN   {one_line(character)}",
            f"* COMMENT: {one_line(character)}, {one.source}, probability {one.probability:.3f}, {one_line(time.version)}",
        ]
    return "\n".join(lines) + "\n"
