"""The demo's two characters, by name."""

from __future__ import annotations

import numpy as np

from screentime.demo.cat import draw_cat
from screentime.demo.drawing import Figure
from screentime.demo.mouse import draw_mouse

_DRAWERS = {"cat": draw_cat, "mouse": draw_mouse}
CHARACTERS = tuple(_DRAWERS)


def draw_character(character: str, pose: str, phase: float) -> Figure:
    """Figure of a character.

    Parameters
    ----------
    character : {"cat", "mouse"}
    pose : str
        "stand", "wave", "walk", "sit", "leap" or "peek"; three quarters turned to the right.
    phase : float
        Place in the movement's cycle, in turns.

    Returns
    -------
    list of Shape
        Standing on (0, 0), about 1 unit tall.
    """
    return _DRAWERS[character](pose, 2 * np.pi * phase)
