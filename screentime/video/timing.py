"""What a film's packets say without being decoded: codecs, rate, and the exact time of every frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from screentime.errors import FilmError
from screentime.video.clock import Clock
from screentime.video.decoding import timed_twice, with_next
from screentime.video.grid import grid_rate
from screentime.video.opening import UNTIMED, demuxed, first_stamp, holds_picture, opened, pictures_of
from screentime.video.source import shown_name

# Containers and codecs that browsers play. Chromium as Debian builds it was tried; HEVC, MPEG-2 and
# MPEG-4 part 2 it does not play.
_MP4, _WEBM = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"
PLAYED = {_MP4: {"h264", "vp9", "av1"}, _WEBM: {"vp8", "vp9", "av1"}}
HEARD = {_MP4: {"aac", "mp3"}, _WEBM: {"opus", "vorbis"}}
PIXELS = {"yuv420p", "yuvj420p"}
# The page counts from 0. A file that begins later is played from there, and the page misses its end; sound
# may begin a little earlier than the pictures, since browsers leave that out.
LATEST_START, EARLIEST_START = 0.001, -0.1


@dataclass(frozen=True, slots=True)
class Timing:
    """A film's packets in brief.

    Attributes
    ----------
    container, codec, pixels : str
        By FFmpeg's names.
    sound : str
        Codec of the first sound; empty where there is none.
    start : float
        Second at which the file begins, by its own count.
    offset : float
        Seconds from there, or from 0 where it begins before, to the first frame.
    times : tuple of float
        Presentation times of all frames in seconds since the first one, ascending; where they are not exact,
        those that the film's reader goes by.
    claimed : tuple of float
        Frames per second by the container's word, the most trusted first.
    exact : bool
        Whether the container gives the presentation time of every frame, and these rise from the first to the last.
    length : float
        Seconds that the file lasts by the container's word; 0 where it says nothing.
    """

    container: str
    codec: str
    pixels: str
    sound: str
    start: float
    offset: float
    times: tuple[float, ...]
    claimed: tuple[float, ...]
    exact: bool
    length: float

    @property
    def plays(self) -> bool:
        """Whether a browser plays the file as it is, with its frames where a page expects them."""
        return (
            self.codec in PLAYED.get(self.container, ()) and self.pixels in PIXELS and self.exact
            and (not self.sound or self.sound in HEARD[self.container])
            and EARLIEST_START <= self.start <= LATEST_START and 0 <= self.offset <= LATEST_START
            and self._reaches
        )

    @property
    def _reaches(self) -> bool:
        """Whether the file lasts until the last frame was seen: no page goes beyond what the container says."""
        # Half a frame, since containers round, and say less of a last frame than of the others.
        return bool(self.times) and self.length >= self.times[-1] + 0.5 / grid_rate(self.times, self.claimed)

    @property
    def copies(self) -> bool:
        """Whether the pictures can be put into another container as they are."""
        return self.codec == "h264" and self.pixels in PIXELS and self.exact


@contextmanager
def reading(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a film with PyAV.

    Parameters
    ----------
    path : Path
        From `source.checked`.

    Yields
    ------
    container : av.container.InputContainer
    pictures : av.video.VideoStream

    Raises
    ------
    FilmError
        If it cannot be read, or has no pictures.
    """
    with legible(path), opened(path) as container:
        pictures = pictures_of(container, path)
        pictures.thread_type = "AUTO"
        yield container, pictures


@contextmanager
def legible(path: Path) -> Iterator[None]:
    """Say in a sentence what FFmpeg says of a film that cannot be read.

    Raises
    ------
    FilmError
    """
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        raise FilmError(
            f"{shown_name(path)} cannot be read: {error.strerror or error}.",
            "See that a player shows it; copy it again, or convert it: ffmpeg -i FILM film.mp4.",
        ) from None


def timing(path: Path, rate: float = 0.0) -> Timing:
    """Read a film's packets.

    Parameters
    ----------
    path : Path
        From `source.checked`.
    rate : float, optional
        Frames per second that the film's reader goes by, where that is known: it is trusted most.

    Returns
    -------
    Timing

    Raises
    ------
    FilmError
        If it cannot be read, or has no pictures.
    """
    with reading(path) as (container, stream):
        sound = container.streams.audio[0].codec_context.name if container.streams.audio else ""
        # Only the stamps are kept: a long film's packets would fill the memory.
        packets = filter(holds_picture, demuxed(container, stream))
        shown = [(one.pts, one.dts) for one in packets if not one.is_discard]
        stamps = [pts for pts, _ in shown]
        timed = first_stamp(container, stream) is not None
        guessed = container.format.name in UNTIMED and (stream.codec_context.has_b_frames or not _alike(shown))
        exact = timed and not guessed and None not in stamps and _rise(sorted(stamps)) and not _joined(shown)
        rates = (rate, stream.average_rate, stream.base_rate, stream.guessed_rate)
        claimed = [float(one) for one in rates if one]
        base = stream.time_base
        first = min(stamps) * base if exact else Fraction(0)
        start = Fraction(container.start_time or 0, 1_000_000)
        if exact:
            times = [round(float(tick * base - first), 6) for tick in sorted(stamps)]
        else:
            ticks = _expected(shown, timed, guessed)
            times = _as_read(path, None if ticks is None else [tick * float(base) for tick in ticks], claimed)
        return Timing(
            container.format.name, stream.codec_context.name, stream.codec_context.pix_fmt or "", sound,
            float(start), round(float(first) - max(float(start), 0.0), 6) if exact else 0.0,
            tuple(times), tuple(claimed), exact, (container.duration or 0) / 1_000_000,
        )


def _alike(shown: list[tuple[int | None, int | None]]) -> bool:
    """Whether all frames wait equally long between being decoded and being shown, by their stamps."""
    return None not in chain(*shown) and len({pts - dts for pts, dts in shown}) == 1


def _joined(shown: list[tuple[int | None, int | None]]) -> bool:
    """Whether times begin anew on the way."""
    decoded = [dts for _, dts in shown if dts is not None]
    return any(after < before for before, after in pairwise(decoded))


def _expected(shown: list[tuple[int | None, int | None]], timed: bool, guessed: bool) -> list[float] | None:
    """What the decoder will say of the times of the frames, in their order; None where that cannot be foreseen."""
    if not timed:
        return [math.nan] * len(shown)
    if None in chain(*shown):
        return None
    if guessed:
        decoded = [dts for _, dts in shown]
        return decoded if len({after - before for before, after in pairwise(decoded)}) < 2 else None
    ticks, part, latest = [], [], -math.inf
    for pts, dts in shown:
        if dts < latest:
            ticks += sorted(part)
            part = []
        part.append(pts)
        latest = dts
    return ticks + sorted(part)


def _as_read(path: Path, positions: Sequence[float] | None, claimed: Sequence[float]) -> list[float]:
    """When the film's reader has the frames come: by what is expected of them, where no frame is astray."""
    rate = claimed[0] if claimed else 0.0
    if positions is not None:
        clock = Clock(rate)
        times = [clock.tick(position, 0, then) for position, then in with_next(positions, math.nan)]
        if not clock.counted:
            return times
    # Only the decoder knows the order of frames whose times are wrong.
    with legible(path):
        return timed_twice(path, lambda pictures: [second for second, _, _ in pictures.timed(Clock(rate))])


def _rise(stamps: list[int]) -> bool:
    """Whether there are any, and each is later than the one before."""
    return bool(stamps) and all(before < after for before, after in pairwise(stamps))
