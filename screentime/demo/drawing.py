"""Ink and paint: flat shapes with soft outlines, drawn with OpenCV.

A figure (a character, a prop) is a list of `Shape` in its own units: the origin is the point where it touches
the ground, x grows to the right, y grows *upwards*, and 1 is the height of the standing figure. A `Placement`
says where on the picture it stands. The same list is painted for the film and stamped into a mask for
the truth, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

Colour = tuple[int, int, int]  # blue, green, red: the order in which OpenCV writes films
Figure = list["Shape"]

_SHIFT = 4  # OpenCV takes fixed-point coordinates: 4 bits keep slow movement free of jitter
_INK = 0.42  # an outline is the shape's own colour, this dark


@dataclass(frozen=True)
class Shape:
    """One flat shape of a figure.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Corners in the figure's units.
    colour : Colour
        Fill (or stroke) colour.
    width : float
        0 for a filled, closed shape; otherwise the shape is an open stroke this wide, in the figure's units.
    inked : bool
        Whether it has a dark outline.
    """

    points: np.ndarray
    colour: Colour
    width: float = 0.0
    inked: bool = True


@dataclass(frozen=True)
class Placement:
    """Where a figure stands.

    Ground point (x, y) in pixels, `height` pixels for one unit, mirrored or not, leaning forwards by
    `lean` radians.
    """

    x: float
    y: float
    height: float
    mirrored: bool = False
    lean: float = 0.0

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Turn figure units, shape (n, 2), into picture pixels, shape (n, 2)."""
        sin, cos = np.sin(self.lean), np.cos(self.lean)
        across = points[:, 0] * cos + points[:, 1] * sin
        up = points[:, 1] * cos - points[:, 0] * sin
        return np.column_stack(
            [self.x + (-across if self.mirrored else across) * self.height, self.y - up * self.height]
        )


def bgr(code: str) -> Colour:
    """Colour from a web code such as ``"#f08030"``."""
    return int(code[5:7], 16), int(code[3:5], 16), int(code[1:3], 16)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Colour from hue in turns (any real number), saturation and value in 0..1."""
    k = (np.array([1.0, 3.0, 5.0]) + hue * 6) % 6  # blue, green, red
    channels = value * (1 - saturation * np.clip(np.minimum(k, 4 - k), 0, 1))
    return tuple(int(c) for c in np.rint(channels * 255))


def shade(colour: Colour, factor: float | Sequence[float]) -> Colour:
    """Multiply a colour, by one factor or one for each channel, and clip it to 0..255."""
    factors = (factor,) * 3 if isinstance(factor, (int, float)) else factor
    return tuple(min(255, max(0, int(c * f))) for c, f in zip(colour, factors, strict=True))


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Corners of an upright rectangle, shape (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, corners: int = 28) -> np.ndarray:
    """Outline of an ellipse turned by `turn` radians, shape (corners, 2)."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    ax, ay = rx * np.cos(angle), ry * np.sin(angle)
    return np.column_stack(
        [x + ax * np.cos(turn) - ay * np.sin(turn), y + ax * np.sin(turn) + ay * np.cos(turn)]
    )


def smooth(points: Iterable[Sequence[float]], *, closed: bool = False, steps: int = 6) -> np.ndarray:
    """Smooth curve (Catmull-Rom) through the given points.

    Parameters
    ----------
    points : iterable of (x, y)
        At least two points.
    closed : bool
        Whether the curve returns to its first point.
    steps : int
        Pieces between two neighbouring points.

    Returns
    -------
    ndarray, shape (m, 2)
    """
    knots = np.asarray(list(points), dtype=float)
    padded = np.vstack([knots[-1], knots, knots[:2]]) if closed else np.vstack([knots[0], knots, knots[-1]])
    before, start, end, after = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = start + 0.5 * t * (
        end
        - before
        + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.vstack([curve, knots[-1]])


def moved(figure: Figure, x: float, y: float, scale: float = 1.0) -> Figure:
    """Copy of a figure scaled about its origin, then moved by (x, y), in figure units."""
    return [replace(s, points=s.points * scale + (x, y), width=s.width * scale) for s in figure]


def paint(
    picture: np.ndarray, figure: Figure, where: Placement, light: Sequence[float] = (1.0, 1.0, 1.0)
) -> None:
    """Draw a figure onto a picture, in place.

    Parameters
    ----------
    picture : ndarray, shape (height, width, 3), uint8
        Blue, green, red.
    figure : list of Shape
        Painted in order: the last one is in front.
    where : Placement
        Position and size.
    light : three floats
        Factors on blue, green and red: the light of the scene falls on its characters too.
    """
    import cv2

    ink_width = max(1, round(where.height * 0.011))
    for shape, corners in zip(figure, _corners(figure, where), strict=True):
        colour = shade(shape.colour, light)
        ink = shade(colour, _INK)
        if shape.width:
            width = max(1, round(shape.width * where.height))
            if shape.inked:
                cv2.polylines(picture, [corners], False, ink, width + 2 * ink_width, cv2.LINE_AA, _SHIFT)
            cv2.polylines(picture, [corners], False, colour, width, cv2.LINE_AA, _SHIFT)
        else:
            cv2.fillPoly(picture, [corners], colour, cv2.LINE_AA, _SHIFT)
            if shape.inked:
                cv2.polylines(picture, [corners], True, ink, ink_width, cv2.LINE_AA, _SHIFT)


def stamp(mask: np.ndarray, figure: Figure, where: Placement, value: int) -> None:
    """Write `value` into a mask, shape (height, width), uint8, wherever `paint` would put the figure."""
    import cv2

    for shape, corners in zip(figure, _corners(figure, where), strict=True):
        if shape.width:
            cv2.polylines(
                mask, [corners], False, value, max(1, round(shape.width * where.height)), cv2.LINE_8, _SHIFT
            )
        else:
            cv2.fillPoly(mask, [corners], value, cv2.LINE_8, _SHIFT)


def _corners(figure: Figure, where: Placement) -> list[np.ndarray]:
    """Fixed-point pixels of every shape, all placed at once: a figure has dozens of small ones."""
    ends = np.cumsum([len(shape.points) for shape in figure])
    pixels = where.pixels(np.concatenate([shape.points for shape in figure]))
    return np.split(np.rint(pixels * (1 << _SHIFT)).astype(np.int32), ends[:-1])
