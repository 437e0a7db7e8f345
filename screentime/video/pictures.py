"""From a decoded frame to the picture that is handed out: upright, square pixels, the size that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Size = Callable[[int, int], tuple[int, int]]
WIDEST_PIXEL = 10.0  # no pixel is that oblong: the film's claim is damaged
# By FFmpeg's numbers, how films say that their colours are made, as far as it follows them.
MATRICES = {*range(8), 9}


class Shaper:
    """Makes pictures of decoded frames.

    The size and the colours are changed in one step, which takes half the time of two.

    Parameters
    ----------
    ratio : float
        Width of a stored pixel by its height; 0 where that is unknown.
    size : callable or None
        Gives the width and height that are wanted for a picture of this width and height.
    """

    def __init__(self, ratio: float, size: Size | None) -> None:
        from av.video.reformatter import VideoReformatter

        self._ratio = ratio if 1 / WIDEST_PIXEL <= ratio <= WIDEST_PIXEL else 1.0
        self._size = size
        self._convert = VideoReformatter().reformat

    def full(self, frame: Any) -> tuple[int, int]:
        """Width and height of a frame that is upright, has square pixels and is not shrunk."""
        width, height = max(round(frame.width * self._ratio), 1), frame.height
        return (height, width) if _turns(frame) % 2 else (width, height)

    def shape(self, frame: Any) -> np.ndarray:
        """Make the picture of a frame.

        Parameters
        ----------
        frame : av.VideoFrame

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            Blue, green, red.
        """
        import cv2
        from av.video.reformatter import Interpolation as By

        size, turns = self.full(frame), _turns(frame)
        if self._size is not None:
            size = self._size(*size)
        wide, high = size[::-1] if turns % 2 else size
        stored = frame.width, frame.height
        shrinks = wide * high < frame.width * frame.height
        if shrinks and not frame.interlaced_frame:
            image = self._bgr(frame, (wide, high), By.AREA | By.ACCURATE_RND | By.FULL_CHR_H_INT)
        else:
            # FFmpeg shrinks the two halves of an interlaced frame by themselves, which shows as a comb.
            image = self._bgr(frame, stored, By.BICUBIC)
            if (wide, high) != stored:
                how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
                image = cv2.resize(image, (wide, high), interpolation=how)
        back = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}
        return cv2.rotate(image, back[turns]) if turns else image

    def _bgr(self, frame: Any, size: tuple[int, int], how: int) -> np.ndarray:
        # FFmpeg refuses other matrices; OpenCV takes this one for every film.
        matrix = None if frame.colorspace in MATRICES else "ITU601"
        # One thread: the decoder has the others.
        return self._convert(
            frame, *size, "bgr24", matrix, matrix, interpolation=how, threads=1
        ).to_ndarray()


def _turns(frame: Any) -> int:
    """Quarters by which a frame is turned against the clock before it is shown: 0 to 3."""
    turns = round(frame.rotation / 90)
    # FFmpeg's angle is cut to whole degrees; one that is no quarter is not followed.
    return turns % 4 if abs(frame.rotation - 90 * turns) <= 1 else 0
