"""Decodes a film once, from its start to its end, and hands out the sampled frames."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from screentime.errors import ConfigError, FilmError
from screentime.records import Film
from screentime.video.clock import Clock, Picker
from screentime.video.decoding import AstrayError, DamagedError, Pictures
from screentime.video.pictures import Shaper, Size
from screentime.video.skipping import Plan, thrifty_segments
from screentime.video.source import checked, digest, mark, require_unchanged, shown_name

if TYPE_CHECKING:
    import av
    import numpy as np

    # Seconds and the frames that come then.
    Frames = Iterator[tuple[float, av.VideoFrame]]

# After damage the decoder shows smeared pictures until the next whole one; encoders place one
# every ten seconds at most, and films without any (intra refresh) are clean again by then.
MEND_SECONDS = 10.0
# Missing less than this at the end is rounding or an edit, not a film cut short.
LEAST_SHORT_SECONDS, MOST_SHORT_SECONDS, SHORT_SHARE = 0.5, 2.0, 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled frame with its picture.

    Attributes
    ----------
    index : int
        Position among the film's samples, from 0.
    second : float
        Exact presentation time in seconds since the film's first frame.
    image : ndarray of uint8, shape (height, width, 3)
        Blue, green, red; upright and with square pixels.
    """

    index: int
    second: float
    image: np.ndarray


