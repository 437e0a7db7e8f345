"""The places of the demo film: each painted once per shot, as a picture wider than the frame."""

from __future__ import annotations

import numpy as np

from screentime.demo import indoors, outdoors
from screentime.demo.brush import Brush

_PAINTERS = {
    "kitchen": indoors.paint_kitchen,
    "garden": outdoors.paint_garden,
    "living room": indoors.paint_living_room,
    "street": outdoors.paint_street,
    "night": outdoors.paint_night,
    "woods": outdoors.paint_woods,
    "bedroom": indoors.paint_bedroom,
    "beach": outdoors.paint_beach,
}
SCENES = tuple(_PAINTERS)
INDOORS = ("kitchen", "living room", "bedroom")
_LIGHTS = {"night": (0.92, 0.78, 0.74), "woods": (0.85, 0.95, 0.92), "beach": (0.97, 1.0, 1.05)}


def draw_scene(kind: str, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Paint one place.

    Parameters
    ----------
    kind : str
        One of `SCENES`.
    rng : numpy.random.Generator
        Source of the palette and of what stands where.
    size : (width, height)
        Pixels.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
        Blue, green, red.
    """
    brush = Brush(size)
    _PAINTERS[kind](brush, rng)
    return brush.picture


def light_of(kind: str) -> tuple[float, float, float]:
    """Factors on blue, green and red by which a place tints whoever stands in it."""
    return _LIGHTS.get(kind, (1.0, 1.0, 1.0))
