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
from screentime.video.clock import LONGEST_SECONDS, Clock, Picker
from screentime.video.source import checked, digest, open_pictures, shown_name

if TYPE_CHECKING:
    import numpy as np

# OpenCV answers "no" once for each packet that it cannot decode, and for ever at the end, where
# an answer takes a microsecond. So many in a row are the end: eleven minutes of damage at 30 a second.
END = 20_000
# After damage the decoder shows smeared pictures until the next whole one; encoders place one
# every ten seconds at most, and films without any (intra refresh) are clean again by then.
MEND_SECONDS = 10.0
# Missing less than this at the end is rounding or an edit, not a film cut short.
LEAST_SHORT_SECONDS, MOST_SHORT_SECONDS, SHORT_SHARE = 0.5, 2.0, 0.05
WIDEST_PIXEL = 10.0  # no pixel is that oblong: the film's claim is damaged


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

    A damaged middle is jumped over to the next whole picture; what the decoder patches up in silence is kept.

    Parameters
    ----------
    path : path-like
        The film.
    fps : float, optional
        Samples per second. Sample k is the first frame at or after k/fps; above the film's
        own rate every frame is sampled once.
    max_height : int or None, optional
        Pictures taller than this many pixels are shrunk to it, aspect kept.
    known_digest : str or None, optional
        The film's `digest` where the caller has it, so that its bytes are not read twice.

    Attributes
    ----------
    claimed_seconds : float
        How long the film is by its container's word; 0.0 where it gives none.
    lost_seconds : float
        How much of what was passed so far could not be decoded.

    Raises
    ------
    ConfigError
        If fps or max_height is not above 0.
    FilmError
        On entering: if the file is missing, empty or holds no pictures. While iterating: if
        not one frame can be decoded.

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
        max_height: int | None = None,
        known_digest: str | None = None,
    ) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise ConfigError(f"{fps} frames a second cannot be sampled.", "Use an fps above 0.")
        if max_height is not None and max_height < 1:
            raise ConfigError(f"A height of {max_height} pixels is none.", "Use a height above 0.")
        self._path = Path(path)
        self._fps = fps
        self._max_height = max_height
        self._digest = known_digest
        self._capture = None
        self._film: Film | None = None
        self.claimed_seconds = 0.0
        self.lost_seconds = 0.0

    def __enter__(self) -> Self:
        import cv2

        self._path = checked(self._path)
        self._capture = open_pictures(self._path)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        claimed = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) / rate if rate > 0 else 0.0
        self._rate = rate if math.isfinite(rate) and rate > 0 else 0.0
        self.claimed_seconds = claimed if 0 < claimed < LONGEST_SECONDS else 0.0
        self._clock = Clock(self._rate)
        self._decoded = 0
        self._until = 0.0  # when the latest whole frame leaves the screen
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def __iter__(self) -> Iterator[Sample]:
        import cv2

        picker = Picker(self._fps, self._rate)
        samples, width, height = 0, 0, 0
        for second in self._seconds():
            if not picker.wants(second):
                continue
            there, image = self._capture.retrieve()
            if not there:
                continue
            shape = self._square(image)
            if not samples:
                width, height = shape
            if self._max_height is not None and shape[1] > self._max_height:
                shape = max(1, round(shape[0] * self._max_height / shape[1])), self._max_height
            if shape != (image.shape[1], image.shape[0]):
                shrinks = shape[0] * shape[1] < image.shape[0] * image.shape[1]
                image = cv2.resize(
                    image, shape, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
                )
            yield Sample(samples, second, image)
            samples += 1
        if not samples:
            raise FilmError(
                f"{shown_name(self._path)} has not one frame that can be decoded.",
                "Copy or download it again, and see that a player shows it.",
            )
        self._film = Film(
            digest=self._digest or digest(self._path),
            name=self._path.name,
            path=str(self._path),
            seconds=self._end(),
            rate=self._rate,
            width=width,
            height=height,
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
        missing = self.claimed_seconds - self.film.seconds
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
        return tuple(sentences)

    def _seconds(self) -> Iterator[float]:
        """Grab every frame that is whole, and give its second."""
        import cv2

        failed = 0  # packets since the last frame that could not be decoded
        mended_at: float | None = None  # where damage that is not over yet ends at the earliest
        while failed < END:
            if not self._capture.grab():
                failed += 1
                continue
            self._decoded += 1
            if failed:
                mended_at = (self._clock.last or 0.0) + failed * self._clock.usual_step
            position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            second = self._clock.tick(position, failed)
            failed = 0
            if mended_at is not None:
                # Threads hand out frames from before the damage after it: a whole picture
                # counts only behind the hole.
                whole = second >= mended_at and not self._leans_on_others()
                if not whole and second < mended_at + MEND_SECONDS:
                    continue
                mended_at = None
                self.lost_seconds += max(0.0, second - self._until)
            self._until = second + self._clock.usual_step
            yield second

    def _leans_on_others(self) -> bool:
        """Whether the grabbed frame is drawn from earlier ones (P or B)."""
        import cv2

        return int(self._capture.get(cv2.CAP_PROP_FRAME_TYPE)) in (ord("P"), ord("B"))

    def _end(self) -> float:
        """Second at which the last frame leaves the screen."""
        import cv2

        # Only where all of the container's frames were there can its word on the length be used;
        # it alone knows how long the last one is held.
        all_there = self._decoded >= self._capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        if all_there and self.claimed_seconds > (self._clock.last or 0.0):
            return round(self.claimed_seconds, 6)
        return round(self._until, 6)

    def _square(self, image: np.ndarray) -> tuple[int, int]:
        """Width and height at which the picture's pixels are square."""
        import cv2

        height, width = image.shape[:2]
        num = self._capture.get(cv2.CAP_PROP_SAR_NUM)
        den = self._capture.get(cv2.CAP_PROP_SAR_DEN)
        ratio = num / den if num > 0 and den > 0 else 1.0
        if not 1 / WIDEST_PIXEL <= ratio <= WIDEST_PIXEL:
            return width, height
        # OpenCV has turned the picture already; the ratio is that of the stored one.
        turned = int(self._capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90
        return (width, round(height * ratio)) if turned else (round(width * ratio), height)
