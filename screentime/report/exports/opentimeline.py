"""Appearances as an OpenTimelineIO timeline: one track a character, clips of the film with gaps between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from screentime import __version__
from screentime.report.exports.rows import rows, tidy
from screentime.report.exports.stretches import Stretch, frames_of, stretches
from screentime.report.exports.timebase import Timebase

if TYPE_CHECKING:
    import opentimelineio as otio

    from screentime.screening import ScreenTime

# Keys of the totals that say the same of every row.
COMMON = {"film", "digest", "length", "model"}


def otio_text(timelines: Sequence[otio.schema.Timeline]) -> str:
    """Timelines as the text of one ``.otio`` file.

    Parameters
    ----------
    timelines : sequence of Timeline
        Several become a SerializableCollection.

    Returns
    -------
    str
    """
    import opentimelineio as otio

    one = timelines[0] if len(timelines) == 1 else otio.schema.SerializableCollection("screentime", list(timelines))
    return otio.adapters.write_to_string(one, "otio_json") + "\n"


def timeline(time: ScreenTime, base: Timebase, start: int) -> otio.schema.Timeline:
    """A film's timeline.

    Parameters
    ----------
    time : ScreenTime
    base : Timebase
    start : int
        Frame at which the film begins, in its own count and in the timeline's.

    Returns
    -------
    Timeline
        Times are counted in ``base.rate``. Its metadata hold the totals under ``screentime``, each clip's
        the probability, the source and the model.
    """
    import opentimelineio as otio

    rate = float(base.rate)

    def at(frames: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, rate)

    def between(first: int, after: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(at(first), at(after - first))

    def clip(character: str, one: Stretch) -> otio.schema.Clip:
        film = otio.schema.ExternalReference(
            Path(time.film.path).absolute().as_uri(), between(start, start + frames_of(time, base))
        )
        film.name = time.film.name
        return otio.schema.Clip(
            character, film, between(start + one.first, start + one.after),
            metadata={"screentime": {
                "probability": tidy(one.probability), "source": one.source, "model": time.version,
            }},
        )

    result = otio.schema.Timeline(time.film.name, global_start_time=at(start), metadata={"screentime": {
        "version": __version__, "digest": time.film.digest, "seconds": tidy(time.film.seconds),
        "model": time.version,
        "totals": [{k: v for k, v in row.items() if k not in COMMON} for row in rows([time], "totals")],
    }})
    for character, found in stretches(time, base).items():
        track = otio.schema.Track(character, kind=otio.schema.TrackKind.Video)
        reached = 0
        for one in found:
            if one.first > reached:
                track.append(otio.schema.Gap(duration=at(one.first - reached)))
            track.append(clip(character, one))
            reached = one.after
        result.tracks.append(track)
    return result
