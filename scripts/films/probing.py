"""When the pictures of a film come, by others than the reader that is checked: every frame decoded, and ffprobe."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.films.drawing import number_in

LIMIT = 60
# Pictures are numbered where they are not longer than this and can be told apart at all.
MOST_NUMBERED = 2000


@dataclass(frozen=True)
class Shown:
    """A frame as it comes out of the decoder.

    Attributes
    ----------
    second : float
        Since the first frame; NaN where the film gives none.
    number : int
        What stands in the picture.
    """

    second: float
    number: int


def every_frame(path: Path) -> list[Shown]:
    """Every frame, decoded by one thread with nothing left out, by the times that the film gives.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Shown
        In the order in which they come; empty where nothing can be decoded.
    """
    import av

    try:
        film = av.open(str(path), options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except av.error.FFmpegError:
        return []
    with film:
        streams = [one for one in film.streams.video if one.codec_context is not None and not one.disposition & 0x400]
        if not streams:
            return []
        streams[0].codec_context.thread_count = 1
        frames = list(_decoded(film, streams[0]))
    stamps = [stamp for stamp, _ in frames if not math.isnan(stamp)]
    first = stamps[0] if stamps else 0.0
    return [Shown(stamp - first, number) for stamp, number in frames]


def _decoded(film, stream):
    import av

    base, gaps, ended = float(stream.time_base or 0), 0, False
    count = 0
    while not ended and gaps < 100:
        try:
            for packet in film.demux(stream):
                try:
                    for frame in stream.codec_context.decode(packet if packet.size else None):
                        count += 1
                        number = number_in(_upright(frame)) if count <= MOST_NUMBERED else -1
                        yield math.nan if frame.pts is None else frame.pts * base, number
                except av.error.FFmpegError:
                    continue
            ended = True
        except (av.error.FFmpegError, IndexError):
            gaps += 1


def _upright(frame) -> np.ndarray:
    turns = round(frame.rotation / 90)
    picture = frame.to_ndarray(format="rgb24")
    return np.rot90(picture, turns) if abs(frame.rotation - 90 * turns) <= 1 else picture


def by_ffprobe(path: Path) -> list[float] | None:
    """Seconds of the frames since the first one, by ffprobe; None where it is not there or gives none."""
    program = shutil.which("ffprobe")
    if program is None:
        return None
    asked = ("-v", "quiet", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time", "-of", "json")
    done = subprocess.run([program, *asked, f"file:{path}"], capture_output=True, timeout=LIMIT)
    try:
        said = [float(one["best_effort_timestamp_time"]) for one in json.loads(done.stdout)["frames"]]
    except (ValueError, KeyError):
        return None
    return [second - said[0] for second in said] if said else None
