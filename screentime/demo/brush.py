"""A brush for scenery.

It paints in units of a stage 160 wide and 90 high (y downwards), so the same strokes fit a picture
of any size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from screentime.demo.drawing import Colour, box, ellipse

STAGE = (160.0, 90.0)
GROUND = 60.0  # where the floor or the lawn begins


class Brush:
    """A picture, shape (height, width, 3), uint8, and strokes on it in stage units."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.picture = np.zeros((size[1], size[0], 3), np.uint8)
        self._scale = np.array([size[0] / STAGE[0], size[1] / STAGE[1]])

    def fill(self, points: np.ndarray, colour: Colour) -> None:
        """Closed shape, points of shape (n, 2)."""
        import cv2

        cv2.fillPoly(self.picture, [self._pixels(points)], colour, cv2.LINE_AA, 4)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Upright rectangle."""
        self.fill(box(x0, y0, x1, y1), colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Upright ellipse."""
        self.fill(ellipse(x, y, rx, ry, corners=40), colour)

    def line(self, points: Sequence[Sequence[float]], colour: Colour, width: float = 0.5) -> None:
        """Open line."""
        import cv2

        thickness = max(1, round(width * float(self._scale[1])))
        cv2.polylines(self.picture, [self._pixels(points)], False, colour, thickness, cv2.LINE_AA, 4)

    def gradient(self, y0: float, y1: float, top: Colour, bottom: Colour) -> None:
        """Full-width vertical blend."""
        first, last = (round(y * float(self._scale[1])) for y in (y0, y1))
        blend = np.linspace(top, bottom, max(1, last - first))
        self.picture[first:last] = blend[:, None].astype(np.uint8)

    def _pixels(self, points: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Fixed-point pixels with 4 bits after the point."""
        return np.rint(np.asarray(points) * self._scale * 16).astype(np.int32)
