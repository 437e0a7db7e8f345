"""What the two characters have in common: eyes, limbs, and where hands and feet are in each pose."""

from __future__ import annotations

import numpy as np

from screentime.demo.drawing import Colour, Figure, Shape, bgr, ellipse, smooth

WHITE, BLACK, PINK = bgr("#fbfaf4"), bgr("#22202a"), bgr("#e9909a")


def eye(x: float, y: float, rx: float, ry: float, iris: Colour) -> Figure:
    """An eye centred on (x, y) that looks ahead."""
    return [
        Shape(ellipse(x, y, rx, ry), WHITE),
        Shape(ellipse(x + rx * 0.25, y - ry * 0.08, rx * 0.62, ry * 0.7), iris, inked=False),
        Shape(ellipse(x + rx * 0.32, y - ry * 0.08, rx * 0.3, ry * 0.5), BLACK, inked=False),
        Shape(ellipse(x + rx * 0.12, y + ry * 0.25, rx * 0.17, ry * 0.17, corners=10), WHITE, inked=False),
    ]


def limb(
    start: tuple[float, float], end: tuple[float, float], width: float, colour: Colour, bend: float = 0.025
) -> Shape:
    """An arm or a leg, its middle pushed `bend` to the right."""
    middle = ((start[0] + end[0]) / 2 + bend, (start[1] + end[1]) / 2)
    return Shape(smooth([start, middle, end], steps=4), colour, width)


def hand(pose: str, side: int, hips: float, neck: float, swing: float) -> tuple[float, float]:
    """Where a hand is: side -1 is the far one."""
    if pose == "leap" or (pose == "wave" and side > 0):
        return 0.35 * side + 0.03 * swing, neck + 0.1 + 0.05 * swing
    if pose == "peek":
        return 0.19 * side, neck + 0.02
    if pose == "walk":
        return 0.12 * side + 0.12 * swing * side, hips + 0.08
    if pose == "sit":
        return 0.14 * side, hips - 0.05
    return 0.2 * side, hips + 0.05 + 0.02 * swing * side


def legs(
    pose: str, hips: float, angle: float, width: float, foot: float, fur: Colour, sole: Colour
) -> Figure:
    """Both legs with their feet, the far one first."""
    figure: Figure = []
    for side in (-1, 1):
        x, y = 0.085 * side, 0.03
        if pose == "walk":
            x, y = x * 0.4 + 0.13 * np.sin(angle) * side, 0.03 + 0.06 * max(0.0, np.cos(angle) * side)
        elif pose == "leap":
            x, y = 0.17 * side, 0.05 + 0.03 * np.sin(angle) * side
        elif pose == "sit":
            x, y = 0.2 + 0.06 * side, 0.05
        figure += [
            limb((0.08 * side, hips - 0.05), (x, y + 0.03), width, fur, bend=0.0),
            Shape(ellipse(x + 0.03, y, foot, 0.04), sole if pose == "sit" else fur),
        ]
    return figure
