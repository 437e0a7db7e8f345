"""The same pictures in a file that browsers play: copied as they are, or decoded and encoded anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from screentime.errors import FilmError, ScreentimeError
from screentime.files import FULL
from screentime.records import Film
from screentime.talk import Talk
from screentime.video.clock import Clock, frame_seconds
from screentime.video.decoding import Pictures, timed_twice
from screentime.video.opening import demuxed, holds_picture
from screentime.video.source import shown_name
from screentime.video.timing import Timing, legible, reading

# Small enough to be made and sought in quickly, large enough to tell characters apart.
HEIGHT = 540
KEY_SECONDS = 0.5
# A copy tells times apart that lie so many seconds from one another, or less.
COARSEST = Fraction(1, 1000)
SOUND_RATE, SOUND_FRAME, SOUND_BITS = 48_000, 1024, 96_000


def copy(path: Path, part: Path, known: Timing, seconds: float, talk: Talk) -> None:
    """Put a film's pictures into an MP4 file as they are, the first one at 0.

    Parameters
    ----------
    path : Path
        The film.
    part : Path
        The file to write.
    known : Timing
        The film's.
    seconds : float
        When the film ends.
    talk : Talk

    Raises
    ------
    FilmError
        If the film cannot be read.
    """
    with (
        reading(path) as (source, pictures), _writing(part) as target,
        talk.progress(f"Copying {shown_name(path)}") as step,
    ):
        stream = target.add_stream_from_template(pictures)
        first = round(Fraction(_first(known)) / pictures.time_base)
        sound = _Sound(source.streams.audio[:1], target, seconds)
        for packet in demuxed(source, pictures, *sound.streams):
            if packet.stream is not pictures:
                sound.take(packet, _first(known))
            elif holds_picture(packet):
                step(round(float((packet.pts - first) * pictures.time_base)), round(seconds))
                packet.pts -= first
                packet.dts = None if packet.dts is None else packet.dts - first
                packet.stream = stream
                target.mux(packet)
        sound.end()


def convert(path: Path, part: Path, known: Timing, film: Film, talk: Talk) -> list[float]:
    """Decode a film and encode it as H.264, `HEIGHT` pixels high at most, the first frame at 0.

    Parameters
    ----------
    path : Path
        The film.
    part : Path
        The file to write.
    known : Timing
        The film's.
    film : Film
    talk : Talk

    Returns
    -------
    list of float
        Seconds at which the frames come that could be decoded.

    Raises
    ------
    FilmError
        If the film cannot be read.
    """
    with legible(path):
        times = timed_twice(path, lambda pictures: _converted(path, pictures, part, known, film, talk), heard=True)
    if not times:
        raise FilmError(f"{shown_name(path)} has not one frame that can be decoded.", "See that a player shows it.")
    return times


def _converted(path: Path, pictures: Pictures, part: Path, known: Timing, film: Film, talk: Talk) -> list[float]:
    """Write the frames that can be decoded, and say when they come."""
    from av.video.frame import PictureType

    times: list[float] = []
    height = min(film.height, HEIGHT) // 2 * 2 or 2
    width = max(round(film.width * height / film.height / 2) * 2, 2)
    with _writing(part) as target, talk.progress(f"Converting {shown_name(path)}") as step:
        # Fine enough for times that its reader counts, and such that those that the film gives fit in.
        base = (unit := pictures.unit or COARSEST) / math.ceil(unit / COARSEST)
        usual = frame_seconds(known.claimed[0] if known.claimed else 0.0)
        clock = Clock(1 / usual)
        stream = target.add_stream("libx264", rate=Fraction(1 / usual).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = base
        stream.codec_context.gop_size = max(round(KEY_SECONDS / usual), 1)
        # Without B-frames the file begins at 0 and every frame is sought alike.
        stream.options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        sound = _Sound(pictures.sound, target, film.seconds)

        def hear(packet: Any) -> None:
            sound.take(packet, _first(known) + clock.moved)

        latest = -1
        for second, frame, _ in pictures.timed(clock, hear):
            own = round(second / base)
            # A page counts from 0: where the film's beginning is damaged, its first picture is shown from there.
            for tick in (0, own) if latest < 0 < own else (own,):
                if tick <= latest:
                    continue
                latest = tick
                shown = _upright(frame, width, height)
                shown.pts, shown.time_base, shown.pict_type = tick, base, PictureType.NONE
                target.mux(stream.encode(shown))
                times.append(float(tick * base))
            step(round(times[-1]), round(film.seconds))
        if times:
            target.mux(stream.encode(None))
            sound.end()
    return times


def _first(known: Timing) -> float:
    """When the first frame comes, by the file's own count."""
    return known.offset + max(known.start, 0.0)


def _decoded(packet: Any) -> list[Any]:
    """A packet's frames; none where it is damaged, as the film's reader has it."""
    import av

    with suppress(av.error.InvalidDataError):
        return packet.decode()
    return []


def _upright(frame: Any, width: int, height: int) -> Any:
    """A frame turned as it is shown, with square pixels, in the size wanted."""
    import av
    import numpy as np

    turns = round(frame.rotation / 90) % 4
    if not turns:
        return frame.reformat(width=width, height=height, format="yuv420p")
    shape = (height, width) if turns % 2 else (width, height)
    picture = frame.reformat(width=shape[0], height=shape[1], format="rgb24").to_ndarray()
    turned = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(picture, turns)), format="rgb24")
    return turned.reformat(format="yuv420p")


@contextmanager
def _writing(part: Path) -> Iterator[Any]:
    import av

    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as target:
            yield target
    except OSError as error:
        if error.errno not in FULL:
            raise
        # Said here: further out it would be taken for a fault of the film that is read.
        raise ScreentimeError(
            f"The film's copy cannot be written to {part.parent}: {error.strerror}.", "See that space is left there."
        ) from None


class _Sound:
    """The film's first sound, made anew as AAC; a film without one, or with one that is damaged, goes without."""

    def __init__(self, streams: Sequence[Any], target: Any, seconds: float) -> None:
        self.streams = list(streams)
        self._target, self._seconds = target, seconds
        self._first = 0.0
        self._next = 0  # what is written goes on from here
        self._coder: Any = None
        self._resampler: Any = None
        if self.streams:
            import av

            self._coder = target.add_stream("aac", rate=SOUND_RATE, layout="stereo")
            self._coder.bit_rate = SOUND_BITS
            self._resampler = av.AudioResampler(
                format="fltp", layout="stereo", rate=SOUND_RATE, frame_size=SOUND_FRAME
            )

    def take(self, packet: Any, first: float) -> None:
        """Write what a packet holds; the film's pictures begin at this second by the file's own count."""
        self._first = first
        for frame in _decoded(packet):
            self._write(self._resampler.resample(frame))

    def end(self) -> None:
        if self.streams:
            self._write(self._resampler.resample(None))
            self._target.mux(self._coder.encode(None))

    def _write(self, frames: Sequence[Any]) -> None:
        for frame in frames:
            if frame.pts is None:
                continue
            second = float(frame.pts * frame.time_base) - self._first
            # Where films were joined their sound may overlap.
            behind = round(second * SOUND_RATE) > self._next - SOUND_FRAME
            # A sound that begins before the pictures or goes on after them would move the page's frames.
            if behind and 0 <= second < self._seconds - SOUND_FRAME / SOUND_RATE:
                frame.pts = max(round(second * SOUND_RATE), self._next)
                frame.time_base = Fraction(1, SOUND_RATE)
                self._next = frame.pts + SOUND_FRAME
                self._target.mux(self._coder.encode(frame))