class Reader:
    """Samples a film: open it with ``with``, iterate once, then ask for the summary.

    A damaged middle is jumped over to the next whole picture. What the decoder patches up is kept, and the
    warnings say so as far as it notices: VP8, VP9 and AV1 have nothing by which most damage could be noticed.

    Parameters
    ----------
    path : path-like
        The film.
    fps : float, optional
        Samples per second. Sample k is the first frame at or after k/fps; above the film's
        own rate every frame is sampled once.
    size : callable, optional
        Asked with the width and height of a picture that is upright and has square pixels, it gives the
        width and height wanted; without it pictures keep their size.
    known_digest : str or None, optional
        The film's `digest` where the caller has it, so that its bytes are not read twice.
    part : Plan or None, optional
        Only the samples of one of the film's segments, see `survey`; the summary counts these alone and is the whole film's
        in all else.

    Attributes
    ----------
    claimed_seconds : float
        How long the film is by its container's word; 0.0 where it gives none.
    lost_seconds : float
        How much of what was passed so far could not be decoded.

    Raises
    ------
    ConfigError
        If fps is not above 0.
    FilmError
        On entering: if the file is missing, empty or holds no pictures. While iterating: if
        not one frame can be decoded, or the file is changed meanwhile.
    AstrayError
        While iterating over a part: if the film must be read as a whole, without a plan.

    Examples
    --------
    >>> with Reader("film.mp4", fps=1.0) as reader:
    ...     for sample in reader:
    ...         print(sample.second, sample.image.shape)
    >>> reader.film.seconds, reader.warnings
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float = 1.0,
        size: Size | None = None,
        known_digest: str | None = None,
        part: Plan | None = None,
    ) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise ConfigError(f"{fps} frames a second cannot be sampled.", "Use an fps above 0.")
        self._path = Path(path)
        self._fps = fps
        self._size = size
        self._digest = known_digest
        self._part = part
        self._pictures: Pictures | None = None
        self._film: Film | None = None
        self.claimed_seconds = 0.0
        self.lost_seconds = 0.0
        self._patched = False  # whether the decoder noticed damage
        self._counted = 0  # frames whose time is no time
        self._reached = 0.0  # when what else lasts so long as the container says ends

    def __enter__(self) -> Self:
        self._path = checked(self._path)
        self._mark = mark(self._path)
        self._open()
        self.claimed_seconds = self._pictures.claimed_seconds
        return self

    def __exit__(self, *_: object) -> None:
        self._pictures.close()

    def __iter__(self) -> Iterator[Sample]:
        samples, full = 0, (0, 0)
        shaper = Shaper(self._pictures.ratio, self._size)
        first = self._part.first if self._part else 0
        for second, frame in self._frames():
            full = full if samples else shaper.full(frame)
            yield Sample(first + samples, second, shaper.shape(frame))
            samples += 1
        if not samples:
            raise FilmError(
                f"{shown_name(self._path)} has not one frame that can be decoded.",
                "Copy or download it again, and see that a player shows it; pictures of more than"
                " 8192 x 4352 pixels must be made smaller.",
            )
        require_unchanged(self._path, self._mark)
        self._film = Film(
            digest=self._digest or digest(self._path),
            name=self._path.name,
            path=str(self._path),
            seconds=self._seconds,
            rate=self._pictures.rate,
            width=full[0],
            height=full[1],
            frames=samples,
        )

    @property
    def film(self) -> Film:
        """Summary of the film, once the iteration came to its end.

        ``seconds`` runs from the first frame to the end of the last one that could be read.
        """
        if self._film is None:
            raise RuntimeError("iterate to the end before asking for the film")
        return self._film

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what of the film is missing, once the iteration came to its end."""
        name, sentences = shown_name(self._path), []
        missing = self.claimed_seconds - max(self.film.seconds, self._reached)
        allowed = SHORT_SHARE * self.claimed_seconds
        if missing > min(max(allowed, LEAST_SHORT_SECONDS), MOST_SHORT_SECONDS):
            sentences.append(
                f"{name} is cut short: {self.film.seconds:.1f} of {self.claimed_seconds:.1f} s"
                " could be read."
            )
        if self.lost_seconds >= 0.05:
            sentences.append(
                f"{name} is damaged: {self.lost_seconds:.1f} s of its pictures could not be read."
            )
        elif self._patched:
            sentences.append(f"{name} is damaged: its decoder patched pictures up, and some may be smeared.")
        if self._counted:
            sentences.append(
                f"{name} gives {self._counted} of its frames a time that does not rise; they were counted"
                " instead, and its seconds may be off."
            )
        return tuple(sentences)

    def _open(self, strict: bool = False) -> None:
        """Open the film, or open it anew to read its packets once more."""
        if self._pictures is not None:
            self._pictures.close()
            require_unchanged(self._path, self._mark)
        self._pictures = Pictures(self._path, strict)

    def _frames(self) -> Frames:
        """Second and frame of each sample; sets how long the film is."""
        if self._part is not None:
            self._open(strict=True)
            yield from self._planned(self._part)
            return
        handed = -1.0
        known = self._pictures.plan(self._fps)
        ways = [self._picked(), self._picked()]
        if known is not None:
            ways.insert(0, self._planned(known))
        while ways:
            self._open(strict=len(ways) > 1)
            try:
                for second, frame in ways.pop(0):
                    # What one way gave until it failed is not handed out twice.
                    if second > handed:
                        yield second, frame
                        handed = second
                return
            except DamagedError:
                self._patched, ways = True, ways[-1:]
            except AstrayError:
                pass  # nothing is damaged so far

    def _planned(self, known: Plan) -> Frames:
        """Decode what the samples need, and nothing that the decoder calls damaged."""
        yield from self._pictures.planned(known)
        self._seconds, self._reached = self._end(known.frames, known.last, known.end), known.reached

    def _picked(self) -> Frames:
        """Decode every frame for the samples among them."""
        picker = Picker(self._fps, self._pictures.rate)
        for second, frame in self._every():
            if picker.wants(second):
                yield second, frame

    def _every(self) -> Frames:
        """Decode every frame, and give those that are whole."""
        pictures, clock = self._pictures, Clock(self._pictures.rate)
        decoded = 0
        latest = until = 0.0  # when the latest frame came; when the latest whole one leaves the screen
        mended_at: float | None = None  # where damage that is not over yet ends at the earliest
        for second, frame, failed in pictures.timed(clock):
            decoded += 1
            self._patched |= frame.is_corrupt
            if failed:
                mended_at = latest + failed * clock.usual_step
            latest = second
            if mended_at is not None:
                # Threads hand out frames from before the damage after it: a whole picture
                # counts only behind the hole.
                whole = second >= mended_at and not _leans_on_others(frame)
                if not whole and second < mended_at + MEND_SECONDS:
                    continue
                mended_at = None
                self.lost_seconds += max(0.0, second - until)
            until = second + clock.usual_step
            yield second, frame
        self._counted = clock.counted - clock.confirmed * pictures.sparse
        self._seconds, self._reached = self._end(decoded, latest, until), pictures.reached

    def _end(self, decoded: int, last: float, until: float) -> float:
        """Second at which the last frame leaves the screen."""
        # Only where all of the container's frames were there can its word on the length be used;
        # it alone knows how long the last one is held.
        all_there = decoded >= self._pictures.claimed_frames > 0
        return round(self.claimed_seconds if all_there and self.claimed_seconds > last else until, 6)


def survey(path: str | os.PathLike[str], fps: float, samples: int) -> list[Plan]:
    """Part a film into segments that can be read one by one, see `screentime.video.skipping.thrifty_segments`.

    Parameters
    ----------
    path : path-like
    fps : float
        Samples per second.
    samples : int
        Samples of a segment, or twice, four times … as many.

    Returns
    -------
    list of Plan
        One, the whole film, where it is no longer than a segment, and where several would decode much more than
        the whole does. None where its packets do not tell enough for a plan.

    Raises
    ------
    FilmError
        If it is no film.
    """
    pictures = Pictures(checked(path))
    try:
        known = pictures.plan(fps)
    finally:
        pictures.close()
    return [] if known is None else thrifty_segments(known, samples)


def require_film(path: str | os.PathLike[str]) -> None:
    """See that a file is a film by what its container says of itself; none of its pictures is decoded.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    FilmError
        If it is none.
    """
    Pictures(checked(path)).close()


def _leans_on_others(frame: av.VideoFrame) -> bool:
    """Whether a frame is drawn from earlier ones (P or B)."""
    from av.video.frame import PictureType

    return frame.pict_type in (PictureType.P, PictureType.B)
